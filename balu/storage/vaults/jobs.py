"""Background work on vaults."""

from balu.kernel.events import on
from balu.kernel.jobs import Run, job
from balu.kernel.unit import Unit
from balu.storage.files import FilesPurged, Seals
from balu.storage.vaults.opened import OpenVaults
from balu.storage.vaults.service import forget


@job(schedule="* * * * *", missed="skip", lane="lock_idle_vaults")
async def lock_idle_vaults(run: Run) -> int:
    """Lock vaults that nobody used for a while."""
    opened = run.env.part(Seals)
    return await opened.lock_idle() if isinstance(opened, OpenVaults) else 0


@on(FilesPurged)
async def erase_keys(event: FilesPurged, unit: Unit) -> None:
    """A vault that left the trash for good can never be opened again."""
    await forget(unit.env, event.file_ids)
