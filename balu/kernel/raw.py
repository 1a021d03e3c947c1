"""Byte streams in front of the router: bodies that are never buffered, answers that are never joined."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self, TypeVar
from urllib.parse import parse_qs, unquote_to_bytes

import msgspec
from litestar.types import HTTPScope, Receive, Scope, Send

from balu.kernel.caller import Caller
from balu.kernel.errors import BaluError, InvalidError, MalformedError, TooLargeError
from balu.kernel.http import scope_headers
from balu.kernel.outflow import Flow, Outflow, SlowClientError
from balu.kernel.unit import Env

T = TypeVar("T")
SLOW_AFTER_S = 30.0
SLOW_TICKS = 3
MIN_BYTES_PER_S = 1000.0


class ClientGoneError(Exception):
    """The client went away; whatever it was sending is not complete."""


class SlowBodyError(BaluError):
    """The request body came too slowly."""

    status, code = 408, "too-slow"


class _Pace:
    """Ends a body that comes too slowly, for the price of one timer every ten seconds, none a message."""

    def __init__(self) -> None:
        self.bytes = 0
        self._history = [MIN_BYTES_PER_S * SLOW_AFTER_S] * SLOW_TICKS
        self._waiting = self._expired = False
        self._loop = asyncio.get_running_loop()

    def __enter__(self) -> Self:
        self._task = asyncio.current_task()
        self._timer = self._loop.call_later(SLOW_AFTER_S / SLOW_TICKS, self._tick)
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    def _tick(self) -> None:
        self._history = [*self._history[1:], self.bytes]
        self.bytes = 0
        # Only a wait for the client counts; our own disk may take its time.
        if self._waiting and sum(self._history) < MIN_BYTES_PER_S * SLOW_AFTER_S and self._task is not None:
            self._expired = True
            self._task.cancel()
            return
        self._timer = self._loop.call_later(SLOW_AFTER_S / SLOW_TICKS, self._tick)

    async def wait(self, receiving: Awaitable[Any]) -> Any:
        self._waiting = True
        try:
            return await receiving
        except asyncio.CancelledError:
            if not self._expired or self._task is None:
                raise
            self._task.uncancel()
            raise SlowBodyError("The upload is too slow; resume or send it again.") from None
        finally:
            self._waiting = False


@dataclass(slots=True)
class Exchange:
    """One request and its answer."""

    scope: HTTPScope
    receive: Receive
    send: Send
    env: Env
    rest: str
    """The path below the route's prefix: percent-decoded once, surrogate escapes for bytes that are not
    UTF-8, without leading slash."""
    caller: Caller | None = None
    headers: Mapping[str, str] = field(init=False)
    started: bool = False
    """Whether the answer has begun; afterwards an error can only cut the connection."""
    gone: bool = False

    def __post_init__(self) -> None:
        self.headers = scope_headers(self.scope)

    @property
    def method(self) -> str:
        """Request method, upper case."""
        return str(self.scope["method"])

    @property
    def user(self) -> Caller:
        """The caller of a route that is not public."""
        if self.caller is None:
            raise RuntimeError("a public route has no user")
        return self.caller

    @property
    def is_via_proxy(self) -> bool:
        """Whether a trusted proxy handed the request on."""
        return bool(self.scope["state"].get("via_proxy"))

    def query(self, name: str) -> str | None:
        """First value of a query parameter."""
        raw: bytes = self.scope.get("query_string", b"")
        if not raw:
            return None
        values = parse_qs(raw.decode("latin-1"), keep_blank_values=True, errors="surrogateescape").get(name)
        return values[0] if values else None

    @property
    def content_length(self) -> int | None:
        """Declared length of the body in bytes, None when it is chunked.

        Raises:
            MalformedError: not a plain non-negative integer.
        """
        text = self.headers.get("content-length")
        if text is None:
            return None
        if not (text.isascii() and text.isdigit()):
            raise MalformedError("Content-Length must be a non-negative integer.")
        return int(text)

    async def body(self) -> AsyncGenerator[bytes, None]:
        """The request body as it arrives, checked against Content-Length.

        Raises:
            ClientGoneError: disconnected before the end.
            MalformedError: more or fewer bytes than declared.
            SlowBodyError: less than 1 kB/s for 30 s.
        """
        expected, received = self.content_length, 0
        with _Pace() as pace:
            while True:
                message = await pace.wait(self.receive())
                if message["type"] == "http.disconnect":
                    self.gone = True
                    raise ClientGoneError
                chunk: bytes = message.get("body", b"")
                received += len(chunk)
                if expected is not None and received > expected:
                    raise MalformedError("More bytes arrived than Content-Length said.")
                if chunk:
                    pace.bytes += len(chunk)
                    yield chunk
                if not message.get("more_body", False):
                    break
        if expected is not None and received != expected:
            raise MalformedError(f"{expected} bytes were declared and {received} arrived.")

    async def until_gone(self) -> None:
        """Wait until the client leaves; for answers, since what is left of the body is passed over."""
        while (await self.receive())["type"] != "http.disconnect":
            pass

    async def decoded(self, kind: type[T], most: int) -> T:
        """The body, JSON of at most *most* bytes, as *kind*.

        Raises:
            TooLargeError: it is longer.
            InvalidError: it is no JSON, or of another shape.
        """
        body = bytearray()
        async for piece in self.body():
            body += piece
            if len(body) > most:
                raise TooLargeError(f"At most {most} bytes of JSON are read here.")
        try:
            return msgspec.json.decode(body, type=kind)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise InvalidError(f"This cannot be read: {error}.", field="body") from error

    async def start(self, status: int, headers: Mapping[str, str]) -> None:
        """Begin the answer; header values must be latin-1."""
        self.started = True
        encoded = [(key.lower().encode("latin-1"), value.encode("latin-1")) for key, value in headers.items()]
        await self.send({"type": "http.response.start", "status": status, "headers": encoded})

    def flow(self, whole: int | None = None) -> Flow:
        """Around the blocks of a long answer, or of one with *whole* bytes; see ``send_block``."""
        return Flow(self.env.part(Outflow), whole)

    async def send_block(self, flow: Flow, block: bytes, *, is_last: bool = False) -> None:
        """Send a piece of the answer.

        Raises:
            ClientGoneError: the client hardly takes anything.
        """
        try:
            sending = self.send({"type": "http.response.body", "body": block, "more_body": not is_last})
            await flow.pass_on(sending, len(block))
        except SlowClientError:
            self.gone = True
            raise ClientGoneError from None

    async def end(self) -> None:
        """Say that the answer is complete."""
        await self.send({"type": "http.response.body", "body": b"", "more_body": False})

    async def respond(self, status: int, body: bytes = b"", headers: Mapping[str, str] | None = None) -> None:
        """Send a whole answer; 204 and 304 carry no body."""
        fixed = {} if status in {204, 304} else {"content-length": str(len(body))}
        await self.start(status, {**fixed, **(headers or {})})
        shown = b"" if self.method == "HEAD" or status in {204, 304} else body
        await self.send({"type": "http.response.body", "body": shown, "more_body": False})

    async def json(self, status: int, value: Any, headers: Mapping[str, str] | None = None) -> None:
        """Send *value* as JSON."""
        body = msgspec.json.encode(value)
        await self.respond(status, body, {"content-type": "application/json", **(headers or {})})


@dataclass(frozen=True, slots=True)
class RawRoute:
    """Requests under *prefix* (exact, or before a slash) that bypass the router."""

    prefix: str
    methods: frozenset[str]
    run: Callable[[Exchange], Awaitable[None]]
    auth: str = "user"
    scope: str | None = None
    rate: tuple[str, int] | None = ("file_bytes", 50_000)
    """Class and requests a minute; None for the general limits."""
    exact: bool = False
    takes: Callable[[HTTPScope], bool] | None = None
    """Says of a request that matches whether it is taken; the others go on to the router."""
    app_passwords: bool = False
    """Whether an app password opens it, by Basic authentication."""

    def matches(self, method: str, path: str) -> bool:
        """Whether this route answers *method* on the undecoded *path*."""
        if method not in self.methods:
            return False
        return path == self.prefix or (not self.exact and path.startswith(self.prefix + "/"))


def decoded_rest(scope: Scope, prefix: str) -> str:
    """What follows *prefix* in the raw path, decoded exactly once.

    Raises:
        MalformedError: it holds NUL, CR or LF.
    """
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    rest = unquote_to_bytes(raw.partition(b"?")[0][len(prefix) :]).lstrip(b"/")
    if any(byte in rest for byte in b"\0\r\n"):
        raise MalformedError("Paths cannot hold NUL or line breaks.")
    return rest.decode("utf-8", "surrogateescape")
