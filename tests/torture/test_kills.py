"""kill -9 of the whole server while many clients work: nothing acknowledged is lost or half there."""

import os
import random
import threading
import time
from collections.abc import Generator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.torture.harness.clients import Client
from tests.torture.harness.server import Server
from tests.torture.harness.tiers import LONG, start_value

KILLS = int(os.environ.get("TORTURE_KILLS", "300" if LONG else "60"))
CLIENTS = 16
LOOK_EVERY = 10
RESTART_S = 5.0

pytestmark = pytest.mark.torture


@pytest.fixture
def server(tmp_path: Path) -> Generator[Server, None, None]:
    with Server(tmp_path / "data") as server:
        yield server


def one_round(server: Server, clients: list[Client], seconds: float) -> float:
    """Let everybody work, kill the server, start it; returns how long the start took."""
    stop = threading.Event()
    threads = [threading.Thread(target=client.work, args=(server, stop)) for client in clients]
    for thread in threads:
        thread.start()
    time.sleep(seconds)  # the moment of the kill is the random variable of this test
    server.kill()
    stop.set()
    for thread in threads:
        thread.join()
    return server.start()


def test_nothing_acknowledged_is_lost_when_the_server_is_killed(server: Server) -> None:
    rng = random.Random(start_value())
    clients = [Client(number, random.Random(rng.random())) for number in range(CLIENTS)]
    for client in clients:
        client.begin(server)
    starts = []
    for number in range(KILLS):
        starts.append(one_round(server, clients, rng.uniform(0.05, 0.9)))
        for client in clients:
            client.compare(server, server.home)
        if number % LOOK_EVERY == 0:
            server.kill()  # its own chores would be in the middle of something
            assert server.look().wrong == []
            server.start()
            server.sign_in()
    server.kill()
    seen = server.look(later=timedelta(days=8))
    done, resumed = sum(client.acknowledged for client in clients), sum(client.resumed for client in clients)
    print(f"{KILLS} kills, {done} acknowledged, {resumed} resumed, slowest start {max(starts):.1f} s")
    assert seen.wrong == []
    assert not list((server.data_dir / "volumes" / "main" / ".balu" / "staging").iterdir())
    for client in clients:
        assert client.refusals == []
        buried = {name: seen.trash.get(f"{client.folder}/{name}") for name in client.graves}
        assert buried == client.graves
    assert done > KILLS
    if LONG:  # on a machine that does other things meanwhile a time says nothing
        assert sorted(starts)[len(starts) // 2] <= RESTART_S, f"starting takes {starts}"
