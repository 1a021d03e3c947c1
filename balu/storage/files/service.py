"""Files and folders: list, look, make, rename, move, copy. Bytes go through ``commit``."""

import secrets
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec
from msgspec import structs

from balu.kernel.caller import Caller
from balu.kernel.errors import BaluError, ForbiddenError, UnavailableError
from balu.kernel.lookup import Lookup, Rows
from balu.kernel.threads import Threads, finish
from balu.kernel.unit import Env, open_unit, persistently
from balu.storage.files.across import Across, check_copy, check_vaults, crosses_seal
from balu.storage.files.commit import DOUBTFUL, Writer
from balu.storage.files.crossing import Crossing, Watch
from balu.storage.files.displace import displace, put_back
from balu.storage.files.errors import (
    AlikeExistsError,
    BusyNameError,
    FileExistsHereError,
    FileNotFoundHereError,
    FolderCycleError,
    WrongKindError,
    told,
)
from balu.storage.files.facts import RowFacts, children
from balu.storage.files.grants import Grants
from balu.storage.files.intents import Intents, begin
from balu.storage.files.items import file_item, item_template
from balu.storage.files.models import FileRow
from balu.storage.files.names import name_key, to_stored, to_wire
from balu.storage.files.places import Found, Home, Places, Spot
from balu.storage.files.record import MovePlan, record_move
from balu.storage.files.rights import SHARED, Right
from balu.storage.files.rows import FileRows, differs
from balu.storage.files.schemas import FileItem, FileList
from balu.storage.files.seals import Seal
from balu.storage.files.terms import OnConflict, Staged, Stored, Terms
from balu.storage.files.window import Sort, Window, arranged
from balu.storage.volumes import check_room, take_turn
from balu_core import Entry, Listing, blake3_hex

T = TypeVar("T")
ADOPT_AT_ONCE = 2000
LONG_BYTES, LONG_FILES = 64 << 20, 1000
"""What is carried between volumes while the client waits; more is a job."""


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
        self.displaced: list[int] = []
        """Where in the trash is what ``replace`` made room from, in order."""
        self._aside: list[Found] = []
        """The same, as it stood."""

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
        item = self.item_at(found.spot, found.entry, found.row)
        return item if found.spot.seal is None else structs.replace(item, blake3=found.digest)

    def item_at(self, spot: Spot, entry: Entry, row: FileRow | RowFacts) -> FileItem:
        """The same for what is known in parts."""
        who = spot.given.owner_name if spot.given else self._caller.username
        return file_item(entry, row, spot.path, who, spot.rights, is_sealed=spot.seal is not None)

    async def list_path(self, path: str, volume_id: int | None, window: Window) -> Listed:
        """The same for what a client calls it, the list of what others gave included."""
        if path.strip("/") == SHARED:
            return await self._shared(window)
        return await self.list(await self.spot(path, volume_id), window)

    async def list(self, spot: Spot, window: Window) -> Listed:
        """A window into the folder *spot*. Names without rows get them first."""
        if (seal := spot.content_seal) is not None:
            return await self._list_sealed(spot, seal, window)
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
        prefix = f"{spot.path}/" if spot.path else ""
        who = spot.given.owner_name if spot.given else self._caller.username
        template = item_template(who, spot.rights)
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

    async def _list_sealed(self, spot: Spot, seal: Seal, window: Window) -> Listed:
        """The same in a vault, whose names the disk cannot sort."""
        folder_id, home = await self._folder_id(spot), spot.home
        who = spot.given.owner_name if spot.given else self._caller.username
        with told(spot.path):
            entries = (await self._read(spot, Window())).entries
        plain = await self._threads.run(seal.plain, [entry.name for entry in entries])
        named = [(entry, name) for entry, name in zip(entries, plain, strict=True) if name is not None]
        chosen = arranged(named, window)
        part = chosen[window.offset : window.offset + window.limit]
        found = await children(
            self._env.part(Lookup), folder_id, [to_stored(entry.name) for entry, _ in part], are_all=False
        )
        rows: dict[str, RowFacts | FileRow] = {one.name: one for one in map(RowFacts._make, found)}
        stale = [e for e, _ in part if (row := rows.get(to_stored(e.name))) is None or differs(row, e)]
        for start in range(0, len(stale), ADOPT_AT_ONCE):
            async with open_unit(self._env) as unit:
                some = stale[start : start + ADOPT_AT_ONCE]
                adopted = await FileRows(unit).adopt(home.mounted.id, home.owner_id, folder_id, some)
            rows |= {to_stored(name): row for name, row in adopted.items()}
        items = [
            file_item(entry, row, f"{spot.path}/{to_wire(name)}", who, spot.rights, is_sealed=True)
            for entry, name in part
            if (row := rows.get(to_stored(entry.name))) is not None
        ]
        etag = f'"{blake3_hex(msgspec.json.encode((folder_id, len(chosen), items)))[:32]}"'
        whole = {"files": items, "total": len(chosen), "folder_id": folder_id, "etag": etag}
        return Listed(msgspec.json.encode(whole), etag, len(chosen))

    async def _folder_id(self, spot: Spot) -> int:
        found = await self.places.find(spot)
        if not found.is_folder:
            raise WrongKindError(f"{spot.path!r} is not a folder.")
        return found.row.id

    async def _read(self, spot: Spot, window: Window) -> Listing:
        core = spot.home.core
        if not window.contains:
            # The way to a thread and back costs more than a small folder that lies in memory.
            at_hand = core.listing_now(
                spot.disk, sort=window.sort, descending=window.descending, offset=window.offset,
                limit=window.limit,
            )  # fmt: skip
            if at_hand is not None:
                return at_hand
        return await self._threads.run(
            core.listing, spot.disk, sort=window.sort, descending=window.descending,
            offset=window.offset, limit=window.limit, contains=window.contains,
        )  # fmt: skip

    async def _children(self, folder_id: int, listing: Listing) -> Rows:
        names, are_all = listing.stored_names(), len(listing) == listing.total
        return await children(self._env.part(Lookup), folder_id, names, are_all=are_all)

    async def _shared(self, window: Window) -> Listed:
        """What others gave to the caller: a listing of things that lie in many places."""
        async with open_unit(self._env, writes=False) as unit:
            given = await Grants(unit).given_to(self._caller.user_id)
        found = []
        for shared in given:
            with suppress(FileNotFoundHereError, UnavailableError):  # gone from the disk, or the disk is away
                found.append(await self.places.find(await self.places.given_top(shared)))
        items = [self.item(one) for one in found]
        if window.contains:
            items = [item for item in items if window.contains.casefold() in item.name.casefold()]
        keys: dict[Sort, Callable[[FileItem], Any]] = {
            "name": lambda item: item.name.casefold(), "size": lambda item: item.size,
            "modified": lambda item: item.modified_at, "type": lambda item: item.mime_type or "",
        }  # fmt: skip
        items.sort(key=keys[window.sort], reverse=window.descending)
        items.sort(key=lambda item: item.type)
        part = items[window.offset : window.offset + window.limit]
        etag = f'"{blake3_hex(msgspec.json.encode(part))[:32]}"'
        body = msgspec.json.encode(FileList(files=part, total=len(items), folder_id=0, etag=etag))
        return Listed(body, etag, len(items))

    async def make_folder(self, spot: Spot) -> Found:
        """A new folder in an existing one.

        Raises:
            FileExistsHereError: the name, or one that differs only in case, is taken.
        """
        spot.need(Right.EDIT)
        _check_reserved(spot)
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
                raise AlikeExistsError(f"{to_wire(row.name)!r} exists already and differs only in case.")

    async def move(
        self,
        source: Found,
        target: Spot,
        *,
        on_conflict: OnConflict = "fail",
        keeps_grants: bool = False,
        watch: Watch | None = None,
    ) -> Found:
        """Give something another name, folder or volume; its id, versions and shares go with it.

        To another volume its bytes are copied, which *watch* may follow and end. What gets another owner
        stays shared only when *keeps_grants* says so.

        Raises:
            FileExistsHereError: the target is taken, and *on_conflict* is ``fail``.
            FolderCycleError: the target lies inside the source, or would replace a folder around it.
        """
        if not source.spot.parts:
            raise WrongKindError("The home folder itself stays where it is.")
        if target.is_same(source.spot):
            return source
        await check_vaults(self._env, source, target)
        _check_cycle(source, target, on_conflict)
        _check_reserved(target)
        _check_move(source.spot, target)
        if crosses_seal(source.spot, target):
            source.spot.need(Right.DELETE)
            copied = (await self.copy(source, target, on_conflict=on_conflict)).found
            await displace(self._env, source)
            return copied
        parent = await Writer(self._env).folder(target.parent)
        crosses = target.home.mounted.id != source.spot.home.mounted.id

        async def attempt(place: Spot) -> Found:
            await self._refuse_alike(place, parent.row.id, source.row.id)
            if crosses:
                if await self.places.stat(place) is not None:
                    if on_conflict != "replace":
                        raise FileExistsHereError(f"{place.path!r} exists already. Choose another name.")
                    place.need(Right.DELETE)
                return await Crossing(self._env).move(
                    source,
                    place,
                    parent,
                    keeps_grants=keeps_grants,
                    watch=watch,
                    make_way=(lambda: self._make_way(place)) if on_conflict == "replace" else None,
                )
            moved: Found = await finish(self._move_once(source, place, parent, keeps_grants=keeps_grants))
            return moved

        return await self._under_a_free_name(target, on_conflict, attempt)

    async def _under_a_free_name(
        self, target: Spot, on_conflict: OnConflict, attempt: Callable[[Spot], Awaitable[T]]
    ) -> T:
        """Do *attempt* at *target*; a name that is taken is numbered, freed or refused."""
        place, number = target, 0
        async with self._or_as_before():
            while True:
                try:
                    return await attempt(place)
                except AlikeExistsError:
                    if on_conflict != "rename":
                        raise
                except FileExistsHereError:
                    if on_conflict == "fail":
                        raise
                    if on_conflict == "replace":
                        await self._make_way(place)
                        continue
                number += 1
                place = target.numbered(number)

    async def _make_way(self, place: Spot) -> None:
        """Free the name of what stands at *place*."""
        if await self.places.stat(place) is not None:
            await finish(self._set_aside(await self.places.find(place)))

    async def _set_aside(self, found: Found) -> None:
        self.displaced.append(await displace(self._env, found))
        self._aside.append(found)

    @asynccontextmanager
    async def _or_as_before(self) -> AsyncGenerator[None, None]:
        """What is displaced in here has its name again when nothing came in its place."""
        before = len(self._aside)
        try:
            yield
        except BaseException:
            await finish(self._put_back(before))
            raise

    async def _put_back(self, before: int) -> None:
        while len(self._aside) > before:
            found, trash_id = self._aside.pop(), self.displaced.pop()
            with suppress(BaluError):  # something has the name nevertheless: then it stays in the trash
                await put_back(self._env, found, trash_id)

    async def _pay_for(self, source: Found, home: Home, op_id: str) -> None:
        """Take room in the ledger of somebody who is about to own *source*."""
        async with open_unit(self._env) as unit:
            await take_turn(unit, home.owner_id)
            size = await FileRows(unit).tree_size(source.row.id)
            await Intents(unit).reserve(home.mounted.id, home.owner_id, op_id, size)

    async def _move_once(self, source: Found, place: Spot, parent: Found, *, keeps_grants: bool) -> Found:
        op_id, home = secrets.token_hex(16), place.home
        plan = MovePlan(
            volume_id=home.mounted.id, owner_id=home.owner_id, file_id=source.row.id, ino=source.entry.ino,
            from_parent_id=source.row.parent_id or 0, from_name=to_stored(source.spot.name),
            parent_id=parent.row.id, name=to_stored(place.name), keeps_grants=keeps_grants,
        )  # fmt: skip
        names = [(plan.volume_id, plan.parent_id, place.name)]
        if (plan.from_parent_id, name_key(source.spot.name)) != (plan.parent_id, name_key(place.name)):
            names.append((plan.volume_id, plan.from_parent_id, source.spot.name))
        await begin(self._env, "move", op_id, names, msgspec.to_builtins(plan))
        try:
            if home.owner_id != source.spot.home.owner_id:
                await self._pay_for(source, home, op_id)
            await self.places.check_unchanged(source)
            entry = await self._threads.run(home.core.move, source.spot.disk, place.disk)
        except (OSError, ValueError) as error:
            is_left = isinstance(error, OSError) and await self._may_be_moved(place, plan.ino, error)
            await self._end_move(op_id, is_left=is_left)
            with told(place.path):
                raise
        except BaseException:
            await self._end_move(op_id, is_left=False)
            raise
        row = await persistently(lambda: self._record_move(op_id, plan))
        if row is None:
            row = await self.places.row_of(place, entry)
        return Found(place, entry, row)

    async def _record_move(self, op_id: str, plan: MovePlan) -> FileRow | None:
        async with open_unit(self._env) as unit:
            return await record_move(unit, op_id, plan)

    async def _end_move(self, op_id: str, *, is_left: bool) -> None:
        async with open_unit(self._env) as unit:
            intents = Intents(unit)
            if is_left:
                await intents.leave(op_id)
            else:
                await intents.release(op_id)
                await intents.close(op_id)

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

    async def copy(
        self, source: Found, target: Spot, *, on_conflict: OnConflict = "fail", watch: Watch | None = None
    ) -> Stored:
        """A second, independent file or tree; a tree appears whole or not at all. *watch* as in ``move``."""
        if source.is_folder and target.is_within(source.spot) and on_conflict != "rename":
            raise FolderCycleError("A folder cannot be copied into itself.")
        _check_cycle(source, target, on_conflict, is_copy=True)
        _check_reserved(target)
        target.need(Right.EDIT)
        await check_vaults(self._env, source, target)
        if crosses_seal(source.spot, target):
            return await Across(self._env, self.make_folder).copy(source, target, on_conflict)
        await check_copy(self._env, source)
        await Writer(self._env).folder(target.parent)
        if on_conflict == "replace" and await self._is_in_the_way(source, target):
            target.need(Right.DELETE)
        if target.home.mounted.id != source.spot.home.mounted.id:
            if on_conflict == "fail" and await self.places.stat(target) is not None:
                raise FileExistsHereError(f"{target.path!r} exists already. Choose another name.")
            staged, _ = await Crossing(self._env).stage(source, target.home, watch)
        else:
            core = source.spot.home.core
            with told(source.spot.path):
                _, _, size = await self._threads.run(core.measure, source.spot.disk)
            check_room(target.home.mounted, size)
            staged = await self._stage_copy(source, target.home, size)
        return await self._publish_copy(source, target, staged, Terms(on_conflict=on_conflict))

    async def _publish_copy(self, source: Found, target: Spot, staged: Staged, terms: Terms) -> Stored:
        writer = Writer(self._env)
        async with self._or_as_before():
            try:
                if terms.on_conflict == "replace" and await self._is_in_the_way(source, target):
                    await self._make_way(target)
            except BaseException:
                await writer.drop(staged)
                raise
            return await writer.publish(target, staged, terms)

    async def is_long(self, source: Found, target: Spot) -> bool:
        """Whether moving or copying it there means carrying more bytes than a client should wait for."""
        if target.home.mounted.id == source.spot.home.mounted.id:
            return False
        with told(source.spot.path):
            files, _, size = await self._threads.run(source.spot.home.core.measure, source.spot.disk)
        return size > LONG_BYTES or files > LONG_FILES

    async def copy_at(self, source: Found, target: Spot) -> Found | None:
        """What stands at *target* if it looks like a copy of *source*, None otherwise."""
        if await self.places.stat(target) is None:
            return None
        found = await self.places.find(target)
        return found if await Crossing(self._env).look_alike(source, found) else None

    async def _is_in_the_way(self, source: Found, target: Spot) -> bool:
        """Bytes over bytes make a version; where a folder is on either side, the old one has to go."""
        there = await self.places.stat(target)
        return there is not None and (source.is_folder or there.kind == "directory")

    async def _stage_copy(self, source: Found, home: Home, size: int) -> Staged:
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


def _check_cycle(source: Found, target: Spot, on_conflict: OnConflict, *, is_copy: bool = False) -> None:
    if not is_copy and target.is_within(source.spot):
        raise FolderCycleError("A folder cannot be moved into itself.")
    if on_conflict == "replace" and source.spot.is_within(target):
        raise FolderCycleError("This would replace a folder by something that lies in it.")


def _check_move(source: Spot, target: Spot) -> None:
    """Inside what was given a move is a change; out of it, it takes something away from the owner."""
    if source.is_top:
        raise ForbiddenError("What was shared with you keeps its name and its place. Copy it instead.")
    inside = (
        source.given is not None and target.given is not None and source.given.label == target.given.label
    )
    source.need(Right.EDIT if inside else Right.EDIT | Right.DELETE)
    target.need(Right.EDIT)


def _check_reserved(spot: Spot) -> None:
    if spot.given is None and spot.parts == (SHARED,):
        raise AlikeExistsError(f"{SHARED!r} is the list of what others share. Choose another name.")
