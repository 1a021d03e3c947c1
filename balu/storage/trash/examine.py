"""What a check of the disks asks about deleted things and about the ledger."""

from pathlib import Path

from sqlalchemy import func, select

from balu.kernel.threads import Threads
from balu.kernel.unit import Unit
from balu.storage.files import Examination, IntentRow, ReservationRow
from balu.storage.trash.models import TrashRow
from balu.storage.trash.recover import count
from balu.storage.volumes import Mounted, QuotaService


async def examine_trash(question: Examination, unit: Unit, mounted: Mounted) -> None:
    """Every deleted thing has its bytes, and nothing else lies in the trash."""
    run = unit.env.part(Threads).run
    lying = set(await run(_names, Path(mounted.root) / ".balu" / "trash"))
    rows = (await unit.session.scalars(select(TrashRow).where(TrashRow.volume_id == mounted.id))).all()
    open_ids = set((await unit.session.scalars(select(IntentRow.op_id))).all())
    for row in rows:
        lying.discard(row.uid)
        if not row.purging and await run(mounted.core.trashed, row.uid) is None:
            restored = await unit.session.scalar(
                select(func.count()).where(IntentRow.op == "restore", IntentRow.volume_id == mounted.id)
            )
            if not restored:
                where = {"volume": mounted.name, "path": row.original_path, "file_id": row.file_id}
                question.report.add("I6", "a deleted thing cannot come back: its bytes are gone", **where)
    for uid in lying - open_ids:
        if await run(mounted.core.trashed, uid) is not None:
            question.report.add("I7", f"something in the trash has no row: {uid}", volume=mounted.name)


async def examine_ledger(question: Examination, unit: Unit) -> None:
    """The ledger says what the rows add up to."""
    query = select(ReservationRow.owner_id, func.sum(ReservationRow.size)).group_by(ReservationRow.owner_id)
    reserved = {owner_id: int(total) for owner_id, total in await unit.session.execute(query)}
    for owner_id in await QuotaService(unit).owners():
        usage, counted = await QuotaService(unit).usage(owner_id), await count(unit, owner_id)
        told = {
            "live": usage.live,
            "trash": usage.trash,
            "versions": usage.versions,
            "reserved": usage.reserved,
        }
        found = {
            "live": counted.live, "trash": counted.trash, "versions": counted.versions,
            "reserved": reserved.get(owner_id, 0),
        }  # fmt: skip
        for part, value in told.items():
            if value != found[part]:
                what = f"the ledger of account {owner_id} says {value} bytes {part}, there are {found[part]}"
                question.report.add("ledger", what)


def _names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]
