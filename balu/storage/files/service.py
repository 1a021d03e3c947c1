"""Files and folders: list, look, make, rename, move, copy. Bytes go through ``commit``."""

import secrets
from dataclasses import dataclass
from typing import Literal, TypeVar

import msgspec

from balu.kernel.caller import Caller
from balu.kernel.lookup import Lookup, Rows
from balu.kernel.threads import Threads, finish
from balu.kernel.unit import Env, open_unit
from balu.storage.files.commit import DOUBTFUL, OnConflict, Staged, Stored, Terms, Writer
from balu.storage.files.errors import (
    BusyNameError,
    FileExistsHereError,
    FolderCycleError,
    WrongKindError,
    told,
)
from balu.storage.files.facts import children
from balu.storage.files.intents import Intents
from balu.storage.files.items import file_item, item_template
from balu.storage.files.names import name_key, numbered, to_stored, to_wire
from balu.storage.files.places import Found, Home, Places, Spot
from balu.storage.files.record import MovePlan, record_move
from balu.storage.files.rows import FileRows
from balu.storage.files.schemas import FileItem
from balu.storage.volumes import check_room
from balu_core import Listing

Sort = Literal["name", "size", "modified", "type"]
T = TypeVar("T")
EVERYTHING = 1 << 31
ADOPT_AT_ONCE = 2000


@dataclass(frozen=True, slots=True)
class Window:
    """Which part of a folder is wanted, and in which order."""

    sort: Sort = "name"
    descending: bool = False
    offset: int = 0
    limit: int = EVERYTHING
    contains: str | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """A window into a folder, already written out."""

    body: bytes
    """A ``FileList`` as JSON."""
    etag: str
    total: int

    def items(self, kind: type[T]) -> list[T]:
        """The items again, or as much of them as *kind* has fields for."""
        files = msgspec.json.decode(self.body, type=dict[str, msgspec.Raw])["files"]
        return msgspec.json.decode(files, type=list[kind])  # type: ignore[valid-type]


class FileService:
    """Verbs on the files of one caller; opens short Units of its own, because disks answer in between."""

    def __init__(self, env: Env, caller: Caller) -> None:
        self._env = env
        self._caller = caller
        self._threads = env.part(Threads)
        self.places = Places(env)

    async def spot(self, path: str, volume_id: int | None = None) -> Spot:
        """The place the caller means by *path* on a volume."""
        return await self.places.spot(await self.places.home(self._caller, volume_id), path)

    async def find(self, path: str | None, file_id: int | None, volume_id: int | None = None) -> Found:
        """Something by its id, else by its path; 404 when it is not there or not the caller's."""
        if file_id is not None:
            return await self.places.by_id(self._caller, file_id)
        return await self.places.find(await self.spot(path or "", volume_id))

    def item(self, found: Found) -> FileItem:
        """What the caller sees of it."""
        return file_item(found.entry, found.row, found.spot.path, self._caller.username)

    async def list(self, spot: Spot, window: Window) -> Listed:
        """A window into the folder *spot*. Names without rows get them first."""
        folder = await self.places.peek(spot)
        if folder is None or folder.kind != "directory":
            folder_id = await self._folder_id(spot)
        else:
            folder_id = folder.id
        try:
            listing = await self._read(spot, window)
        except (FileNotFoundError, NotADirectoryError):
            folder_id = await self._folder_id(spot)
            with told(spot.path):
                listing = await self._read(spot, window)
        prefix, template = f"{spot.path}/" if spot.parts else "", item_template(self._caller.username)
        rows = await self._children(folder_id, listing)
        body, etag, stale = listing.json(rows, template, prefix, folder_id)
        if stale:
            entries = listing.stale(rows)
            for start in range(0, len(entries), ADOPT_AT_ONCE):
                async with open_unit(self._env) as unit:
                    part = entries[start : start + ADOPT_AT_ONCE]
                    await FileRows(unit).adopt(spot.home.mounted.id, spot.home.owner_id, folder_id, part)
            rows = await self._children(folder_id, listing)
            body, etag, _ = listing.json(rows, template, prefix, folder_id)
        return Listed(body, etag, listing.total)

    async def _folder_id(self, spot: Spot) -> int:
        found = await self.places.find(spot)
        if not found.is_folder:
            raise WrongKindError(f"{spot.path!r} is not a folder.")
        return found.row.id

    async def _read(self, spot: Spot, window: Window) -> Listing:
        return await self._threads.run(
            spot.home.core.listing, spot.disk, sort=window.sort, descending=window.descending,
            offset=window.offset, limit=window.limit, contains=window.contains,
        )  # fmt: skip

    async def _children(self, folder_id: int, listing: Listing) -> Rows:
        names, are_all = listing.stored_names(), len(listing) == listing.total
        return await children(self._env.part(Lookup), folder_id, names, are_all=are_all)

    async def make_folder(self, spot: Spot) -> Found:
        """A new folder in an existing one.

        Raises:
            FileExistsHereError: the name, or one that differs only in case, is taken.
        """
        writer = Writer(self._env)
        parent = await writer.folder(spot.parent)
        check_room(spot.home.mounted, 0)
        await self._refuse_alike(spot, parent.row.id)
        with told(spot.path):
            entry = await self._threads.run(spot.home.core.make_dir, spot.disk)
        return Found(spot, entry, await self.places.row_of(spot, entry))

    async def _refuse_alike(self, spot: Spot, parent_id: int, but: int | None = None) -> None:
        async with open_unit(self._env, writes=False) as unit:
            _, alike = await FileRows(unit).child(parent_id, spot.name)
        for row in alike:
            if row.id != but and await self.places.stat(spot.renamed(row.name)) is not None:
                raise FileExistsHereError(f"{to_wire(row.name)!r} exists already and differs only in case.")

    async def move(self, source: Found, target: Spot, *, on_conflict: OnConflict = "fail") -> Found:
        """Give something another name or folder; its id, versions and shares go with it.

        Raises:
            FileExistsHereError: the target is taken, and *on_conflict* is not ``rename``.
            FolderCycleError: the target lies inside the source.
        """
        if not source.spot.parts:
            raise WrongKindError("The home folder itself stays where it is.")
        if target.home.mounted.id != source.spot.home.mounted.id:
            raise WrongKindError("Moving between volumes is not possible yet; copy and delete instead.")
        if target == source.spot:
            return source
        if target.is_within(source.spot):
            raise FolderCycleError("A folder cannot be moved into itself.")
        writer = Writer(self._env)
        parent = await writer.folder(target.parent)
        place, number = target, 0
        while True:
            try:
                await self._refuse_alike(place, parent.row.id, source.row.id)
                moved: Found = await finish(self._move_once(source, place, parent))
            except FileExistsHereError:
                if on_conflict != "rename":
                    raise
                number += 1
                place = target.renamed(numbered(target.name, number))
            else:
                return moved

    async def _move_once(self, source: Found, place: Spot, parent: Found) -> Found:
        op_id, home = secrets.token_hex(16), place.home
        plan = MovePlan(
            volume_id=home.mounted.id, owner_id=home.owner_id, file_id=source.row.id, ino=source.entry.ino,
            from_parent_id=source.row.parent_id or 0, from_name=to_stored(source.spot.name),
            parent_id=parent.row.id, name=to_stored(place.name),
        )  # fmt: skip
        names = [(plan.volume_id, plan.parent_id, place.name)]
        if (plan.from_parent_id, name_key(source.spot.name)) != (plan.parent_id, name_key(place.name)):
            names.append((plan.volume_id, plan.from_parent_id, source.spot.name))
        async with open_unit(self._env) as unit:
            await Intents(unit).open("move", op_id, names, msgspec.to_builtins(plan))
        try:
            entry = await self._threads.run(home.core.move, source.spot.disk, place.disk)
        except (OSError, ValueError) as error:
            is_left = isinstance(error, OSError) and await self._may_be_moved(place, plan.ino, error)
            async with open_unit(self._env) as unit:
                await (Intents(unit).leave(op_id) if is_left else Intents(unit).close(op_id))
            with told(place.path):
                raise
        async with open_unit(self._env) as unit:
            row = await record_move(unit, op_id, plan)
        if row is None:
            row = await self.places.row_of(place, entry)
        return Found(place, entry, row)

    async def _may_be_moved(self, place: Spot, ino: int, error: OSError) -> bool:
        """Whether recovery has to say what became of a move that ended with *error*."""
        if error.errno in DOUBTFUL:
            return True
        try:
            return (await self._threads.run(place.home.core.stat, place.disk)).ino == ino
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError:
            return True

    async def copy(self, source: Found, target: Spot, *, on_conflict: OnConflict = "fail") -> Stored:
        """A second, independent file or tree; a tree appears whole or not at all."""
        if source.is_folder and target.is_within(source.spot) and on_conflict != "rename":
            raise FolderCycleError("A folder cannot be copied into itself.")
        writer = Writer(self._env)
        await writer.folder(target.parent)
        core = source.spot.home.core
        with told(source.spot.path):
            _, _, size = await self._threads.run(core.measure, source.spot.disk)
        check_room(target.home.mounted, size)
        terms = Terms(on_conflict=on_conflict)
        staged = await self._stage_copy(source, target.home, size)
        return await writer.publish(target, staged, terms)

    async def _stage_copy(self, source: Found, home: Home, size: int) -> Staged:
        if source.spot.home.mounted.id != home.mounted.id:
            raise WrongKindError("Copying between volumes is not possible yet; download and upload instead.")
        staging_id, core = secrets.token_hex(16), home.core
        async with open_unit(self._env) as unit:
            await Intents(unit).reserve(home.mounted.id, home.owner_id, staging_id, size)
        try:
            with told(source.spot.path):
                _, copied = await self._threads.run(core.copy, source.spot.disk, staging_id)
                entry = await self._threads.run(core.staged, staging_id)
        except BaseException:
            await finish(self._drop_staged(home, staging_id))
            raise
        if entry is None:
            await self._drop_staged(home, staging_id)
            raise BusyNameError("The copy vanished before it was complete. Try again.")
        return Staged(staging_id, home, entry, copied, size)

    async def _drop_staged(self, home: Home, staging_id: str) -> None:
        await self._threads.run(home.core.discard, staging_id)
        async with open_unit(self._env) as unit:
            await Intents(unit).release(staging_id)
