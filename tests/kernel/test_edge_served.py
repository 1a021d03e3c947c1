"""What a real server answers to requests that are not quite right."""

import socket
from typing import Any
from urllib.parse import urlsplit

import pytest

from balu.app import Balu
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


REFUSED = "PUT /api/files/content/a HTTP/1.1\r\nHost: 127.0.0.1\r\n"
NEXT = b"GET /api/health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(f"Content-Length: {1 << 20}\r\n\r\n", id="large"),
        pytest.param("Content-Length: 5\r\n\r\nhell", id="never-complete"),
        pytest.param("Transfer-Encoding: chunked\r\n\r\n4\r\nhell\r\n", id="never-ends"),
    ],
)
def test_an_answer_before_the_end_of_a_body_says_that_it_is_the_last_one(
    shared_server: Server, body: str
) -> None:
    answer = raw(shared_server, f"{REFUSED}{body}".encode()).lower()
    assert answer.startswith(b"http/1.1 401 "), answer
    assert b"\r\nconnection: close\r\n" in answer


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("Content-Length: 5\r\n\r\nhello", id="length"),
        pytest.param("Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", id="chunks"),
        pytest.param("Content-Length: 0\r\n\r\n", id="empty"),
        pytest.param("\r\n", id="none"),
    ],
)
def test_a_small_body_that_nobody_reads_is_not_in_the_way(shared_server: Server, body: str) -> None:
    answers = raw(shared_server, f"{REFUSED}{body}".encode() + NEXT, whole=True)
    _, refused, following = answers.split(b"HTTP/1.1 ")
    assert refused.startswith(b"401 ")
    assert b"connection: close" not in refused.lower()
    assert following.startswith(b"200 ")


async def test_streams_of_http_2_end_without_that_word(app: Balu) -> None:
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b"x", "more_body": True}

    async def send(message: Any) -> None:
        sent.append(message)

    for version in ("2", "1.1"):
        scope: Any = {
            "type": "http", "http_version": version, "method": "PUT", "path": "/api/files/content/a",
            "query_string": b"", "headers": [(b"host", b"127.0.0.1"), (b"content-length", b"1000000")],
        }  # fmt: skip
        await app(scope, receive, send)
    starts = [dict(message["headers"]) for message in sent if message["type"] == "http.response.start"]
    assert [headers.get(b"connection") for headers in starts] == [None, b"close"]


def test_the_description_is_open_to_all(shared_server: Server) -> None:
    document = shared_server.client.get("/api/openapi.json").json()
    operations = {verb["operationId"] for path in document["paths"].values() for verb in path.values()}
    assert {"getHealth", "listJobs", "getJob", "cancelJob"} <= operations
