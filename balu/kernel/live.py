"""Live events for open browsers: rows of the transaction that caused them, told within half a second.

Every web process reads the table while somebody listens to it, so changes made by job workers, other
processes and other machines arrive the same way. Rows live for an hour; a client that was away longer
reloads.
"""

import asyncio
import time
from collections.abc import Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Any

import msgspec
from advanced_alchemy.base import BigIntBase
from advanced_alchemy.types import DateTimeUTC
from litestar import WebSocket, websocket
from litestar.di import NamedDependency
from litestar.exceptions import WebSocketDisconnect
from sqlalchemy import BigInteger, delete, func, or_, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Mapped, mapped_column

from balu.kernel.caller import Authenticator, Caller
from balu.kernel.errors import ForbiddenError, UnauthorizedError
from balu.kernel.http import PUBLIC
from balu.kernel.log import logger
from balu.kernel.lookup import instant
from balu.kernel.unit import Env, Unit, open_unit

POLL_S = 0.4
KEEP = timedelta(hours=1)
OVERLAP = 200
"""Numbers may be committed out of order on PostgreSQL: this many are looked at again."""
BATCH = 500
QUEUE = 1000
PING_S = 25.0
CHECKED_FOR_S = 10.0
"""After this time a caller is checked again before more is sent: sign-ins also run out by themselves."""
IN_DOUBT = float("-inf")
CALLER = "caller"
"""Topic of what the hub tells itself: this user's sockets are to be checked now."""
UNAUTHORIZED, FORBIDDEN = 4401, 4403
TELL = "INSERT INTO live (topic, user_id, data, at) VALUES (:topic, :user, :data, :at)"
GONE = (WebSocketDisconnect, msgspec.MsgspecError)
"""The other side has gone, or does not speak our language: either way the conversation is over."""
log = logger("balu.live")


class LiveRow(BigIntBase):
    """One event on its way to browsers."""

    __tablename__ = "live"
    __table_args__ = ({"sqlite_autoincrement": True},)

    topic: Mapped[str]
    user_id: Mapped[int | None] = mapped_column(BigInteger, default=None)
    """Only this user's browsers; None: everybody's who may see the topic."""
    data: Mapped[bytes]
    at: Mapped[datetime] = mapped_column(DateTimeUTC(timezone=True), index=True)


def tell(unit: Unit, topic: str, data: Any, *, user_id: int | None = None) -> None:
    """Tell open browsers *data* (JSON) under *topic* if this transaction commits; the same thing once."""
    encoded = msgspec.json.encode(data)
    told: set[tuple[str, int | None, bytes]] = unit.session.info.setdefault("told", set())
    if (topic, user_id, encoded) not in told:
        told.add((topic, user_id, encoded))
        unit.session.add(LiveRow(topic=topic, user_id=user_id, data=encoded, at=unit.now()))


def recheck_listeners(unit: Unit, user_id: int) -> None:
    """A credential of this user ends if this transaction commits: sockets opened with it close at once."""
    tell(unit, CALLER, None, user_id=user_id)


async def tell_many(unit: Unit, topic: str, told: Iterable[tuple[Any, int]]) -> None:
    """The same for pairs of data and user, by hand: for writes of which there are many."""
    at = instant(unit.now(), is_sqlite=unit.is_sqlite)
    for data, user_id in told:
        encoded = msgspec.json.encode(data)
        await unit.sql(TELL, {"topic": topic, "user": user_id, "data": encoded, "at": at})


async def forget_old(unit: Unit) -> int:
    """Remove what nobody can ask for any more; returns how many rows went."""
    gone = await unit.session.execute(delete(LiveRow).where(LiveRow.at < unit.now() - KEEP))
    return int(gone.rowcount)  # type: ignore[attr-defined]


class Subscribe(msgspec.Struct, kw_only=True):
    """What a browser sends: topics to hear from now on, and what of the past it did not hear."""

    topics: tuple[str, ...] = ()
    since: int | None = None
    """All after this number."""
    recent_s: Annotated[float, msgspec.Meta(ge=0, le=KEEP.total_seconds())] | None = None
    """All of the last so many seconds, for who read the state a moment before it could listen."""


@dataclass(eq=False, slots=True)
class Listener:
    """One open socket."""

    user_id: int
    checked_at: float
    """When the caller was last known to be signed in, by the monotonic clock, or ``IN_DOUBT``."""
    topics: frozenset[str] = frozenset()
    queue: asyncio.Queue[LiveRow] = field(default_factory=lambda: asyncio.Queue(QUEUE))
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held by whoever sends: what was missed goes out before what comes."""
    told: dict[int, None] = field(default_factory=dict)
    """What went out lately: a new row is both missed and still to be read by the hub."""

    def wants(self, row: LiveRow) -> bool:
        """Whether *row* is for this socket."""
        return row.topic in self.topics and row.user_id in {None, self.user_id}

    def is_news(self, row: LiveRow) -> bool:
        """Whether *row* was not sent yet; it counts as sent from now on."""
        if row.id in self.told:
            return False
        self.told[row.id] = None
        if len(self.told) > 2 * QUEUE:
            del self.told[next(iter(self.told))]
        return True


class LiveHub:
    """Reads new rows once for all sockets of this process; a part of the Env."""

    def __init__(self) -> None:
        self._env: Env | None = None
        self._listeners: set[Listener] = set()
        self._task: asyncio.Task[None] | None = None
        self._starting = asyncio.Lock()
        self._seen: dict[int, None] = {}
        self._last = 0

    def bind(self, env: Env) -> None:
        """Use this Env's read engine."""
        self._env = env

    async def aclose(self) -> None:
        """Stop reading."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def join(self, listener: Listener) -> int:
        """Let *listener* hear what comes; returns the number it comes after."""
        async with self._starting:  # a second start would skip what the first listener waits for
            if self._task is None or self._task.done():
                await self._start_after_newest()
                self._task = asyncio.create_task(self._read(), name="balu-live")
            self._listeners.add(listener)
            return self._last

    def leave(self, listener: Listener) -> None:
        """Forget *listener*."""
        self._listeners.discard(listener)

    async def missed(self, wish: Subscribe, listener: Listener) -> list[LiveRow]:
        """What *listener* did not hear of its *wish*, oldest first, at most ``QUEUE``; alike things once."""
        if wish.since is None and wish.recent_s is None:
            return []
        async with open_unit(self._bound(), writes=False) as unit:
            past = []
            if wish.since is not None:
                past.append(LiveRow.id > wish.since)
            if wish.recent_s is not None:
                past.append(LiveRow.at > unit.now() - timedelta(seconds=wish.recent_s))
            query = select(LiveRow).where(or_(*past), LiveRow.topic.in_(listener.topics))
            rows = (await unit.session.scalars(query.order_by(LiveRow.id).limit(QUEUE))).all()
        wanted = [row for row in rows if listener.wants(row) and listener.is_news(row)]
        newest = {(row.topic, row.data): row for row in wanted}
        return [row for row in wanted if newest[row.topic, row.data] is row]

    async def _start_after_newest(self) -> None:
        async with open_unit(self._bound(), writes=False) as unit:
            newest = (await unit.session.scalar(select(func.max(LiveRow.id)))) or 0
            query = select(LiveRow.id).where(LiveRow.id > newest - OVERLAP)
            self._seen = dict.fromkeys((await unit.session.scalars(query)).all())
        self._last = newest

    async def _read(self) -> None:
        while self._listeners:
            await asyncio.sleep(POLL_S)
            try:
                await self._pass_on()
            except SQLAlchemyError:
                log.warning("live events wait for the database")
                await asyncio.sleep(1)

    async def _pass_on(self) -> None:
        async with open_unit(self._bound(), writes=False) as unit:
            query = select(LiveRow).where(LiveRow.id > self._last - OVERLAP).order_by(LiveRow.id).limit(BATCH)
            rows: Collection[LiveRow] = (await unit.session.scalars(query)).all()
        for row in rows:
            if row.id in self._seen:
                continue
            self._seen[row.id] = None
            self._last = max(self._last, row.id)
            for listener in list(self._listeners):
                if doubted := row.topic == CALLER and row.user_id == listener.user_id:
                    listener.checked_at = IN_DOUBT
                if doubted or listener.wants(row):
                    with suppress(asyncio.QueueFull):  # the client sees the gap in the numbers and reloads
                        listener.queue.put_nowait(row)
        for old in [number for number in self._seen if number < self._last - OVERLAP]:
            del self._seen[old]

    def _bound(self) -> Env:
        if self._env is None:
            raise RuntimeError("the hub is not bound")
        return self._env


async def _caller_of(socket: WebSocket[Any, Any, Any], env: Env) -> Caller:
    origin = socket.headers.get("origin")
    if origin is not None and origin.partition("://")[2] != socket.headers.get("host"):
        raise ForbiddenError("This page may not listen.")
    caller = await env.part(Authenticator).authenticate(socket.scope)
    if caller is None:
        raise UnauthorizedError("Sign in first.")
    if caller.via == "cookie" and origin is None:
        raise ForbiddenError("A browser names its origin.")
    return caller


@websocket("/ws", opt=PUBLIC)
async def listen(socket: WebSocket[Any, Any, Any], env: NamedDependency[Env]) -> None:
    """Send live events: ``{topics, since?, recent_s?}`` in, ``{topic, seq, data}`` out, a ping every 25 s."""
    checked_at = time.monotonic()
    try:
        caller = await _caller_of(socket, env)
    except (ForbiddenError, UnauthorizedError) as error:
        code = FORBIDDEN if isinstance(error, ForbiddenError) else UNAUTHORIZED
        await socket.close(code=code, reason=error.detail)
        return
    await socket.accept()
    hub = env.part(LiveHub)
    conversation = Conversation(socket, env, Listener(caller.user_id, checked_at))
    await hub.join(conversation.listener)
    sides = [asyncio.create_task(side) for side in (conversation.hear(hub), conversation.send())]
    try:
        await asyncio.wait(sides, return_when=asyncio.FIRST_COMPLETED)
    finally:
        hub.leave(conversation.listener)
        for side in sides:
            side.cancel()
        ends = await asyncio.gather(*sides, return_exceptions=True)
    for end in ends:
        if isinstance(end, UnauthorizedError):
            await socket.close(code=UNAUTHORIZED, reason=end.detail)
        elif isinstance(end, Exception) and not isinstance(end, GONE):
            raise end


@dataclass(frozen=True, slots=True)
class Conversation:
    """What goes to and fro on one socket until its caller has gone, or is no longer signed in."""

    socket: WebSocket[Any, Any, Any]
    env: Env
    listener: Listener

    async def hear(self, hub: LiveHub) -> None:
        """Take wishes, and tell what was missed of them."""
        while True:
            wish = msgspec.json.decode(await self.socket.receive_text(), type=Subscribe)
            async with self.listener.turn:
                self.listener.topics = frozenset(wish.topics)
                for row in await hub.missed(wish, self.listener):
                    await self._tell(row)

    async def send(self) -> None:
        """Tell what happens, and ping where nothing does."""
        while True:
            try:
                row = await asyncio.wait_for(self.listener.queue.get(), PING_S)
            except TimeoutError:
                await self._check()
                await self._put('{"topic":"ping","seq":0,"data":null}')
                continue
            async with self.listener.turn:
                if row.topic == CALLER:
                    await self._check()
                elif self.listener.is_news(row):
                    await self._tell(row)

    async def _tell(self, row: LiveRow) -> None:
        await self._check()
        await self._put(_message(row))

    async def _put(self, text: str) -> None:
        try:
            await self.socket.send_text(text)
        except RuntimeError as error:  # what the server says when the connection broke a moment ago
            raise WebSocketDisconnect(detail="gone") from error

    async def _check(self) -> None:
        while self.listener.checked_at < (now := time.monotonic()) - CHECKED_FOR_S:
            self.listener.checked_at = now  # before asking: a doubt that comes meanwhile asks again
            try:
                await self.env.part(Authenticator).recheck(self.socket.scope)
            except SQLAlchemyError:
                self.listener.checked_at = IN_DOUBT
                log.warning("live events wait for the database")
                await asyncio.sleep(1)


def _message(row: LiveRow) -> str:
    return f'{{"topic":"{row.topic}","seq":{row.id},"data":{row.data.decode()}}}'
