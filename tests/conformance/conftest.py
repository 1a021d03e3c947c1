"""A served Balu with three people, and tus spoken by hand."""

import base64
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest

from balu.kernel.testing import Server
from tests.conformance.test_tus import sign_in

PASSWORD = "Correct horse battery staple 7"
OCTETS = "application/offset+octet-stream"
VERSION = {"tus-resumable": "1.0.0"}


def metadata(**values: str) -> str:
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in values.items())


@dataclass(slots=True)
class Person:
    """One account on a running server, and its requests."""

    server: Server
    username: str
    id: int
    headers: dict[str, str]

    @property
    def home(self) -> Path:
        return Path(self.server.data_dir) / "volumes" / "main" / self.username

    def ask(
        self, method: str, where: str, body: bytes = b"", version: dict[str, str] = VERSION, **more: Any
    ) -> httpx2.Response:
        """Underscores in names of headers become hyphens."""
        headers = version | self.headers | {key.replace("_", "-"): value for key, value in more.items()}
        return self.server.client.request(method, where, headers=headers, content=body)

    def create(
        self, length: int | str | None, name: str = "a.bin", body: bytes = b"", **more: Any
    ) -> httpx2.Response:
        headers: dict[str, Any] = {} if length is None else {"upload_length": str(length)}
        headers |= {"upload_metadata": metadata(filename=name)} | more
        if body:
            headers["content_type"] = OCTETS
        return self.ask("POST", "/api/uploads", body, **headers)

    def begin(self, length: int | str | None, name: str = "a.bin", **more: Any) -> str:
        answer = self.create(length, name, **more)
        assert answer.status_code == 201, answer.text
        return str(answer.headers["location"])

    def patch(self, where: str, offset: int | str, body: bytes, **more: Any) -> httpx2.Response:
        headers: dict[str, Any] = {"upload_offset": str(offset), "content_type": OCTETS} | more
        return self.ask("PATCH", where, body, **headers)

    def head(self, where: str, **more: Any) -> httpx2.Response:
        return self.ask("HEAD", where, **more)

    def offset(self, where: str) -> int:
        return int(self.head(where).headers["upload-offset"])

    def open_patch(self, where: str, offset: int, length: int, server: Server | None = None) -> socket.socket:
        """A PATCH whose body is still to be sent by the caller."""
        address = urlsplit((server or self.server).url)
        line = socket.create_connection((address.hostname, address.port), timeout=60)
        fields = self.headers | VERSION
        fields |= {"content-type": OCTETS, "upload-offset": str(offset), "content-length": str(length)}
        lines = [f"PATCH {where} HTTP/1.1", "host: 127.0.0.1", *(f"{k}: {v}" for k, v in fields.items())]
        line.sendall("\r\n".join([*lines, "", ""]).encode())
        return line


def status_of(line: socket.socket) -> int:
    """The status of the answer that comes on *line*."""
    with line, line.makefile("rb") as answer:
        return int(answer.readline().split()[1])


def add(admin: Person, username: str) -> Person:
    wanted = {"username": username, "password": PASSWORD}
    made = admin.server.client.post("/api/users", json=wanted, headers=admin.headers)
    assert made.status_code == 201, made.text
    answer = admin.server.client.post("/api/auth/login", json=wanted)
    assert answer.status_code == 200, answer.text
    bearer = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    return Person(admin.server, username, made.json()["id"], bearer)


@pytest.fixture(scope="module")
def anna(shared_server: Server) -> Person:
    """The administrator. The client's cookies stay out of it: every request says who asks."""
    headers = sign_in(shared_server)
    return Person(shared_server, "anna", 1, headers)


@pytest.fixture(scope="module")
def ben(anna: Person) -> Person:
    return add(anna, "ben")
