"""Scrubbing: read files again and compare, so that a disk that forgets is found out in time."""

import errno
from collections.abc import AsyncIterator, Awaitable, Callable

import msgspec
from sqlalchemy import func, select

from balu.kernel.errors import NotFoundError, UnavailableError
from balu.kernel.log import logger
from balu.kernel.threads import Threads
from balu.kernel.unit import Env, open_unit
from balu.storage.files.intents import Intents
from balu.storage.files.models import FileRow
from balu.storage.files.names import to_wire
from balu.storage.files.rows import FileRows, differs
from balu.storage.volumes import Volumes
from balu_core import Entry

AT_ONCE = 200
SLICES = 30
"""Every file is read once in so many days."""
log = logger("balu.scrub")


class Scrubbed(msgspec.Struct, kw_only=True):
    """What a round found; *rotten* names files whose bytes changed although nobody wrote to them."""

    checked: int = 0
    bytes: int = 0
    rehashed: int = 0
    """Changed in place from outside: read again, no fault."""
    unread: int = 0
    """Gone, being written, or on a disk that does not answer."""
    rotten: list[str] = msgspec.field(default_factory=list)


class Scrub:
    """Reads and compares; changes no file."""

    def __init__(self, env: Env) -> None:
        self._env = env
        self._threads = env.part(Threads)

    async def run(
        self, *, slice_: int | None = None, go_on: Callable[[Scrubbed, int], Awaitable[bool]] | None = None
    ) -> Scrubbed:
        """Every file with a hash, or one of thirty slices; *go_on* hears how far it is and may end it."""
        found = Scrubbed()
        async for row, total in self._rows(slice_):
            await self._one(row, found)
            if go_on is not None and not await go_on(found, total):
                break
        return found

    async def _rows(self, slice_: int | None) -> AsyncIterator[tuple[FileRow, int]]:
        wanted = [FileRow.kind == "file", FileRow.blake3.is_not(None), FileRow.trash_id.is_(None)]
        if slice_ is not None:
            wanted.append(FileRow.id % SLICES == slice_ % SLICES)
        async with open_unit(self._env, writes=False) as unit:
            total = int(await unit.session.scalar(select(func.count()).where(*wanted)) or 0)
        after = 0
        while True:
            query = select(FileRow).where(*wanted, FileRow.id > after).order_by(FileRow.id).limit(AT_ONCE)
            async with open_unit(self._env, writes=False) as unit:
                rows = (await unit.session.scalars(query)).all()
            for row in rows:
                yield row, total
            if not rows:
                return
            after = rows[-1].id

    async def _one(self, row: FileRow, found: Scrubbed) -> None:
        async with open_unit(self._env, writes=False) as unit:
            path = await FileRows(unit).path_of(row.id)
        disk = "/".join(step.name for step in path)
        try:
            if not path:
                raise FileNotFoundError(errno.ENOENT, "deleted")
            core = (await self._env.part(Volumes).get(row.volume_id)).core
            entry, blake3 = await self._threads.run(core.hash, disk)
        except (OSError, UnavailableError, NotFoundError) as error:
            found.unread += 1
            if isinstance(error, OSError) and error.errno == errno.EIO:
                log.exception("the disk cannot read a file", path=to_wire(disk), file_id=row.id)
                found.rotten.append(to_wire(disk))
            return
        found.checked += 1
        found.bytes += entry.size
        if differs(row, entry):
            await self._adopt(row, entry, blake3)
            found.rehashed += 1
        elif blake3 != row.blake3 and await self._is_current(row):
            log.error("bit rot", path=to_wire(disk), file_id=row.id, expected=row.blake3, found=blake3)
            found.rotten.append(to_wire(disk))

    async def _adopt(self, row: FileRow, entry: Entry, blake3: str) -> None:
        if row.parent_id is None:
            return
        async with open_unit(self._env) as unit:
            rows = FileRows(unit)
            now = (await rows.adopt(row.volume_id, row.owner_id, row.parent_id, [entry])).get(entry.name)
            if now is not None and not differs(now, entry):
                now.blake3 = blake3

    async def _is_current(self, row: FileRow) -> bool:
        """Whether the row still says what it said before the file was read."""
        async with open_unit(self._env, writes=False) as unit:
            now = await unit.session.get(FileRow, row.id)
            if now is None or (now.rev, now.ino, now.blake3) != (row.rev, row.ino, row.blake3):
                return False
            held = Intents(unit).holds(now.volume_id, now.parent_id or 0, now.name)
            return not await held
