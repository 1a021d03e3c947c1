"""Where things are: homes, paths below them, and what disk and rows say about a path together."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from sqlalchemy import func, select

from balu.kernel.caller import Caller
from balu.kernel.errors import ForbiddenError
from balu.kernel.lookup import Lookup
from balu.kernel.threads import Threads
from balu.kernel.unit import Env, Unit, open_unit
from balu.storage.files.errors import BusyNameError, FileNotFoundHereError, SharedRootError, told
from balu.storage.files.facts import JOIN_DEPTH, RowFacts, peek_sql
from balu.storage.files.grants import Chain, Grants, Shared
from balu.storage.files.models import INO_MASK, FileRow
from balu.storage.files.names import check_name, from_wire, name_key, numbered, split, to_stored, to_wire
from balu.storage.files.rights import EVERY_RIGHT, SHARED, Given, Right
from balu.storage.files.rows import FileRows, differs
from balu.storage.files.seals import Seal, Seals, VaultLockedError, VaultNotGivenError
from balu.storage.volumes import Mounted, Volumes, take_turn
from balu_core import Entry, Volume

LOOKS = 20
"""As often something is looked up anew that is replaced all the time."""
HOMES_LOCK = 0x686F6D65
"""First key of the PostgreSQL advisory locks under which homes are made: ``home`` in ASCII."""


@dataclass(frozen=True, slots=True)
class Home:
    """One user's folder on one volume."""

    mounted: Mounted
    file_id: int
    name: str
    owner_id: int
    seal: Seal | None = field(default=None, compare=False)
    """Of the vault on the way to what is looked at."""

    @property
    def core(self) -> Volume:
        """The native volume, or a 503; in a vault with plain contents."""
        return self.mounted.core if self.seal is None else self.seal.through(self.mounted.core)


@dataclass(frozen=True, slots=True)
class Spot:
    """A path in a home, whether or not anything is there."""

    home: Home
    parts: tuple[str, ...]
    given: Given | None = None
    """None for the owner's own eyes."""

    @property
    def disk(self) -> str:
        """The path as the native half takes it."""
        return "/".join((self.home.name, *self.parts))

    @property
    def path(self) -> str:
        """The path as this caller's clients see it."""
        return self._shown(self._plain_parts())

    @property
    def stored_path(self) -> str:
        """The same for places that must not know the names in a vault; ``Places.spot`` understands it."""
        return self._shown(self.parts)

    def _shown(self, parts: tuple[str, ...]) -> str:
        shown = parts if self.given is None else parts[self.given.depth :]
        return "/".join((*(() if self.given is None else (self.given.label,)), *map(to_wire, shown)))

    @property
    def own_path(self) -> str:
        """The path as its owner could write it; names in a vault as they are on the disk."""
        return "/".join(map(to_wire, self.parts))

    @property
    def is_top(self) -> bool:
        """Whether this is just what was given; its name and its folder are the owner's business."""
        return self.given is not None and len(self.parts) <= self.given.depth

    @property
    def rights(self) -> Right:
        """What the caller may do here."""
        return EVERY_RIGHT if self.given is None else self.given.rights

    def need(self, right: Right) -> None:
        """Refuse whoever was not given *right*.

        Raises:
            ForbiddenError: saying who can help.
        """
        if right & ~self.rights:
            owner = self.given.owner_name if self.given else ""
            raise ForbiddenError(f"{owner} did not give you the right to do this. Ask for it.")

    @property
    def seal(self) -> Seal | None:
        """Of the vault this lies in; the vault's folder itself lies in none."""
        seal = self.home.seal
        return seal if seal is not None and len(self.parts) > seal.depth else None

    @property
    def content_seal(self) -> Seal | None:
        """Of the vault in which things in this folder lie."""
        seal = self.home.seal
        return seal if seal is not None and len(self.parts) >= seal.depth else None

    @property
    def plain_name(self) -> str:
        """Last component as it would be outside of a vault."""
        return self._plain_parts()[-1] if self.parts else ""

    def _plain_parts(self) -> tuple[str, ...]:
        seal = self.seal
        if seal is None:
            return self.parts
        inner = self.parts[seal.depth :]
        opened = seal.plain(inner)
        return (
            *self.parts[: seal.depth],
            *(plain or name for plain, name in zip(opened, inner, strict=True)),
        )

    @property
    def name(self) -> str:
        """Last component as on the disk; empty for the home itself."""
        return self.parts[-1] if self.parts else ""

    @property
    def parent(self) -> "Spot":
        """The folder around it; the home is its own."""
        parts, home = self.parts[:-1], self.home
        if home.seal is not None and len(parts) < home.seal.depth:
            home = replace(home, seal=None)
        return replace(self, home=home, parts=parts)

    def child(self, *names: str) -> "Spot":
        """A name in this folder, or a path below it."""
        seal = self.content_seal
        inner = names if seal is None else tuple(map(seal.inside, names))
        return Spot(self.home, (*self.parts, *inner), self.given)

    def renamed(self, name: str) -> "Spot":
        """Another name in the same folder.

        Raises:
            ForbiddenError: it would lie beside what was given, not in it.
        """
        if self.is_top:
            raise ForbiddenError("What was shared with you keeps its name and its place.")
        return self.parent.child(name)

    def numbered(self, number: int) -> "Spot":
        """The same name with a number."""
        return self.renamed(numbered(self.plain_name, number))

    def is_same(self, other: "Spot") -> bool:
        """Whether both name one place, whoever looks at it."""
        return (self.home.file_id, self.parts) == (other.home.file_id, other.parts)

    def is_within(self, other: "Spot") -> bool:
        """Whether this is *other* or lies below it; by components, never by text."""
        return self.home.file_id == other.home.file_id and self.parts[: len(other.parts)] == other.parts


@dataclass(frozen=True, slots=True)
class Found:
    """Something that exists: what the disk shows, and its row, which agrees."""

    spot: Spot
    entry: Entry
    row: FileRow
    digest: str | None = None
    """BLAKE3 of the bytes that were just stored, as they were sent."""

    @property
    def blake3(self) -> str | None:
        """BLAKE3 of the bytes as clients see them, where it is known."""
        return self.row.blake3 if self.spot.seal is None else self.digest

    @property
    def is_folder(self) -> bool:
        """Whether it is a directory."""
        return self.entry.kind == "directory"


class Homes(dict[tuple[int, int], Home]):
    """Homes this process has met, by volume and owner; a part of the Env. They never change."""


class Places:
    """Looks things up for one Env; holds no transaction between calls."""

    def __init__(self, env: Env) -> None:
        self._env = env
        self._threads = env.part(Threads)
        self._volumes = env.part(Volumes)
        self._seals = env.part(Seals)

    async def home(self, caller: Caller, volume_id: int | None = None) -> Home:
        """The caller's folder on a volume, made when it is missing.

        Raises:
            VolumeNotFoundError, VolumeOfflineError: see there.
        """
        return await self.home_of(caller.user_id, caller.username, volume_id)

    async def home_of(self, owner_id: int, username: str, volume_id: int | None = None) -> Home:
        """The folder of a user who is not the caller."""
        mounted = await self._volumes.get(volume_id)
        known = self._env.part(Homes).get((mounted.id, owner_id))
        if known is not None and known.mounted is mounted:
            return known
        core = mounted.core
        async with open_unit(self._env, writes=False) as unit:
            row = await _home_row(unit.session, mounted.id, owner_id)
        if row is None:
            row = await self._make_home(mounted, core, owner_id, username)
        home = Home(mounted, row.id, row.name, owner_id)
        self._env.part(Homes)[(mounted.id, owner_id)] = home
        return home

    async def _make_home(self, mounted: Mounted, core: Volume, owner_id: int, username: str) -> FileRow:
        """Claim a free directory: an empty one may be ours from before a crash, a full one is somebody's."""
        async with open_unit(self._env) as unit:
            if unit.session.get_bind().dialect.name == "postgresql":  # SQLite has one writer anyway
                await unit.session.execute(select(func.pg_advisory_xact_lock(HOMES_LOCK, mounted.id)))
            again = await _home_row(unit.session, mounted.id, owner_id)
            if again is not None:
                return again
            homes = select(FileRow.name_key).where(
                FileRow.volume_id == mounted.id, FileRow.parent_id.is_(None), FileRow.trash_id.is_(None)
            )
            taken = set((await unit.session.scalars(homes)).all())
            number, name = 1, username
            with told(username):
                while name_key(name) in taken or not await self._threads.run(_claim, core, name):
                    number += 1
                    name = numbered(username, number)
                entry = await self._threads.run(core.stat, name)
            row = FileRow(
                volume_id=mounted.id, parent_id=None, name=name, name_key=name_key(name), kind="directory",
                owner_id=owner_id, size=0, mtime_ns=entry.mtime_ns, ino=entry.ino & INO_MASK, rev=1,
            )  # fmt: skip
            unit.session.add(row)
            await unit.session.flush()
        return row

    async def spot(self, home: Home, path: str) -> Spot:
        """The place the owner of *home* means by *path*; names that are not UTF-8 may come as %XX.

        Names in a vault may come as they are on the disk.

        Raises:
            FileNotFoundHereError: it leads into something that nobody gave them.
            SharedRootError: it is the list of what others gave, which is no place.
            VaultLockedError, VaultNotGivenError: it lies in a vault that is locked, or is somebody else's.
        """
        parts = split(path)
        if parts and parts[0] == SHARED:
            return await self._given_spot(home.owner_id, parts[1:])
        plain = home if home.seal is None else replace(home, seal=None)
        return await self._as_on_disk(Spot(plain, ()), parts)

    async def _as_on_disk(self, folder: Spot, parts: tuple[str, ...]) -> Spot:
        whole = (*folder.parts, *parts)
        if (seal := await self._seal_of(folder.home, whole, folder.given)) is not None:
            cut = max(len(folder.parts), seal.depth)
            if cut > seal.depth:
                _ = seal.keys
            inside = replace(folder, home=replace(folder.home, seal=seal), parts=whole[:cut])
            return inside.child(*whole[cut:])
        literal = folder.child(*parts)
        if not any(map(from_wire, parts)) or await self.stat(literal) is not None:
            return literal
        return folder.child(*(from_wire(part) or part for part in parts))

    async def _seal_of(self, home: Home, parts: tuple[str, ...], given: Given | None) -> Seal | None:
        seal = await self._seals.of(home, parts)
        return seal if seal is None or given is None else seal.foreign()

    async def _given_spot(self, user_id: int, parts: tuple[str, ...]) -> Spot:
        if not parts:
            raise SharedRootError("This is a list, not a folder. Name something in it.")
        async with open_unit(self._env, writes=False) as unit:
            wanted = {parts[0], from_wire(parts[0]) or parts[0]}
            found = [one for one in await Grants(unit).given_to(user_id) if one.name in wanted]
        if not found:
            raise FileNotFoundHereError("Nothing of this name is shared with you.")
        top = await self.given_top(found[0])
        spot = await self._as_on_disk(top, parts[1:])
        async with open_unit(self._env, writes=False) as unit:
            below = await FileRows(unit).chain(found[0].chain[-1].id, spot.parts[len(top.parts) :])
            rights = (await Grants(unit).held(user_id, [*found[0].chain, *below]))[-1]
        return spot if top.given is None else replace(spot, given=replace(top.given, rights=rights))

    async def given_top(self, shared: Shared) -> Spot:
        """Where something lies that was given to somebody, as they see it."""
        parts = tuple(row.name for row in shared.chain[1:])
        label = f"{SHARED}/{to_wire(shared.name)}"
        given = Given(len(parts), label, shared.owner_name, shared.rights)
        return Spot(await self._home_at(shared.chain[0]), parts, given)

    async def _home_at(self, row: FileRow) -> Home:
        return Home(await self._volumes.get(row.volume_id), row.id, row.name, row.owner_id)

    async def target(self, home: Home, path: str) -> Spot:
        """The same for something that is to be made: it must have a name.

        Raises:
            UnsafePathError: the path is empty, or its last name cannot be one.
        """
        spot = await self.spot(home, path)
        check_name(spot.name)
        return spot

    async def stat(self, spot: Spot) -> Entry | None:
        """What is on the disk there, None for nothing."""
        core = spot.home.core
        with told(spot.path):
            try:
                return await self._threads.run(core.stat, spot.disk)
            except (FileNotFoundError, NotADirectoryError):
                if not spot.parts:  # the folder of somebody who is signed in is missing: it is made again
                    return await self._threads.run(core.make_dir, spot.disk, parents=True)
                return None

    async def find(self, spot: Spot) -> Found:
        """What is there, with a row that agrees with it.

        Raises:
            FileNotFoundHereError: nothing is there.
        """
        for _ in range(LOOKS):
            entry = await self.stat(spot)
            if entry is None:
                break
            with suppress(BusyNameError):
                return Found(spot, entry, await self.row_of(spot, entry))
        else:
            raise _replaced(spot)
        raise FileNotFoundHereError(f"There is no file or folder {spot.path!r}.")

    async def peek(self, spot: Spot) -> RowFacts | None:
        """What the rows say about *spot*, without a look at the disk; None when they say nothing."""
        values = {"top": spot.home.file_id, **{f"p{n}": to_stored(part) for n, part in enumerate(spot.parts)}}
        if len(spot.parts) > JOIN_DEPTH:
            return None
        rows = await self._env.part(Lookup).rows(peek_sql(len(spot.parts)), values)
        return RowFacts._make(rows[0]) if rows else None

    async def check_unchanged(self, found: Found) -> None:
        """Refuse when the name has come to hold something else since.

        Raises:
            FileNotFoundHereError: it is gone.
            BusyNameError: something else is there now.
        """
        entry = await self.stat(found.spot)
        if entry is None:
            raise FileNotFoundHereError(f"There is no file or folder {found.spot.path!r} any more.")
        if entry.ino != found.entry.ino:
            raise _replaced(found.spot)

    async def has_changed(self, spot: Spot, entry: Entry) -> bool:
        """Whether *spot* holds something else now; in the owner's turn nobody can record that yet."""
        now = await self.stat(spot)
        if now is None or now.kind != entry.kind:
            return True
        seen = (entry.ino, entry.size, entry.mtime_ns)
        return entry.kind == "file" and (now.ino, now.size, now.mtime_ns) != seen

    async def row_of(self, spot: Spot, entry: Entry) -> FileRow:
        """The row of something that was just seen on the disk.

        Raises:
            BusyNameError: something else is there by now.
        """
        async with open_unit(self._env, writes=False) as unit:
            rows = FileRows(unit)
            if not spot.parts:
                home = await rows.get(spot.home.file_id)
                if home is not None:
                    return home
            chain = await rows.chain(spot.home.file_id, spot.parts)
        if len(chain) == len(spot.parts) and chain and not differs(chain[-1], entry):
            return chain[-1]
        return await self._adopt_chain(spot, entry)

    async def _adopt_chain(self, spot: Spot, entry: Entry) -> FileRow:
        core, parts = spot.home.core, spot.parts
        with told(spot.path):
            above = [
                await self._threads.run(core.stat, Spot(spot.home, parts[:depth]).disk)
                for depth in range(1, len(parts))
            ]
        async with open_unit(self._env) as unit:
            await take_turn(unit, spot.home.owner_id)
            if await self.has_changed(spot, entry):
                raise _replaced(spot)
            parent_id = spot.home.file_id
            row: FileRow | None = None
            for seen in (*above, entry):
                found = await FileRows(unit).adopt(
                    spot.home.mounted.id, spot.home.owner_id, parent_id, [seen]
                )
                row = found.get(seen.name)
                if row is None:
                    raise FileNotFoundHereError(f"There is no file or folder {spot.path!r}.")
                parent_id = row.id
        if row is None:
            raise FileNotFoundHereError("This folder is gone.")
        return row

    async def by_id(self, caller: Caller, file_id: int) -> Found:
        """Something by its id.

        Raises:
            FileNotFoundHereError: unknown, deleted, gone from the disk, or somebody else's who did not
                give it to the caller.
            VaultLockedError, VaultNotGivenError: it lies in a vault that is locked, or is somebody else's.
        """
        given: Given | None = None
        async with open_unit(self._env, writes=False) as unit:
            rows = await FileRows(unit).path_of(file_id)
            if rows and rows[0].owner_id != caller.user_id:
                given = await _given(unit, caller.user_id, rows)
        if not rows or (given is None and rows[0].owner_id != caller.user_id):
            raise FileNotFoundHereError("There is no such file or folder.")
        home, parts = await self._home_at(rows[0]), tuple(row.name for row in rows[1:])
        seal = await self._seal_of(home, parts, given)
        if seal is not None:
            home = replace(home, seal=seal)
            if len(parts) > seal.depth:
                _ = seal.keys
        found = await self.find(Spot(home, parts, given))
        if found.row.id != file_id:
            raise FileNotFoundHereError("There is no such file or folder.")
        return found

    async def find_all(self, caller: Caller, ids: Sequence[int]) -> list[Found]:
        """Several by id, those that exist, few at a time."""
        slots = asyncio.Semaphore(8)

        async def one(file_id: int) -> Found | None:
            async with slots:
                try:
                    return await self.by_id(caller, file_id)
                except (FileNotFoundHereError, VaultLockedError, VaultNotGivenError):
                    return None

        return [found for found in await asyncio.gather(*map(one, ids)) if found is not None]


async def _given(unit: Unit, user_id: int, chain: Chain) -> Given | None:
    """Through which of their grants somebody sees the last of *chain*; the topmost one counts."""
    held = await Grants(unit).held(user_id, chain)
    if not held[-1] & Right.VIEW:
        return None
    depth = next(depth for depth, rights in enumerate(held) if rights & Right.VIEW)
    for one in await Grants(unit).given_to(user_id):
        if one.chain[-1].id == chain[depth].id:
            return Given(depth, f"{SHARED}/{to_wire(one.name)}", one.owner_name, held[-1])
    return None


async def _home_row(session: object, volume_id: int, owner_id: int) -> FileRow | None:
    query = select(FileRow).where(
        FileRow.volume_id == volume_id, FileRow.owner_id == owner_id,
        FileRow.parent_id.is_(None), FileRow.trash_id.is_(None),
    )  # fmt: skip
    found: FileRow | None = await session.scalar(query)  # type: ignore[attr-defined]
    return found


def _replaced(spot: Spot) -> BusyNameError:
    return BusyNameError(f"{spot.path!r} was replaced meanwhile. Try again.", headers={"retry-after": "1"})


def _claim(core: Volume, name: str) -> bool:
    """Make the directory; True when it is new or stands empty."""
    try:
        core.make_dir(name)
    except FileExistsError:
        return core.stat(name).kind == "directory" and core.listing(name, limit=1).total == 0
    return True
