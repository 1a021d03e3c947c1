"""Checking volumes against the invariants, without changing anything.

Upper domains add what they know by answering ``Examination``. The names of the invariants are those of
``docs/guide/checking.md``.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import func, select

from balu.kernel.events import ask
from balu.kernel.threads import Threads
from balu.kernel.unit import Env, open_unit
from balu.storage.files.intents import Intents
from balu.storage.files.models import FileRow, IntentRow, JournalRow, VersionRow
from balu.storage.files.names import name_key, to_wire
from balu.storage.files.rows import differs
from balu.storage.files.scan import Folder, homes, listed, rows_in
from balu.storage.volumes import Mounted, Volumes, reserve_bytes
from balu_core import Entry

MAX_FINDINGS = 1000
UNCLAIMED_S = 3600.0
GoOn = Callable[["Report"], Awaitable[bool]]


class Finding(msgspec.Struct, kw_only=True):
    """Something that should not be."""

    invariant: str
    what: str
    volume: str | None = None
    path: str | None = None
    file_id: int | None = None


class Report(msgspec.Struct, kw_only=True):
    """What was looked at, and what is wrong with it."""

    volumes: int = 0
    offline: list[str] = msgspec.field(default_factory=list)
    """Volumes whose disk is away: nothing is known about them."""
    folders: int = 0
    files: int = 0
    bytes_read: int = 0
    busy: int = 0
    """Names that were being written, or that nobody has looked at since they were changed from outside."""
    total: int = 0
    findings: list[Finding] = msgspec.field(default_factory=list)
    """The first thousand."""

    def add(self, invariant: str, what: str, **where: Any) -> None:
        """Write down a finding."""
        self.total += 1
        if len(self.findings) < MAX_FINDINGS:
            self.findings.append(Finding(invariant=invariant, what=what, **where))


@dataclass(frozen=True, slots=True)
class Examination:
    """A question to every domain: what is wrong with your things on this volume, or, without one, at all?"""

    report: Report
    mounted: Mounted | None


class Fsck:
    """Reads rows and disks and compares them."""

    def __init__(self, env: Env, *, reads: bool = True, go_on: GoOn | None = None) -> None:
        self._env, self._reads, self._go_on = env, reads, go_on
        self._threads = env.part(Threads)
        self.report = Report()

    async def run(self, volume_id: int | None = None) -> Report:
        """One volume, or all of them and what belongs to none."""
        volumes = self._env.part(Volumes)
        chosen = await volumes.all() if volume_id is None else [await volumes.get(volume_id)]
        for mounted in chosen:
            if not mounted.is_online():
                self.report.offline.append(mounted.name)
                continue
            self.report.volumes += 1
            if not await self._volume(mounted):
                return self.report
        if volume_id is None:
            await self._rows()
            await self._ask(None)
        return self.report

    async def _ask(self, mounted: Mounted | None) -> None:
        async with open_unit(self._env, writes=False) as unit:
            await ask(unit, Examination(self.report, mounted))

    async def _volume(self, mounted: Mounted) -> bool:
        total, available, _, inodes = mounted.core.space()
        if available < reserve_bytes(total) or inodes == 0:
            self.report.add("I9", "the disk is fuller than its reserve allows", volume=mounted.name)
        for home in await homes(self._env, mounted):
            pending = [home]
            while pending:
                pending += await self._folder(mounted, pending.pop())
                if self._go_on is not None and not await self._go_on(self.report):
                    return False
        await self._versions(mounted)
        await self._staging(mounted)
        await self._ask(mounted)
        return True

    async def _folder(self, mounted: Mounted, folder: Folder) -> list[Folder]:
        entries = await listed(self._env, mounted, folder)
        if entries is None:
            where = {"volume": mounted.name, "path": to_wire(folder.disk), "file_id": folder.id}
            if await self._is_there(mounted, folder.disk):
                self.report.add("I5", "a folder cannot be listed", **where)
            return []
        self.report.folders += 1
        async with open_unit(self._env, writes=False) as unit:
            rows = await rows_in(unit, folder)
            busy = select(IntentRow.name_key).where(IntentRow.parent_id == folder.id)
            held = set((await unit.session.scalars(busy)).all())
        below = []
        for entry in entries:
            row, path = rows.pop(entry.name, None), f"{folder.disk}/{entry.name}"
            where = {"volume": mounted.name, "path": to_wire(path)}
            if name_key(entry.name) in held:
                self.report.busy += 1
            elif row is None:
                self.report.add("I7", "a name on the disk has no row", **where)
            elif row.owner_id != folder.owner_id:
                self.report.add("I7", "a row has another owner than its home", file_id=row.id, **where)
            elif entry.kind == "directory" and row.kind == "directory":
                below.append(Folder(row.id, path, folder.owner_id, folder.home_id))
            else:
                await self._file(mounted, path, entry, row)
        for name, row in rows.items():
            if name_key(name) not in held and not await self._is_there(mounted, f"{folder.disk}/{name}"):
                where = {"volume": mounted.name, "path": to_wire(f"{folder.disk}/{name}")}
                self.report.add("I7", "a row has nothing on the disk", file_id=row.id, **where)
        return below

    async def _file(self, mounted: Mounted, path: str, entry: Entry, row: Any) -> None:
        self.report.files += 1
        where = {"volume": mounted.name, "path": to_wire(path), "file_id": row.id}
        if differs(row, entry):
            self.report.add("I7", "the disk was changed and the row does not say so", **where)
        elif self._reads and row.blake3 is not None and entry.kind == "file":
            try:
                now, blake3 = await self._threads.run(mounted.core.hash, path)
            except OSError as error:
                self.report.add("I1", f"the file cannot be read: {error.strerror}", **where)
                return
            self.report.bytes_read += now.size
            if differs(row, now):
                self.report.busy += 1
            elif blake3 != row.blake3:
                self.report.add("I1", "the bytes are not those that were stored", **where)

    async def _is_there(self, mounted: Mounted, path: str) -> bool:
        try:
            await self._threads.run(mounted.core.stat, path)
        except (FileNotFoundError, NotADirectoryError):
            return False
        return True

    async def _versions(self, mounted: Mounted) -> None:
        folder = Path(mounted.root) / ".balu" / "versions"
        kept = await self._threads.run(_versions_in, folder)
        after = 0
        while True:
            query = select(VersionRow).where(VersionRow.volume_id == mounted.id, VersionRow.id > after)
            async with open_unit(self._env, writes=False) as unit:
                rows = (await unit.session.scalars(query.order_by(VersionRow.id).limit(1000))).all()
            for row in rows:
                size = kept.pop((row.file_id, row.rev), None)
                what = f"version {row.rev}"
                if size is None and await self._threads.run(_gone, folder / str(row.file_id) / str(row.rev)):
                    self.report.add("I6", f"{what} has no bytes", volume=mounted.name, file_id=row.file_id)
                elif size is not None and size < row.size:
                    self.report.add("I11", f"{what} is shorter than it was", file_id=row.file_id)
            if not rows:
                break
            after = rows[-1].id
        async with open_unit(self._env, writes=False) as unit:
            for file_id, rev in kept:
                if not await self._is_expected(unit.session, file_id, rev):
                    what = f"version {rev} has no row"
                    self.report.add("I7", what, volume=mounted.name, file_id=file_id)

    async def _is_expected(self, session: Any, file_id: int, rev: int) -> bool:
        """Whether the row came meanwhile, or is about to: some intent is open for the file's name."""
        if await session.scalar(VersionRow.of(file_id, rev)) is not None:
            return True
        row = await session.get(FileRow, file_id)
        if row is None or row.parent_id is None:
            return False
        query = select(IntentRow.id).where(
            IntentRow.parent_id == row.parent_id, IntentRow.name_key == row.name_key
        )
        return await session.scalar(query) is not None

    async def _staging(self, mounted: Mounted) -> None:
        staged = await self._threads.run(mounted.core.staging)
        async with open_unit(self._env, writes=False) as unit:
            wanted = await Intents(unit).in_use()
        old = (self._env.now().timestamp() - UNCLAIMED_S) * 1e9
        for entry in staged:
            if entry.name not in wanted and max(entry.mtime_ns, entry.ctime_ns) < old:
                self.report.add("I8", f"staged bytes that nobody wants: {entry.name}", volume=mounted.name)

    async def _rows(self) -> None:
        """What rows say about each other."""
        parent = select(FileRow.id, FileRow.kind).subquery()
        orphans = (
            select(FileRow.id)
            .outerjoin(parent, parent.c.id == FileRow.parent_id)
            .where(FileRow.parent_id.is_not(None), func.coalesce(parent.c.kind, "") != "directory")
        )
        by_file = select(VersionRow.file_id, func.max(VersionRow.rev).label("rev"))
        newest = by_file.group_by(VersionRow.file_id).subquery()
        too_new = select(FileRow.id).join(newest, newest.c.file_id == FileRow.id)
        too_new = too_new.where(newest.c.rev >= FileRow.rev, FileRow.trash_id.is_(None))
        by_change = select(JournalRow.file_id, func.max(JournalRow.rev).label("rev"))
        told = by_change.group_by(JournalRow.file_id).subquery()
        ahead = select(FileRow.id).join(told, told.c.file_id == FileRow.id).where(told.c.rev > FileRow.rev)
        questions = (
            (orphans, "I7", "a row lies in no folder"),
            (too_new, "I3", "a former revision is not older than the present one"),
            (ahead, "I10", "the journal tells of a revision that does not exist"),
        )
        async with open_unit(self._env, writes=False) as unit:
            stuck = select(IntentRow).where(IntentRow.trouble.is_not(None)).order_by(IntentRow.id)
            for intent in (await unit.session.scalars(stuck.limit(MAX_FINDINGS))).all():
                what = f"an interrupted {intent.op} cannot be settled ({intent.trouble}): {intent.op_id}"
                self.report.add("I7", what, file_id=intent.parent_id)
            for query, invariant, what in questions:
                for file_id in (await unit.session.scalars(query.limit(MAX_FINDINGS))).all():
                    self.report.add(invariant, what, file_id=file_id)


def _versions_in(folder: Path) -> dict[tuple[int, int], int]:
    """Sizes of former contents on the disk by file id and revision."""
    found = {}
    for of in folder.iterdir():
        for version in of.iterdir() if of.is_dir() and of.name.isdigit() else ():
            if version.name.isdigit():
                found[int(of.name), int(version.name)] = version.lstat().st_size
    return found


def _gone(path: Path) -> bool:
    return not path.exists()
