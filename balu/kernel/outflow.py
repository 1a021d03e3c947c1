"""Answers under way: how large their blocks may be, and when a client takes them too slowly.

A block that was handed to the server stays in memory until the client has taken it, and the server takes
several ahead (``held``). Whoever has not shown that he is quick gets small ones, so that a thousand clients
that hardly read cost little; whoever has, gets large ones as long as there is room for them.
"""

import asyncio
from collections.abc import Awaitable
from typing import Any, Self

SMALL, MIDDLE, LARGE = 4 << 10, 64 << 10, 1 << 20
AHEAD_BYTES, AHEAD_BLOCKS, WAITING_BLOCKS = 1 << 20, 16, 5
"""What the server holds of one answer: so much, or so many blocks, in its buffer, and a few in a queue."""
MIDDLE_ROOM, LARGE_ROOM = 8 << 20, 128 << 20
PROOF_BYTES, PROOF_BYTES_PER_S = 6 << 20, 2 << 20
"""More than socket and server hold without any client, at a rate that is worth large blocks."""
SLOW_S = 1.0
MIN_BYTES_PER_S = 1000.0
CREDIT_S, MOST_CREDIT_S = 30.0, 120.0
LOOK_S = 5.0


class SlowClientError(Exception):
    """The client hardly takes anything: the answer is cut off."""


def held(length: int) -> int:
    """Bytes in memory for a client that does not read, when blocks have *length* bytes."""
    return min(AHEAD_BLOCKS * length, AHEAD_BYTES + length) + WAITING_BLOCKS * length


class Outflow:
    """The room that is taken by answers of this process; a part of the Env."""

    def __init__(self) -> None:
        self.middle = self.large = 0
        """Bytes set aside for middle and for large blocks."""


class Flow:
    """One answer that is sent in blocks; a context manager. Blocks of *length* bytes are best at present.

    *whole* bytes are the answer's length where it could be a single block: then *length* is that, or 0.
    """

    def __init__(self, room: Outflow, whole: int | None = None) -> None:
        self._room = room
        self._loop = asyncio.get_running_loop()
        self._reserved = {MIDDLE: 0, LARGE: 0}
        self._since, self._bytes = self._loop.time(), 0
        self._largest = SMALL
        self._credit_s, self._waits_since = CREDIT_S, 0.0
        self._is_expired = False
        if whole is None:
            self.length = MIDDLE if self._reserve(MIDDLE) else SMALL
        else:
            self.length = whole if whole <= MIDDLE and room.middle + whole <= MIDDLE_ROOM else 0
            self._reserved[MIDDLE] = self.length
            room.middle += self.length

    def __enter__(self) -> Self:
        self._task = asyncio.current_task()
        self._timer = self._loop.call_later(LOOK_S, self._look)
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        self._room.middle -= self._reserved[MIDDLE]
        self._room.large -= self._reserved[LARGE]

    async def pass_on(self, sending: Awaitable[Any], length: int) -> None:
        """Wait for a block of *length* bytes to be taken.

        Raises:
            SlowClientError: less than 1 kB/s for 30 s, longer only where blocks are large.
        """
        self._largest = max(self._largest, length)
        started = self._waits_since = self._loop.time()
        try:
            await sending
        except asyncio.CancelledError:
            if not self._is_expired or self._task is None:
                raise
            self._task.uncancel()
            raise SlowClientError from None
        finally:
            self._waits_since = 0.0
        now = self._loop.time()
        most = min(max(CREDIT_S, self._largest / MIN_BYTES_PER_S), MOST_CREDIT_S)
        self._credit_s = min(self._credit_s + length / MIN_BYTES_PER_S - (now - started), most)
        self._bytes += length
        self._judge(now, took=now - started)

    def _judge(self, now: float, *, took: float) -> None:
        if took > SLOW_S:
            self.length, self._since, self._bytes = SMALL, now, 0
        elif self._bytes >= PROOF_BYTES:
            if self.length != LARGE and self._bytes >= PROOF_BYTES_PER_S * (now - self._since):
                self.length = LARGE if self._reserve(LARGE) else max(self.length, MIDDLE // 4)
            self._since, self._bytes = now, 0

    def _reserve(self, length: int) -> bool:
        """Set room aside, once; what waits in memory goes only when the answer does."""
        if not self._reserved[length]:
            wanted, room = held(length), self._room
            if length == LARGE and room.large + wanted <= LARGE_ROOM:
                room.large += wanted
            elif length == MIDDLE and room.middle + wanted <= MIDDLE_ROOM:
                room.middle += wanted
            else:
                return False
            self._reserved[length] = wanted
        return True

    def _look(self) -> None:
        waited = self._loop.time() - self._waits_since if self._waits_since else 0.0
        if self._task is not None and waited > self._credit_s:
            self._is_expired = True
            self._task.cancel()
            return
        self._timer = self._loop.call_later(LOOK_S, self._look)
