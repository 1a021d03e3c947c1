"""``/api/volumes/{id}/scan|check`` and their commands: bring rows up to date, and look for faults."""

from typing import Any

import msgspec
import rich_click as click
from litestar import Controller, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from balu.kernel.commands import Env, Verdict, command
from balu.kernel.errors import NotFoundError
from balu.kernel.jobs import JobAccepted, Run, enqueue, job
from balu.kernel.unit import Unit
from balu.storage.files.fsck import Fsck, Report
from balu.storage.files.scan import Scanned, scan_volume
from balu.storage.volumes import Volumes

ADMIN = {"auth": "admin", "scope": "system:write"}
EXIT_CLEAN, EXIT_FOUND, EXIT_UNSEEN = 0, 1, 4
VOLUME = click.option("--volume", help="Name or number of a volume; all of them without it.")


class ScanWish(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """How to scan."""

    accept_deletes: bool = False
    """Retire what is missing even when it is much at once."""


class CheckWish(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """How to check."""

    quick: bool = False
    """Do not read the contents of files."""


class TendingController(Controller):
    """Long work on one volume."""

    path, tags = "/volumes", ("volumes",)

    @post("/{volume_id:int}/scan", operation_id="scanVolume", status_code=202, opt=ADMIN)
    async def scan(
        self,
        unit: NamedDependency[Unit],
        env: NamedDependency[Env],
        own_id: NamedDependency[int],
        volume_id: FromPath[int],
        data: JSONBody[ScanWish | None] = None,
    ) -> JobAccepted:
        """Find what was added, changed, moved or deleted on its disk from outside; 503 while it is away."""
        _ = (await env.part(Volumes).get(volume_id)).core
        wish = data or ScanWish()
        job_id = await enqueue(
            unit, scan_files, owner_id=own_id, volume_id=volume_id, accept_deletes=wish.accept_deletes
        )
        return JobAccepted(job_id=job_id, status_url=f"/api/jobs/{job_id}")

    @post("/{volume_id:int}/check", operation_id="checkVolume", status_code=202, opt=ADMIN)
    async def check(
        self,
        unit: NamedDependency[Unit],
        env: NamedDependency[Env],
        own_id: NamedDependency[int],
        volume_id: FromPath[int],
        data: JSONBody[CheckWish | None] = None,
    ) -> JobAccepted:
        """Compare disk and rows and change nothing; the job's result names what is wrong."""
        _ = (await env.part(Volumes).get(volume_id)).core
        quick = (data or CheckWish()).quick
        job_id = await enqueue(unit, check_files, owner_id=own_id, volume_id=volume_id, quick=quick)
        return JobAccepted(job_id=job_id, status_url=f"/api/jobs/{job_id}")


@job(schedule="37 2 * * *", missed="skip", lane="scan_files")
async def scan_files(run: Run, *, volume_id: int | None = None, accept_deletes: bool = False) -> Scanned:
    """Bring the rows of one volume, or of all, up to date with what others did to the disk."""

    async def go_on(found: Scanned) -> bool:
        await run.progress(50, f"{found.entries} names seen")
        return not await run.cancelled()

    return await scan_volume(run.env, volume_id, accept_deletes=accept_deletes, go_on=go_on)


@job(lane="check_files_{volume_id}")
async def check_files(run: Run, *, volume_id: int, quick: bool = False) -> Report:
    """Compare one volume with its rows."""

    async def go_on(found: Report) -> bool:
        await run.progress(50, f"{found.files} files seen, {found.total} findings")
        return not await run.cancelled()

    return await Fsck(run.env, reads=not quick, go_on=go_on).run(volume_id)


@command(
    "volumes scan",
    VOLUME,
    click.option("--accept-deletes", is_flag=True, help="Also when very much is missing at once."),
    database="there",
)
async def scan_command(env: Env, *, volume: str | None, accept_deletes: bool) -> Scanned:
    """Find what was added, changed, moved or deleted on the disks by others."""
    return await scan_volume(env, await _number(env, volume), accept_deletes=accept_deletes)


async def check_disks(env: Env, *, volume: str | None, quick: bool, **_: Any) -> Verdict:
    """Compare disks and database and say what does not agree; changes nothing.

    Exit codes: 0 everything holds, 1 something does not (it is printed), 4 nothing wrong was found, but a
    volume is offline and was not looked at. 2 and 3 as for every command.
    """
    report = await Fsck(env, reads=not quick).run(await _number(env, volume))
    code = EXIT_FOUND if report.total else EXIT_UNSEEN if report.offline else EXIT_CLEAN
    return Verdict(report, code)


QUICK = click.option("--quick", is_flag=True, help="Do not read the contents of files.")
READ_ONLY = click.option("--read-only", is_flag=True, default=True, help="Change nothing; always so.")
check_command = command("volumes check", VOLUME, QUICK, database="there")(check_disks)
fsck_command = command("fsck", VOLUME, QUICK, READ_ONLY, database="there")(check_disks)


async def _number(env: Env, volume: str | None) -> int | None:
    if volume is None:
        return None
    for mounted in await env.part(Volumes).all():
        if volume in {mounted.name, str(mounted.id)}:
            return mounted.id
    raise NotFoundError(f"There is no volume {volume}.")
