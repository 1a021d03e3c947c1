"""A client that costs little: sendfile on the way up, one reused buffer on the way down.

It speaks as much HTTP/1.1 as benchmarks need, and blocks; `drive` keeps several connections busy from one
thread, so that the client's own threads do not compete with the server for the machine.
"""

import os
import selectors
import socket
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Self

RECEIVE_BYTES = 1 << 20
_TIMEOUT_S = 300.0


class WrongAnswerError(Exception):
    """A server answered something else than the workload needs."""


@dataclass(frozen=True, slots=True)
class Request:
    """Method, path and headers; *body* for what fits in memory."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    def encode(self, body_bytes: int | None = None) -> bytes:
        """The bytes on the wire; *body_bytes* announces a body that follows by other means."""
        lines = [f"{self.method} {self.target} HTTP/1.1", "Host: 127.0.0.1"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        length = len(self.body) if body_bytes is None else body_bytes
        if length or self.method in {"PUT", "POST", "PATCH"}:
            lines.append(f"Content-Length: {length}")
        return "\r\n".join([*lines, "", ""]).encode() + self.body


@dataclass(slots=True)
class Response:
    """What came back; *body* stays empty unless the connection keeps bodies."""

    status: int
    headers: dict[str, str]
    received: int = 0
    body: bytearray = field(default_factory=bytearray)

    def expect(self, *statuses: int, received: int | None = None) -> Self:
        """Insist on a status and, if given, on the number of body bytes."""
        if self.status not in statuses:
            message = f"status {self.status}, wanted {statuses}: {bytes(self.body[:300])!r}"
            raise WrongAnswerError(message)
        if received is not None and self.received != received:
            message = f"{self.received} body bytes, wanted {received}"
            raise WrongAnswerError(message)
        return self


class Connection:
    """One keep-alive connection. *sink* sees every piece of a body; without one bodies are dropped."""

    def __init__(self, port: int, *, keep: bool = False) -> None:
        self._port = port
        self._keep = keep
        self._buffer = bytearray(RECEIVE_BYTES)
        self._view = memoryview(self._buffer)
        self._connect()

    def _connect(self) -> None:
        self.socket = socket.create_connection(("127.0.0.1", self._port), timeout=_TIMEOUT_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._reset()

    def _reset(self) -> None:
        self._head = bytearray()
        self._response: Response | None = None
        self._left = 0
        self._chunks: _Chunks | None = None
        self._bodiless = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.socket.close()

    def ask(self, request: Request) -> Response:
        """Send and wait for the whole answer."""
        self.send(request)
        return self.receive()

    def send(self, request: Request) -> None:
        """Send a request whose body is in memory."""
        self._bodiless = request.method == "HEAD"
        self.socket.sendall(request.encode())

    def send_file(self, request: Request, source: int, offset: int, count: int) -> None:
        """Send a request whose body is a span of an open file, without copying it through this process."""
        self._bodiless = False
        self.socket.sendall(request.encode(count))
        end = offset + count
        # sendfile(2) returns EAGAIN on the non-blocking socket that a time-out makes of it.
        self.socket.settimeout(None)
        while offset < end:
            offset += os.sendfile(self.socket.fileno(), source, offset, end - offset)
        self.socket.settimeout(_TIMEOUT_S)

    def receive(self) -> Response:
        """Wait for the whole answer."""
        while (response := self.pump()) is None:
            pass
        return response

    def pump(self) -> Response | None:
        """Receive once; the answer if that completed it."""
        count = self.socket.recv_into(self._view)
        if count == 0:
            message = f"connection closed in mid-answer: {bytes(self._head[:200])!r}"
            raise WrongAnswerError(message)
        piece = self._view[:count]
        if self._response is None:
            self._head += piece
            head, found, rest = bytes(self._head).partition(b"\r\n\r\n")
            if not found:
                return None
            self._response = self._begin(head)
            piece = memoryview(rest)
        return self._finish() if self._body(self._response, piece) else None

    def _begin(self, head: bytes) -> Response:
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        response = Response(int(first.split()[1]), headers)
        if self._bodiless or response.status in {204, 304}:
            self._left = 0
        elif headers.get("transfer-encoding", "").lower() == "chunked":
            self._chunks = _Chunks()
        else:
            self._left = int(headers.get("content-length", "0"))
        return response

    def _body(self, response: Response, piece: memoryview) -> bool:
        """Take a piece of the body; whether that was the last."""
        if self._chunks is not None:
            decoded = self._chunks.feed(piece)
            response.received += len(decoded)
            if self._keep:
                response.body += decoded
            return self._chunks.done
        response.received += len(piece)
        self._left -= len(piece)
        if self._keep:
            response.body += piece
        return self._left <= 0

    def _finish(self) -> Response | None:
        response = self._response
        self._reset()
        if response is not None and response.headers.get("connection", "").lower() == "close":
            self.socket.close()
            self._connect()
        return response


class _Chunks:
    """The chunked transfer coding, taken apart as it arrives."""

    def __init__(self) -> None:
        self.done = False
        self._pending = bytearray()

    def feed(self, piece: memoryview) -> bytes:
        self._pending += piece
        decoded = []
        while not self.done:
            end = self._pending.find(b"\r\n")
            if end < 0:
                break
            size = int(bytes(self._pending[:end]).split(b";")[0], 16)
            if len(self._pending) < end + 2 + size + 2:
                break
            decoded.append(bytes(self._pending[end + 2 : end + 2 + size]))
            del self._pending[: end + 2 + size + 2]
            self.done = size == 0
        return b"".join(decoded)


def drive(
    port: int, requests: Iterable[Request], *, connections: int, check: Callable[[Response], object]
) -> int:
    """Work through *requests* over several keep-alive connections; how many were answered.

    Bodies of requests have to fit the socket's send buffer.
    """
    waiting = deque(requests)
    answered = 0
    with selectors.DefaultSelector() as ready:
        busy = 0
        for _ in range(min(connections, len(waiting))):
            connection = Connection(port)
            connection.send(waiting.popleft())
            ready.register(connection.socket, selectors.EVENT_READ, connection)
            busy += 1
        while busy:
            for key, _events in ready.select():
                connection = key.data
                response = connection.pump()
                if response is None:
                    continue
                check(response)
                answered += 1
                if connection.socket is not key.fileobj:
                    ready.unregister(key.fileobj)
                    ready.register(connection.socket, selectors.EVENT_READ, connection)
                if waiting:
                    connection.send(waiting.popleft())
                else:
                    ready.unregister(connection.socket)
                    connection.socket.close()
                    busy -= 1
    return answered
