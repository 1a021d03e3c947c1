"""Look-ups in the ``file`` table that many requests begin with, as plain SQL; see ``kernel.lookup``."""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import msgspec

from balu.kernel.lookup import Lookup, Rows

JOIN_DEPTH = 24
"""Levels looked up by one statement; SQLite joins at most 64 tables."""
BATCH = 500
FEW = 64
"""Rows that are quicker fetched at once than in a thread."""
COLUMNS = ("id", "name", "kind", "owner_id", "size", "mtime_ns", "ino", "rev", "blake3", "sha256")


class RowFacts(NamedTuple):
    """What a listing or a download needs of a row; the name as it is stored."""

    id: int
    name: str
    kind: str
    owner_id: int
    size: int
    mtime_ns: int
    ino: int
    rev: int
    blake3: str | None
    sha256: str | None

    @property
    def etag(self) -> str:
        """The strong entity tag of these bytes."""
        return f'"{self.id}.{self.rev}"'


@lru_cache(maxsize=JOIN_DEPTH + 1)
def peek_sql(depth: int) -> str:
    """The row *depth* names below the row ``:top``; the names are ``:p0`` and so on."""
    last = f"f{depth}"
    columns = ", ".join(f"{last}.{column}" for column in COLUMNS)
    joins = "".join(
        f" JOIN file AS f{n + 1} ON f{n + 1}.parent_id = f{n}.id AND f{n + 1}.name = :p{n}"
        for n in range(depth)
    )
    return f"SELECT {columns} FROM file AS f0{joins} WHERE f0.id = :top"  # noqa: S608  names of our own


CHILDREN = f"SELECT {', '.join(COLUMNS)} FROM file WHERE parent_id = :parent"  # noqa: S608


async def children(lookup: Lookup, parent_id: int, names: Sequence[str], *, are_all: bool) -> Rows:
    """The rows of these stored names in a folder; *are_all*: it holds nothing else."""
    much = len(names) > FEW
    if are_all or len(names) > BATCH:
        return await lookup.rows(CHILDREN, {"parent": parent_id}, much=much)
    sql = f"{CHILDREN} AND name IN (SELECT value FROM {lookup.each})"  # noqa: S608
    values = msgspec.json.encode(names).decode()
    return await lookup.rows(sql, {"parent": parent_id, "values": values}, much=much)
