"""Rows of many writes at once: one statement for all of a kind instead of one for each file.

The statements are written by hand and take their values as one JSON array: making them costs nothing, and
neither driver handles rows one by one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from balu.kernel.live import tell_many
from balu.kernel.lookup import each, instant
from balu.kernel.unit import Unit
from balu.storage.files.events import LIVE, FileChanged
from balu.storage.files.facts import COLUMNS, RowFacts
from balu.storage.files.intents import LEASE, this_worker
from balu.storage.files.models import INO_MASK
from balu.storage.files.names import from_stored, name_key, to_stored
from balu.storage.files.record import PutPlan
from balu_core import Entry

PRESENT = (
    f"SELECT name_key, {', '.join(COLUMNS)} FROM file "  # noqa: S608  names of our own
    "WHERE parent_id = :parent AND name_key IN (SELECT value FROM {each})"
)
OPEN = (
    "INSERT INTO intent (op_id, op, volume_id, parent_id, name_key, worker, lease_until, plan) "
    "SELECT value->>0, 'put', CAST(value->>1 AS BIGINT), CAST(value->>2 AS BIGINT), value->>3, "
    "CAST(:worker AS VARCHAR), {lease}, value->4 FROM {each} "
    "WHERE true ON CONFLICT DO NOTHING RETURNING op_id"
)
CLOSE = "DELETE FROM intent WHERE worker = :worker AND op_id IN (SELECT value FROM {each}) RETURNING op_id"
RENEW = (
    "UPDATE intent SET lease_until = :lease WHERE worker = :worker AND op_id IN (SELECT value FROM {each})"
)
CREATE = (
    "INSERT INTO file (volume_id, parent_id, name, name_key, kind, owner_id, size, mtime_ns, ino, rev, "
    "blake3, created_at, updated_at) SELECT CAST(value->>0 AS BIGINT), CAST(value->>1 AS BIGINT), "
    "value->>2, value->>3, value->>4, CAST(value->>5 AS BIGINT), CAST(value->>6 AS BIGINT), "
    "CAST(value->>7 AS BIGINT), CAST(value->>8 AS BIGINT), 1, value->>9, {now}, {now} FROM {each} "
    "WHERE true ON CONFLICT (parent_id, name) DO NOTHING RETURNING id, parent_id, name"
)
NOTE = (
    "INSERT INTO journal (file_id, owner_id, op, rev, at) SELECT CAST(value->>0 AS BIGINT), "
    "CAST(value->>1 AS BIGINT), 'create', 1, {now} FROM {each}"
)


@dataclass(frozen=True, slots=True)
class Made:
    """A new file on the disk that has no row yet."""

    op_id: str
    plan: PutPlan
    entry: Entry


class GroupRows:
    """Statements over many files in one transaction."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._is_sqlite = unit.is_sqlite

    async def present(self, parent_id: int, names: Iterable[str]) -> dict[str, list[RowFacts]]:
        """Rows of these names and of those that look like them, by name key."""
        keys = {to_stored(name_key(name)) for name in names}
        query = PRESENT if self._is_sqlite else f"{PRESENT} ORDER BY id FOR UPDATE"
        found: dict[str, list[RowFacts]] = {}
        for key, *columns in await self._run(query, list(keys), parent=parent_id):
            found.setdefault(from_stored(key), []).append(RowFacts._make(columns))
        return found

    async def open(self, plans: Sequence[tuple[str, PutPlan]]) -> set[str]:
        """Lock the names of these writes; returns the ids of those that got theirs."""
        rows = [
            (op_id, plan.volume_id, plan.parent_id, to_stored(name_key(from_stored(plan.name))), plan)
            for op_id, plan in plans
        ]
        # Always in the same order, so that two groups cannot wait for each other.
        rows.sort(key=lambda row: row[2:4])
        opened = await self._run(OPEN, rows, worker=this_worker(), lease=self._unit.now() + LEASE)
        return {op_id for (op_id,) in opened}

    async def close(self, op_ids: Iterable[str]) -> set[str]:
        """Remove intents of this process; returns those that recovery had not taken over."""
        return {op_id for (op_id,) in await self._run(CLOSE, list(op_ids), worker=this_worker())}

    async def renew(self, op_ids: Iterable[str]) -> None:
        """Say that work on these goes on."""
        await self._until(self._unit.now() + LEASE, op_ids)

    async def leave(self, op_ids: Iterable[str]) -> None:
        """Hand these over to recovery, which need not wait until their lease ends."""
        await self._until(self._unit.now(), op_ids)

    async def _until(self, lease: datetime, op_ids: Iterable[str]) -> None:
        await self._run(RENEW, list(op_ids), worker=this_worker(), lease=lease)

    async def create(self, made: Sequence[Made]) -> dict[str, int]:
        """Rows and journal of new files, intents ended; returns file ids by op id.

        A file that somebody adopted meanwhile is left out: it has a row, and its intent stays open.
        """
        now, unit = self._unit.now(), self._unit
        by_place = {(one.plan.parent_id, one.plan.name): one for one in made}
        rows = await self._run(CREATE, [_values(one) for one in by_place.values()], now=now)
        ids = {by_place[parent_id, name].op_id: file_id for file_id, parent_id, name in rows}
        owners = {one.op_id: one.plan.owner_id for one in made}
        await self._run(NOTE, [(file_id, owners[op_id]) for op_id, file_id in ids.items()], now=now)
        places = {(one.plan.parent_id, one.plan.owner_id) for one in made}
        await tell_many(unit, LIVE, [({"folder": folder_id}, owner_id) for folder_id, owner_id in places])
        for op_id, file_id in ids.items():
            unit.outbox.publish(FileChanged(file_id=file_id, owner_id=owners[op_id], change="create", rev=1))
        await self.close(ids)
        return ids

    async def _run(self, text: str, values: Sequence[Any], **parameters: Any) -> list[tuple[Any, ...]]:
        """One statement for all of *values*; times among the *parameters* become what the column wants."""
        if not values:
            return []
        stamps = {"lease", "now"} & parameters.keys()
        for name in stamps:
            parameters[name] = instant(parameters[name], is_sqlite=self._is_sqlite)
        for name in ("lease", "now"):
            kept = f":{name}" if self._is_sqlite else f"CAST(:{name} AS TIMESTAMPTZ)"
            text = text.replace(f"{{{name}}}", kept)
        source = each(is_sqlite=self._is_sqlite, are_texts=isinstance(values[0], str))
        encoded = msgspec.json.encode(values).decode()
        return await self._unit.sql(text.replace("{each}", source), {"values": encoded, **parameters})


def _values(one: Made) -> tuple[Any, ...]:
    plan, entry = one.plan, one.entry
    key = to_stored(name_key(from_stored(plan.name)))
    return (
        plan.volume_id, plan.parent_id, plan.name, key, entry.kind, plan.owner_id, entry.size, entry.mtime_ns,
        entry.ino & INO_MASK, plan.blake3,
    )  # fmt: skip
