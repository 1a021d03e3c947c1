"""After a crash: finish or undo what an intent says, by what the names point to now."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta

from msgspec import MsgspecError, convert
from sqlalchemy.exc import SQLAlchemyError

from balu.kernel.errors import BaluError, UnavailableError
from balu.kernel.log import logger
from balu.kernel.threads import Threads
from balu.kernel.unit import Env, open_unit
from balu.storage.files.crossing import CrossPlan, Settling
from balu.storage.files.errors import BusyNameError
from balu.storage.files.intents import Intents
from balu.storage.files.items import EPOCH
from balu.storage.files.models import IntentRow
from balu.storage.files.names import from_stored
from balu.storage.files.record import MovePlan, PutPlan, keep_version, record_move, record_put
from balu.storage.files.rows import FileRows
from balu.storage.volumes import QuotaService, Volumes, take_turn
from balu_core import Entry, Volume

UNCLAIMED = timedelta(hours=1)
"""Younger staged bytes may belong to a small upload that has no row yet."""
UNSETTLED = (BaluError, OSError, SQLAlchemyError, MsgspecError, ValueError, ArithmeticError, LookupError)
"""What one thing can go wrong with, from a disk that is away to a plan that nobody can read any more."""
log = logger("balu.files")


async def settle_each(env: Env, settle: Mapping[str, Callable[[Volume, IntentRow], Awaitable[None]]]) -> int:
    """Settle what dead workers left, by kind; returns how many.

    Nothing may be decided about what cannot be settled: its intent stays, is tried again later, says so to
    ``fsck``, and keeps nothing else waiting.
    """
    async with open_unit(env) as unit:
        intents = await Intents(unit).abandoned(*settle)
    settled = 0
    for intent in intents:
        try:
            core = (await env.part(Volumes).get(intent.volume_id)).core
            await settle[intent.op](core, intent)
        except UNSETTLED as error:
            log.warning("not recovered yet", op=intent.op, op_id=intent.op_id, reason=str(error))
            if not isinstance(error, UnavailableError):  # a disk that is away is said elsewhere
                async with open_unit(env) as unit:
                    await Intents(unit).note(intent.op_id, type(error).__name__)
        else:
            settled += 1
    return settled


class Recovery:
    """Settles what dead workers left. Idempotent; several processes may run it at once."""

    def __init__(self, env: Env) -> None:
        self._env = env
        self._threads = env.part(Threads)

    async def run(self) -> int:
        """Finish or undo every abandoned write and move; returns how many."""
        settle = {"put": self._put, "move": self._move, "cross": self._cross}
        return await settle_each(self._env, settle) + await self._release()

    async def _put(self, core: Volume, intent: IntentRow) -> None:
        plan = convert(intent.plan, PutPlan)
        path = await self.path_of(plan.parent_id, plan.name)
        given = path is not None and await self._threads.run(
            core.settle, intent.op_id, path, staged_ino=plan.staged_ino, version=plan.version
        )
        if given and path is not None:
            shown = await self._threads.run(core.stat, path)
            tree = await self._threads.run(core.walk, path) if shown.kind == "directory" else ()
            async with open_unit(self._env) as unit:
                await record_put(unit, intent.op_id, plan, shown, tree)
                if plan.paid_by is not None:
                    await Intents(unit).release_spent(plan.paid_by)
            log.info("write finished after a crash", path=path)
            return
        kept = path is not None and await self._keep_base(core, intent.op_id, path, plan)
        async with open_unit(self._env, writes=False) as unit:
            resumable = not kept and await Intents(unit).is_kept(intent.op_id)
        if not resumable:  # otherwise the bytes wait until their client asks again
            await self._threads.run(core.discard, intent.op_id)
        async with open_unit(self._env) as unit:
            await take_turn(unit, plan.owner_id)
            intents = Intents(unit)
            if kept:
                await QuotaService(unit).move(plan.owner_id, versions=await keep_version(unit, plan))
            if not resumable:
                await intents.release(intent.op_id)
            await intents.close(intent.op_id)
            if plan.paid_by is not None:
                await intents.release_spent(plan.paid_by)

    async def _keep_base(self, core: Volume, op_id: str, path: str, plan: PutPlan) -> bool:
        """Somebody else took the name after the swap: the former contents in staging become a version."""
        left = await self._threads.run(core.staged, op_id)
        shown = await self.entry(core, path)
        if left is None or left.ino == plan.staged_ino or shown is None or plan.version is None:
            return False
        return await self._threads.run(core.settle, op_id, path, staged_ino=shown.ino, version=plan.version)

    async def _move(self, core: Volume, intent: IntentRow) -> None:
        plan = convert(intent.plan, MovePlan)
        path = await self.path_of(plan.parent_id, plan.name)
        shown = await self.entry(core, path) if path is not None else None
        async with open_unit(self._env) as unit:
            if shown is not None and shown.ino == plan.ino:
                await record_move(unit, intent.op_id, plan)
            else:
                await Intents(unit).release(intent.op_id)
                await Intents(unit).close(intent.op_id)

    async def _cross(self, core: Volume, intent: IntentRow) -> None:
        plan = convert(intent.plan, CrossPlan)
        origin = (await self._env.part(Volumes).get(plan.from_volume_id)).core
        settling = Settling(self._env, intent.op_id, plan, origin, core)
        source = await self.path_of(plan.from_parent_id, plan.from_name)
        target = await self.path_of(plan.parent_id, plan.name)
        if await settling.is_recorded() or (target is not None and await settling.is_published(target)):
            with suppress(BusyNameError):  # taken back, because the source had changed
                await settling.finish(source or "", target or "")
        elif source is not None:
            await settling.undo(source)

    async def _release(self) -> int:
        """Give back what uploads of dead workers had reserved."""
        async with open_unit(self._env, writes=False) as unit:
            left = await Intents(unit).left_over()
        for reservation in left:
            try:
                core = (await self._env.part(Volumes).get(reservation.volume_id)).core
                await self._threads.run(core.discard, reservation.staging_id)
                async with open_unit(self._env) as unit:
                    await Intents(unit).release(reservation.staging_id)
            except UNSETTLED as error:
                log.warning("not released yet", staging_id=reservation.staging_id, reason=str(error))
        return len(left)

    async def path_of(self, parent_id: int, stored_name: str) -> str | None:
        """Path on the disk of a name in a folder, None when the folder is deleted."""
        async with open_unit(self._env, writes=False) as unit:
            rows = await FileRows(unit).path_of(parent_id)
        return "/".join((*(row.name for row in rows), from_stored(stored_name))) if rows else None

    async def entry(self, core: Volume, path: str) -> Entry | None:
        """What is there, None for nothing."""
        try:
            return await self._threads.run(core.stat, path)
        except (FileNotFoundError, NotADirectoryError):
            return None

    async def collect(self) -> int:
        """Remove staged bytes that no row names and nobody has written to for an hour."""
        removed = 0
        for mounted in await self._env.part(Volumes).all():
            if mounted.native is None or not mounted.is_online():
                continue
            staged = await self._threads.run(mounted.native.staging)
            async with open_unit(self._env, writes=False) as unit:
                wanted = await Intents(unit).in_use()
            before = _ns(self._env.now() - UNCLAIMED)
            for entry in staged:
                if entry.name not in wanted and max(entry.mtime_ns, entry.ctime_ns) < before:
                    removed += await self._threads.run(mounted.native.discard, entry.name)
        return removed


def _ns(when: datetime) -> int:
    return int((when - EPOCH) / timedelta(microseconds=1)) * 1000
