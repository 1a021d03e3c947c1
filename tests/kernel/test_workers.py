"""What becomes of `balu serve` when the processes below it die, or cannot start."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import httpx2
import psutil  # type: ignore[import-untyped]
import pytest

from balu.kernel.testing import Server, free_port, running_server
from balu.kernel.workers import PAUSES_S, SOON_S, Restarts
from tests.conformance.conftest import Person
from tests.conformance.test_tus import sign_in

SIZE = 3_000_000
UNPRIVILEGED_FROM = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")


def wait_for(what: Callable[[], int | None], server: Server) -> int:
    deadline = time.monotonic() + 120
    while (found := what()) is None:
        assert server.process.poll() is None, server.log.read_text()[-4000:]
        assert time.monotonic() < deadline, server.log.read_text()[-4000:]
        time.sleep(0.02)
    return found


def process_of(server: Server, kind: str) -> int:
    """The one process of this kind, once there is one."""

    def look() -> int | None:
        for child in psutil.Process(server.process.pid).children():
            with suppress(psutil.Error):  # it ends just now
                if kind in child.cmdline():
                    return int(child.pid)
        return None

    return wait_for(look, server)


def kill(server: Server, kind: str) -> None:
    pid = process_of(server, kind)
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: None if psutil.pid_exists(pid) else pid, server)


def health(server: Server) -> int | None:
    try:
        return server.client.get("/api/health").status_code
    except httpx2.TransportError:
        return None


def said(server: Server, process: str) -> list[str]:
    lines = server.log.read_text().splitlines()
    return [line for line in lines if "a process died and is started again" in line and process in line]


def serve(data_dir: Path, *before: str, port: int = 0, **environ: str) -> subprocess.CompletedProcess[str]:
    """`balu serve` that is expected to end by itself."""
    line = [*before, sys.executable, "-m", "balu", "serve", "--data-dir", str(data_dir)]
    clean: Mapping[str, str] = {k: v for k, v in os.environ.items() if not k.startswith("BALU_")}
    line += ["--port", str(port or free_port())]
    return subprocess.run(
        line, capture_output=True, text=True, timeout=300, check=False, env={**clean, **environ}
    )


def test_a_server_outlives_web_workers_that_are_killed_again_and_again(server: Server) -> None:
    anna = Person(server, "anna", 1, sign_in(server))
    body, confirmed = os.urandom(SIZE), SIZE // 3
    where = anna.begin(SIZE, "a.bin")
    assert anna.patch(where, 0, body[:confirmed]).status_code == 204
    with anna.open_patch(where, confirmed, SIZE - confirmed) as line:
        line.sendall(body[confirmed : 2 * confirmed])
        for _ in range(3):
            kill(server, "serve")
        assert wait_for(lambda: health(server), server) == 200
    offset = anna.offset(where)
    assert confirmed <= offset <= 2 * confirmed
    assert not (anna.home / "a.bin").exists()
    assert anna.patch(where, offset, body[offset:]).status_code == 204
    assert (anna.home / "a.bin").read_bytes() == body
    told = said(server, "web worker 1")
    assert len(told) == 3
    assert all("SIGKILL" in line for line in told)


def test_a_job_worker_that_was_killed_is_started_again(server: Server) -> None:
    before = process_of(server, "worker")
    kill(server, "worker")
    assert process_of(server, "worker") != before
    assert health(server) == 200
    wait_for(lambda: len(said(server, "job worker")) or None, server)


def test_a_server_ends_when_it_is_told_to_while_it_waits(tmp_path: Path) -> None:
    with running_server(tmp_path, BALU_SERVER__DRAIN_TIMEOUT_S="5") as server:
        kill(server, "serve")
        kill(server, "serve")  # before the third start comes a pause
        server.process.terminate()
        assert server.process.wait(120) == 0


@pytest.mark.parametrize("started_s", [0.0, 0.2, 0.5, 0.8, 1.2])
def test_a_server_ends_at_once_when_it_is_told_to_while_it_starts(tmp_path: Path, started_s: float) -> None:
    line = [sys.executable, "-m", "balu", "serve", "--data-dir", str(tmp_path), "--port", str(free_port())]
    environ = {key: value for key, value in os.environ.items() if not key.startswith("BALU_")}
    drain_s = 600
    environ["BALU_SERVER__DRAIN_TIMEOUT_S"] = str(drain_s)
    with subprocess.Popen(line, env=environ, stdin=subprocess.DEVNULL) as process:
        try:
            watching = psutil.Process(process.pid)
            while not watching.children():
                assert process.poll() is None
                time.sleep(0.002)
            time.sleep(started_s)  # any moment is good: this many seconds into the worker's start
            process.terminate()
            assert process.wait(drain_s / 2) == 0
        finally:
            process.kill()
    running = [process.info["cmdline"] or [] for process in psutil.process_iter(["cmdline"])]
    assert not [line for line in running if str(tmp_path) in line]


def test_pauses_grow_while_a_process_dies_soon_and_are_over_when_it_lived() -> None:
    restarts = Restarts()
    assert [restarts.pause_after(SOON_S / 2) for _ in range(9)] == [*PAUSES_S, PAUSES_S[-1], PAUSES_S[-1]]
    assert list(PAUSES_S) == sorted(PAUSES_S)
    assert restarts.pause_after(SOON_S * 2) == PAUSES_S[0]


def test_settings_that_only_a_worker_knows_end_the_server_at_once(tmp_path: Path) -> None:
    (tmp_path / "balu.toml").write_text("[files]\nnonsense = 1\n")
    done = serve(tmp_path)
    assert done.returncode == 3
    assert "[files] has no key 'nonsense'" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_server_whose_workers_never_start_says_so_and_ends(tmp_path: Path) -> None:
    done = serve(tmp_path, BALU_DATABASE__URL="postgresql://balu@127.0.0.1:1/balu")
    assert done.returncode == 1
    assert "balu doctor" in done.stderr.splitlines()[-1]
    assert "Balu is ready" not in done.stdout


def test_a_port_that_needs_more_rights_is_refused_in_words(tmp_path: Path) -> None:
    port = 80
    if int(UNPRIVILEGED_FROM.read_text()) <= port:
        pytest.skip("EVERYBODY MAY LISTEN ON EVERY PORT HERE: net.ipv4.ip_unprivileged_port_start is low")
    before = []
    if os.geteuid() == 0:
        before = ["setpriv", "--bounding-set=-net_bind_service", "--"]
        if shutil.which("setpriv") is None or subprocess.run([*before, "true"], check=False).returncode:
            pytest.skip(
                "RIGHTS CANNOT BE GIVEN UP HERE: apt-get install util-linux, and let root use setpriv"
            )
    done = serve(tmp_path / "new", *before, port=port)
    assert (done.returncode, done.stdout) == (1, "")
    said = "Port 80 needs more rights than this user has. Give a --port from 1024 on."
    assert done.stderr == f"balu: {said}\n"
    assert not (tmp_path / "new").exists()
