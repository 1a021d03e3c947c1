"""Look-ups: hand-written SELECTs on the hot paths, without a session, a transaction or built statements.

The SQL is what both databases understand, with ``:name`` parameters. On SQLite a look-up by index takes
microseconds and runs where it is asked for; one that may return much goes to a thread.
"""

import asyncio
import re
import sqlite3
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

Rows = list[tuple[Any, ...]]
_NAMED = re.compile(r"(?<![:\w]):([a-z_][a-z_0-9]*)")


class Lookup:
    """Reads rows that were committed; a part of the Env."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._embedded = _Embedded(engine.url.database) if engine.dialect.name == "sqlite" else None

    async def rows(self, sql: str, parameters: Mapping[str, Any], *, much: bool = False) -> Rows:
        """The rows of one statement; *much*: there may be hundreds."""
        if self._embedded is not None:
            return await self._embedded.much(sql, parameters) if much else self._embedded.few(sql, parameters)
        async with self._engine.connect() as connection:
            found = await connection.exec_driver_sql(with_percents(sql), dict(parameters))
            return [tuple(row) for row in found.all()]

    @property
    def each(self) -> str:
        """Table function over the JSON array ``:values``; its column is ``value``."""
        return each(is_sqlite=self._embedded is not None)

    async def aclose(self) -> None:
        """Close the connections."""
        if self._embedded is not None:
            await self._embedded.aclose()


def each(*, is_sqlite: bool, are_texts: bool = True) -> str:
    """Table function over the JSON array ``:values``; its column is ``value``, a text or a JSON array.

    Elements of arrays are had by ``value->>0``, which is text on PostgreSQL.
    """
    if is_sqlite:
        return "json_each(:values) AS each"
    return f"json_array_elements{'_text' if are_texts else ''}(CAST(:values AS json)) AS each(value)"


def instant(moment: datetime, *, is_sqlite: bool) -> datetime | str:
    """*moment* as a parameter for a column of times."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f") if is_sqlite else moment


class _Embedded:
    """Two read-only connections: one for the event loop, one for a thread."""

    def __init__(self, path: str | None) -> None:
        self._path = path or ""
        self._here: sqlite3.Connection | None = None
        self._there: sqlite3.Connection | None = None
        self._thread = ThreadPoolExecutor(1, "balu-lookup")

    def few(self, sql: str, parameters: Mapping[str, Any]) -> Rows:
        if self._here is None:
            self._here = self._open()
        return self._here.execute(sql, parameters).fetchall()

    async def much(self, sql: str, parameters: Mapping[str, Any]) -> Rows:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._much, sql, parameters)

    def _much(self, sql: str, parameters: Mapping[str, Any]) -> Rows:
        if self._there is None:
            self._there = self._open()
        return self._there.execute(sql, parameters).fetchall()

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"{Path(self._path).absolute().as_uri()}?mode=ro", uri=True, isolation_level=None,
            check_same_thread=False, timeout=5.0,
        )  # fmt: skip
        connection.execute("PRAGMA query_only=ON")
        return connection

    async def aclose(self) -> None:
        if self._here is not None:
            self._here.close()
        await asyncio.to_thread(self._thread.shutdown, wait=True)
        if self._there is not None:
            self._there.close()


@lru_cache(maxsize=256)
def with_percents(sql: str) -> str:
    """The same statement with the parameters of psycopg."""
    return _NAMED.sub(r"%(\1)s", sql.replace("%", "%%"))
