"""SQLite connections for SQLAlchemy's async engine with few trips to a thread.

The stock driver goes to a thread and back four times a statement; small files would spend most of
their time on that. Here a writer's statements run where they are asked for, since its pages are in
memory and each takes microseconds; only what waits for a lock or the disk goes to the thread. A
reader's statement goes there once, rows included, because a reader may ask for much.
"""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, TypeVar

T = TypeVar("T")
BEGIN = "BEGIN IMMEDIATE"
WAITING = (BEGIN, "VACUUM", "PRAGMA", "ANALYZE")
SLICE_S = 0.005
"""A transaction of many statements lets other tasks run this often."""


class EmbeddedCursor:
    """The part of a DBAPI cursor that SQLAlchemy's adapter awaits."""

    def __init__(self, connection: "EmbeddedConnection") -> None:
        self._connection = connection
        self._cursor = connection.raw.cursor()
        self._rows: list[Any] = []

    @property
    def description(self) -> Any:
        """Columns of the last SELECT or RETURNING."""
        return self._cursor.description

    @property
    def lastrowid(self) -> int | None:
        """Row id of the last INSERT."""
        return self._cursor.lastrowid

    @property
    def rowcount(self) -> int:
        """Rows the last statement changed."""
        return self._cursor.rowcount

    async def execute(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        """Run one statement and fetch all of its rows."""
        if sql == BEGIN and self._connection.begins_at_once():
            return
        await self._connection.run(sql, self._run, self._cursor.execute, sql, parameters)

    async def executemany(self, sql: str, parameters: Sequence[Sequence[Any]]) -> None:
        """Run one statement for each set of parameters."""
        await self._connection.run(sql, self._run, self._cursor.executemany, sql, parameters)

    def _run(self, call: Callable[[str, Any], Any], sql: str, parameters: Any) -> None:
        call(sql, parameters)
        self._rows = self._cursor.fetchall() if self._cursor.description else []

    async def fetchall(self) -> list[Any]:
        """Every row, once."""
        rows, self._rows = self._rows, []
        return rows

    async def close(self) -> None:
        """Let go of the statement."""
        self._cursor.close()


class EmbeddedConnection:
    """One connection with a thread of its own for what may take long."""

    def __init__(self, raw: sqlite3.Connection, thread: ThreadPoolExecutor, *, inline: bool) -> None:
        self.raw = raw
        self._thread = thread
        self._inline = inline
        self._yielded = time.monotonic()

    async def run(self, sql: str, call: Callable[..., T], *arguments: Any) -> T:
        """Call here or in the thread, as the statement deserves."""
        if sql != "BEGIN" and (not self._inline or sql.startswith(WAITING)):
            return await self._elsewhere(call, *arguments)
        if time.monotonic() - self._yielded > SLICE_S:
            await asyncio.sleep(0)
            self._yielded = time.monotonic()
        return call(*arguments)

    def begins_at_once(self) -> bool:
        """Begin a writer's transaction, unless another process writes just now: that is worth a thread."""
        if not self._inline:
            return False
        (patience_ms,) = self.raw.execute("PRAGMA busy_timeout").fetchone()
        self.raw.execute("PRAGMA busy_timeout=0")
        try:
            self.raw.execute(BEGIN)
        except sqlite3.OperationalError:
            return False  # whatever it is, the thread meets it as well
        finally:
            self.raw.execute(f"PRAGMA busy_timeout={patience_ms}")
        return True

    async def _elsewhere(self, call: Callable[..., T], *arguments: Any) -> T:
        result = await asyncio.get_running_loop().run_in_executor(self._thread, call, *arguments)
        self._yielded = time.monotonic()
        return result

    async def rows(self, sql: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Run one statement in the transaction there is; its rows, if it has any."""
        return await self.run(sql, self._fetch, sql, parameters)

    def _fetch(self, sql: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        cursor = self.raw.execute(sql, parameters)
        return cursor.fetchall() if cursor.description else []

    async def cursor(self) -> EmbeddedCursor:
        """A new cursor."""
        return EmbeddedCursor(self)

    async def create_function(self, *arguments: Any, **options: Any) -> None:
        """Register a function that SQL may call."""
        self.raw.create_function(*arguments, **options)

    async def commit(self) -> None:
        """Commit; a writer's goes to the thread, because it waits for the disk."""
        if not self._inline:
            self.raw.commit()
        elif self.raw.in_transaction:
            await self._elsewhere(self.raw.commit)

    async def rollback(self) -> None:
        """Undo the transaction, if there is one."""
        if self.raw.in_transaction:
            await self._elsewhere(self.raw.rollback)

    async def close(self) -> None:
        """Close it after what its thread is doing."""
        await self._elsewhere(self.raw.close)
        self._thread.shutdown(wait=False)

    def stop(self) -> None:
        """Close it without a loop to wait on; once more does nothing."""
        with suppress(RuntimeError):  # its thread has ended, so it is closed
            self._thread.submit(self.raw.close)
        self._thread.shutdown(wait=False)


def connector(*, inline: bool) -> Callable[..., Any]:
    """``async_creator_fn`` for ``create_async_engine``: *inline* for the writer."""

    async def connect(*arguments: Any, **options: Any) -> EmbeddedConnection:
        # Transactions are begun by hand, and the thread and the loop take turns.
        settings = {**options, "isolation_level": None, "check_same_thread": False}
        thread = ThreadPoolExecutor(1, "balu-sqlite")
        raw = await asyncio.get_running_loop().run_in_executor(
            thread, lambda: sqlite3.connect(*arguments, **settings)
        )
        return EmbeddedConnection(raw, thread, inline=inline)

    return connect
