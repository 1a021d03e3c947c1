"""Engines for SQLite and PostgreSQL, and what their errors mean."""

import os
import sqlite3
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from advanced_alchemy.base import orm_registry
from sqlalchemy import MetaData, event
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from balu.kernel.embedded import connector
from balu.kernel.errors import BaluError, ConflictError, MalformedError, NoSpaceError, UnavailableError

PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=15000", "foreign_keys=ON")
RETRY_STATES = {"40001", "40P01", "55P03", "57P01", "57P02", "57P03", "08006", "08003", "08001"}
"""PostgreSQL: serialization failure, deadlock, lock not available, shutdown, connection lost."""
FULL_STATES = {"53100", "53200"}
OUT_OF_RANGE = "22003"
BUSY = "The database is busy or restarting. Try again in a moment."
SAYING = (DBAPIError, PoolTimeoutError, sqlite3.Error, OverflowError)
"""What says why the database refused; look-ups, and connections on their way, have the driver's own error."""
TOO_LARGE = "A number in this request is larger than any that is kept here."


@dataclass(frozen=True, slots=True)
class Database:
    """The two ways in: one that writes and queues, one that only reads and never waits."""

    write_engine: AsyncEngine
    read_engine: AsyncEngine

    @property
    def write(self) -> async_sessionmaker[AsyncSession]:
        """Sessions whose transaction may change rows."""
        return async_sessionmaker(self.write_engine, expire_on_commit=False)

    @property
    def read(self) -> async_sessionmaker[AsyncSession]:
        """Sessions that cannot change anything."""
        return async_sessionmaker(self.read_engine, expire_on_commit=False)

    async def close(self) -> None:
        """Close every pooled connection."""
        await self.write_engine.dispose()
        await self.read_engine.dispose()


def open_database(url: str) -> Database:
    """Engines for *url*; nothing connects before the first statement.

    Engines belong to the event loop that uses them first.
    """
    if is_sqlite(url):
        return Database(sqlite_engine(url, writes=True), sqlite_engine(url, writes=False))
    engine = create_async_engine(async_url(url), pool_pre_ping=True, pool_size=10)
    reader = engine.execution_options(postgresql_readonly=True)
    return Database(engine, reader)


def is_sqlite(url: str) -> bool:
    """Whether *url* names the embedded database."""
    return url.startswith("sqlite")


def async_url(url: str) -> str:
    """*url* with the driver that Balu uses."""
    scheme, separator, rest = url.partition("://")
    return (
        {"postgresql": "postgresql+psycopg", "sqlite": "sqlite+aiosqlite"}.get(scheme, scheme)
        + separator
        + rest
    )


def sqlite_url(path: Path) -> str:
    """Address of the database file *path*."""
    return f"sqlite+aiosqlite:///{path}"


def sqlite_engine(url: str, *, writes: bool) -> AsyncEngine:
    """Writers queue at BEGIN IMMEDIATE, so no update is lost; readers never queue and cannot write."""
    # One pooled writer per process: tasks wait in the pool instead of spinning on the file lock.
    pool = {"pool_size": 1, "max_overflow": 0} if writes else {"pool_size": 4, "max_overflow": 4}
    arguments = {"async_creator_fn": connector(inline=writes)}
    engine = create_async_engine(async_url(url), connect_args=arguments, **pool)
    pragmas = PRAGMAS if writes else (*PRAGMAS, "query_only=ON")

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(dbapi: Any, _record: Any) -> None:
        cursor = dbapi.cursor()
        for pragma in pragmas:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def keep_private(path: Path) -> None:
    """Let nobody else read a database file, whether it is there already or about to be made.

    SQLite gives its journals the mode of the database. An existing file is not opened: closing it would
    drop the locks that this process holds on it.
    """
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
    for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
        with suppress(FileNotFoundError, PermissionError):  # somebody else's file is theirs to protect
            path.with_name(name).chmod(0o600)


def metadata() -> MetaData:
    """Tables of every model imported so far."""
    return orm_registry.metadata


def explain(error: BaseException) -> BaluError | None:
    """The refusal behind a database error, None when it is our own bug.

    advanced-alchemy wraps everything, a locked database included, as an integrity error, so the
    chain of causes is searched for what the driver said.
    """
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, SAYING):
        cause = cause.__cause__
    if isinstance(cause, OverflowError):
        return MalformedError(TOO_LARGE) if "SQLite INTEGER" in str(cause) else None
    if isinstance(cause, PoolTimeoutError):
        return UnavailableError(BUSY)
    return None if cause is None else _said(cause)


def _is_away(original: BaseException | None) -> bool:
    """Whether there is no server to say anything: what one says has a state."""
    is_driver = type(original).__module__.partition(".")[0] == "psycopg"
    return (
        is_driver
        and type(original).__name__ == "OperationalError"
        and getattr(original, "sqlstate", None) is None
    )


def _said(cause: BaseException) -> BaluError | None:
    original = cause.orig if isinstance(cause, DBAPIError) else cause
    state = getattr(original, "sqlstate", None)
    text = str(original)
    if state in FULL_STATES or "disk is full" in text:
        return NoSpaceError("The database's disk is full. Free some space and try again.")
    cut = isinstance(cause, DBAPIError) and (cause.connection_invalidated or _is_away(original))
    if state in RETRY_STATES or "locked" in text or cut or "disk I/O error" in text:
        return UnavailableError(BUSY)
    if state == OUT_OF_RANGE:
        return MalformedError(TOO_LARGE)
    if isinstance(cause, IntegrityError) and (state is None or state.startswith("23")):
        return ConflictError("Something with this name or number exists already, or is still in use.")
    return None
