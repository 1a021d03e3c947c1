"""The application as a server runs it, requests and web sockets on the one event loop of the test."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import msgspec

from balu.app import Balu, build, front_of
from balu.kernel.config import Config
from balu.kernel.domain import Domain
from balu.kernel.testing import make_config
from balu.kernel.unit import Env

PATIENCE_S = 120.0


class Ear:
    """The browser's end of one open socket."""

    def __init__(self) -> None:
        self.to_server: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.from_server: asyncio.Queue[Any] = asyncio.Queue()

    def wish(self, *topics: str, since: int | None = None, recent_s: float | None = None) -> None:
        """Ask for *topics* from now on."""
        text = msgspec.json.encode({"topics": topics, "since": since, "recent_s": recent_s}).decode()
        self.to_server.put_nowait({"type": "websocket.receive", "text": text})

    async def hear(self) -> Any:
        """The next event."""
        sent = await asyncio.wait_for(self.from_server.get(), PATIENCE_S)
        return msgspec.json.decode(sent["text"])

    async def closed(self) -> int:
        """The code the server ends the conversation with; it says nothing before."""
        sent = await asyncio.wait_for(self.from_server.get(), PATIENCE_S)
        assert sent["type"] == "websocket.close", sent
        code: int = sent["code"]
        return code


@cache
def _router(domains: tuple[Domain, ...]) -> Balu:
    return build(make_config(Path("/nonexistent"), domains), domains)


def app_on(env: Env, domains: tuple[Domain, ...]) -> Balu:
    """The application on an open *env*: no lifespan runs. Only one at a time, because all share one router.

    Making the router takes a quarter of a second, and nothing in it depends on the settings.
    """
    app = _router(domains)
    app.front = front_of(app, env.part(Config), domains)
    app.state.env = app.front.env = env
    return app


@asynccontextmanager
async def started(app: Balu) -> AsyncGenerator[httpx.AsyncClient, None]:
    """*app* started on this loop, and a browser that asks it."""
    transport = httpx.ASGITransport(app)  # type: ignore[arg-type]
    async with app.lifespan(), httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        yield client


@asynccontextmanager
async def listening(app: Balu, headers: Mapping[str, str]) -> AsyncGenerator[Ear, None]:
    """An accepted socket at ``/api/ws``; *app* has been started on this loop."""
    ear = Ear()
    scope: Any = {
        "type": "websocket", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1",
        "scheme": "ws", "path": "/api/ws", "raw_path": b"/api/ws", "query_string": b"", "root_path": "",
        "headers": [(b"host", b"127.0.0.1"), *((k.lower().encode(), v.encode()) for k, v in headers.items())],
        "client": ("127.0.0.1", 50000), "server": ("127.0.0.1", 80), "subprotocols": [], "extensions": {},
        "state": {},
    }  # fmt: skip
    ear.to_server.put_nowait({"type": "websocket.connect"})
    conversation = asyncio.create_task(app(scope, ear.to_server.get, ear.from_server.put))  # type: ignore[arg-type]
    try:
        accepted = await asyncio.wait_for(ear.from_server.get(), PATIENCE_S)
        assert accepted["type"] == "websocket.accept", accepted
        yield ear
    finally:
        ear.to_server.put_nowait({"type": "websocket.disconnect", "code": 1000})
        await asyncio.wait_for(conversation, PATIENCE_S)
