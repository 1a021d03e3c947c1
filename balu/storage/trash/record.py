"""Rows after the disk: the last step of a delete or a restore, also for recovery."""

from datetime import datetime

import msgspec
from sqlalchemy import delete, select

from balu.kernel.unit import Unit
from balu.storage.files import FileRow, FileRows, Intents, from_stored, hand_over, name_key
from balu.storage.trash.models import TrashRow
from balu.storage.volumes import QuotaService, take_turn


class TrashPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What the intent of a delete says."""

    uid: str
    volume_id: int
    owner_id: int
    file_id: int
    parent_id: int
    name: str
    original_path: str
    kind: str
    size: int
    files: int
    expires_at: datetime
    vault_uid: str | None = None


class RestorePlan(msgspec.Struct, frozen=True, kw_only=True):
    """What the intent of a restore says."""

    uid: str
    volume_id: int
    owner_id: int
    file_id: int
    parent_id: int
    name: str
    heir_id: int | None = None
    """Whose it becomes, when its owner's account is gone."""


async def record_trash(unit: Unit, op_id: str, plan: TrashPlan) -> TrashRow:
    """Take the rows of a deleted thing out of its folder and move its bytes to the trash's account."""
    rows = FileRows(unit)
    await take_turn(unit, plan.owner_id)
    await Intents(unit).close(op_id)
    known = await unit.session.scalar(select(TrashRow).where(TrashRow.uid == plan.uid))
    if known is not None:
        return known
    item = TrashRow(
        uid=plan.uid, volume_id=plan.volume_id, owner_id=plan.owner_id, file_id=plan.file_id,
        name=from_stored(plan.name), original_path=plan.original_path, kind=plan.kind, size=plan.size,
        files=plan.files, deleted_at=unit.now(), expires_at=plan.expires_at, purging=False,
        vault_uid=plan.vault_uid,
    )  # fmt: skip
    unit.session.add(item)
    await unit.session.flush()
    live = await rows.tree_size(plan.file_id)
    row = await rows.get(plan.file_id)
    if row is not None:
        row.parent_id, row.trash_id = None, item.id
        await unit.session.flush()
        rows.note(row, "delete", left=plan.parent_id)
    await QuotaService(unit).move(plan.owner_id, live=-live, trash=plan.size)
    return item


async def record_restore(unit: Unit, op_id: str, plan: RestorePlan) -> FileRow | None:
    """Give the rows their new place and move the bytes back; None when the row has to be made anew."""
    rows = FileRows(unit)
    for owner_id in sorted({plan.owner_id, plan.heir_id or plan.owner_id}):
        await take_turn(unit, owner_id)
    await Intents(unit).close(op_id)
    item = await unit.session.scalar(select(TrashRow).where(TrashRow.uid == plan.uid))
    name = from_stored(plan.name)
    there, _ = await rows.child(plan.parent_id, name, lock=True)
    if there is not None and there.id != plan.file_id:  # stale, or adopted by a reader who was faster
        size = await rows.tree_size(there.id)
        await rows.drop(await rows.tree_ids(there.id))
        await QuotaService(unit).move(there.owner_id, live=-size)
        await unit.session.flush()
    row = await rows.get(plan.file_id)
    if item is not None:
        live = await rows.tree_size(plan.file_id) if row is not None else 0
        await QuotaService(unit).move(plan.owner_id, live=live, trash=-item.size)
        await unit.session.execute(delete(TrashRow).where(TrashRow.id == item.id))
    if row is not None:
        row.parent_id, row.trash_id, row.name, row.name_key = plan.parent_id, None, name, name_key(name)
        await unit.session.flush()
        if plan.heir_id is not None and row.owner_id != plan.heir_id:
            await hand_over(unit, row, plan.heir_id, with_grants=False)
        rows.note(row, "restore")
    return row
