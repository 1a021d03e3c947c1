"""Unit: one transaction, the time, and what was announced."""

import sqlite3
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from balu.kernel.clock import Now
from balu.kernel.embedded import EmbeddedConnection
from balu.kernel.lookup import with_percents
from balu.kernel.outbox import Heard, Outbox

T = TypeVar("T")
GIVEN_UP = {"40001", "40P01"}
"""PostgreSQL: serialization failure, deadlock."""
GIVEN_UP_TIMES = 8
_DRIVER = "balu.driver"


@dataclass(frozen=True, slots=True)
class Env:
    """What one event loop owns: sessions, clock, settings and drivers by type, the dispatcher's bell."""

    write: async_sessionmaker[AsyncSession]
    read: async_sessionmaker[AsyncSession]
    now: Now
    parts: Mapping[type, Any]
    wake: Callable[[], None]

    def part(self, kind: type[T]) -> T:
        """The settings or driver of this type; KeyError is a mistake in the composition root."""
        found: T = self.parts[kind]
        return found


@dataclass(frozen=True, slots=True)
class Unit:
    """One transaction, the time, and what it announced. Whoever made it commits it, nobody else."""

    session: AsyncSession
    now: Now
    outbox: Outbox
    env: Env

    async def sql(self, text: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Rows of one hand-written statement in this transaction; see ``kernel.lookup`` for its form.

        The session's changes go first, so that everything happens in the order of the code; its objects do
        not see what the statement changes.
        """
        pending = self.session.sync_session
        if pending.new or pending.dirty or pending.deleted:
            await self.session.flush()
        if self.is_sqlite:
            return await self._embedded(text, parameters)
        connection = await self.session.connection()
        result = await connection.exec_driver_sql(with_percents(text), dict(parameters))
        return [tuple(row) for row in result.all()] if result.returns_rows else []

    async def _embedded(self, text: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """The same where the statement takes microseconds, and the layers above it would take the most."""
        if _DRIVER not in self.session.info:
            connection = await self.session.connection()
            self.session.info[_DRIVER] = (await connection.get_raw_connection()).driver_connection
        driver: EmbeddedConnection = self.session.info[_DRIVER]
        try:
            return await driver.rows(text, parameters)
        except sqlite3.Error as error:
            raise DBAPIError.instance(text, dict(parameters), error, sqlite3.Error) from error

    @property
    def is_sqlite(self) -> bool:
        """Which of the two databases this is."""
        return self.session.get_bind().dialect.name == "sqlite"


@asynccontextmanager
async def open_unit(env: Env, *, writes: bool = True) -> AsyncGenerator[Unit, None]:
    """Commit on a clean exit, roll back on any error; announce only what was committed.

    The transaction starts with the first statement, so work before it holds no lock.
    """
    unit = Unit((env.write if writes else env.read)(), env.now, Outbox(env.now, env.part(Heard)), env)
    async with unit.session as session, session.begin():
        yield unit
        unit.outbox.store(session)
    if unit.outbox.pending:
        env.wake()


async def persistently(work: Callable[[], Awaitable[T]]) -> T:
    """Do *work*, one transaction and nothing else, again when the database gave it up for another one."""
    for _ in range(GIVEN_UP_TIMES):
        try:
            return await work()
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) not in GIVEN_UP:
                raise
    return await work()
