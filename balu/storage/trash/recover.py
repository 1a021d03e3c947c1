"""After a crash: finish or undo deletes and restores, and compare the ledger with the rows."""

from msgspec import convert
from sqlalchemy import func, select

from balu.kernel.log import logger
from balu.kernel.threads import Threads
from balu.kernel.unit import Env, Unit, open_unit
from balu.storage.files import FileRow, IntentRow, Intents, VersionRow, settle_each
from balu.storage.trash.models import TrashRow
from balu.storage.trash.record import RestorePlan, TrashPlan, record_restore, record_trash
from balu.storage.volumes import QuotaService, Usage, take_turn
from balu_core import Volume

log = logger("balu.trash")


class TrashRecovery:
    """Settles what dead workers left. Idempotent; several processes may run it at once."""

    def __init__(self, env: Env) -> None:
        self._env = env
        self._threads = env.part(Threads)

    async def run(self) -> int:
        """Finish or undo every abandoned delete and restore; returns how many."""
        return await settle_each(self._env, {"trash": self._trash, "restore": self._restore})

    async def _trash(self, core: Volume, intent: IntentRow) -> None:
        plan = convert(intent.plan, TrashPlan, strict=False)
        if await self._threads.run(core.trashed, plan.uid) is not None:
            async with open_unit(self._env) as unit:
                await record_trash(unit, intent.op_id, plan)
            return
        await self._threads.run(core.purge, plan.uid)  # only the note of where it came from
        async with open_unit(self._env) as unit:
            await Intents(unit).close(intent.op_id)

    async def _restore(self, core: Volume, intent: IntentRow) -> None:
        plan = convert(intent.plan, RestorePlan)
        still_deleted = await self._threads.run(core.trashed, plan.uid) is not None
        if not still_deleted:
            await self._threads.run(core.purge, plan.uid)  # only the note of where it came from
        async with open_unit(self._env) as unit:
            if still_deleted:
                await Intents(unit).close(intent.op_id)
            else:
                await record_restore(unit, intent.op_id, plan)


async def recount(env: Env) -> int:
    """Compare every owner's ledger with the rows; returns how many were wrong and are corrected now."""
    async with open_unit(env, writes=False) as unit:
        owners = await QuotaService(unit).owners()
    wrong = 0
    for owner_id in owners:
        async with open_unit(env, writes=False) as unit:
            before, counted = await QuotaService(unit).usage(owner_id), await count(unit, owner_id)
        if (before.live, before.trash, before.versions) == (counted.live, counted.trash, counted.versions):
            continue
        async with open_unit(env) as unit:
            await take_turn(unit, owner_id)  # nobody changes rows or ledger now, so the count is exact
            counted = await count(unit, owner_id)
            if await QuotaService(unit).correct(owner_id, counted):
                wrong += 1
                log.error("the quota ledger was wrong", owner_id=owner_id, before=before, counted=counted)
    return wrong


async def count(unit: Unit, owner_id: int) -> Usage:
    """What the rows add up to; reservations are not rows of their own."""
    homes = select(FileRow.id).where(
        FileRow.owner_id == owner_id, FileRow.parent_id.is_(None), FileRow.trash_id.is_(None)
    )
    live = homes.cte("live", recursive=True)
    live = live.union_all(select(FileRow.id).join(live, FileRow.parent_id == live.c.id))
    sums = (
        select(func.sum(FileRow.size)).join(live, live.c.id == FileRow.id),
        select(func.sum(TrashRow.size)).where(TrashRow.owner_id == owner_id),
        select(func.sum(VersionRow.size)).where(VersionRow.owner_id == owner_id),
    )
    counts = [int(await unit.session.scalar(query) or 0) for query in sums]
    return Usage(live=counts[0], trash=counts[1], versions=counts[2])
