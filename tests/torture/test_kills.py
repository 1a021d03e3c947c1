"""kill -9 of the whole server in the middle of uploads, moves and deletes: nothing acknowledged is lost."""

import asyncio
import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from blake3 import blake3

from balu.app import DOMAINS, read_config
from balu.kernel.clock import system_now
from balu.kernel.env import open_env
from balu.kernel.jobs import Jobs, run_now

KILLS = int(os.environ.get("TORTURE_KILLS", "60"))
SEED = int(os.environ.get("TORTURE_SEED", "20261121"))
CLIENTS = 8
PASSWORD = "Correct-Horse-7"
READY_S = 30.0

pytestmark = pytest.mark.torture


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Server:
    """One `balu serve` in a process group of its own, killed and started again on the same data."""

    data_dir: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    def command(self, *arguments: str, stdin: str | None = None) -> None:
        line = [sys.executable, "-m", "balu", *arguments, "--data-dir", str(self.data_dir)]
        subprocess.run(line, input=stdin, text=True, check=True, capture_output=True, timeout=60)

    def start(self) -> float:
        """Start it; returns the seconds until it answered."""
        began = time.monotonic()
        log = (self.data_dir / "server.log").open("ab")
        line = [
            sys.executable,
            "-m",
            "balu",
            "serve",
            "--data-dir",
            str(self.data_dir),
            "--port",
            str(self.port),
        ]
        self.process = subprocess.Popen(line, start_new_session=True, stdout=log, stderr=log)
        log.close()
        while time.monotonic() - began < READY_S:
            with suppress(OSError, http.client.HTTPException):
                if self.request("GET", "/api/health")[0] == 200:
                    return time.monotonic() - began
            time.sleep(0.05)
        pytest.fail(f"not ready after {READY_S} s:\n{(self.data_dir / 'server.log').read_text()[-3000:]}")

    def kill(self) -> None:
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def request(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def sign_in(self) -> dict[str, str]:
        body = json.dumps({"username": "torture", "password": PASSWORD}).encode()
        status, answer = self.request("POST", "/api/auth/login", body, {"content-type": "application/json"})
        assert status == 200, answer
        return {"authorization": f"Bearer {json.loads(answer)['access_token']}"}


Files = dict[str, str]
"""Name to BLAKE3."""


@dataclass
class Client:
    """Works in a folder of its own and remembers what was acknowledged."""

    number: int
    rng: random.Random
    known: Files = field(default_factory=dict)
    pending: tuple[Files, ...] = ()
    """States the folder may be in while a request is unanswered."""
    acknowledged: int = 0
    refusals: list[str] = field(default_factory=list)
    """Answers that nothing here explains."""

    @property
    def folder(self) -> str:
        return f"client-{self.number}"

    def work(self, server: Server, auth: dict[str, str], stop: threading.Event) -> None:
        with suppress(OSError, http.client.HTTPException):
            while not stop.is_set():
                self.step(server, auth)

    def step(self, server: Server, auth: dict[str, str]) -> None:
        choice = self.rng.random()
        if choice < 0.55 or not self.known:
            self.put(server, auth)
        elif choice < 0.8:
            self.move(server, auth)
        else:
            self.delete(server, auth)

    def _do(
        self, server: Server, after: Files, method: str, path: str, body: bytes, headers: dict[str, str]
    ) -> None:
        self.pending = (dict(self.known), after)
        status, answer = server.request(method, path, body, headers)
        if status == 409 and json.loads(answer)["code"] == "busy":  # recovery has the name; nothing was done
            self.pending = ()
            return
        if status not in {200, 201}:
            self.refusals.append(f"{method} {path}: {status} {answer!r}")
            return
        self.known, self.pending = after, ()
        self.acknowledged += 1

    def put(self, server: Server, auth: dict[str, str]) -> None:
        fresh = f"file {self.rng.randrange(40)} ü.bin"
        name = self.rng.choice(sorted(self.known)) if self.known and self.rng.random() < 0.4 else fresh
        size = self.rng.choice([0, 1, 700, 40_000, 300_000, 1_500_000])
        data = self.rng.randbytes(size)
        path = f"/api/files/content/{quote(f'{self.folder}/{name}')}?on_conflict=replace"
        after = {**self.known, name: blake3(data).hexdigest()}
        self._do(server, after, "PUT", path, data, auth)

    def move(self, server: Server, auth: dict[str, str]) -> None:
        old, new = self.rng.choice(sorted(self.known)), f"moved {self.rng.randrange(10**6)}.bin"
        after = {(new if name == old else name): digest for name, digest in self.known.items()}
        body = {"source_path": f"{self.folder}/{old}", "target_path": f"{self.folder}/{new}"}
        headers = {**auth, "content-type": "application/json"}
        self._do(server, after, "PUT", "/api/files/move", json.dumps(body).encode(), headers)

    def delete(self, server: Server, auth: dict[str, str]) -> None:
        gone = self.rng.choice(sorted(self.known))
        after = {name: digest for name, digest in self.known.items() if name != gone}
        self._do(server, after, "DELETE", f"/api/files/{quote(f'{self.folder}/{gone}')}", b"", auth)

    def compare(self, server: Server, auth: dict[str, str], home: Path) -> None:
        """Disk, listing and downloads show the acknowledged state, or that of the unanswered request."""
        found = {file.name: blake3(file.read_bytes()).hexdigest() for file in (home / self.folder).iterdir()}
        allowed = self.pending or (self.known,)
        assert found in allowed, f"{self.folder}: {_difference(found, allowed)}"
        status, answer = server.request("GET", f"/api/files/list?path={self.folder}&limit=500", headers=auth)
        assert status == 200, answer
        assert {item["name"] for item in json.loads(answer)["files"]} == set(found)
        for name in self.rng.sample(sorted(found), min(3, len(found))):
            path = f"/api/files/download/{quote(f'{self.folder}/{name}')}"
            status, data = server.request("GET", path, headers=auth)
            assert (status, blake3(data).hexdigest()) == (200, found[name])
        self.known, self.pending = found, ()


def _difference(found: Files, allowed: tuple[Files, ...]) -> str:
    lines = []
    for state in allowed:
        lost = {name for name in state if name not in found}
        changed = {name for name in state if name in found and found[name] != state[name]}
        lines.append(
            f"missing {sorted(lost)}, changed {sorted(changed)}, extra {sorted(set(found) - set(state))}"
        )
    return "; or ".join(lines)


@pytest.fixture
def server(tmp_path: Path) -> Server:
    return Server(tmp_path)


async def collect_later(data_dir: Path) -> None:
    """What the clean-up does once unfinished uploads are two hours old."""
    async with open_env(read_config(data_dir), DOMAINS, now=lambda: system_now() + timedelta(hours=2)) as env:
        for job in (
            "prepare_volumes",
            "recover_files",
            "upload_cleanup",
        ):  # the last kill may have met a recovery
            await run_now(env, env.part(Jobs).named(job))


def test_nothing_acknowledged_is_lost_when_the_server_is_killed(server: Server, tmp_path: Path) -> None:
    rng = random.Random(SEED)
    print(f"start value {SEED}, {KILLS} kills")
    server.command("users", "add", "torture", "--role", "admin", "--password-stdin", stdin=PASSWORD)
    server.start()
    auth = server.sign_in()
    clients = [Client(number, random.Random(rng.random())) for number in range(CLIENTS)]
    for client in clients:
        body = json.dumps({"path": "", "name": client.folder}).encode()
        headers = {**auth, "content-type": "application/json"}
        assert server.request("POST", "/api/files/folder", body, headers)[0] == 200
    home = tmp_path / "volumes" / "main" / "torture"
    slowest = 0.0
    try:
        for _ in range(KILLS):
            stop = threading.Event()
            threads = [threading.Thread(target=client.work, args=(server, auth, stop)) for client in clients]
            for thread in threads:
                thread.start()
            time.sleep(rng.uniform(0.05, 0.9))
            server.kill()
            stop.set()
            for thread in threads:
                thread.join()
            slowest = max(slowest, server.start())
            for client in clients:
                client.compare(server, auth, home)
    finally:
        server.kill()
    asyncio.run(collect_later(tmp_path))
    staged = list((tmp_path / "volumes" / "main" / ".balu" / "staging").iterdir())
    done = sum(client.acknowledged for client in clients)
    print(f"{done} acknowledged operations, slowest start {slowest:.1f} s, {len(staged)} left in staging")
    assert not [refusal for client in clients for refusal in client.refusals]
    assert not staged
    assert done > KILLS
