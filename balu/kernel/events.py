"""Listeners for what happened, and hooks for what is about to."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar

import msgspec
from sqlalchemy import delete, select, update

from balu.kernel.log import logger
from balu.kernel.outbox import Event, OutboxRow
from balu.kernel.unit import Env, Unit, open_unit

__all__ = ["Dispatcher", "Event", "Hook", "Hooks", "Listener", "answers", "ask", "on"]

E = TypeVar("E", bound=Event)
Q = TypeVar("Q")
LEASE = timedelta(seconds=60)
MAX_ATTEMPTS = 20
log = logger("balu.events")


@dataclass(frozen=True, slots=True)
class Listener:
    """A function that hears one kind of event, in a Unit of its own. It is idempotent."""

    event: type[Event]
    run: Callable[[Any, Unit], Awaitable[None]]


def on(event: type[E]) -> Callable[[Callable[[E, Unit], Awaitable[None]]], Listener]:
    """Turn ``async def f(event, unit)`` into a listener; its domain lists it."""
    return lambda function: Listener(event, function)


@dataclass(frozen=True, slots=True)
class Hook:
    """An answer to a question a lower domain asks before it acts, inside the same transaction."""

    question: type
    run: Callable[[Any, Unit], Awaitable[None]]


class Hooks(tuple[Hook, ...]):
    """Every answer of every domain; a part of the Env."""

    __slots__ = ()


def answers(question: type[Q]) -> Callable[[Callable[[Q, Unit], Awaitable[None]]], Hook]:
    """Turn ``async def f(question, unit)`` into a hook; raising a BaluError refuses what was asked."""
    return lambda function: Hook(question, function)


async def ask(unit: Unit, question: object) -> None:
    """Put *question* to every hook for its type, in the order of the domains; the first refusal wins."""
    for hook in unit.env.part(Hooks):
        if hook.question is type(question):
            await hook.run(question, unit)


@dataclass(slots=True)
class Dispatcher:
    """Delivers stored events to listeners: at once after a commit here, within a minute after a crash."""

    listeners: Sequence[Listener]
    _bell: asyncio.Event = field(default_factory=asyncio.Event)
    _task: asyncio.Task[None] | None = None

    def ring(self) -> None:
        """Say that something was committed."""
        self._bell.set()

    def start(self, env: Env) -> None:
        """Deliver in the background until ``stop``."""
        self._task = asyncio.create_task(self._serve(env), name="balu-events")

    async def stop(self) -> None:
        """Finish nothing more; what is left stays stored."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _serve(self, env: Env) -> None:
        while True:
            await self._bell.wait()
            self._bell.clear()
            try:
                await self.deliver(env)
            except Exception:  # the loop must outlive a database that is away; events stay stored
                log.exception("events not delivered")
                await asyncio.sleep(1)

    async def deliver(self, env: Env) -> int:
        """Deliver everything that is due; returns how many events were heard by all their listeners."""
        done = 0
        while rows := await self._claim(env):
            for row in rows:
                done += await self._deliver_one(env, row)
        return done

    async def _claim(self, env: Env) -> list[OutboxRow]:
        async with open_unit(env) as unit:
            now = unit.now()
            due = select(OutboxRow.id).where(OutboxRow.lease_until <= now).order_by(OutboxRow.id).limit(50)
            claim = (
                update(OutboxRow)
                .where(OutboxRow.id.in_(due), OutboxRow.lease_until <= now)
                .values(lease_until=now + LEASE, attempts=OutboxRow.attempts + 1)
                .returning(OutboxRow)
            )
            found = list((await unit.session.scalars(claim)).all())
        return sorted(found, key=lambda row: row.id)

    async def _deliver_one(self, env: Env, row: OutboxRow) -> int:
        for listener in self.listeners:
            if listener.event.__name__ != row.name:
                continue
            try:
                event = msgspec.json.decode(row.payload, type=listener.event)
                async with open_unit(env) as unit:
                    await listener.run(event, unit)
            except Exception:  # one broken listener must not silence the others; the lease brings it back
                log.exception("listener failed", event_name=row.name, attempts=row.attempts)
                if row.attempts < MAX_ATTEMPTS:
                    return 0
        async with open_unit(env) as unit:
            await unit.session.execute(delete(OutboxRow).where(OutboxRow.id == row.id))
        return 1
