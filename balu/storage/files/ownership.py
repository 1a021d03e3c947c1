"""Rows of a file or tree that gets another owner: names, ledger, versions and grants follow."""

from collections.abc import Sequence

from sqlalchemy import delete, func, select, update

from balu.kernel.unit import Unit
from balu.storage.files.facts import BATCH
from balu.storage.files.models import FileRow, GrantRow, JournalRow, VersionRow
from balu.storage.files.rows import FileRows
from balu.storage.volumes import QuotaService


async def hand_over(unit: Unit, top: FileRow, owner_id: int, *, with_grants: bool) -> None:
    """Make *owner_id* the owner of *top* and everything below it.

    Whatever the former owner allowed others stays allowed *with_grants*, else it ends.
    """
    former, session = top.owner_id, unit.session
    live = versions = 0
    ids = await FileRows(unit).tree_ids(top.id)
    for start in range(0, len(ids), BATCH):
        part = ids[start : start + BATCH]
        sizes = select(func.coalesce(func.sum(FileRow.size), 0)).where(FileRow.id.in_(part))
        kept = select(func.coalesce(func.sum(VersionRow.size), 0)).where(VersionRow.file_id.in_(part))
        live += int(await session.scalar(sizes) or 0)
        versions += int(await session.scalar(kept) or 0)
        await session.execute(update(FileRow).where(FileRow.id.in_(part)).values(owner_id=owner_id))
        await session.execute(
            update(VersionRow).where(VersionRow.file_id.in_(part)).values(owner_id=owner_id)
        )
        granted = GrantRow.file_id.in_(part)
        if with_grants:  # what the new owner was given is theirs now
            await session.execute(delete(GrantRow).where(granted, GrantRow.grantee_id == owner_id))
            await _take_over_grants(unit, part, former, owner_id)
        else:
            await session.execute(delete(GrantRow).where(granted))
    await session.refresh(top)
    quota = QuotaService(unit)
    await quota.move(former, live=-live, versions=-versions)
    await quota.move(owner_id, live=live, versions=versions)
    session.add(JournalRow(file_id=top.id, owner_id=former, op="delete", rev=top.rev, at=unit.now()))


async def _take_over_grants(unit: Unit, file_ids: Sequence[int], former: int, owner_id: int) -> None:
    """What *former* gave is given by *owner_id* now; whoever had something from both keeps the sum."""
    query = select(GrantRow).where(GrantRow.file_id.in_(file_ids), GrantRow.giver_id.in_((former, owner_id)))
    rows = (await unit.session.scalars(query)).all()
    own = {(row.file_id, row.grantee_id): row for row in rows if row.giver_id == owner_id}
    for row in rows:
        if row.giver_id == former:
            twin = own.get((row.file_id, row.grantee_id))
            if twin is None:
                row.giver_id = owner_id
            else:
                twin.rights |= row.rights
                await unit.session.delete(row)
    await unit.session.flush()
