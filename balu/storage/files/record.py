"""Rows after the disk: the last step of a write, the same for those who made it and for recovery."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy.dialects import postgresql, sqlite

from balu.kernel.unit import Unit
from balu.storage.files.intents import Intents
from balu.storage.files.models import INO_MASK, FileRow, VersionRow
from balu.storage.files.names import from_stored, name_key
from balu.storage.files.ownership import hand_over
from balu.storage.files.rows import FileRows
from balu.storage.volumes import QuotaService, take_turn
from balu_core import Entry


class PutPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What the intent of a write says; enough to finish or undo it without its writer."""

    volume_id: int
    owner_id: int
    parent_id: int
    name: str
    """As ``to_stored`` writes it."""
    staged_ino: int
    size: int
    blake3: str | None
    sha256: str | None
    base_id: int | None = None
    base_rev: int = 0
    base_size: int = 0
    base_mtime_ns: int = 0
    base_blake3: str | None = None
    paid_by: str | None = None
    """Whose reservation it uses, where that is not its own: a group has one for all."""
    is_touch: bool = False
    """The bytes are the present ones; only the time changes, and the revision stays."""

    @property
    def version(self) -> tuple[int, int] | None:
        """Under which numbers the former contents are kept."""
        return None if self.base_id is None else (self.base_id, self.base_rev)


class MovePlan(msgspec.Struct, frozen=True, kw_only=True):
    """What the intent of a move says."""

    volume_id: int
    owner_id: int
    file_id: int
    ino: int
    from_parent_id: int
    from_name: str
    parent_id: int
    name: str
    keeps_grants: bool = True
    """Whether others keep what the former owner allowed them, should *owner_id* be a new one."""


async def record_put(
    unit: Unit, op_id: str, plan: PutPlan, entry: Entry, tree: Sequence[tuple[str, Entry]] = ()
) -> FileRow:
    """Write the rows of a published file or tree, move its bytes from reserved to used, end its intent.

    Readers may have adopted the new file before this ran, so the present row decides what is added.
    """
    rows, intents = FileRows(unit), Intents(unit)
    name = from_stored(plan.name)
    await take_turn(unit, plan.owner_id)
    mine = await intents.close(op_id)
    row, _ = await rows.child(plan.parent_id, name, lock=True)
    if not mine and row is not None:
        return row  # recovery was faster
    live = 0 if row is None else -row.size
    if row is None:
        row = FileRow(
            volume_id=plan.volume_id, parent_id=plan.parent_id, name=name, name_key=name_key(name),
            owner_id=plan.owner_id, rev=1,
        )  # fmt: skip
        unit.session.add(row)
    elif not plan.is_touch and (row.ino, row.size, row.mtime_ns, row.kind) != (
        _ino(entry),
        entry.size,
        entry.mtime_ns,
        entry.kind,
    ):
        row.rev += 1
    row.kind, row.size, row.mtime_ns, row.ino = entry.kind, entry.size, entry.mtime_ns, _ino(entry)
    row.blake3, row.sha256 = plan.blake3, plan.sha256
    await unit.session.flush()
    live += row.size
    if tree:
        live += await rows.insert_tree(plan.volume_id, plan.owner_id, row, tree)
    versions = await keep_version(unit, plan) if plan.base_id is not None else 0
    await QuotaService(unit).move(plan.owner_id, live=live, versions=versions)
    await intents.release(op_id)
    rows.note(row, "create" if row.rev == 1 else "update")
    return row


async def keep_version(unit: Unit, plan: PutPlan) -> int:
    """Write the row of the former contents; returns their bytes, 0 when the row exists already."""
    make = postgresql.insert if unit.session.get_bind().dialect.name == "postgresql" else sqlite.insert
    values: dict[str, Any] = {
        "file_id": plan.base_id, "rev": plan.base_rev, "volume_id": plan.volume_id, "owner_id": plan.owner_id,
        "size": plan.base_size, "mtime_ns": plan.base_mtime_ns, "blake3": plan.base_blake3,
        "created_at": unit.now(),
    }  # fmt: skip
    query = make(VersionRow).values(values).on_conflict_do_nothing().returning(VersionRow.id)
    return plan.base_size if await unit.session.scalar(query) is not None else 0


async def record_move(unit: Unit, op_id: str, plan: MovePlan) -> FileRow | None:
    """Point the row of a moved thing to its new place; None when it has vanished meanwhile."""
    rows = FileRows(unit)
    await take_turn(unit, plan.owner_id, await rows.owner_of(plan.file_id))
    await Intents(unit).close(op_id)
    await Intents(unit).release(op_id)
    name = from_stored(plan.name)
    row = await rows.get(plan.file_id)
    if row is None:
        return None
    there, _ = await rows.child(plan.parent_id, name, lock=True)
    if there is not None and there.id != row.id:  # stale, or adopted by a reader who saw the move first
        size = await rows.tree_size(there.id)
        await rows.drop(await rows.tree_ids(there.id))
        await QuotaService(unit).move(there.owner_id, live=-size)
        await unit.session.flush()
    row.parent_id, row.name, row.name_key, row.volume_id = (
        plan.parent_id,
        name,
        name_key(name),
        plan.volume_id,
    )
    await unit.session.flush()
    if row.owner_id != plan.owner_id:
        await hand_over(unit, row, plan.owner_id, with_grants=plan.keeps_grants)
    rows.note(row, "move", left=plan.from_parent_id)
    return row


def _ino(entry: Entry) -> int:
    return entry.ino & INO_MASK
