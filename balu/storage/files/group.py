"""Group commit: many small files through the commit protocol together.

Every step is the one of ``commit``, taken for all files at once: one sync, one transaction for the
intents, one sync of each folder, one transaction for the rows. Files stand for themselves all the same;
whatever is not a plain new name or plain new bytes goes through ``Writer`` alone.
"""

import asyncio
import secrets
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, ParamSpec, TypeVar

from msgspec import structs
from sqlalchemy.exc import SQLAlchemyError

from balu.kernel.errors import BaluError, UnavailableError, UnsafePathError
from balu.kernel.threads import Threads, finish
from balu.kernel.unit import Env, Unit, open_unit, persistently
from balu.storage.files.commit import BEAT_S, DOUBTFUL, Writer
from balu.storage.files.errors import explained, told
from balu.storage.files.facts import RowFacts
from balu.storage.files.group_rows import GroupRows, Made
from balu.storage.files.intents import Intents
from balu.storage.files.models import FileRow
from balu.storage.files.names import name_key, to_stored
from balu.storage.files.places import Found, Home, Places, Spot
from balu.storage.files.record import PutPlan, record_put
from balu.storage.files.rights import Right
from balu.storage.files.rows import differs
from balu.storage.files.terms import Outcome, Staged, Terms, check_digests, check_terms, put_plan, staged_of
from balu.storage.volumes import QuotaExceededError, QuotaService, check_room, take_turn
from balu_core import Entry, StaleTargetError, Volume

P = ParamSpec("P")
T = TypeVar("T")
ALONE_AT_ONCE = 8
LOST = (StaleTargetError, FileExistsError)
"""What says that somebody else was faster."""
GONE = (FileNotFoundError, NotADirectoryError)
"""What says of a new name that its folder is not there any more."""


@dataclass(frozen=True, slots=True)
class Landed:
    """Where one file of a group ended up."""

    spot: Spot
    entry: Entry
    row: FileRow | RowFacts
    outcome: Outcome

    @property
    def etag(self) -> str:
        """The strong entity tag of the bytes."""
        return self.row.etag


@dataclass(slots=True)
class Piece:
    """One file of a group: what is wanted, how far it is, and how it ended."""

    spot: Spot
    terms: Terms
    size: int
    id: str = field(default_factory=lambda: secrets.token_hex(16))
    staged: Staged | None = None
    base: Entry | None = None
    """What stood under the name before."""
    shown: Entry | None = None
    """What stands there now."""
    plan: PutPlan | None = None
    result: Landed | BaluError | None = None
    is_left: bool = False
    """Nobody knows what the disk holds: staged bytes and intent stay for recovery."""

    @property
    def is_open(self) -> bool:
        """Whether it still has to be decided."""
        return self.result is None and self.staged is not None


class Group:
    """Small files of one home on their way. Not for several tasks at once.

    With *alone* whatever cannot be settled together follows one by one. Otherwise such a piece has no result,
    and nothing of it is left.
    """

    def __init__(self, env: Env, home: Home, *, alone: bool = True) -> None:
        self._env = env
        self._home = home
        self._is_for_all = alone
        self._threads = env.part(Threads)
        self._places = Places(env)
        self._writer = Writer(env)
        self._pieces: list[Piece] = []
        self._id = secrets.token_hex(16)
        self._has_reserved = False

    async def stage(self, pieces: Sequence[Piece], data: bytes) -> None:
        """Take files whose bytes lie back to back in *data*; a wrong checksum ends its file only.

        Raises:
            NoRoomError, NoSpaceError: there is no space; the whole group is to be dropped.
        """
        check_room(self._home.mounted, len(data))
        self._pieces += pieces
        for piece, (entry, blake3) in zip(pieces, await finish(self._stage(pieces, data)), strict=True):
            piece.staged = staged_of(piece.spot.home, piece.id, entry, blake3)
            try:
                check_digests(piece.terms, blake3, None)
            except BaluError as error:
                piece.result = error

    async def _stage(self, pieces: Sequence[Piece], data: bytes) -> list[tuple[Entry, str]]:
        """Runs of files for the same vault, or for none, together."""
        staged: list[tuple[Entry, str]] = []
        for _, run in groupby(pieces, key=lambda piece: piece.spot.seal and piece.spot.seal.vault_id):
            some = list(run)
            size = sum(piece.size for piece in some)
            core, wanted = some[0].spot.home.core, [(piece.id, piece.size) for piece in some]
            staged += await self._call(core.stage_many, wanted, data[:size])
            data = data[size:]
        return staged

    async def publish(self) -> None:
        """Give every file its name; afterwards each piece has a result."""
        await finish(self._publish())

    async def drop(self) -> None:
        """Give up what has no name."""
        await finish(self._drop())

    @property
    def _core(self) -> Volume:
        return self._home.core

    async def _publish(self) -> None:
        # The disk takes the bytes while the intents are written down; no name is given before both are done.
        ids = [piece.id for piece in self._pieces if piece.is_open]
        syncing = asyncio.ensure_future(self._call(self._core.sync_many, ids))
        planned: list[Piece] = []
        try:
            folders = await self._folders(syncing)
            planned = await persistently(lambda: self._intend(folders))
            failure = await _failure_of(syncing)
            if failure is None:
                await self._beating(planned, self._give_names(planned))
            await persistently(lambda: self._record(planned))
        except BaseException:
            for piece in planned:
                piece.is_left = True
            await _failure_of(syncing)
            # What is visible and has no row yet stays paid for until recovery has written it.
            self._has_reserved = self._has_reserved and not planned
            await self._leave()
            raise
        if failure is not None and (self._is_for_all or not isinstance(failure, BaluError)):
            raise failure
        # After a failure nobody says whose bytes it was; none of them are synced a second time.
        if failure is None and self._is_for_all:
            await self._alone()
        await self._drop()

    async def _folders(self, syncing: "asyncio.Future[None]") -> dict[tuple[str, ...], int]:
        """Ids of the folders, made where they are missing; files of a folder that cannot be had have failed.

        A row is enough: should the folder have gone meanwhile, the names cannot be given.
        """
        pieces: dict[tuple[str, ...], list[Piece]] = {}
        for piece in self._pieces:
            try:
                if piece.is_open:
                    piece.spot.need(Right.EDIT)
                    pieces.setdefault(piece.spot.parts[:-1], []).append(piece)
            except BaluError as error:
                piece.result = error
        ids: dict[tuple[str, ...], int] = {}
        for parts, some in pieces.items():
            row = await self._places.peek(some[0].spot.parent)
            if row is not None and row.kind == "directory":
                ids[parts] = row.id
        if len(ids) < len(pieces) and await _failure_of(syncing) is None:
            for parts in pieces.keys() - ids.keys():
                if (found := await self._found(pieces[parts])) is not None:
                    ids[parts] = found.row.id
        return ids

    async def _found(self, pieces: list[Piece]) -> Found | None:
        """The folder of these pieces; those who ask for it when it cannot be had, or made, have failed."""
        found: Found | None = None
        refusal: BaluError | None = None
        for piece in pieces:
            # One who may not make the folder says nothing about the next one, who may.
            if found is None and (refusal is None or piece.terms.parents):
                try:
                    found = await self._writer.folder(piece.spot.parent, make=piece.terms.parents)
                except BaluError as error:
                    refusal = error
            if found is None:
                piece.result = refusal
        return found

    async def _intend(self, folders: dict[tuple[str, ...], int]) -> list[Piece]:
        """Decide about every file and write down what is going to happen; returns what is."""
        pieces = [piece for piece in self._pieces if piece.is_open]
        for piece in pieces:
            piece.plan = piece.base = None  # of an attempt that the database gave up
        entries = await self._call(_stat_all, self._core, [piece.spot.disk for piece in pieces])
        refusals: list[tuple[Piece, QuotaExceededError]] = []
        async with open_unit(self._env) as unit:
            await take_turn(unit, self._home.owner_id)
            rows = GroupRows(unit)
            for parts, folder_id in folders.items():
                here = [
                    (piece, entry)
                    for piece, entry in zip(pieces, entries, strict=True)
                    if piece.spot.parts[:-1] == parts
                ]
                present = await rows.present(folder_id, (piece.spot.name for piece, _ in here))
                for piece, entry in here:
                    _decide(piece, entry, folder_id, present.get(name_key(piece.spot.name), []))
            for piece in pieces:
                if piece.plan is not None:
                    piece.plan = structs.replace(piece.plan, paid_by=self._id)
            plans = [(piece.id, piece.plan) for piece in pieces if piece.plan and piece.result is None]
            opened = await rows.open(plans)
            planned = [piece for piece in pieces if piece.id in opened]
            while total := sum(piece.size for piece in planned):
                self._has_reserved = True
                try:
                    await Intents(unit).reserve(self._home.mounted.id, self._home.owner_id, self._id, total)
                except QuotaExceededError:
                    refused, planned = await self._refuse(unit, planned)
                    refusals += refused
                else:
                    break
        if self._is_for_all:
            for piece, refusal in refusals:
                piece.result = refusal
        return planned

    async def _refuse(
        self, unit: Unit, planned: list[Piece]
    ) -> tuple[list[tuple[Piece, QuotaExceededError]], list[Piece]]:
        """Take the intents back of those that do not fit, in their order; they, and the others."""
        sizes = [piece.size for piece in planned]
        refusals = await QuotaService(unit).fitting(self._home.owner_id, sizes)
        both = list(zip(planned, refusals, strict=True))
        refused = [(piece, refusal) for piece, refusal in both if refusal is not None]
        await GroupRows(unit).close([piece.id for piece, _ in refused])
        return refused, [piece for piece, refusal in both if refusal is None]

    async def _give_names(self, planned: list[Piece]) -> None:
        new = [piece for piece in planned if piece.base is None]
        names = [(piece.id, piece.spot.disk, piece.terms.mtime_ns) for piece in new]
        with told(""):
            outcomes = await self._threads.run(self._core.publish_many, names)
        for piece, outcome in zip(new, outcomes, strict=True):
            await self._settle(piece, outcome)
        slots = asyncio.Semaphore(ALONE_AT_ONCE)

        async def replace(piece: Piece) -> None:
            outcome: Entry | OSError | ValueError
            async with slots:
                try:
                    outcome = (
                        await self._threads.run(
                            self._core.publish, piece.id, piece.spot.disk, replaces=piece.base,
                            version=piece.plan.version if piece.plan else None, mtime_ns=piece.terms.mtime_ns,
                        )
                    ).entry  # fmt: skip
                except (OSError, ValueError) as error:
                    outcome = error
                await self._settle(piece, outcome)

        await asyncio.gather(*(replace(piece) for piece in planned if piece.base is not None))

    async def _settle(self, piece: Piece, outcome: Entry | OSError | ValueError) -> None:
        """Note what the disk said; whoever lost a race has no plan any more and tries again alone."""
        plan, disk = piece.plan, piece.spot.disk
        if isinstance(outcome, Entry):
            piece.shown = outcome
        elif isinstance(outcome, LOST) or (piece.base is None and isinstance(outcome, GONE)):
            piece.plan = None
        elif isinstance(outcome, ValueError) or plan is None:
            piece.result = UnsafePathError(f"{piece.spot.path!r} cannot be a name here.")
        else:
            piece.result = explained(outcome, piece.spot.path)
            if outcome.errno in DOUBTFUL:
                piece.is_left = True
                return
            try:
                if await self._threads.run(
                    self._core.settle, piece.id, disk, staged_ino=plan.staged_ino, version=plan.version
                ):
                    piece.shown, piece.result = await self._threads.run(self._core.stat, disk), None
            except OSError:
                piece.is_left = True

    async def _record(self, planned: list[Piece]) -> None:
        written: dict[str, FileRow | RowFacts] = {}
        async with open_unit(self._env) as unit:
            await take_turn(unit, self._home.owner_id)
            rows = GroupRows(unit)
            made = [
                Made(piece.id, piece.plan, piece.shown)
                for piece in planned
                if piece.shown and piece.plan and piece.base is None
            ]
            ids = await rows.create(made)
            written |= {one.op_id: _facts(ids[one.op_id], one) for one in made if one.op_id in ids}
            await QuotaService(unit).move(
                self._home.owner_id, live=sum(one.entry.size for one in made if one.op_id in ids)
            )
            for piece in planned:
                if piece.shown and piece.plan and piece.id not in ids:
                    written[piece.id] = await record_put(unit, piece.id, piece.plan, piece.shown)
            await rows.close([piece.id for piece in planned if not piece.shown and not piece.is_left])
            await rows.leave([piece.id for piece in planned if piece.is_left])
            if left := sum(piece.size for piece in planned if piece.is_left):
                await Intents(unit).keep_reserved(self._id, left)
            else:
                await self._release(unit)
        self._has_reserved = False
        for piece in planned:
            if piece.shown:
                outcome: Outcome = "created" if piece.base is None else "replaced"
                piece.result = Landed(piece.spot, piece.shown, written[piece.id], outcome)

    async def _alone(self) -> None:
        """The rest one by one, several names at once; files for one name keep their order."""
        names: dict[tuple[tuple[str, ...], str], list[Piece]] = {}
        for piece in self._pieces:
            if piece.is_open:
                key = (piece.spot.parts[:-1], name_key(piece.spot.name))
                names.setdefault(key, []).append(piece)
        slots = asyncio.Semaphore(ALONE_AT_ONCE)

        async def take(pieces: list[Piece]) -> None:
            for piece in pieces:
                async with slots:
                    await self._publish_alone(piece)

        await asyncio.gather(*map(take, names.values()))

    async def _publish_alone(self, piece: Piece) -> None:
        staged, piece.staged = piece.staged, None
        if staged is None:
            return
        try:
            stored = await self._writer.publish(piece.spot, staged, piece.terms)
        except BaluError as error:
            piece.result, piece.is_left = (
                error,
                True,
            )  # the writer has dropped the bytes, or left them on purpose
        else:
            found, piece.shown = stored.found, staged.entry
            piece.result = Landed(found.spot, found.entry, found.row, stored.outcome)

    async def _drop(self) -> None:
        ids = [piece.id for piece in self._pieces if piece.shown is None and not piece.is_left]
        if ids:
            with suppress(UnavailableError):  # the collector comes by later
                await self._threads.run(_discard_all, self._core, ids)
        if self._has_reserved:
            async with open_unit(self._env) as unit:
                await self._release(unit)

    async def _release(self, unit: Unit) -> None:
        if self._has_reserved:
            await Intents(unit).release(self._id)

    async def _leave(self) -> None:
        """Let recovery have the intents at once, should there be any."""
        with suppress(SQLAlchemyError):  # without a database the lease ends by itself
            async with open_unit(self._env) as unit:
                await GroupRows(unit).leave([piece.id for piece in self._pieces])

    async def _beating(self, planned: list[Piece], work: Coroutine[Any, Any, None]) -> None:
        """Wait for *work* on the disk and keep the intents alive meanwhile, however slow the disk is."""
        task = asyncio.ensure_future(work)
        while not (await asyncio.wait({task}, timeout=BEAT_S))[0]:
            with suppress(SQLAlchemyError):  # a lease lasts for several beats, and the disk goes on
                async with open_unit(self._env) as unit:
                    await GroupRows(unit).renew([piece.id for piece in planned])
        task.result()

    async def _call(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        with told(""):
            return await self._threads.run(call, *args, **kwargs)


def _decide(piece: Piece, entry: Entry | OSError | None, parent_id: int, rows: list[RowFacts]) -> None:
    """Give the piece a plan or a result; neither means that it takes the long way."""
    staged, spot, terms = piece.staged, piece.spot, piece.terms
    row = next((row for row in rows if row.name == to_stored(spot.name)), None)
    if staged is None:
        return
    if isinstance(entry, OSError):
        piece.result = explained(entry, spot.path)
        return
    is_new = entry is None and not rows
    is_known = entry is not None and row is not None and entry.kind == "file" and not differs(row, entry)
    if not is_new and (not is_known or terms.on_conflict == "rename"):
        return
    if row is not None and spot.seal is not None:
        return  # whether the bytes are the same is not in the row
    same = row is not None and row.blake3 == staged.blake3
    try:
        check_terms(spot, row, terms, same=same)
    except BaluError as error:
        piece.result = error
        return
    if row is None or not same:
        piece.plan, piece.base = put_plan(parent_id, spot, row, staged), entry
    elif entry is not None and terms.mtime_ns in {None, row.mtime_ns}:
        piece.result = Landed(spot, entry, row, "unchanged")


async def _failure_of(syncing: "asyncio.Future[None]") -> BaseException | None:
    """Why the bytes are not durable, None when they are."""
    await asyncio.wait({syncing})
    return syncing.exception()


def _facts(file_id: int, made: Made) -> RowFacts:
    entry, plan = made.entry, made.plan
    return RowFacts(
        file_id, plan.name, entry.kind, plan.owner_id, entry.size, entry.mtime_ns, entry.ino, 1, plan.blake3,
        None,
    )  # fmt: skip


def _stat_all(core: Volume, paths: Sequence[str]) -> list[Entry | OSError | None]:
    found: list[Entry | OSError | None] = []
    for path in paths:
        try:
            found.append(core.stat(path))
        except (FileNotFoundError, NotADirectoryError):
            found.append(None)
        except OSError as error:
            found.append(error)
    return found


def _discard_all(core: Volume, ids: Sequence[str]) -> None:
    for staging_id in ids:
        with suppress(OSError):  # the collector comes by later
            core.discard(staging_id)
