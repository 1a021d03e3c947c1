"""Between volumes: copy and compare there, give the name, then let go of what was here.

A file that changes its volume keeps its row and so its id, revision, versions and grants. At every moment
its bytes stand whole under the old name or under the new one; what is left of a crash is settled from what
the two disks show.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Sequence

import msgspec

from balu.kernel.errors import ConflictError, UnavailableError
from balu.kernel.log import logger
from balu.kernel.threads import Threads, finish
from balu.kernel.unit import Env, Unit, open_unit
from balu.storage.files.commit import BEAT_S
from balu.storage.files.errors import BusyNameError, explained, told
from balu.storage.files.intents import Intents, begin
from balu.storage.files.models import INO_MASK, FileRow
from balu.storage.files.names import from_stored, name_key, numbered, to_stored, to_wire
from balu.storage.files.ownership import hand_over
from balu.storage.files.places import Found, Home, Places, Spot
from balu.storage.files.rows import FileRows
from balu.storage.files.terms import Staged
from balu.storage.volumes import QuotaService, check_room, take_turn
from balu_core import Entry, Volume

Watch = Callable[[float], Awaitable[bool]]
"""Hears percent from time to time; False ends the work."""
Tree = dict[str, tuple[str, int, int]]
"""Path below the top to kind, size and time of last change; what two equal trees have in common."""
WATCH_S = 0.5
log = logger("balu.files")


class CrossPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What the intent of a move between volumes says. Names are as ``to_stored`` writes them."""

    file_id: int
    ino: int
    from_volume_id: int
    from_parent_id: int
    from_name: str
    volume_id: int
    parent_id: int
    name: str
    owner_id: int
    staged_ino: int
    keeps_grants: bool


class StoppedError(ConflictError):
    """Stopped on request; nothing was changed."""

    code = "stopped"


class Crossing:
    """Carries files and trees from one volume to another."""

    def __init__(self, env: Env) -> None:
        self._env = env
        self._threads = env.part(Threads)
        self._places = Places(env)

    async def stage(self, source: Found, home: Home, watch: Watch | None = None) -> tuple[Staged, Tree]:
        """A copy of *source* in the staging of *home*, read back and equal; what it was made from.

        Raises:
            QuotaExceededError, NoRoomError: there is no space.
            BusyNameError: somebody writes to it all the time.
            StoppedError: *watch* said so.
        """
        staging_id, spot = secrets.token_hex(16), source.spot
        with told(spot.path):
            _, _, size = await self._threads.run(spot.home.core.measure, spot.disk)
        check_room(home.mounted, size)
        async with open_unit(self._env) as unit:
            await Intents(unit).reserve(home.mounted.id, home.owner_id, staging_id, size)
        try:
            carried = await self._carry(source, home, staging_id, size, watch)
            entry = await self._staged(home, staging_id)
        except BaseException:
            await finish(self._drop(home, staging_id))
            raise
        blake3 = carried[0][2]
        copied = sum(entry.size for _, entry, _ in carried)
        return Staged(staging_id, home, entry, copied, size, blake3), _tree(
            [(path, entry) for path, entry, _ in carried[1:]], carried[0][1]
        )

    async def _staged(self, home: Home, staging_id: str) -> Entry:
        entry = await self._threads.run(home.core.staged, staging_id)
        if entry is None:
            raise BusyNameError("The copy vanished before it was complete. Try again.")
        return entry

    async def _carry(
        self, source: Found, home: Home, staging_id: str, size: int, watch: Watch | None
    ) -> list[tuple[str, Entry, str | None]]:
        progress, spot = home.core.progress(), source.spot
        work = self._threads.run(home.core.carry, spot.home.core, spot.disk, staging_id, progress)
        task = asyncio.ensure_future(work)
        stopped = False
        try:
            while not (await asyncio.wait({task}, timeout=WATCH_S))[0]:
                percent = 100 * progress.bytes / max(2 * size, 1)
                if watch is not None and not stopped and not await watch(min(percent, 99)):
                    stopped = True
                    progress.stop()
        except BaseException:
            progress.stop()
            await asyncio.wait({task})
            raise
        try:
            return task.result()
        except OSError as error:
            if stopped:
                raise StoppedError("This was cancelled; everything is as it was.") from error
            raise explained(error, spot.path) from error

    async def look_alike(self, one: Found, other: Found) -> bool:
        """Whether two things have the same names below them, with the same sizes and times."""
        trees = []
        for found in (one, other):
            core, disk = found.spot.home.core, found.spot.disk
            with told(found.spot.path):
                below = await self._threads.run(core.walk, disk) if found.is_folder else []
            trees.append(_tree(below, found.entry))
        return trees[0] == trees[1]

    async def _drop(self, home: Home, staging_id: str) -> None:
        try:
            await self._threads.run(home.core.discard, staging_id)
        except (OSError, UnavailableError):
            return  # the collector comes by later, and gives the reservation back
        async with open_unit(self._env) as unit:
            await Intents(unit).release(staging_id)

    async def move(
        self,
        source: Found,
        place: Spot,
        parent: Found,
        *,
        keeps_grants: bool,
        make_way: Callable[[], Awaitable[None]] | None,
        watch: Watch | None = None,
    ) -> Found:
        """Give *source* the name *place* on another volume; *make_way* may free it once the copy is complete.

        Raises:
            FileExistsHereError: the name is taken.
            BusyNameError: somebody changed the source meanwhile; everything is as before.
        """
        staged, before = await self.stage(source, place.home, watch)
        try:
            if make_way is not None:
                await make_way()
            moved: Found = await finish(self._publish(source, place, parent, staged, before, keeps_grants))
        except BaseException:
            async with open_unit(self._env, writes=False) as unit:
                is_open = await Intents(unit).has(staged.id)
            if not is_open:  # otherwise recovery decides
                await finish(self._drop(place.home, staged.id))
            raise
        return moved

    async def _publish(
        self,
        source: Found,
        place: Spot,
        parent: Found,
        staged: Staged,
        before: Tree,
        keeps_grants: bool,
    ) -> Found:
        home, origin = place.home, source.spot.home
        plan = CrossPlan(
            file_id=source.row.id, ino=source.entry.ino, from_volume_id=origin.mounted.id,
            from_parent_id=source.row.parent_id or 0, from_name=to_stored(source.spot.name),
            volume_id=home.mounted.id, parent_id=parent.row.id, name=to_stored(place.name),
            owner_id=home.owner_id, staged_ino=staged.entry.ino, keeps_grants=keeps_grants,
        )  # fmt: skip
        names = [
            (plan.volume_id, plan.parent_id, place.name),
            (plan.from_volume_id, plan.from_parent_id, source.spot.name),
        ]
        await begin(self._env, "cross", staged.id, names, msgspec.to_builtins(plan))
        settling = Settling(self._env, staged.id, plan, origin.core, home.core)
        try:
            with told(place.path):
                shown = await self._threads.run(home.core.publish, staged.id, place.disk)
        except BaseException:
            if not await settling.is_published(place.disk):
                async with open_unit(self._env) as unit:
                    await Intents(unit).close(staged.id)
            raise
        with told(place.path):
            await self._beating(staged.id, settling.finish(source.spot.disk, place.disk, before))
        return Found(place, shown.entry, await self._places.row_of(place, shown.entry))

    async def _beating(self, op_id: str, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        while not (await asyncio.wait({task}, timeout=BEAT_S))[0]:
            async with open_unit(self._env) as unit:
                await Intents(unit).renew(op_id)
        task.result()


class Settling:
    """The second half of a move between volumes, the same for its maker and for recovery."""

    def __init__(self, env: Env, op_id: str, plan: CrossPlan, origin: Volume, goal: Volume) -> None:
        self._env, self._op_id, self._plan = env, op_id, plan
        self._origin, self._goal = origin, goal
        self._run = env.part(Threads).run

    async def is_published(self, path: str) -> bool:
        """Whether the new name holds what was staged."""
        entry = await _entry(self._run, self._goal, path)
        return entry is not None and entry.ino == self._plan.staged_ino

    async def finish(self, source: str, target: str, before: Tree | None = None) -> None:
        """Hide the source, compare, write the rows, let the source go; or take everything back.

        *before* is what the copy was made from; recovery, which does not know, compares with the copy.

        Raises:
            BusyNameError: the source was changed after it was copied; it stands where it was.
        """
        if await self._run(self._origin.trashed, self._op_id) is None and not await self.is_recorded():
            entry = await _entry(self._run, self._origin, source)
            if entry is not None and entry.ino != self._plan.ino:
                await self._leave(target)
            if entry is not None:  # deleted from outside meanwhile: then the copy is all there is
                await self._run(self._origin.trash, source, self._op_id, origin=b"{}")
        if not await self.is_recorded():
            hidden = await self._run(self._origin.trashed, self._op_id)
            if hidden is not None and await self._hidden(self._origin, hidden) != (
                before or await self._shown(target)
            ):
                await self._take_back(source, target, before)
            await self._record(target)
        await self._run(self._origin.purge, self._op_id)
        async with open_unit(self._env) as unit:
            await Intents(unit).close(self._op_id)

    async def _hidden(self, core: Volume, top: Entry) -> Tree:
        below = await self._run(core.trashed_tree, self._op_id) if top.kind == "directory" else []
        return _tree(below, top)

    async def _shown(self, target: str) -> Tree:
        top = await self._run(self._goal.stat, target)
        return _tree(await self._run(self._goal.walk, target) if top.kind == "directory" else [], top)

    async def _take_back(self, source: str, target: str, before: Tree | None) -> None:
        """The source comes back under its name, and the copy goes unless somebody changed that as well."""
        back = await self._bring_back(source)
        await self._run(self._goal.trash, target, self._op_id, origin=b"{}")
        hidden = await self._run(self._goal.trashed, self._op_id)
        if hidden is None or await self._hidden(self._goal, hidden) != before:
            await self._run(self._goal.restore, self._op_id, target)
            await self._leave(target)
        await self._run(self._goal.purge, self._op_id)
        await self._let_go()
        if back != source:
            shown = back.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
            raise BusyNameError(
                f"It was changed while it was moved, and its name was taken. It is now {shown!r}."
            )
        raise BusyNameError("It was changed while it was moved. Try again.", headers={"retry-after": "2"})

    async def _bring_back(self, source: str) -> str:
        """The hidden source where it was, or beside what has taken its name from outside; returns where."""
        folder, _, name = source.rpartition("/")
        place, number = source, 0
        while True:
            try:
                await self._run(self._origin.restore, self._op_id, place)
            except FileExistsError:
                number += 1
                place = f"{folder}/{numbered(name, number)}"
            else:
                break
        if number:
            log.warning("taken back under another name", source=to_wire(source), place=to_wire(place))
        return place

    async def _leave(self, target: str) -> None:
        await self._let_go()
        shown = target.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        raise BusyNameError(f"It was changed while it was moved. What was there before is now {shown!r}.")

    async def _let_go(self) -> None:
        async with open_unit(self._env) as unit:
            await Intents(unit).release(self._op_id)
            await Intents(unit).close(self._op_id)

    async def undo(self, source: str) -> None:
        """The new name was never given: the source is where it was, and the copy goes."""
        if await self._run(self._origin.trashed, self._op_id) is not None:
            await self._bring_back(source)
        await self._run(self._goal.discard, self._op_id)
        await self._let_go()

    async def is_recorded(self) -> bool:
        """Whether the rows say already that it has moved."""
        plan = self._plan
        async with open_unit(self._env, writes=False) as unit:
            row = await FileRows(unit).get(plan.file_id)
        return row is not None and (row.volume_id, row.parent_id, row.name) == (
            plan.volume_id, plan.parent_id, from_stored(plan.name),
        )  # fmt: skip

    async def _record(self, target: str) -> None:
        top = await self._run(self._goal.stat, target)
        below = await self._run(self._goal.walk, target) if top.kind == "directory" else []
        async with open_unit(self._env) as unit:
            await record_cross(unit, self._op_id, self._plan, top, below)


async def record_cross(
    unit: Unit, op_id: str, plan: CrossPlan, top: Entry, below: Sequence[tuple[str, Entry]]
) -> None:
    """Point the rows of a tree to where it lies now; what has no row yet gets one when it is looked at."""
    rows, name = FileRows(unit), from_stored(plan.name)
    await take_turn(unit, plan.owner_id, await rows.owner_of(plan.file_id))
    there, _ = await rows.child(plan.parent_id, name, lock=True)
    if there is not None and there.id != plan.file_id:  # adopted by a reader who saw the new name first
        size = await rows.tree_size(there.id)
        await rows.drop(await rows.tree_ids(there.id))
        await QuotaService(unit).move(there.owner_id, live=-size)
        await unit.session.flush()
    await Intents(unit).release(op_id)
    row = await rows.get(plan.file_id)
    if row is None:
        return
    row.parent_id, row.name, row.name_key = plan.parent_id, name, name_key(name)
    _place(row, plan.volume_id, top)
    found = dict(below)
    level: dict[int, str] = {row.id: ""}
    while level:
        children = await rows.below(list(level))
        following: dict[int, str] = {}
        for child in children:
            above = level[child.parent_id or 0]
            path = f"{above}/{child.name}" if above else child.name
            child.volume_id = plan.volume_id
            if (entry := found.get(path)) is not None:
                _place(child, plan.volume_id, entry)
            following[child.id] = path
        level = following
        await unit.session.flush()
    if row.owner_id != plan.owner_id:
        await hand_over(unit, row, plan.owner_id, with_grants=plan.keeps_grants)
    rows.note(row, "move", left=plan.from_parent_id)


def _place(row: FileRow, volume_id: int, entry: Entry) -> None:
    """The same bytes keep their revision and hashes; a row that did not agree before is left to disagree."""
    row.volume_id = volume_id
    if _like(entry) == (row.kind, row.size, row.mtime_ns if row.kind == "file" else 0):
        row.ino = entry.ino & INO_MASK


def _tree(below: Sequence[tuple[str, Entry]], top: Entry) -> Tree:
    found = {path: _like(entry) for path, entry in below}
    found[""] = _like(top)
    return found


def _like(entry: Entry) -> tuple[str, int, int]:
    is_file = entry.kind == "file"
    return entry.kind, entry.size if is_file else 0, entry.mtime_ns if is_file else 0


async def _entry(run: Callable[..., Awaitable[Entry]], core: Volume, path: str) -> Entry | None:
    try:
        return await run(core.stat, path)
    except (FileNotFoundError, NotADirectoryError):
        return None
