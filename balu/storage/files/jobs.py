"""Background work on files, and what must have run before the first request."""

from balu.kernel.jobs import Run, job
from balu.storage.files.recover import Recovery
from balu.storage.files.upkeep import Upkeep

REHASH_S = 600.0


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
    return await Upkeep(run.env).prune_versions()
