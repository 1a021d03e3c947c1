"""Scanning a volume: rows follow what was added, changed, moved or deleted on its disk by others.

A name that is missing is looked for a second time, after everything else was seen and with the volume's
marker in place, before its row is retired. A listing that fails says nothing about what is in it.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import func, select

from balu.kernel.log import logger
from balu.kernel.threads import Threads
from balu.kernel.unit import Env, Unit, open_unit
from balu.storage.files.intents import Intents
from balu.storage.files.models import RETIRED, FileRow
from balu.storage.files.names import to_wire
from balu.storage.files.rows import FileRows, differs
from balu.storage.volumes import Mounted, QuotaService, Volumes, take_turn
from balu_core import Entry

EVERYTHING = 1 << 31
ADOPT_AT_ONCE = 2000
GUARD_FILES, GUARD_SHARE = 50, 0.25
"""More rows than the larger of these are not retired in one go without being asked for."""
log = logger("balu.scan")
GoOn = Callable[["Scanned"], Awaitable[bool]]


class Scanned(msgspec.Struct, kw_only=True):
    """What a scan found and did."""

    folders: int = 0
    entries: int = 0
    added: int = 0
    changed: int = 0
    moved: int = 0
    deleted: int = 0
    """Names whose rows were retired; what is below a folder is not counted."""
    held_back: int = 0
    """Names that are missing, but so many at once that somebody has to say so first."""
    unreadable: list[str] = msgspec.field(default_factory=list)
    """Folders that could not be listed; nothing is concluded about them. The first hundred."""


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder that has a row."""

    id: int
    disk: str
    owner_id: int
    home_id: int


class Scan:
    """Brings the rows of one volume up to date."""

    def __init__(self, env: Env, mounted: Mounted) -> None:
        self._env, self._mounted = env, mounted
        self._threads = env.part(Threads)
        self._found = Scanned()
        self._missing: dict[int, list[int]] = {}
        """Row ids by home."""
        self._newest = 0
        """The last row there was before."""

    async def run(self, *, accept_deletes: bool = False, go_on: GoOn | None = None) -> Scanned:
        """Look at every folder; *go_on* hears how far it is and may end it, and then nothing is retired.

        Raises:
            VolumeOfflineError: the disk is away, or goes away meanwhile; missing names stay as they are.
        """
        async with open_unit(self._env, writes=False) as unit:
            self._newest = await unit.session.scalar(select(func.max(FileRow.id))) or 0
        for home in await homes(self._env, self._mounted):
            pending = [home]
            while pending:
                folder = pending.pop()
                pending += await self._folder(folder)
                if go_on is not None and not await go_on(self._found):
                    return self._found
        for home_id, ids in self._missing.items():
            await self._settle(home_id, ids, accept_deletes=accept_deletes)
        return self._found

    async def _folder(self, folder: Folder) -> list[Folder]:
        """Compare one folder with its rows; returns those in it."""
        entries = await listed(self._env, self._mounted, folder)
        if entries is None:
            if len(self._found.unreadable) < 100:  # noqa: PLR2004  see its docstring
                self._found.unreadable.append(to_wire(folder.disk))
            return []
        self._found.folders += 1
        self._found.entries += len(entries)
        async with open_unit(self._env, writes=False) as unit:
            rows = await rows_in(unit, folder)
        new = [entry for entry in entries if entry.name not in rows]
        changed = [entry for entry in entries if entry.name in rows and differs(rows[entry.name], entry)]
        self._found.added += len(new)
        self._found.changed += len(changed)
        stale = [*new, *changed]
        for start in range(0, len(stale), ADOPT_AT_ONCE):
            part = stale[start : start + ADOPT_AT_ONCE]
            async with open_unit(self._env) as unit:
                adopt = FileRows(unit).adopt
                rows |= await adopt(self._mounted.id, folder.owner_id, folder.id, part)
        here = {entry.name for entry in entries}
        gone = [row.id for name, row in rows.items() if name not in here]
        if gone:
            self._missing.setdefault(folder.home_id, []).extend(gone)
        return [
            Folder(rows[entry.name].id, f"{folder.disk}/{entry.name}", folder.owner_id, folder.home_id)
            for entry in entries
            if entry.kind == "directory" and entry.name in rows
        ]

    async def _settle(self, home_id: int, ids: Sequence[int], *, accept_deletes: bool) -> None:
        """Look again for what was missing: moved, deleted, or back already."""
        left = [file_id for file_id in ids if not await self._moved(file_id)]
        total, gone = await self._weigh(home_id, left)
        if not accept_deletes and gone > max(GUARD_FILES, GUARD_SHARE * total):
            log.warning("too much is missing at once", volume=self._mounted.name, missing=gone, of=total)
            self._found.held_back += len(left)
            return
        for file_id in left:
            self._found.deleted += await self._retire(file_id)

    async def _weigh(self, home_id: int, ids: Sequence[int]) -> tuple[int, int]:
        """Rows of a home, and how many of them are these or lie below them."""
        async with open_unit(self._env, writes=False) as unit:
            rows = FileRows(unit)
            # What is missing is not looked into, so none of them lies below another.
            gone = [await rows.tree_length(file_id) for file_id in ids]
            return await rows.tree_length(home_id), sum(gone)

    async def _moved(self, file_id: int) -> bool:
        """Whether the same inode turned up under another name: then the row goes there."""
        async with open_unit(self._env) as unit:
            await take_turn(unit, await FileRows(unit).owner_of(file_id))
            row = await unit.session.get(FileRow, file_id)
            if row is None or row.ino == 0 or not await self._is_missing(unit, row):
                return row is None
            same = [
                FileRow.volume_id == row.volume_id, FileRow.ino == row.ino, FileRow.kind == row.kind,
                FileRow.id > row.id, FileRow.parent_id.is_not(None), FileRow.rev == 1,
                FileRow.owner_id == row.owner_id,
            ]  # fmt: skip
            if row.kind != "directory":
                same += [FileRow.size == row.size, FileRow.mtime_ns == row.mtime_ns]
            there = await unit.session.scalar(select(FileRow).where(*same).limit(1))
            if there is None or await self._is_missing(unit, there):
                return False
            rows = FileRows(unit)
            is_counted = there.id > self._newest
            place = (there.parent_id, there.name, there.name_key)
            size = await rows.tree_size(there.id)
            rows.note(there, "delete")
            await unit.session.flush()
            await rows.drop(await rows.tree_ids(there.id))
            await QuotaService(unit).move(row.owner_id, live=-size)
            above = row.parent_id
            row.parent_id, row.name, row.name_key = place
            await unit.session.flush()
            rows.note(row, "move", left=above)
        self._found.moved += 1
        if is_counted:
            self._found.added = max(0, self._found.added - 1)
        return True

    async def _retire(self, file_id: int) -> bool:
        """Take a row out of its folder that has nothing on the disk; its bytes leave the ledger."""
        async with open_unit(self._env) as unit:
            await take_turn(unit, await FileRows(unit).owner_of(file_id))
            row = await unit.session.get(FileRow, file_id)
            if row is None or not await self._is_missing(unit, row):
                return False
            rows = FileRows(unit)
            live = await rows.tree_size(row.id)
            above = row.parent_id
            row.parent_id, row.trash_id, row.updated_at = None, RETIRED, unit.now()
            await unit.session.flush()
            rows.note(row, "delete", left=above)
            await QuotaService(unit).move(row.owner_id, live=-live)
        return True

    async def _is_missing(self, unit: Unit, row: FileRow) -> bool:
        """Whether nothing is there now, nobody is about to put something there, and the disk is ours."""
        path = await FileRows(unit).path_of(row.id)
        if (
            len(path) < 2  # noqa: PLR2004  a home and something in it
            or row.parent_id is None
            or await Intents(unit).holds(row.volume_id, row.parent_id, row.name)
        ):
            return False
        core, parts = self._mounted.core, [step.name for step in path]
        try:
            await self._threads.run(core.stat, "/".join(parts))
        except (FileNotFoundError, NotADirectoryError):
            pass
        else:
            return False
        try:
            above = await self._threads.run(core.stat, "/".join(parts[:-1]))
        except OSError:
            return False
        # Asked last: had the disk gone before, the answers above would mean nothing.
        return above.kind == "directory" and self._mounted.core is core


async def homes(env: Env, mounted: Mounted) -> list[Folder]:
    """The homes on a volume."""
    query = select(FileRow).where(
        FileRow.volume_id == mounted.id, FileRow.parent_id.is_(None), FileRow.trash_id.is_(None)
    )
    async with open_unit(env, writes=False) as unit:
        rows = (await unit.session.scalars(query.order_by(FileRow.id))).all()
    return [Folder(row.id, row.name, row.owner_id, row.id) for row in rows]


async def rows_in(unit: Unit, folder: Folder) -> dict[str, Any]:
    """Columns of everything in a folder, by name."""
    columns = (
        FileRow.id, FileRow.name, FileRow.kind, FileRow.owner_id, FileRow.size, FileRow.mtime_ns, FileRow.ino,
        FileRow.blake3,
    )  # fmt: skip
    query = select(*columns).where(FileRow.parent_id == folder.id)
    return {row.name: row for row in await unit.session.execute(query)}


async def listed(env: Env, mounted: Mounted, folder: Folder) -> Sequence[Entry] | None:
    """Everything in a folder, None when it cannot be listed.

    Raises:
        VolumeOfflineError: the disk is away.
    """
    core = mounted.core
    try:
        listing = await env.part(Threads).run(core.listing, folder.disk, limit=EVERYTHING)
    except OSError as error:
        log.warning("folder not listed", path=to_wire(folder.disk), reason=str(error))
        return None
    _ = mounted.core  # an empty folder under a disk that went away is no empty folder
    return listing.entries


async def scan_volume(env: Env, volume_id: int | None, **options: Any) -> Scanned:
    """``Scan.run`` for one volume by its number, or for all that are online without one."""
    volumes = env.part(Volumes)
    if volume_id is not None:
        return await Scan(env, await volumes.get(volume_id)).run(**options)
    total: Counter[str] = Counter()
    found = Scanned()
    for mounted in await volumes.all():
        if mounted.is_online():
            one = msgspec.structs.asdict(await Scan(env, mounted).run(**options))
            found.unreadable += one.pop("unreadable")
            total.update(one)
    return msgspec.structs.replace(found, **total)
