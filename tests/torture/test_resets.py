"""Connections reset at a random byte: everything can be resumed or repeated, nothing is half there."""

import http.client
import os
import random
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.torture.harness.clients import Client
from tests.torture.harness.proxy import proxied
from tests.torture.harness.server import Server
from tests.torture.harness.tiers import LONG, start_value

RESETS = int(os.environ.get("TORTURE_RESETS", "1000" if LONG else "200"))
LARGEST = 1_600_000
LOOK_EVERY = 20

pytestmark = pytest.mark.torture


def test_whatever_is_reset_can_be_resumed_or_sent_again(tmp_path: Path) -> None:
    rng = random.Random(start_value())
    with Server(tmp_path / "data") as server, proxied(server.port) as proxy:
        client, through = Client(0, random.Random(rng.random())), replace(server, port=proxy.port)
        client.begin(server)
        while proxy.resets < RESETS:
            early = rng.random() < 0.4
            proxy.arm(int(LARGEST ** rng.random()) if early else rng.randrange(LARGEST))
            try:
                client.step(through)
            except (OSError, http.client.HTTPException):
                proxy.arm(None)
                client.compare(server, server.home)
                client.step(through)  # the next try, or the rest of an upload, always succeeds
            proxy.arm(None)
            assert client.refusals == []
            if proxy.resets % LOOK_EVERY == 0:
                client.compare(server, server.home)
        client.compare(server, server.home)
        server.kill()
        seen = server.look(later=timedelta(days=8))
    print(f"{proxy.resets} resets, {client.acknowledged} acknowledged, {client.resumed} resumed")
    assert seen.wrong == []
    assert client.resumed
