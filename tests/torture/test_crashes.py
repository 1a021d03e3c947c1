"""Panics in the native half, and web workers that die: an answer, a new worker, nothing lost."""

import http.client
import signal
import time
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from tests.torture.harness.native import build_native
from tests.torture.harness.server import Server
from tests.torture.harness.tiers import LONG

RESPAWN_S = 4.0
pytestmark = [pytest.mark.torture, pytest.mark.needs("cargo")]


def test_a_panic_is_an_answer_and_the_worker_goes_on(tmp_path: Path) -> None:
    environ = {"BALU_FAILPOINT": "dress#1=panic,move#1=panic,trash-rename#1=panic"}
    with Server(tmp_path / "data", native=build_native(), environ=environ) as server:
        worker = server.web_worker().pid
        for name in ("moved", "deleted"):
            assert server.request("POST", "/api/files/folder", {"path": "", "name": name}).status == 200
        requests = (
            ("PUT", "/api/files/content/a.bin", b"bytes"),
            ("PUT", "/api/files/move", {"source_path": "moved", "target_path": "b"}),
            ("DELETE", "/api/files/deleted", None),
        )
        for method, path, body in requests:
            answer = server.request(method, path, body)
            assert answer.status == 500, answer.body
            assert answer.headers["content-type"].startswith("application/problem+json")
            assert b"asked to panic" not in answer.body
        assert server.request("PUT", "/api/files/content/after", b"x").status == 201
        assert server.web_worker().pid == worker
        server.kill()
        seen = server.look(later=timedelta(hours=2))
    assert seen.wrong == []
    assert "torture/a.bin" not in seen.files
    assert {"torture/moved", "torture/deleted"} <= seen.files.keys()


@pytest.mark.parametrize("how", [signal.SIGSEGV, signal.SIGKILL, signal.SIGABRT], ids=lambda how: how.name)
def test_a_dead_worker_is_replaced_and_nothing_is_lost(how: signal.Signals, tmp_path: Path) -> None:
    with Server(tmp_path / "data") as server:
        kept = {}
        for number in range(20):
            kept[f"f{number}"] = data = bytes([number]) * 5000
            assert server.request("PUT", f"/api/files/content/f{number}", data).status == 201
        worker = server.web_worker()
        began = time.monotonic()
        worker.send_signal(how)
        worker.wait(60)
        with suppress(OSError, http.client.HTTPException):
            server.request("GET", "/api/health")
        took = server.wait(began)
        print(f"back after {took:.1f} s")
        if LONG:
            assert took <= RESPAWN_S
        assert server.web_worker().pid != worker.pid
        for name, data in kept.items():
            assert server.request("GET", f"/api/files/download/{name}").body == data
        assert server.request("PUT", "/api/files/content/after", b"x").status == 201
        assert server.look().wrong == []
