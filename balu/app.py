"""The composition root: the only module that knows every domain."""

import asyncio
import gc
import os
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
from litestar import Litestar, Router, get
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig
from litestar.types import Receive, Scope, Send

from balu import __version__, kernel
from balu.access.sync.domain import SYNC
from balu.identity.auth.domain import AUTH
from balu.identity.users.domain import USERS
from balu.kernel import openapi_pages
from balu.kernel.clock import Now, system_now
from balu.kernel.config import Config, LogSettings, Server, load_config
from balu.kernel.domain import Domain
from balu.kernel.edge import Edge
from balu.kernel.env import open_env
from balu.kernel.front import API_VERSION, Front
from balu.kernel.http import PUBLIC, guard, provide_caller, provide_unit, provide_user_id, spelled
from balu.kernel.jobs import JOBS, run_startup
from balu.kernel.live import listen
from balu.kernel.log import AccessLog, configure
from balu.kernel.metrics import Metrics, share_directory
from balu.kernel.migrate import ensure_current
from balu.kernel.problems import handle
from balu.kernel.raw import Exchange, RawRoute
from balu.kernel.sockets import drop_standing
from balu.kernel.spa import WebUI
from balu.kernel.sqlite import check
from balu.kernel.unit import Env
from balu.operations.admin.domain import ADMIN
from balu.operations.inventory.domain import INVENTORY
from balu.storage.files.domain import FILES
from balu.storage.trash.domain import TRASH
from balu.storage.uploads.domain import UPLOADS
from balu.storage.vaults.domain import VAULTS
from balu.storage.volumes.domain import VOLUMES

DOMAINS: tuple[Domain, ...] = (
    JOBS,
    USERS,
    AUTH,
    VOLUMES,
    FILES,
    UPLOADS,
    TRASH,
    VAULTS,
    SYNC,
    INVENTORY,
    ADMIN,
)
"""Every domain, lower ones first: parts, hooks and start-up jobs follow this order."""
GARBAGE = (10_000, 20, 50)
"""Objects, and rounds, between two collections; requests leave few cycles behind."""
WEB_ROOT = Path(kernel.__file__).parent.parent / "web_dist"


class Health(msgspec.Struct, kw_only=True):
    """Liveness."""

    status: str
    version: str
    api_version: str
    min_api_version: str


ALIVE = Health(status="ok", version=__version__, api_version=API_VERSION, min_api_version=API_VERSION)
HEALTH_RATE = ("health", 100_000)


@get(
    ["/health", "/ping"],
    operation_id=spelled("getHealth", "/ping"),
    opt={**PUBLIC, "rate": HEALTH_RATE},
    tags=["server"],
)
async def health() -> Health:
    """Say that the server answers."""
    return ALIVE


async def answer_health(exchange: Exchange) -> None:
    """The same in front of the router, for machines that ask all the time."""
    await exchange.json(200, ALIVE)


HEALTH = RawRoute(
    "/api/health", frozenset({"GET"}), answer_health, auth="public", rate=HEALTH_RATE, exact=True
)


class Balu(Litestar):
    """Litestar behind Balu's own front layer, also for what the router never sees."""

    front: Front

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # type: ignore[override]
        """Answer through the front layer."""
        await self.front(scope, receive, send)

    async def route_inside(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer through the router alone."""
        await super().__call__(scope, receive, send)


def settings_of(domains: Sequence[Domain]) -> dict[str, type[msgspec.Struct]]:
    """Section name to Struct, for the configuration."""
    return {domain.name: domain.settings for domain in domains if domain.settings is not None}


def read_config(data_dir: Path | None = None) -> Config:
    """The configuration of this process, with every domain's section."""
    return load_config(data_dir, settings_of(DOMAINS))


def build(config: Config, domains: Sequence[Domain] = DOMAINS, *, now: Now = system_now) -> Balu:
    """The application for *config*; nothing is opened before its lifespan starts."""

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncGenerator[None, None]:
        check()
        await ensure_current(config)
        async with open_env(config, domains, now=now) as env:
            app.state.env = balu.front.env = env
            await run_startup(env, [job for domain in domains for job in domain.startup])
            watch = asyncio.create_task(drop_standing(), name="balu-sockets")
            yield
            watch.cancel()
            balu.front.env = None

    def provide_env() -> Env:
        env: Env = balu.state.env
        return env

    handlers: list[Any] = [
        health,
        listen,
        *(controller for domain in domains for controller in domain.controllers),
    ]
    balu = Balu(
        route_handlers=[Router(path="/api", route_handlers=handlers), *openapi_pages.handlers(WEB_ROOT)],
        lifespan=[lifespan],
        guards=[guard],
        dependencies={
            "env": Provide(provide_env, sync_to_thread=False),
            "unit": Provide(provide_unit),
            "caller": Provide(provide_caller, sync_to_thread=False),
            "own_id": Provide(provide_user_id, sync_to_thread=False),
        },
        exception_handlers={Exception: handle},
        openapi_config=OpenAPIConfig(
            title="Balu", version=__version__, description="Your files, on your own disks.",
            path="/api/schema", render_plugins=[],
        ),
        logging_config=None,
    )  # fmt: skip
    balu.front = front_of(balu, config, domains)
    return balu


def front_of(balu: Balu, config: Config, domains: Sequence[Domain]) -> Front:
    """What stands before the router of *balu*."""
    return Front(
        router=balu.route_inside,
        edge=Edge.of(config.of(Server)),
        routes=[HEALTH, *(route for domain in domains for route in domain.raw)],
        ui=WebUI(WEB_ROOT),
        metrics=Metrics(),
        access_log=AccessLog.of(config.of(LogSettings)),
        secret_paths=[f"{prefix}/" for domain in domains for prefix in domain.secret_paths],
    )


def create_app() -> Balu:
    """What the web server's worker processes call: configuration from the environment alone."""
    config = read_config()
    configure(config.of(LogSettings))
    share_directory(config.data_dir / "run")
    os.umask(0o022)
    app = build(config)
    # What was made so far stays: looking through it again and again took a sixth of the CPU of small uploads.
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GARBAGE)
    return app
