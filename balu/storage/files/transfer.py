"""``POST /api/files/transfer-ownership``: a file or tree goes to another account's home."""

from typing import Literal

import msgspec
from litestar import Controller, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from balu.identity.users import UserService
from balu.kernel.caller import Caller
from balu.kernel.errors import InvalidError
from balu.kernel.unit import Env, open_unit
from balu.storage.files.commit import Writer
from balu.storage.files.errors import FileExistsHereError, FolderNotEmptyError
from balu.storage.files.mounts import volume_id_of
from balu.storage.files.places import Found
from balu.storage.files.schemas import FileItem
from balu.storage.files.seals import VaultBoundaryError
from balu.storage.files.service import FileService
from balu.storage.files.window import Window

Strategy = Literal["rename", "skip", "overwrite"]


class OwnershipTransfer(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What goes to whom. *path* is one in the home of *owner_id*, the caller's own without it."""

    path: str
    new_owner_id: int
    owner_id: int | None = None
    mount: str | int | None = None
    recursive: bool = True
    """Whether a folder takes along what is in it; otherwise it must be empty."""
    conflict_strategy: Strategy = "rename"


class OwnershipTransferred(msgspec.Struct, kw_only=True):
    """What became of it."""

    message: str
    transferred: int
    skipped: int
    file: FileItem | None
    """Where it is now, as its new owner sees it; None when it was skipped."""
    replaced: list[int]
    """Where in the new owner's trash is what was overwritten."""


class TransferController(Controller):
    """For administrators."""

    path, tags = "/files", ("files",)

    @post(
        "/transfer-ownership",
        operation_id="transferOwnership",
        status_code=200,
        opt={"auth": "admin", "scope": "files:write"},
    )
    async def transfer(
        self,
        env: NamedDependency[Env],
        caller: NamedDependency[Caller],
        data: JSONBody[OwnershipTransfer],
    ) -> OwnershipTransferred:
        """Move it to the same path in the other home: rows, versions, quota and grants follow."""
        owner, heir = await _accounts(env, data.owner_id or caller.user_id, data.new_owner_id)
        source = await FileService(env, owner).find(data.path, None, volume_id_of(data.mount))
        await _check(FileService(env, owner), source, recursive=data.recursive)
        return await _transfer(FileService(env, heir), source, Writer(env), data.conflict_strategy)


async def _accounts(env: Env, owner_id: int, heir_id: int) -> tuple[Caller, Caller]:
    if owner_id == heir_id:
        raise InvalidError("It belongs to this account already.", field="new_owner_id")
    async with open_unit(env, writes=False) as unit:
        users = UserService(unit)
        return (await users.get(owner_id)).caller(), (await users.get(heir_id)).caller()


async def _check(files: FileService, source: Found, *, recursive: bool) -> None:
    if not source.spot.parts:
        raise InvalidError("Name something in the home; the home itself stays.", field="path")
    if source.spot.given is not None:
        raise InvalidError("This path is somebody else's. Name them as owner_id.", field="path")
    if source.spot.seal is not None:
        raise VaultBoundaryError("What lies in a vault is its owner's to give, however open it stands.")
    if source.is_folder and not recursive and (await files.list(source.spot, Window(limit=1))).total:
        raise FolderNotEmptyError("The folder is not empty. Ask for recursive=true.")


async def _transfer(
    files: FileService, source: Found, writer: Writer, strategy: Strategy
) -> OwnershipTransferred:
    target = await files.spot(source.spot.path, source.spot.home.mounted.id)
    await writer.folder(target.parent, make=True)
    conflict: dict[Strategy, Literal["fail", "rename", "replace"]] = {
        "rename": "rename", "skip": "fail", "overwrite": "replace",
    }  # fmt: skip
    try:
        found = await files.move(source, target, on_conflict=conflict[strategy], keeps_grants=True)
    except FileExistsHereError:
        if strategy != "skip":
            raise
        return OwnershipTransferred(
            message="Skipped: the new owner has something of this name",
            transferred=0,
            skipped=1,
            file=None,
            replaced=[],
        )
    item = files.item(found)
    return OwnershipTransferred(
        message="Transferred", transferred=1, skipped=0, file=item, replaced=files.displaced
    )
