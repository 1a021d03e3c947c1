"""Putting an Env together: for a web worker, a job worker, a command or a test."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from balu.kernel.caller import Authenticator
from balu.kernel.clock import Now, system_now
from balu.kernel.config import Config
from balu.kernel.db import open_database
from balu.kernel.domain import Domain
from balu.kernel.events import Dispatcher, Hooks
from balu.kernel.jobs.declare import Jobs
from balu.kernel.live import LiveHub
from balu.kernel.lookup import Lookup
from balu.kernel.mail import Mailer
from balu.kernel.outbox import Heard
from balu.kernel.outflow import Outflow
from balu.kernel.ratelimit import Limits
from balu.kernel.threads import Threads
from balu.kernel.unit import Env


@asynccontextmanager
async def open_env(
    config: Config, domains: Sequence[Domain], *, now: Now = system_now, database_url: str | None = None
) -> AsyncGenerator[Env, None]:
    """Engines, settings and drivers of *domains*, bound to the running loop until the block ends.

    A part with ``bind(env)`` is told its Env, one with ``async aclose()`` is closed at the end.
    """
    database = open_database(database_url or config.database_url)
    dispatcher = Dispatcher([listener for domain in domains for listener in domain.listeners])
    parts: dict[type, Any] = {
        Config: config,
        Authenticator: Authenticator(),
        Limits: Limits(),
        Threads: Threads(),
        LiveHub: LiveHub(),
        Outflow: Outflow(),
        Mailer: Mailer(config),
        Lookup: Lookup(database.read_engine),
        Hooks: Hooks(hook for domain in domains for hook in domain.hooks),
        Jobs: Jobs(job for domain in domains for job in (*domain.jobs, *domain.startup)),
        Dispatcher: dispatcher,
        Heard: Heard(listener.event.__name__ for listener in dispatcher.listeners),
        **{type(section): section for section in config.sections.values()},
    }
    for domain in domains:
        parts.update(domain.parts(config) if domain.parts else {})
    env = Env(database.write, database.read, now, parts, dispatcher.ring)
    for part in parts.values():
        if hasattr(part, "bind"):
            part.bind(env)
    dispatcher.start(env)
    try:
        yield env
    finally:
        await dispatcher.stop()
        for part in reversed(list(parts.values())):
            if hasattr(part, "aclose"):
                await part.aclose()
        await database.close()
