"""The job that carries much from one volume to another, with progress, until it is done or cancelled."""

from typing import Any, Literal

import msgspec
from msgspec import structs

from balu.identity.users import UserService
from balu.kernel.caller import Caller
from balu.kernel.errors import BaluError
from balu.kernel.jobs import Run, job
from balu.storage.files.crossing import StoppedError
from balu.storage.files.names import to_wire
from balu.storage.files.places import Found
from balu.storage.files.schemas import FileMoved, OnConflict
from balu.storage.files.seals import without_names
from balu.storage.files.service import FileService


class CarryWish(msgspec.Struct, kw_only=True):
    """What is to be carried where."""

    action: Literal["move", "copy"]
    file_id: int
    target_path: str
    target_mount: int
    on_conflict: OnConflict


async def account_of(run: Run) -> Caller:
    """The person a job works for.

    Raises:
        UserNotFoundError: the account is gone.
    """
    async with run.unit(writes=False) as unit:
        return (await UserService(unit).get(run.owner_id or 0)).caller()


@job()
async def carry_files(run: Run, *, wish: dict[str, Any]) -> FileMoved | None:
    """Move or copy a file or folder to another volume; a second run finds what the first one did."""
    data = msgspec.convert(wish, CarryWish)
    files = FileService(run.env, await account_of(run))
    source = await files.find(None, data.file_id)
    target = await files.spot(data.target_path, data.target_mount)

    async def watch(percent: float) -> bool:
        await run.progress(percent, source.spot.stored_path)
        return not await run.cancelled()

    try:
        if data.action == "move":
            found = await files.move(source, target, on_conflict=data.on_conflict, watch=watch)
        elif run.attempt > 1 and (copy := await files.copy_at(source, target)) is not None:
            found = copy
        else:
            found = (await files.copy(source, target, on_conflict=data.on_conflict, watch=watch)).found
    except StoppedError:
        return None
    except BaluError as error:
        error.detail = without_names(error)
        raise
    return _moved(files, data, found)


def _moved(files: FileService, data: CarryWish, found: Found) -> FileMoved:
    message, item, spot = "Moved" if data.action == "move" else "Copied", files.item(found), found.spot
    if spot.seal is not None:  # the row of a job knows no names and no bytes
        name = to_wire(spot.name)
        item = structs.replace(item, name=name, path=spot.stored_path, mime_type=None, blake3=None)
    return FileMoved(message=message, file=item, replaced=files.displaced)
