"""Balu as installed, on SQLite, with its worker."""

import json
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import ClassVar
from urllib.parse import quote

from benchmarks.harness.client import Connection, Request
from benchmarks.harness.server import PASSWORD, USER, Server

_TOKEN_LASTS_S = 600.0


class Balu(Server):
    """Everything switched on: verified, durable, atomic, with row and quota."""

    name: ClassVar[str] = "balu"
    note: ClassVar[str] = "BLAKE3, durable, atomic, row and quota"

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self._token = ""
        self._signed_in_at = 0.0

    @property
    def data(self) -> Path:
        """The data directory."""
        return self.root / "data"

    @property
    def files(self) -> Path:
        return self.data / "volumes" / "main" / USER

    def prepare(self) -> None:
        super().prepare()
        account = ["users", "add", USER, "--role", "admin", "--password-stdin"]
        command = [*_BALU, *account, "--data-dir", str(self.data)]
        subprocess.run(command, input=PASSWORD.encode(), check=True, stdout=subprocess.DEVNULL)

    def command(self) -> Sequence[str]:
        listen = ("--host", "127.0.0.1", "--port", str(self.port))
        return [*_BALU, "serve", "--data-dir", str(self.data), *listen]

    def environment(self) -> Mapping[str, str]:
        # One client asks here for what a house asks for in a day.
        return {f"BALU_LIMITS__{kind}_PER_MINUTE": "10000000" for kind in ("READS", "WRITES")}

    def version(self) -> str:
        return version("balu")

    def folder(self, name: str) -> Path:
        body = json.dumps({"path": "", "name": name}).encode()
        headers = (*self.headers(), ("Content-Type", "application/json"))
        with Connection(self.port, keep=True) as connection:
            connection.ask(Request("POST", "/api/files/folder", headers, body)).expect(200)
        return self.files / name

    def ready(self) -> None:
        self._sign_in()

    def headers(self) -> tuple[tuple[str, str], ...]:
        if time.monotonic() - self._signed_in_at > _TOKEN_LASTS_S:
            self._sign_in()
        return (("Authorization", f"Bearer {self._token}"),)

    def _sign_in(self) -> None:
        body = json.dumps({"username": USER, "password": PASSWORD}).encode()
        request = Request("POST", "/api/auth/login", (("Content-Type", "application/json"),), body)
        with Connection(self.port, keep=True) as connection:
            answer = connection.ask(request).expect(200, 201)
        self._token = json.loads(answer.body)["access_token"]
        self._signed_in_at = time.monotonic()

    def health(self) -> Request:
        return Request("GET", "/api/health")

    def upload(self, name: str) -> Request:
        octets = ("Content-Type", "application/octet-stream")
        return Request("PUT", f"/api/files/content/{quote(name)}", (*self.headers(), octets))

    def download(self, name: str) -> Request:
        return Request("GET", f"/api/files/download/{quote(name)}", self.headers())

    def listing(self, folder: str) -> Request:
        return Request("GET", f"/api/files/list?path={quote(folder)}", self.headers())

    def window(self, folder: str, offset: int, limit: int) -> Request:
        query = f"path={quote(folder)}&offset={offset}&limit={limit}"
        return Request("GET", f"/api/files/list?{query}", self.headers())

    def place(self, source: Path, name: str) -> None:
        with Connection(self.port) as connection, source.open("rb") as data:
            connection.send_file(self.upload(name), data.fileno(), 0, source.stat().st_size)
            connection.receive().expect(200, 201, 204)
        # An upload goes past the page cache; the others serve the source itself, which is in it.
        with (self.files / name).open("rb", buffering=0) as stored:
            while stored.read(1 << 20):
                pass


_BALU = (str(Path(sys.executable).with_name("balu")),)
