"""The one door for bytes: stage, write the intent, publish, write the rows.

The order is the promise: whatever dies in between, a name shows the old or the new bytes whole, and
recovery can tell from the disk alone which of them it is.
"""

import asyncio
import errno
import secrets
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import suppress
from typing import Any, ParamSpec, TypeVar

import msgspec
from msgspec import structs
from sqlalchemy.exc import SQLAlchemyError

from balu.kernel.errors import BaluError, UnavailableError
from balu.kernel.threads import Threads, finish
from balu.kernel.unit import Env, Unit, open_unit, persistently
from balu.storage.files.errors import (
    BusyNameError,
    FileExistsHereError,
    FileNotFoundHereError,
    WrongKindError,
    explained,
    told,
)
from balu.storage.files.intents import PATIENCE_S, Intents
from balu.storage.files.models import FileRow
from balu.storage.files.places import Found, Home, Places, Spot
from balu.storage.files.record import PutPlan, record_put
from balu.storage.files.rights import Right
from balu.storage.files.rows import FileRows, differs
from balu.storage.files.seals import VaultBoundaryError
from balu.storage.files.terms import (
    Outcome,
    Staged,
    Stored,
    Terms,
    check_digests,
    check_terms,
    put_plan,
    staged_of,
    taken,
)
from balu.storage.volumes import check_room, take_turn
from balu_core import Entry, Sink, StaleTargetError

P = ParamSpec("P")
T = TypeVar("T")
SMALL = 1 << 20
"""Up to here quota is taken together with the intent: one transaction less."""
STEP = 8 << 20
"""Bytes of unknown length may run ahead of their reservation by this much."""
BEAT_S = 20.0
MAX_NUMBER = 10_000
DOUBTFUL = {errno.EIO, errno.ENXIO, errno.ENODEV}
"""After these nobody can say what a power cut would leave; after all others the disk can be asked."""


class _AlikeError(Exception):
    """The index knows names that differ only in case; whether they exist is for the disk to say."""

    def __init__(self, names: list[str]) -> None:
        super().__init__(names)
        self.names = names


class _OvertakenError(Exception):
    """Somebody changed the name between looking and publishing; look again."""


class _LeftError(Exception):
    """Nobody knows what the disk holds now: the intent stays for recovery, and nothing is confirmed."""

    def __init__(self, reason: Exception) -> None:
        super().__init__(reason)
        self.reason = reason


class Writer:
    """Puts bytes under names. Cheap to make; holds no transaction while bytes travel."""

    def __init__(self, env: Env) -> None:
        self._env = env
        self._threads = env.part(Threads)
        self._places = Places(env)

    async def put(
        self, spot: Spot, chunks: AsyncIterator[bytes], *, size: int | None, terms: Terms
    ) -> Stored:
        """Store *chunks* at *spot*; *size* is their declared length.

        Raises:
            FileNotFoundHereError: the folder is missing.
            FileExistsHereError, FileChangedError, BusyNameError: *terms* do not hold.
            QuotaExceededError, NoRoomError: there is no space.
            DigestError: the bytes are not the announced ones.
        """
        if size is None or size > SMALL:
            await self.check(spot, terms)
        staged = await self.receive(spot.home, chunks, size=size, terms=terms)
        return await self.publish(spot, staged, terms)

    async def receive(
        self, home: Home, chunks: AsyncIterator[bytes], *, size: int | None, terms: Terms
    ) -> Staged:
        """Stage and sync *chunks*; whatever interrupts this leaves nothing behind."""
        check_room(home.mounted, size or 0)
        core, staging_id, reserved = home.core, secrets.token_hex(16), 0
        sink: Sink | None = None
        try:
            if size is not None and size > SMALL:
                await self._reserve(home, staging_id, size)
                reserved = size
            sink = await self._call("", core.stage, staging_id, size=size, sha256=terms.sha256 is not None)
            async for chunk in chunks:
                if not self._push(sink, chunk):
                    await self._call("", sink.drain)
                if sink.received - reserved > STEP:
                    await self._reserve(home, staging_id, ahead := sink.received - reserved)
                    reserved += ahead
            entry, blake3 = await self._call("", sink.finish)
            sha256 = sink.sha256()
            check_digests(terms, blake3, sha256)
        except BaseException:
            await finish(self._abandon(staging_id, sink, home))
            raise
        return staged_of(home, staging_id, entry, blake3, sha256=sha256, reserved=reserved)

    async def publish(self, spot: Spot, staged: Staged, terms: Terms) -> Stored:
        """Give staged bytes the name *spot*, or another one where *terms* say ``rename``.

        Raises:
            VaultBoundaryError: they were staged for another place: plain for a vault, or the other way round.
        """
        seal, wanted = staged.home.seal, spot.seal
        if (seal and seal.vault_id) != (wanted and wanted.vault_id):
            await self.drop(staged)
            raise VaultBoundaryError("Say where the bytes go before they are sent.")
        stored: Stored = await finish(self._publish(spot, staged, terms))
        return stored

    async def drop(self, staged: Staged) -> None:
        """Give up staged bytes and what was reserved for them."""
        await finish(self._abandon(staged.id, None, staged.home))

    async def folder(self, spot: Spot, *, make: bool = False) -> Found:
        """The existing folder *spot*; missing ones are made if *make* says so.

        Raises:
            FileNotFoundHereError: it is missing.
            WrongKindError: it is a file.
        """
        try:
            found = await self._places.find(spot)
        except FileNotFoundHereError:
            if not make:
                raise FileNotFoundHereError(f"There is no folder {spot.path!r}. Make it first.") from None
            await self._call(spot.path, spot.home.core.make_dir, spot.disk, parents=True)
            found = await self._places.find(spot)
        if not found.is_folder:
            raise WrongKindError(f"{spot.path!r} is not a folder.")
        return found

    async def _publish(self, spot: Spot, staged: Staged, terms: Terms) -> Stored:
        try:
            spot.need(Right.EDIT)
            parent = await self.folder(spot.parent, make=terms.parents)
            return await self._settle_name(parent, spot, staged, terms)
        except _LeftError as left:
            with suppress(SQLAlchemyError):  # without a database the lease ends by itself
                async with open_unit(self._env) as unit:
                    await Intents(unit).leave(staged.id)
            raise left.reason from left
        except BaseException:
            if not staged.is_kept:
                await self._abandon(staged.id, None, staged.home)
            raise

    async def _settle_name(self, parent: Found, spot: Spot, staged: Staged, terms: Terms) -> Stored:
        place, number, absent = spot, 1, False
        give_up_at = asyncio.get_running_loop().time() + PATIENCE_S
        while True:
            try:
                return await self._attempt(parent, place, staged, terms, absent=absent)
            except _AlikeError as alike:
                existing = [name for name in alike.names if await self._places.stat(place.renamed(name))]
                absent = not existing
                if existing and terms.on_conflict != "rename":
                    raise taken(place, "apart from upper and lower case") from None
            except FileExistsHereError:
                if terms.on_conflict != "rename" or number > MAX_NUMBER:
                    raise
                absent = False
            except (BusyNameError, _OvertakenError) as error:
                if asyncio.get_running_loop().time() > give_up_at:
                    raise (
                        error
                        if isinstance(error, BusyNameError)
                        else BusyNameError(
                            "This name changes all the time. Try again.", headers={"retry-after": "2"}
                        )
                    ) from error
                await asyncio.sleep(0.05)
                continue
            if not absent:
                number, place = number + 1, spot.numbered(number)

    async def _intend(
        self,
        parent: Found,
        place: Spot,
        staged: Staged,
        terms: Terms,
        entry: Entry | None,
        *,
        present: str | None,
        absent: bool,
    ) -> tuple[FileRow | None, PutPlan, bool, bool]:
        """The row there, what is going to happen, whether the bytes are the same, whether only the time."""
        async with open_unit(self._env) as unit:
            row = await _current(unit, self._places, parent.row, place, entry, absent=absent)
            same = row is not None and (
                (staged.blake3 is not None and row.blake3 == staged.blake3)
                or (present is not None and present == staged.digest)
            )
            check_terms(place, row, terms, same=same)
            plan = put_plan(parent.row.id, place, row, staged)
            touched = same and row is not None and terms.mtime_ns not in {None, row.mtime_ns}
            if touched:
                plan = structs.replace(plan, base_id=None, is_touch=True)
            if not same or touched:
                if missing := staged.size - staged.reserved:
                    await Intents(unit).reserve(
                        place.home.mounted.id, place.home.owner_id, staged.id, missing
                    )
                name = (plan.volume_id, plan.parent_id, place.name)
                await Intents(unit).open("put", staged.id, [name], msgspec.to_builtins(plan))
        return row, plan, same, touched

    async def _attempt(
        self, parent: Found, place: Spot, staged: Staged, terms: Terms, *, absent: bool
    ) -> Stored:
        entry = await self._places.stat(place)
        present = await self._sealed_digest(place, entry)
        row, plan, same, touched = await persistently(
            lambda: self._intend(parent, place, staged, terms, entry, present=present, absent=absent)
        )
        if same and not touched and row is not None and entry is not None:
            await self._abandon(staged.id, None, staged.home)
            return Stored(Found(place, entry, row, staged.digest), "unchanged")
        shown = await self._give_name(place, staged, entry, plan, terms)
        try:
            core = staged.home.core
            tree = await self._call(place.path, core.walk, place.disk) if shown.kind == "directory" else ()
            row = await persistently(lambda: self._record(staged.id, plan, shown, tree))
        except Exception as error:  # whatever it is: the bytes are visible, and recovery writes the rows
            raise _LeftError(error) from error
        outcome: Outcome = "unchanged" if touched else "created" if entry is None else "replaced"
        return Stored(Found(place, shown, row, staged.digest), outcome)

    async def _record(
        self, op_id: str, plan: PutPlan, shown: Entry, tree: Sequence[tuple[str, Entry]]
    ) -> FileRow:
        async with open_unit(self._env) as unit:
            return await record_put(unit, op_id, plan, shown, tree)

    async def _sealed_digest(self, place: Spot, entry: Entry | None) -> str | None:
        """BLAKE3 of the plain bytes that stand there; the rows do not know it."""
        if place.seal is None or entry is None or entry.kind != "file":
            return None
        with suppress(OSError):  # damaged: then the new bytes are other ones
            source = await self._threads.run(place.home.core.open, place.disk)
            try:
                return source.blake3
            finally:
                source.close()
        return None

    async def _give_name(
        self, place: Spot, staged: Staged, entry: Entry | None, plan: PutPlan, terms: Terms
    ) -> Entry:
        core = staged.home.core
        try:
            work = self._threads.run(
                core.publish,
                staged.id,
                place.disk,
                replaces=entry,
                version=plan.version,
                mtime_ns=terms.mtime_ns,
            )
            return (await self._beating(staged.id, work)).entry
        except (StaleTargetError, FileExistsError) as error:
            await self._undo(staged)
            raise _OvertakenError from error
        except OSError as error:
            refusal = explained(error, place.path)
            if error.errno in DOUBTFUL:
                raise _LeftError(refusal) from error
            if shown := await self._given_after_all(staged, place, plan, refusal):
                return shown
            await self._undo(staged)
            raise refusal from error

    async def _given_after_all(
        self, staged: Staged, place: Spot, plan: PutPlan, refusal: BaluError
    ) -> Entry | None:
        core = staged.home.core
        try:
            given = await self._threads.run(
                core.settle, staged.id, place.disk, staged_ino=plan.staged_ino, version=plan.version
            )
            return await self._threads.run(core.stat, place.disk) if given else None
        except OSError as error:
            raise _LeftError(refusal) from error

    async def _beating(self, op_id: str, work: Coroutine[Any, Any, T]) -> T:
        """Wait for *work* on the disk and keep the intent alive meanwhile, however slow the disk is."""
        task = asyncio.ensure_future(work)
        while not (await asyncio.wait({task}, timeout=BEAT_S))[0]:
            with suppress(SQLAlchemyError):  # a lease lasts for several beats, and the disk goes on
                async with open_unit(self._env) as unit:
                    await Intents(unit).renew(op_id)
        return task.result()

    async def check(self, spot: Spot, terms: Terms) -> None:
        """Refuse before the bytes travel what would be refused afterwards; see ``put``."""
        spot.need(Right.EDIT)
        if not terms.parents:
            await self.folder(spot.parent)
        try:
            found = await self._places.find(spot)
        except FileNotFoundHereError:
            check_terms(spot, None, terms, same=False)
            return
        if terms.on_conflict != "rename":
            if found.entry.kind != "file":
                raise taken(spot, "as something that is not a file")
            # Bytes equal to the present ones are welcome under the former ETag; that is only known later.
            former = terms.if_match is not None and f'"{found.row.id}.{found.row.rev - 1}"' in terms.if_match
            check_terms(spot, found.row, terms, same=former)

    def _push(self, sink: Sink, chunk: bytes) -> bool:
        with told(""):
            return sink.push(chunk)

    async def _reserve(self, home: Home, staging_id: str, size: int) -> None:
        async with open_unit(self._env) as unit:
            await Intents(unit).reserve(home.mounted.id, home.owner_id, staging_id, size)

    async def _undo(self, staged: Staged) -> None:
        """Take the intent back and what was reserved with it; the staged bytes stay."""
        async with open_unit(self._env) as unit:
            await take_turn(unit, staged.home.owner_id)
            intents = Intents(unit)
            await intents.close(staged.id)
            if staged.reserved != staged.size:
                await intents.release(staged.id)
                if staged.reserved:
                    home = staged.home
                    await intents.reserve(home.mounted.id, home.owner_id, staged.id, staged.reserved)

    async def _abandon(self, staging_id: str, sink: Sink | None, home: Home) -> None:
        """Remove staged bytes and what was reserved for them."""
        with suppress(OSError, UnavailableError):  # the collector comes by later
            if sink is not None:
                await self._threads.run(sink.abandon)
            else:
                await self._threads.run(home.core.discard, staging_id)
        async with open_unit(self._env) as unit:
            await Intents(unit).release(staging_id)

    async def _call(self, path: str, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        with told(path):
            return await self._threads.run(call, *args, **kwargs)


async def _current(
    unit: Unit, places: Places, parent: FileRow, place: Spot, entry: Entry | None, *, absent: bool
) -> FileRow | None:
    """The row of what stands at *place* now, None for nothing.

    *absent*: names that look alike are known to be rows without anything on the disk.
    """
    await take_turn(unit, place.home.owner_id)
    rows = FileRows(unit)
    row, alike = await rows.child(parent.id, place.name, lock=True)
    if alike and not absent and entry is None:
        raise _AlikeError([other.name for other in alike])
    if entry is None:
        return None
    if row is None or differs(row, entry):
        home = place.home
        if await places.has_changed(place, entry):
            raise _OvertakenError
        row = (await rows.adopt(home.mounted.id, home.owner_id, parent.id, [entry])).get(entry.name)
        if row is None:
            raise _OvertakenError
    if entry.kind != "file":
        raise taken(place, "as something that is not a file")
    return row
