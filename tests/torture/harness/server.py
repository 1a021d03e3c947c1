"""One real `balu serve` that is killed and started again on the same data, and plain requests to it."""

import asyncio
import http.client
import json
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Self

import psutil  # type: ignore[import-untyped]
import pytest

from balu.app import DOMAINS, read_config
from balu.kernel.clock import system_now
from balu.kernel.env import open_env
from balu.kernel.jobs import run_startup
from balu.kernel.testing import check_locks, free_port, kill_group
from balu.storage.files.recover import Recovery
from balu.storage.uploads.service import UploadService
from tests.torture.harness.audit import Seen, look
from tests.torture.harness.warm import child_environ

PASSWORD = "Correct-Horse-7"
READY_S = 60.0
JSON = {"content-type": "application/json"}
Headers = Mapping[str, str]


@dataclass(frozen=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Server:
    """`balu serve` in a process group of its own; use ``with`` so that it ends."""

    data_dir: Path
    native: Path | None = None
    environ: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None
    auth: dict[str, str] = field(default_factory=dict)

    def __enter__(self) -> Self:
        self.data_dir.mkdir(parents=True, exist_ok=True)
        self.command("users", "add", "torture", "--role", "admin", "--password-stdin", stdin=PASSWORD)
        self.start()
        self.sign_in()
        return self

    def __exit__(self, *_: object) -> None:
        if self.process is not None and self.process.poll() is None:
            self.kill()

    def command(self, *arguments: str, stdin: str | None = None) -> str:
        line = [sys.executable, "-m", "balu", *arguments, "--data-dir", str(self.data_dir)]
        done = subprocess.run(
            line,
            input=stdin,
            text=True,
            check=True,
            capture_output=True,
            timeout=120,
            env=child_environ(None),
        )
        return done.stdout

    def start(self) -> float:
        """Start it; returns the seconds until it answered."""
        began = time.monotonic()
        line = [sys.executable, "-m", "balu", "serve"]
        line += ["--data-dir", str(self.data_dir), "--port", str(self.port)]
        environ = {**child_environ(self.native), **self.environ}
        with (self.data_dir / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                line, start_new_session=True, stdout=log, stderr=log, env=environ, cwd="/"
            )
        return self.wait(began)

    def wait(self, began: float) -> float:
        """Wait until it answers; returns the seconds since *began*."""
        while time.monotonic() - began < READY_S:
            with suppress(OSError, http.client.HTTPException):
                if self.request("GET", "/api/health").status == 200:
                    return time.monotonic() - began
            time.sleep(0.05)
        pytest.fail(f"not ready after {READY_S} s:\n{self.log()[-3000:]}")

    def log(self) -> str:
        return (self.data_dir / "server.log").read_text(errors="replace")

    def kill(self) -> None:
        assert self.process is not None
        check_locks(self.data_dir, self.process.pid)
        kill_group(self.process)

    def processes(self) -> list[psutil.Process]:
        """The server and everything it started."""
        assert self.process is not None
        parent = psutil.Process(self.process.pid)
        return [parent, *parent.children(recursive=True)]

    def web_worker(self) -> psutil.Process:
        """The process that answers requests."""
        for child in self.processes()[1:]:
            with suppress(psutil.Error):
                if any(place.laddr.port == self.port for place in child.net_connections("tcp")):
                    return child
        raise LookupError("nobody listens")

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: Headers | None = None,
        *,
        port: int | None = None,
        timeout: float = 60,
    ) -> Answer:
        """One request on a connection of its own, signed in; *port* goes through a proxy."""
        if isinstance(body, (dict, list)):
            body, headers = json.dumps(body).encode(), {**JSON, **(headers or {})}
        connection = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=timeout)
        try:
            connection.request(method, path, body, {**self.auth, **(headers or {})})
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def sign_in(self) -> None:
        self.auth = {}
        answer = self.request("POST", "/api/auth/login", {"username": "torture", "password": PASSWORD})
        assert answer.status == 200, answer.body
        self.auth = {"authorization": f"Bearer {answer.json['access_token']}"}

    @property
    def home(self) -> Path:
        return self.data_dir / "volumes" / "main" / "torture"

    def look(self, *, later: timedelta | None = None) -> Seen:
        """As ``look_at`` its data."""
        return look_at(self.data_dir, later=later)


def look_at(data_dir: Path, *, later: timedelta | None = None) -> Seen:
    """Compare disk and rows of a server at rest; *later* first cleans up as if that time had passed."""

    async def work() -> Seen:
        now = system_now if later is None else lambda: system_now() + later
        async with open_env(read_config(data_dir), DOMAINS, now=now) as env:
            await run_startup(env, [job for domain in DOMAINS for job in domain.startup])
            if later is not None:
                await UploadService(env).expire()
                await Recovery(env).collect()
            return await look(env, is_collected=later is not None)

    return asyncio.run(work())
