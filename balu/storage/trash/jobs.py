"""Background work on the trash, and what happens to the files of a deleted account."""

from balu.identity.users import UserDeleted
from balu.kernel.events import answers, on
from balu.kernel.jobs import Run, job
from balu.kernel.unit import Unit
from balu.storage.files import Displaced, Examination, PutBack
from balu.storage.trash.examine import examine_ledger, examine_trash
from balu.storage.trash.recover import TrashRecovery, recount
from balu.storage.trash.service import TrashService


@job(schedule="* * * * *", missed="skip", lane="recover_trash")
async def recover_trash(run: Run) -> int:
    """Finish or undo deletes and restores whose worker died."""
    return await TrashRecovery(run.env).run()


@job(schedule="17 * * * *", lane="trash_purge")
async def trash_purge(run: Run) -> dict[str, int]:
    """Remove for good what was deleted long enough ago, never anything younger than a day."""
    done = await TrashService(run.env).purge_expired()
    return {"items": done.items, "freed_bytes": done.freed_bytes}


@job(schedule="23 3 * * *", lane="quota_recount")
async def quota_recount(run: Run) -> int:
    """Compare the quota ledger with the rows and correct it."""
    return await recount(run.env)


@on(UserDeleted)
async def keep_homes(event: UserDeleted, unit: Unit) -> None:
    """The files of a deleted account lie in the trash for as long as everything else."""
    await TrashService(unit.env).delete_homes(event.user_id)


@answers(Displaced)
async def keep_displaced(question: Displaced, unit: Unit) -> None:
    """What has to make room for something else can be put back from here."""
    question.trash_id = (await TrashService(unit.env).delete(question.found)).id


@answers(PutBack)
async def put_back(question: PutBack, unit: Unit) -> None:
    """Nothing came in its place."""
    await TrashService(unit.env).put_back(question.found, question.trash_id)


@answers(Examination)
async def examine(question: Examination, unit: Unit) -> None:
    """Deleted things, and the ledger that counts them too."""
    if question.mounted is None:
        await examine_ledger(question, unit)
    else:
        await examine_trash(question, unit, question.mounted)
