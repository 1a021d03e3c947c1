"""What a real server answers to requests that are not quite right."""

import socket
from typing import Any
from urllib.parse import urlsplit

import pytest

from balu.kernel.config import Server as ServerSettings
from balu.kernel.edge import Edge
from balu.kernel.errors import MalformedError
from balu.kernel.testing import Server

HEADERS = ("x-request-id", "x-content-type-options", "content-security-policy", "referrer-policy")


def raw(server: Server, request: bytes, *, whole: bool = False) -> bytes:
    where = urlsplit(server.url)
    with socket.create_connection((where.hostname, where.port), timeout=10) as connection:
        connection.sendall(request)
        answer = b""
        while (whole or b"\r\n\r\n" not in answer) and (block := connection.recv(65536)):
            answer += block
    return answer


@pytest.mark.parametrize(
    "hosts",
    [
        pytest.param("Host: 127.0.0.1\r\nHost: evil.example", id="two-hosts"),
        pytest.param("Host: evil.example", id="foreign-host"),
    ],
)
def test_ambiguous_and_foreign_hosts_are_refused(shared_server: Server, hosts: str) -> None:
    answer = raw(shared_server, f"GET /api/health HTTP/1.1\r\n{hosts}\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 400 "), answer


AMBIGUOUS = [
    pytest.param(
        [(b"content-length", b"5"), (b"transfer-encoding", b"chunked")], "/", id="length-and-chunks"
    ),
    pytest.param([(b"content-length", b"5"), (b"content-length", b"6")], "/", id="two-lengths"),
    pytest.param([(b"host", b"localhost")], "/", id="two-hosts"),
    pytest.param([], "http://evil.example/", id="authority"),
]


@pytest.mark.parametrize(("headers", "path"), AMBIGUOUS)
def test_the_edge_refuses_what_a_server_lets_through(headers: list[tuple[bytes, bytes]], path: str) -> None:
    scope: Any = {"type": "http", "path": path, "headers": [(b"host", b"127.0.0.1"), *headers]}
    with pytest.raises(MalformedError):
        Edge.of(ServerSettings()).check(scope)


def test_a_length_beside_chunks_cannot_smuggle_a_request(shared_server: Server) -> None:
    """Granian drops the length before we see it and reads chunks: what follows them is the next request."""
    following = b"GET /api/nothing HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    head = b"POST /api/health HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n"
    length = f"Content-Length: {5 + len(following)}\r\n\r\n".encode()
    answers = raw(shared_server, head + length + b"0\r\n\r\n" + following, whole=True)
    first, *others = answers.split(b"HTTP/1.1 ")[1:]
    assert first.startswith((b"405 ", b"400 "))
    assert [other[:4] for other in others] in ([], [b"404 "]), "closed, or answered as a request of its own"


def test_an_absolute_target_is_judged_by_its_host_header(shared_server: Server) -> None:
    """Granian gives us the path of such a target without its authority, which therefore decides nothing."""
    answer = raw(shared_server, b"GET http://127.0.0.1/api/health HTTP/1.1\r\nHost: evil.example\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        pytest.param("GET", "/api/health", 200, id="ok"),
        pytest.param("GET", "/api/nothing/here", 404, id="unknown"),
        pytest.param("DELETE", "/api/health", 405, id="method"),
        pytest.param("GET", "/api/jobs", 401, id="signed-out"),
    ],
)
def test_every_answer_has_an_id_and_the_security_headers(
    shared_server: Server, method: str, path: str, status: int
) -> None:
    answer = shared_server.client.request(method, path)
    assert answer.status_code == status
    assert all(answer.headers.get(name) for name in HEADERS)
    if status >= 400:
        assert answer.headers["content-type"].startswith("application/problem+json")
        assert answer.json()["request_id"] == answer.headers["x-request-id"]


def test_the_description_is_open_to_all(shared_server: Server) -> None:
    document = shared_server.client.get("/api/openapi.json").json()
    operations = {verb["operationId"] for path in document["paths"].values() for verb in path.values()}
    assert {"getHealth", "listJobs", "getJob", "cancelJob"} <= operations
