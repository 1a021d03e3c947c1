"""The layer in front of the router: every answer gets an id, security headers, metrics and a log line."""

import asyncio
import secrets
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from balu.kernel.edge import Edge
from balu.kernel.errors import NotFoundError, UnavailableError
from balu.kernel.http import admit, client_address, scope_headers
from balu.kernel.log import AccessLog
from balu.kernel.metrics import CONTENT_TYPE, Metrics
from balu.kernel.problems import MEDIA_TYPE, problem
from balu.kernel.raw import ClientGoneError, Exchange, RawRoute, decoded_rest
from balu.kernel.spa import WebUI
from balu.kernel.unit import Env

API_VERSION = "1"
SECURITY_HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
    (b"x-api-version", API_VERSION.encode()),
    (b"x-api-min-version", API_VERSION.encode()),
)
API_CSP = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'; sandbox")
HSTS = (b"strict-transport-security", b"max-age=31536000")
EVERY_ANSWER, EVERY_SECURE_ANSWER = (*SECURITY_HEADERS, API_CSP), (*SECURITY_HEADERS, API_CSP, HSTS)
NAMES = frozenset(name for name, _ in EVERY_SECURE_ANSWER)
CLOSING = {400, 408}
"""Refusals after which nobody knows where the next request would begin, or when."""
LINGER_BYTES, LINGER_S = 64 << 10, 3.0
"""How much of a body that nobody wanted is read so that its connection can go on, and for how long."""
METRICS_PATHS = {"/metrics", "/api/metrics"}


@dataclass(slots=True)
class Front:
    """Guards, raw routes and the web UI, then *router* for everything else."""

    router: ASGIApp
    edge: Edge
    routes: Sequence[RawRoute]
    ui: WebUI
    metrics: Metrics
    access_log: AccessLog | None = None
    secret_paths: Sequence[str] = ()
    """Beginnings of paths whose next segment is a secret, which logs do not show."""
    env: Env | None = None
    """Set by the lifespan, before the first request."""
    _near: dict[str, tuple[RawRoute, ...]] = field(init=False, default_factory=dict)
    """Routes that may match, by the first two components of a path."""

    def __post_init__(self) -> None:
        for key in {_start(route.prefix) for route in self.routes}:
            self._near[key] = tuple(
                route for route in self.routes if _start(route.prefix) in {key, _top(key)}
            )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; lifespan and websocket messages go straight to the router."""
        if scope["type"] != ScopeType.HTTP:
            await self.router(scope, receive, send)
            return
        state: dict[str, Any] = scope.setdefault("state", {})
        state["request_id"] = request_id = secrets.token_hex(8)
        watch = _Watch(scope, receive, send, request_id)
        started = time.perf_counter()
        try:
            self.edge.check(scope)
            state["local"] = self.edge.is_local(scope)
            self.edge.settle_client(scope)
            await self._route(scope, watch.receive, watch.send)
        except ClientGoneError:
            watch.status = watch.status or 499
        except Exception as error:  # the outermost handler: whatever nobody named becomes a problem document
            if watch.status:
                raise  # too late for an answer: the server resets the connection
            await _refuse(error, watch)
        finally:
            self._account(scope, watch, time.perf_counter() - started)

    async def _route(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        self._env()
        raw: bytes = scope.get("raw_path") or str(scope["path"]).encode()
        path, method = raw.partition(b"?")[0].decode("latin-1"), str(scope["method"])
        start = _start(path)
        for route in self._near.get(start) or self._near.get(_top(start), ()):
            if route.matches(method, path) and (route.takes is None or route.takes(scope)):
                await self._raw(route, scope, receive, send)
                return
        if path in METRICS_PATHS and method == "GET":
            await self._show_metrics(scope, receive, send)
        elif path == "/api" or path.startswith(("/api/", "/docs", "/redoc")):
            await self.router(scope, receive, send)
        else:
            await self._page(scope, receive, send)

    async def _raw(self, route: RawRoute, scope: HTTPScope, receive: Receive, send: Send) -> None:
        env = self._env()
        caller = await admit(
            env, scope, needed=route.auth, token_scope=route.scope, rate=route.rate,
            app_passwords=route.app_passwords,
        )  # fmt: skip
        exchange = Exchange(scope, receive, send, env, decoded_rest(scope, route.prefix), caller)
        if caller is not None:
            scope["state"]["caller"] = caller
        await route.run(exchange)

    async def _show_metrics(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        env = self._env()
        await admit(env, scope, needed="admin", token_scope="metrics:read")  # noqa: S106
        exchange = Exchange(scope, receive, send, env, "")
        await exchange.respond(200, self.metrics.render(), {"content-type": CONTENT_TYPE})

    async def _page(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        headers = scope_headers(scope)
        accept = headers.get("accept-encoding", "")
        page = self.ui.answer(str(scope["path"]), accept, headers.get("if-none-match"))
        if page is None or scope["method"] not in {"GET", "HEAD"}:
            raise NotFoundError("There is no such page.")
        await Exchange(scope, receive, send, self._env(), "").respond(page.status, page.body, page.headers)

    def _shown(self, path: str) -> str:
        for prefix in self.secret_paths:
            if path.startswith(prefix):
                return f"{prefix}…"
        return path

    def _env(self) -> Env:
        if self.env is None:
            raise UnavailableError("The server is starting or about to end. Try again in a moment.")
        return self.env

    def _account(self, scope: HTTPScope, watch: "_Watch", seconds: float) -> None:
        method, path = str(scope["method"]), str(scope["path"])
        family = "/".join(path.split("/")[:3]) if path.startswith("/api/") else "web"
        if watch.status == 404:  # noqa: PLR2004  unknown paths must not become label values
            family = "unknown"
        self.metrics.count(method, family, watch.status, seconds, watch.received, watch.sent)
        if self.access_log is not None:
            caller = scope.get("state", {}).get("caller")
            self.access_log.write(
                method=method, path=self._shown(path), status=watch.status, ms=round(seconds * 1000, 1),
                bytes_in=watch.received, bytes_out=watch.sent, client=client_address(scope),
                user=caller.user_id if caller else None, request_id=watch.request_id,
            )  # fmt: skip


def _start(path: str) -> str:
    """The first two components of *path*."""
    return "/".join(path.split("/", 3)[:3])


def _top(path: str) -> str:
    """The first component of *path*."""
    return "/" + path.split("/", 2)[1] if path.startswith("/") else path


class _Watch:
    """Counts bytes, notes the status and adds the headers that every answer carries."""

    def __init__(self, scope: HTTPScope, receive: Receive, send: Send, request_id: str) -> None:
        self._scope, self._receive, self._send, self.request_id = scope, receive, send, request_id
        self.status = self.sent = self.received = 0
        self.is_last = False
        """Whether the connection ends with this answer, whatever was read."""
        self._is_read = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = list(message.get("headers", ()))
            is_secure = self._scope.get("scheme") == "https"
            extra: Iterable[tuple[bytes, bytes]] = EVERY_SECURE_ANSWER if is_secure else EVERY_ANSWER
            if not NAMES.isdisjoint(present := {key.lower() for key, _ in headers}):
                extra = [pair for pair in extra if pair[0] not in present]
            if (self.is_last or not self._is_read) and await self._ends():
                headers.append((b"connection", b"close"))
            message["headers"] = [*headers, *extra, (b"x-request-id", self.request_id.encode())]
        elif message["type"] == "http.response.body":
            self.sent += len(message.get("body", b""))
        await self._send(message)

    async def receive(self) -> Any:
        message = await self._receive()
        if message["type"] == "http.request":
            self.received += len(message.get("body", b""))
        self._is_read = not message.get("more_body", False)
        return message

    async def _ends(self) -> bool:
        """Whether no other request can follow over this connection, since bytes of this one are in the way.

        Streams of HTTP/2 end by themselves. A small rest is read, for at most 3 s.
        """
        if not str(self._scope.get("http_version", "1.1")).startswith("1"):
            return False
        headers = scope_headers(self._scope)
        length = headers.get("content-length", "0")
        if self.is_last or not (length.isascii() and length.isdigit()):
            return True
        until = self.received + LINGER_BYTES
        if "transfer-encoding" not in headers:
            if int(length) <= self.received:
                return False
            if int(length) > until:
                return True
        try:
            async with asyncio.timeout(LINGER_S):
                while not self._is_read and self.received <= until:
                    await self.receive()
        except TimeoutError:
            pass
        return not self._is_read


async def _refuse(error: Exception, watch: _Watch) -> None:
    status, extra, document = problem(error, watch.request_id)
    body = msgspec.json.encode(document)
    headers = {"content-type": MEDIA_TYPE, "content-length": str(len(body)), **extra}
    watch.is_last = status in CLOSING
    encoded = [(key.encode("latin-1"), value.encode("latin-1")) for key, value in headers.items()]
    await watch.send({"type": "http.response.start", "status": status, "headers": encoded})
    await watch.send({"type": "http.response.body", "body": body, "more_body": False})
