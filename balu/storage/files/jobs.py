"""Background work on files, and what must have run before the first request."""

import rich_click as click

from balu.identity.users import UserDeleted
from balu.kernel.commands import Env, Verdict, command
from balu.kernel.events import on
from balu.kernel.jobs import Run, job
from balu.kernel.unit import Unit
from balu.storage.files.grants import Grants
from balu.storage.files.recover import Recovery
from balu.storage.files.scrub import Scrub, Scrubbed
from balu.storage.files.upkeep import Upkeep

REHASH_S = 600.0
EXIT_CLEAN, EXIT_FOUND = 0, 1


@job(schedule="* * * * *", missed="skip", lane="recover_files")
async def recover_files(run: Run) -> int:
    """Finish or undo writes and moves whose worker died."""
    return await Recovery(run.env).run()


@job(schedule="41 * * * *", missed="skip", lane="upload_cleanup")
async def upload_cleanup(run: Run) -> int:
    """Remove staged bytes that nobody will come back for."""
    return await Recovery(run.env).collect()


@job(schedule="*/15 * * * *", missed="skip", lane="rehash_files")
async def rehash_files(run: Run) -> dict[str, int]:
    """Read again what was changed from outside."""
    upkeep = Upkeep(run.env)
    files = total = 0
    for _ in range(int(REHASH_S / 10)):
        done = await upkeep.rehash(seconds=10.0)
        files, total = files + done.files, total + done.bytes
        if done.files == 0 or await run.cancelled():
            break
        await run.progress(50, f"{files} files read")
    return {"files": files, "bytes": total}


@job(schedule="7 4 * * *", lane="prune_versions")
async def prune_versions(run: Run) -> int:
    """Remove former contents that were kept long enough."""
    upkeep = Upkeep(run.env)
    return await upkeep.prune_versions() + await upkeep.forget_retired()


@job(schedule="23 3 * * *", lane="scrub_files")
async def scrub_files(run: Run) -> Scrubbed:
    """Read a thirtieth of all files again and compare them with their hashes."""

    async def go_on(found: Scrubbed, total: int) -> bool:
        done = found.checked + found.unread
        await run.progress(100 * done / max(total, 1), f"{done} of {total} files, {len(found.rotten)} rotten")
        return done % 50 != 0 or not await run.cancelled()

    return await Scrub(run.env).run(slice_=run.env.now().timetuple().tm_yday, go_on=go_on)


@command(
    "verify",
    click.option(
        "--repair",
        type=click.Choice(["no"]),
        default="no",
        show_default=True,
        help="What to do about files that rotted; for now they are only named.",
    ),
    database="there",
)
async def verify(env: Env, *, repair: str) -> Verdict:  # noqa: ARG001
    """Read every file again and compare it with its hash; names the files that rotted.

    Exit codes: 0 none did, 1 some did (they are printed). 2 and 3 as for every command.
    """
    found = await Scrub(env).run()
    if found.rotten:
        click.echo(
            f"balu: {len(found.rotten)} files have other bytes than were stored, yet nobody wrote to them. "
            "Restore them from a version or a backup.",
            err=True,
        )
    return Verdict(found, EXIT_FOUND if found.rotten else EXIT_CLEAN)


@on(UserDeleted)
async def end_grants(event: UserDeleted, unit: Unit) -> None:
    """Nothing is shared by, or with, an account that is gone."""
    await Grants(unit).forget_user(event.user_id)
