"""``/api/trash``: see, put back, remove for good."""

from typing import Annotated

import msgspec
from litestar import Controller, delete, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from balu.kernel.caller import Caller
from balu.kernel.errors import MalformedError
from balu.kernel.unit import Env
from balu.storage.files import (
    WITH_FILES,
    FileMoved,
    Files,
    FileService,
    FolderNotEmptyError,
    Window,
    WrongKindError,
    volume_id_of,
)
from balu.storage.trash.schemas import Deleted, TrashEmptied, TrashList, TrashRestore
from balu.storage.trash.service import TrashService
from balu.storage.trash.shown import shown

Trash = NamedDependency[TrashService]
DIGITS = 18
"""Of the largest number that a column surely holds."""
READ = {"scope": "files:read"}
WRITE = {"scope": "files:write"}


class DeletePath(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What to delete."""

    path: str
    mount: str | int | None = None


def provide_trash(env: NamedDependency[Env]) -> TrashService:
    """Verbs on deleted things."""
    return TrashService(env)


class TrashController(Controller):
    """The trash of the caller."""

    path, tags = "/trash", ("trash",)
    dependencies = {"trash": Provide(provide_trash, sync_to_thread=False)}

    @get(operation_id="listTrash", opt=READ)
    async def list(
        self,
        trash: Trash,
        env: NamedDependency[Env],
        caller: NamedDependency[Caller],
        limit: Annotated[int, QueryParameter(ge=1, le=200)] = 50,
        cursor: Annotated[str | None, QueryParameter()] = None,
    ) -> TrashList:
        """What was deleted, newest first; administrators also see what is left of deleted accounts."""
        if cursor is not None and not (cursor.isascii() and cursor.isdigit() and len(cursor) <= DIGITS):
            raise MalformedError("This cursor is none of ours.")
        rows, sums = await trash.list(caller, before=int(cursor) if cursor else None, limit=limit)
        following = str(rows[-1].id) if len(rows) == limit else None
        return TrashList(
            items=await shown(env, rows, caller.user_id), total=sums.total, size=sums.size,
            own_total=sums.own_total, own_size=sums.own_size, next=following,
        )  # fmt: skip

    @delete(operation_id="emptyTrash", opt=WRITE, status_code=200)
    async def empty(self, trash: Trash, own_id: NamedDependency[int]) -> TrashEmptied:
        """Remove everything of your own for good."""
        done = await trash.purge(own_id)
        return TrashEmptied(purged=done.items, freed_bytes=done.freed_bytes)

    @delete("/{trash_id:int}", operation_id="purgeTrashItem", opt=WRITE, status_code=204)
    async def purge(self, trash: Trash, caller: NamedDependency[Caller], trash_id: FromPath[int]) -> None:
        """Remove one thing for good."""
        await trash.purge_one(caller, trash_id)

    @post("/{trash_id:int}/restore", operation_id="restoreTrashItem", opt=WRITE, status_code=200)
    async def restore(
        self,
        trash: Trash,
        env: NamedDependency[Env],
        caller: NamedDependency[Caller],
        trash_id: FromPath[int],
        data: JSONBody[TrashRestore | None] = None,
    ) -> FileMoved:
        """Put it back where it was, or elsewhere."""
        wish = data or TrashRestore()
        found = await trash.restore(
            caller, trash_id, target_path=wish.target_path, on_conflict=wish.on_conflict
        )
        return FileMoved(message="Restored", file=FileService(env, caller).item(found))


class FolderDeleteController(Controller):
    """Deleting a folder by its id."""

    path, tags = "/folders", ("folders",)
    dependencies = {"trash": Provide(provide_trash, sync_to_thread=False), **WITH_FILES}

    @delete("/{folder_id:int}", operation_id="deleteFolder", opt=WRITE, status_code=200)
    async def delete(
        self, trash: Trash, files: Files, folder_id: FromPath[int], recursive: FromQuery[bool] = False
    ) -> Deleted:
        """Move a folder to the trash; one that is not empty only when *recursive* says so."""
        found = await files.find(None, folder_id)
        if not found.is_folder:
            raise WrongKindError("This is a file, not a folder.")
        if not recursive:
            listed = await files.list(found.spot, Window(limit=1))
            if listed.total:
                raise FolderNotEmptyError(
                    "The folder is not empty. Ask for recursive=true to delete everything."
                )
        item = await trash.delete(found)
        return Deleted(message="Moved to trash", trash_id=item.id)


class DeleteController(Controller):
    """The spelling of a delete for clients that only send POST."""

    path, tags = "/files", ("files",)
    dependencies = {"trash": Provide(provide_trash, sync_to_thread=False)}

    @post("/delete", operation_id="deleteFile", opt=WRITE, status_code=200)
    async def delete(
        self, trash: Trash, caller: NamedDependency[Caller], data: JSONBody[DeletePath]
    ) -> Deleted:
        """Move a file or folder to the trash."""
        item = await trash.delete_path(caller, data.path, volume_id_of(data.mount))
        if item is None:
            return Deleted(message="Nothing here", trash_id=None)
        return Deleted(message="Moved to trash", trash_id=item.id)
