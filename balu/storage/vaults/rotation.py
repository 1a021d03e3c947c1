"""``/api/vaults/{id}/rotate``: a new file key lock, which every file gets in the background.

The former lock is erased when it cannot be needed any more: nothing is under it, and whatever had begun
while it was the newest is over.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec
from litestar import Controller, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath
from sqlalchemy import select

from balu.kernel.errors import BaluError
from balu.kernel.jobs import JobAccepted, Run, enqueue, job
from balu.kernel.log import logger
from balu.kernel.unit import Env, Unit, open_unit
from balu.storage.files import IntentRow, Seals, VaultLockedError
from balu.storage.vaults import record as records
from balu.storage.vaults.controller import Vaults, provide_vaults
from balu.storage.vaults.errors import VaultBusyError, VaultNotFoundError
from balu.storage.vaults.models import VaultRow
from balu.storage.vaults.opened import OpenVaults
from balu.storage.vaults.record import KeyRecord
from balu.storage.vaults.rewrap import OP, Rewrapper, recover_headers
from balu.storage.vaults.service import keep
from balu.storage.vaults.sweep import Sweep
from balu.storage.volumes import Volumes

if TYPE_CHECKING:
    from balu_core._native import VaultKeys

UNDER_WAY = timedelta(days=7)
"""Longer than any upload that began with the former lock can go on."""
TRIES, PAUSE_S = 5, 1.0
"""Looks at a file that is being written, and what lies between two of them."""
log = logger("balu.vaults")
GoOn = Callable[["Rotated", float], Awaitable[bool]]


class Rotated(msgspec.Struct, kw_only=True):
    """What a rotation did."""

    version: int
    """Of the lock that files have now."""
    rewrapped: int = 0
    """Files that got it."""


class Rotation:
    """Brings every file of one vault under its newest lock."""

    def __init__(self, env: Env, vault_id: int) -> None:
        self._env, self._vault_id = env, vault_id
        opened = env.part(Seals)
        assert isinstance(opened, OpenVaults)
        self._opened = opened

    async def run(self, go_on: GoOn) -> Rotated:
        """Go through all files; *go_on* hears how far it is and may end it, and another run goes on there.

        Raises:
            VaultLockedError: the vault is locked, or was locked meanwhile.
            VaultBusyError: some files are being written all the time, or cannot be read.
        """
        row = await self._row()
        record = records.decode(row.record)
        await self._learn(row, record)
        found = Rotated(version=record.newest.version)
        core = (await self._env.part(Volumes).get(row.volume_id)).core
        rewrapper = Rewrapper(self._env, row, core, await self._keys(row))
        sweep, tries = Sweep(self._env, row), Counter[int]()
        async for files, percent in sweep.files():
            await self._keys(row)
            former = [file for file in files if file.version != found.version]
            done = await rewrapper.rewrap(former)
            found.rewrapped += len(done)
            sweep.seen |= done | {file.entry.ino for file in files if file.version == found.version}
            for file in former:
                ino = file.entry.ino
                tries[ino] += ino not in done
                if tries[ino] >= TRIES:
                    sweep.seen.add(ino)
            if len(done) < len(former):
                await asyncio.sleep(PAUSE_S)
            if not await go_on(found, percent):
                return found
        left = await count_former(self._env, row, found.version)
        if left:
            raise VaultBusyError(
                f"{left} files are being written, or cannot be read, and have their former lock. The others "
                "have the new one. Start it again later."
            )
        await self._say_everywhere(found.version)
        return found

    async def _row(self) -> VaultRow:
        async with open_unit(self._env, writes=False) as unit:
            row = await unit.session.get(VaultRow, self._vault_id)
        if row is None:
            raise VaultNotFoundError("There is no such vault.")
        return row

    async def _learn(self, row: VaultRow, record: KeyRecord) -> None:
        """See to it that the open vault has every lock that its record has."""
        opened = await self._opened.secrets(row.uid)
        if opened is None:
            raise _locked()
        if len(opened.keks) != len(record.keks):
            await self._opened.learn(records.open_again(record, opened.root))

    async def _keys(self, row: VaultRow) -> "VaultKeys":
        keys = await self._opened.keys(row.uid, row.owner_id)
        if keys is None:
            raise _locked()
        return keys

    async def _say_everywhere(self, version: int) -> None:
        row = await self._row()
        record = records.decode(row.record)
        if record.newest.version == version and record.is_rotating:
            await keep(self._env, row, records.everywhere(record, yes=True))


def _locked() -> VaultLockedError:
    return VaultLockedError(
        "The vault is locked. Unlock it and start again; files that have the new lock keep it."
    )


async def count_former(env: Env, row: VaultRow, version: int) -> int:
    """Files under another lock than *version*, and those of which the disk does not say; takes no key."""
    sweep, former = Sweep(env, row), 0
    async for files, _ in sweep.files():
        former += sum(file.version != version for file in files)
        sweep.seen |= {file.entry.ino for file in files}
    async with open_unit(env, writes=False) as unit:
        begun = (await unit.session.scalars(select(IntentRow).where(IntentRow.op == OP))).all()
    open_ = sum(1 for intent in begun if intent.plan["vault"] == row.uid)
    return former + sweep.unread + open_


async def erase_former(env: Env) -> int:
    """Erase former locks that nothing needs any more; returns in how many vaults.

    A vault in which something does need one is to be gone through again: its owner sees that.
    """
    async with open_unit(env, writes=False) as unit:
        rows = (await unit.session.scalars(select(VaultRow).order_by(VaultRow.id))).all()
    erased = 0
    for row in rows:
        record = records.decode(row.record)
        newest = record.newest
        if len(record.keks) == 1 or not newest.is_everywhere or newest.made_at is None:
            continue
        if env.now() - newest.made_at < UNDER_WAY:
            continue
        try:
            left = await count_former(env, row, newest.version)
            if left:
                log.warning("a former lock of a vault is still needed", vault=row.name, files=left)
                await keep(env, row, records.everywhere(record, yes=False))
            else:
                await keep(env, row, records.without_former(record))
                erased += 1
        except (OSError, BaluError) as error:  # its disk is away, or its keys were changed: another day
            log.warning("former lock not erased yet", vault=row.name, reason=str(error))
    return erased


class RotationController(Controller):
    """New locks for the keys of files."""

    path, tags = "/vaults", ("vaults",)
    dependencies = {"vaults": Provide(provide_vaults, sync_to_thread=False)}

    @post("/{vault_id:int}/rotate", operation_id="rotateVault", status_code=202, opt={"scope": "files:write"})
    async def rotate(
        self,
        unit: NamedDependency[Unit],
        vaults: Vaults,
        own_id: NamedDependency[int],
        vault_id: FromPath[int],
    ) -> JobAccepted:
        """Lock new files by a new key at once and all others in the background; 423 while it is locked.

        Contents, ETags and the recovery kit stay as they are. A rotation that was interrupted goes on.
        """
        await vaults.rotate(vault_id)
        job_id = await enqueue(unit, rotate_vault, owner_id=own_id, vault_id=vault_id)
        return JobAccepted(job_id=job_id, status_url=f"/api/jobs/{job_id}")


@job(lane="rotate_vault_{vault_id}")
async def rotate_vault(run: Run, *, vault_id: int) -> Rotated:
    """Bring every file of a vault under its newest lock."""

    async def go_on(found: Rotated, percent: float) -> bool:
        await run.progress(percent, f"{found.rewrapped} files")
        return not await run.cancelled()

    return await Rotation(run.env, vault_id).run(go_on)


@job(schedule="53 4 * * *", lane="erase_vault_locks")
async def erase_vault_locks(run: Run) -> int:
    """Erase former locks of vaults that nothing needs any more."""
    return await erase_former(run.env)


@job(schedule="* * * * *", missed="skip", lane="recover_vaults")
async def recover_vaults(run: Run) -> int:
    """Write headers again that a worker was writing when it died."""
    return await recover_headers(run.env)
