"""Rows of many writes at once: one statement for all of a kind instead of one for each file."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import msgspec
from sqlalchemy import delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from balu.kernel.live import tell
from balu.kernel.unit import Unit
from balu.storage.files.events import LIVE, FileChanged
from balu.storage.files.intents import LEASE, this_worker
from balu.storage.files.models import INO_MASK, FileRow, IntentRow, JournalRow
from balu.storage.files.names import from_stored, name_key
from balu.storage.files.record import PutPlan
from balu_core import Entry

AT_ONCE = 500


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
        self._session = unit.session
        dialect = unit.session.get_bind().dialect.name
        self._make = postgresql.insert if dialect == "postgresql" else sqlite.insert

    async def present(self, parent_id: int, names: Iterable[str]) -> dict[str, list[FileRow]]:
        """Rows of these names and of those that look like them, by name key."""
        found: dict[str, list[FileRow]] = {}
        for keys in _parts({name_key(name) for name in names}):
            query = select(FileRow).where(FileRow.parent_id == parent_id, FileRow.name_key.in_(keys))
            for row in (await self._session.scalars(query.with_for_update())).all():
                found.setdefault(row.name_key, []).append(row)
        return found

    async def open(self, plans: Sequence[tuple[str, PutPlan]]) -> set[str]:
        """Lock the names of these writes; returns the ids of those that got theirs."""
        lease, worker = self._unit.now() + LEASE, this_worker()
        rows = [
            {
                "op_id": op_id, "op": "put", "volume_id": plan.volume_id, "parent_id": plan.parent_id,
                "name_key": name_key(from_stored(plan.name)), "worker": worker, "lease_until": lease,
                "plan": msgspec.to_builtins(plan),
            }
            for op_id, plan in plans
        ]  # fmt: skip
        # Always in the same order, so that two groups cannot wait for each other.
        rows.sort(key=lambda row: (row["parent_id"], row["name_key"]))
        opened: set[str] = set()
        query = self._make(IntentRow).on_conflict_do_nothing().returning(IntentRow.op_id)
        for part in _parts(rows):
            opened |= set((await self._session.scalars(query, part)).all())
        return opened

    async def close(self, op_ids: Iterable[str]) -> set[str]:
        """Remove intents of this process; returns those that recovery had not taken over."""
        closed: set[str] = set()
        for ids in _parts(op_ids):
            query = delete(IntentRow).where(IntentRow.op_id.in_(ids), IntentRow.worker == this_worker())
            query = query.execution_options(synchronize_session=False)
            closed |= set((await self._session.scalars(query.returning(IntentRow.op_id))).all())
        return closed

    async def renew(self, op_ids: Iterable[str]) -> None:
        """Say that work on these goes on."""
        for ids in _parts(op_ids):
            query = update(IntentRow).where(IntentRow.op_id.in_(ids), IntentRow.worker == this_worker())
            query = query.execution_options(synchronize_session=False)
            await self._session.execute(query.values(lease_until=self._unit.now() + LEASE))

    async def create(self, made: Sequence[Made]) -> dict[str, int]:
        """Rows and journal of new files, intents ended; returns file ids by op id.

        A file that somebody adopted meanwhile is left out: it has a row, and its intent stays open.
        """
        now = self._unit.now()
        by_place = {(one.plan.parent_id, from_stored(one.plan.name)): one for one in made}
        values = [_values(parent_id, name, one, now) for (parent_id, name), one in by_place.items()]
        columns = (FileRow.id, FileRow.parent_id, FileRow.name)
        query = self._make(FileRow).on_conflict_do_nothing(index_elements=["parent_id", "name"])
        ids: dict[str, int] = {}
        for part in _parts(values):
            for row in (await self._session.execute(query.returning(*columns), part)).all():
                ids[by_place[row.parent_id, row.name].op_id] = row.id
        owners = {one.op_id: one.plan.owner_id for one in made}
        journal = [
            {"file_id": file_id, "owner_id": owners[op_id], "op": "create", "rev": 1, "at": now}
            for op_id, file_id in ids.items()
        ]
        for part in _parts(journal):
            await self._session.execute(insert(JournalRow), part)
        for op_id, file_id in ids.items():
            self._unit.outbox.publish(
                FileChanged(file_id=file_id, owner_id=owners[op_id], change="create", rev=1)
            )
        for one in made:
            tell(self._unit, LIVE, {"folder": one.plan.parent_id}, user_id=one.plan.owner_id)
        await self.close(ids)
        return ids


def _values(parent_id: int, name: str, one: Made, now: Any) -> dict[str, Any]:
    plan, entry = one.plan, one.entry
    return {
        "volume_id": plan.volume_id, "parent_id": parent_id, "name": name, "name_key": name_key(name),
        "kind": entry.kind, "owner_id": plan.owner_id, "size": entry.size, "mtime_ns": entry.mtime_ns,
        "ino": entry.ino & INO_MASK, "rev": 1, "blake3": plan.blake3, "sha256": None,
        "created_at": now, "updated_at": now,
    }  # fmt: skip


def _parts(items: Iterable[Any]) -> Iterable[list[Any]]:
    rest = iter(items)
    while part := list(islice(rest, AT_ONCE)):
        yield part
