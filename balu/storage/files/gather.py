"""Single small files that arrive at the same time go through the commit protocol together.

One at a time costs two syncs, two directory syncs and two transactions each; so whoever comes while others
are on their way waits for them and then takes everybody along who came meanwhile. Only what is a plain new
name or plain new bytes is settled here: whatever else one of them meets, it goes on alone as if there had
been no group.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import suppress
from dataclasses import dataclass, field

from sqlalchemy.exc import SQLAlchemyError

from balu.kernel.errors import BaluError, UnavailableError
from balu.kernel.unit import Env
from balu.storage.files.commit import SMALL, Writer
from balu.storage.files.group import Group, Landed, Piece
from balu.storage.files.places import Spot
from balu.storage.files.rights import Given
from balu.storage.files.terms import Terms

ROOM = 16 << 20
"""Bytes that may wait in memory altogether, however slowly they arrive."""
MOST = 64
"""Files that go together."""
PATIENCE_S = (0.002, 0.01)
"""How long who was answered may take to come again: a quarter of the time it took, within these bounds."""
Key = tuple[int, int, Given | None]
"""The home's id, its disk as it was mounted when it was asked for, and how the caller sees it: refusals name
paths, and those are shared by a group."""


@dataclass(slots=True)
class _Waiting:
    piece: Piece
    data: bytes
    settled: "asyncio.Future[Landed | None]"
    """None: it has to go alone."""


@dataclass(slots=True)
class _Queue:
    waiting: list[_Waiting] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    expected: int = 1


class Gatherer:
    """Queues of small files, one for each home and view of it; a part of the Env."""

    def __init__(self) -> None:
        self._env: Env | None = None
        self._room = ROOM
        self._queues: dict[Key, _Queue] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def bind(self, env: Env) -> None:
        """Use this Env's databases and threads."""
        self._env = env

    async def aclose(self) -> None:
        """Finish what is under way."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def suits(self, spot: Spot, size: int | None, terms: Terms) -> bool:
        """Whether a file of this declared size may be put here now."""
        # In a vault only the disk knows whether the bytes are the present ones.
        is_plain = spot.home.seal is None and terms.sha256 is None
        return is_plain and size is not None and size <= min(SMALL, self._room)

    async def put(self, spot: Spot, chunks: AsyncIterator[bytes], *, size: int, terms: Terms) -> Landed:
        """Store *size* bytes at *spot*; refusals as with ``Writer.put``."""
        if self._env is None:
            raise UnavailableError("The server is starting. Try again in a moment.")
        self._room -= size
        try:
            data = b"".join([chunk async for chunk in chunks])
            waiting = _Waiting(Piece(spot, terms, size), data, asyncio.get_running_loop().create_future())
            self._add(self._env, (spot.home.file_id, id(spot.home.mounted), spot.given), waiting)
            landed = await waiting.settled
            if landed is None:
                stored = await Writer(self._env).put(spot, _whole(data), size=size, terms=terms)
                found = stored.found
                landed = Landed(found.spot, found.entry, found.row, stored.outcome)
            return landed
        finally:
            self._room += size

    def _add(self, env: Env, key: Key, waiting: _Waiting) -> None:
        queue = self._queues.get(key)
        if queue is None:
            queue = self._queues[key] = _Queue()
            task = asyncio.create_task(self._serve(env, key, queue), name="balu-gather")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        queue.waiting.append(waiting)
        if len(queue.waiting) >= queue.expected:
            queue.arrived.set()

    async def _serve(self, env: Env, key: Key, queue: _Queue) -> None:
        together: list[_Waiting] = []
        clock = asyncio.get_running_loop().time
        try:
            await asyncio.sleep(0)
            while queue.waiting:
                together, queue.waiting = queue.waiting[:MOST], queue.waiting[MOST:]
                together = [one for one in together if not one.settled.done()]  # the others have gone
                began = clock()
                if together:
                    await _commit(env, together)
                # Everybody who is here and everybody who was: else two halves would take turns for ever.
                queue.expected = min(len(together) + len(queue.waiting), MOST)
                if len(queue.waiting) < queue.expected > 1:
                    queue.arrived.clear()
                    least, most = PATIENCE_S
                    await _first(queue.arrived, min(max((clock() - began) / 4, least), most))
        finally:
            # Nobody may come into a queue that is not served any more, or wait in it.
            del self._queues[key]
            _answer(
                [*together, *queue.waiting],
                UnavailableError("Nothing is known about these bytes. Try again in a moment."),
            )


async def _commit(env: Env, together: list[_Waiting]) -> None:
    """Store them and tell everybody what became of theirs."""
    group = Group(env, together[0].piece.spot.home, alone=False)
    try:
        if await _stage(group, together):
            await group.publish()
    except Exception as error:  # noqa: BLE001  whatever it is, it is for those who asked
        _answer(together, error)
        with suppress(SQLAlchemyError, BaluError):  # what is left is collected later
            await group.drop()
    else:
        _answer(together, None)


def _answer(waiting: Iterable[_Waiting], otherwise: Exception | None) -> None:
    """Everybody hears how their own file ended, and *otherwise* where that is open."""
    for one in waiting:
        outcome = one.piece.result or otherwise
        if one.settled.done():
            continue  # was answered, or has gone
        if isinstance(outcome, Exception):
            one.settled.set_exception(outcome)
        else:
            one.settled.set_result(outcome)


async def _stage(group: Group, together: list[_Waiting]) -> bool:
    """Write the bytes down; False when that failed for one of them, though the others may fare better."""
    try:
        await group.stage([one.piece for one in together], b"".join([one.data for one in together]))
    except BaluError:
        await group.drop()
        return False
    return True


async def _first(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass


async def _whole(data: bytes) -> AsyncGenerator[bytes, None]:
    yield data
