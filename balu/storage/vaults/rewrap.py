"""New locks for the keys of files: headers are written again in place, and nothing else of a file changes.

That is the only write into a live file. The new header is an intent first, so that one a crash left half
written is written once more; inode, size and time of the file stay, its row and its ETag with them.
"""

import asyncio
import base64
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import select, update

from balu.kernel.errors import UnavailableError
from balu.kernel.threads import Threads, finish
from balu.kernel.unit import Env, Unit, open_unit, persistently
from balu.storage.files import INO_MASK, FileRow, IntentRow, Intents, VersionRow, explained, settle_each
from balu.storage.vaults.models import VaultRow
from balu.storage.vaults.sweep import Sealed, Store, Sweep
from balu.storage.volumes import take_turn
from balu_core import StaleTargetError, Volume

if TYPE_CHECKING:
    from balu_core._native import VaultKeys

OP = "header"
PASSING = (StaleTargetError, FileNotFoundError, NotADirectoryError, IsADirectoryError, BlockingIOError)
"""What only says that something else is there by now, or that somebody is writing."""


class HeaderPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What the intent of a new header says; enough to write it without a key."""

    vault: str
    store: Store
    name: str
    ino: int
    mtime_ns: int
    header: str
    """All of it, in base64."""


@dataclass(frozen=True, slots=True)
class Fresh:
    """A file and its next header."""

    file: Sealed
    op_id: str
    header: bytes
    file_id: int | None
    """Of its row, should it have one."""


class Rewrapper:
    """Brings files of one vault under the newest KEK of *keys*."""

    def __init__(self, env: Env, vault: VaultRow, core: Volume, keys: "VaultKeys") -> None:
        self._env, self._vault, self._core, self._keys = env, vault, core, keys
        self._threads = env.part(Threads)
        self._rows: dict[int, int] | None = None

    async def rewrap(self, files: Sequence[Sealed]) -> set[int]:
        """Write their headers; returns the inodes that are done. The others are busy or have moved.

        Raises:
            UnavailableError: the disk or the database does not answer; recovery does what was begun.
            OSError: a header is damaged in a way its checksum does not show.
        """
        done: set[int] = await finish(self._rewrap(files))
        return done

    async def _known(self) -> dict[int, int]:
        """Rows of the owner's files by inode; files that come later are under the newest KEK already."""
        if self._rows is None:
            query = select(FileRow.ino, FileRow.id).where(
                FileRow.owner_id == self._vault.owner_id, FileRow.volume_id == self._vault.volume_id,
                FileRow.kind == "file",
            )  # fmt: skip
            async with open_unit(self._env, writes=False) as unit:
                self._rows = {ino: file_id for ino, file_id in await unit.session.execute(query)}  # noqa: C416
        return self._rows

    async def plan(self, files: Sequence[Sealed]) -> list[Fresh]:
        """Write their next headers down; leaves out what has its own already, and names somebody holds."""
        known = await self._known()
        wanted = []
        for file in files:
            header = self._keys.rewrap(file.header)
            if header is not None:
                ino = file.entry.ino & INO_MASK
                wanted.append(Fresh(file, secrets.token_hex(16), header, known.get(ino)))
        return await persistently(lambda: self._open(wanted)) if wanted else []

    async def _rewrap(self, files: Sequence[Sealed]) -> set[int]:
        opened = await self.plan(files)
        outcomes = await asyncio.gather(*map(self._write, opened), return_exceptions=True)
        trouble = [one for one in outcomes if isinstance(one, BaseException) and not isinstance(one, PASSING)]
        ended = [
            one
            for one, outcome in zip(opened, outcomes, strict=True)
            if outcome is None or isinstance(outcome, PASSING)
        ]
        if opened:
            await persistently(lambda: self._close(opened, ended))
        if trouble:
            first = trouble[0]
            raise explained(first, self._vault.name) if isinstance(first, OSError) else first
        return {one.file.entry.ino for one, outcome in zip(opened, outcomes, strict=True) if outcome is None}

    async def _open(self, wanted: Sequence[Fresh]) -> list[Fresh]:
        async with open_unit(self._env) as unit:
            await take_turn(unit, self._vault.owner_id)
            query = select(FileRow.id, FileRow.ino, FileRow.parent_id, FileRow.name).where(
                FileRow.id.in_([one.file_id for one in wanted if one.file_id is not None])
            )
            rows = {row.id: row for row in await unit.session.execute(query)}
            places = [(self._name(one, rows.get(one.file_id or 0)), one) for one in wanted]
            opened = []
            for name, one in sorted(places, key=lambda place: place[0]):
                plan = msgspec.to_builtins(self._plan(one))
                if await Intents(unit).claim(OP, one.op_id, name, plan):
                    opened.append(one)
            await self._forget_hashes(unit, opened)
        return opened

    def _name(self, one: Fresh, row: Any) -> tuple[int, int, str]:
        """What the intent holds: the name under which the file is seen, for others the file itself."""
        ino = one.file.entry.ino
        if row is None or row.parent_id is None or row.ino != ino & INO_MASK:
            return self._vault.volume_id, 0, f"{OP} {ino}"
        return self._vault.volume_id, row.parent_id, row.name

    def _plan(self, one: Fresh) -> HeaderPlan:
        file = one.file
        return HeaderPlan(
            vault=self._vault.uid, store=file.store, name=file.name, ino=file.entry.ino,
            mtime_ns=file.entry.mtime_ns, header=base64.b64encode(one.header).decode(),
        )  # fmt: skip

    async def _forget_hashes(self, unit: Unit, some: Sequence[Fresh]) -> None:
        """What is known of the bytes on the disk is out of date; that of the plain ones is in the file."""
        ids = [one.file_id for one in some if one.file_id is not None]
        # A statement and no change of objects: it says in the row that something was done, in any case.
        await unit.session.execute(update(FileRow).where(FileRow.id.in_(ids)).values(blake3=None))
        for one in some:
            if one.file.store == "versions":
                file_id, _, rev = one.file.name.partition("/")
                mine = update(VersionRow).where(
                    VersionRow.file_id == int(file_id), VersionRow.rev == int(rev)
                )
                await unit.session.execute(mine.values(blake3=None))

    async def _write(self, one: Fresh) -> None:
        await self._threads.run(put_header, self._core, self._plan(one))

    async def _close(self, opened: Sequence[Fresh], ended: Sequence[Fresh]) -> None:
        async with open_unit(self._env) as unit:
            await take_turn(unit, self._vault.owner_id)
            for one in opened:
                if one in ended:
                    await Intents(unit).close(one.op_id)
                else:
                    await Intents(unit).leave(one.op_id)
            await self._forget_hashes(unit, ended)


def put_header(core: Volume, plan: HeaderPlan) -> None:
    """Write what *plan* says where it says; call it in a thread."""
    header = base64.b64decode(plan.header)
    core.put_header(plan.store, plan.name, header, ino=plan.ino, mtime_ns=plan.mtime_ns)


async def recover_headers(env: Env) -> int:
    """Write again what dead workers were writing; returns how many."""

    async def settle(core: Volume, intent: IntentRow) -> None:
        plan = msgspec.convert(intent.plan, HeaderPlan)
        try:
            await env.part(Threads).run(put_header, core, plan)
        except BlockingIOError as error:
            raise UnavailableError("Its bytes are being written.") from error
        except PASSING:
            await _elsewhere(env, core, plan)
        async with open_unit(env) as unit:
            await Intents(unit).close(intent.op_id)

    return await settle_each(env, {OP: settle})


async def _elsewhere(env: Env, core: Volume, plan: HeaderPlan) -> None:
    """The file has moved since, or is gone, or somebody else wrote a later header."""
    async with open_unit(env, writes=False) as unit:
        vault = await unit.session.scalar(select(VaultRow).where(VaultRow.uid == plan.vault))
    if vault is None:
        return
    for store, name, entry in await Sweep(env, vault).places(core):
        if entry.ino == plan.ino:
            moved = msgspec.structs.replace(plan, store=store, name=name)
            try:
                await env.part(Threads).run(put_header, core, moved)
            except StaleTargetError:
                return
