"""The bytes of one request on their way into an upload: appended in order, or one chunk of many."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal, ParamSpec, TypeVar

from balu.kernel.errors import BaluError, TooLargeError
from balu.kernel.threads import finish
from balu.kernel.unit import open_unit
from balu.storage.files import DigestError, Home, told
from balu.storage.uploads import rows
from balu.storage.uploads.again import compare
from balu.storage.uploads.errors import UploadBusyError, UploadEndedError, UploadOffsetError
from balu.storage.uploads.models import UploadRow
from balu.storage.uploads.running import GIVE_WAY_S, Turn, epoch_of
from balu.storage.uploads.service import KEEP, STEP, UploadService
from balu_core import Part

P = ParamSpec("P")
T = TypeVar("T")
Algorithm = Literal["sha1", "sha256", "blake3"]
SYNC_EVERY = 64 << 20


@dataclass(frozen=True, slots=True)
class Checksum:
    """What the client says about the bytes of one request."""

    algorithm: Algorithm
    hex: str


@dataclass(slots=True)
class Incoming:
    """The body of one request."""

    chunks: AsyncIterator[bytes]
    length: int | None = None
    """As declared; None when the client does not say."""
    checksum: Checksum | None = None


class Transfer:
    """Writes into uploads. Offsets are stored, and so told, only for bytes that are on the disk."""

    def __init__(self, uploads: UploadService) -> None:
        self._uploads = uploads
        self._env, self._threads = uploads.env, uploads.threads

    async def append(self, row: UploadRow, offset: int, incoming: Incoming) -> UploadRow:
        """Add bytes at *offset*; whatever interrupts this keeps what came, unless a checksum was announced.

        Raises:
            UploadOffsetError: the upload does not end there.
            TooLargeError: there are more bytes than the upload's length allows.
            DigestError: the announced checksum is not theirs; nothing was added.
            UploadSupersededError, UploadEndedError: see ``Running.turn``.
        """
        uploads = self._uploads
        _check_offset(row, offset)
        _check_length(row, offset, incoming.length)
        home = await uploads.home_of(row)
        async with uploads.running.turn(self._env, row.id, row.owner_id) as turn:
            await self._lease(row, turn)
            part, row = await self._open(home, row, offset, incoming)
            filling = _Filling(uploads, row, part, offset)
            try:
                await filling.take(incoming)
                part.halt()  # it has ended: nothing writes any more
            except BaseException:
                if incoming.checksum is None:
                    with suppress(OSError, BaluError):  # the reason of the interruption matters more
                        await finish(filling.keep())
                await finish(self._threads.run(part.halt))
                raise
            finally:
                del part, filling.part
        return await uploads.get(row.id)

    async def put_chunk(self, row: UploadRow, number: int, incoming: Incoming) -> bool:
        """One chunk, in any order and beside others; False when it was there already.

        Raises:
            UploadOffsetError: there is no chunk of this number, or it has another length.
            UploadDiffersError: it was there already, with other bytes.
            DigestError: the bytes are not the announced ones.
        """
        offset, length = chunk_range(row, number)
        if incoming.length is not None and incoming.length != length:
            raise UploadOffsetError(f"Chunk {number} has {length} bytes.")
        if row.status == "completed":
            await self._check_again(row, number, incoming)
            return False
        home = await self._uploads.home_of(row)
        # In a vault, writing is the way to compare: the native half refuses other bytes for the same place.
        # What is kept aside of a file's last 16 KiB is not written yet; the first bytes stay.
        is_readable = home.seal is None
        if is_readable and await self._has(row, number):
            await self._check_again(row, number, incoming)
            return False
        async with self._uploads.running.turn(self._env, row.id, row.owner_id, number) as turn:
            turn.epoch = row.epoch
            part = await self._open_chunk(home, row, offset, length, incoming.checksum)
            ended: tuple[int, bytes, str | None] | None = None
            try:
                if is_readable and await self._has(row, number):
                    await self._check_again(row, number, incoming)
                    return False
                await self._fill_chunk(part, length, incoming)
                end, spans, found = ended = await self._call(_end, part)
            finally:
                if ended is None:
                    await finish(self._threads.run(part.halt))
                del part
            if end - offset != length:
                raise UploadOffsetError(f"Chunk {number} has {length} bytes; {end - offset} arrived.")
            if incoming.checksum is not None and incoming.checksum.hex != found:
                raise DigestError("The chunk does not have the announced checksum. Send it again.")
            await finish(self._store_chunk(row, number, length, spans))
        return True

    async def _lease(self, row: UploadRow, turn: Turn) -> None:
        """Say that this process writes now, unless the row says so already."""
        turn.epoch = await epoch_of(self._env, row.owner_id)
        row = await self._uploads.get(row.id)
        is_live = row.status == "uploading"
        if is_live and row.lease != turn.lease:
            async with open_unit(self._env) as unit:
                is_live = await self._uploads.change(unit, row.id, lease=turn.lease)
        if not is_live:
            raise UploadEndedError("This upload was given up meanwhile.")
        turn.is_open = True

    async def _open(
        self, home: Home, row: UploadRow, offset: int, incoming: Incoming
    ) -> tuple[Part, UploadRow]:
        """The part, once nobody else has it, and the row as it is then."""
        deadline = asyncio.get_running_loop().time() + GIVE_WAY_S
        check = incoming.checksum.algorithm if incoming.checksum else None
        while True:
            row = await self._uploads.get(row.id)
            _check_offset(row, offset)
            try:
                part = await self._call(
                    home.core.part, row.id, offset=offset, spans=row.spans, length=incoming.length,
                    whole=row.size, check=check,
                )  # fmt: skip
            except BlockingIOError:
                await _patience(deadline)
            except FileNotFoundError:
                await self._uploads.start_over(home, row)
            else:
                return part, row

    async def _open_chunk(
        self, home: Home, row: UploadRow, offset: int, length: int, checksum: Checksum | None
    ) -> Part:
        part: Part
        deadline = asyncio.get_running_loop().time() + GIVE_WAY_S
        while True:
            try:
                part = await self._call(
                    home.core.part, row.id, offset=offset, length=length, whole=row.size,
                    check=checksum.algorithm if checksum else None,
                )  # fmt: skip
            except BlockingIOError:
                await _patience(deadline)
            except FileNotFoundError:
                await self._uploads.start_over(home, row)
            else:
                return part

    async def _call(self, call: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return await self._threads.run(call, *args, **kwargs)
        except (BlockingIOError, FileNotFoundError):
            raise
        except OSError as error:
            with told(""):
                raise error from None

    async def _fill_chunk(self, part: Part, length: int, incoming: Incoming) -> None:
        received = 0
        async for chunk in incoming.chunks:
            received += len(chunk)
            if received > length:
                raise TooLargeError(f"This chunk has {length} bytes.")
            with told(""):
                room = part.push(chunk)
            if not room:
                await self._call(part.drain)

    async def _check_again(self, row: UploadRow, number: int, incoming: Incoming) -> None:
        start, length = chunk_range(row, number)
        reached, ahead = await compare(self._uploads, row, incoming.chunks, start, start + length)
        if ahead:
            raise TooLargeError(f"This chunk has {length} bytes.")
        if reached != start + length:
            raise UploadOffsetError(f"Chunk {number} has {length} bytes; {reached - start} arrived.")

    async def _has(self, row: UploadRow, number: int) -> bool:
        return await rows.has_chunk(self._env, row.id, number)

    async def _store_chunk(self, row: UploadRow, number: int, length: int, spans: bytes) -> None:
        async with open_unit(self._env) as unit:
            if not await rows.add_chunk(unit, row.id, number, length, spans, unit.now() + KEEP):
                raise UploadEndedError("This upload was given up meanwhile.")


class _Filling:
    """Pushes a body into a part, and stores how far the disk has got every 64 MiB."""

    def __init__(self, uploads: UploadService, row: UploadRow, part: Part, offset: int) -> None:
        self._uploads, self._row, self.part, self._offset = uploads, row, part, offset
        self._threads = uploads.threads
        self._syncing: asyncio.Task[None] | None = None

    async def take(self, incoming: Incoming) -> None:
        part, row, next_sync = self.part, self._row, SYNC_EVERY
        reach = self._offset
        async for chunk in incoming.chunks:
            reach += len(chunk)
            if row.size is None:
                if reach > row.reserved:
                    await self._uploads.pay_ahead(row, reach)
            elif reach > row.size:
                raise TooLargeError(f"The upload has {row.size} bytes; more arrived.")
            with told(""):
                room = part.push(chunk)
            if not room:
                with told(""):
                    await self._threads.run(part.drain)
            if reach - self._offset >= next_sync and incoming.checksum is None:
                next_sync += SYNC_EVERY
                self._begin_sync()
        await finish(self.keep(incoming.checksum))

    async def keep(self, checksum: Checksum | None = None) -> None:
        """End the part and store what it came to."""
        if self._syncing is not None:
            await self._syncing
        with told(""):
            offset, spans, found = await self._threads.run(self.part.end)
        if checksum is not None and checksum.hex != found:
            raise DigestError("The bytes do not have the announced checksum. Send them again.")
        await self._uploads.put_state(self._row.id, offset=offset, spans=spans)

    def _begin_sync(self) -> None:
        if self._syncing is None or self._syncing.done():
            self._syncing = asyncio.create_task(self._sync())

    async def _sync(self) -> None:
        with suppress(OSError):  # the part remembers, and its next call says so
            offset, spans = await self._threads.run(self.part.sync)
            await self._uploads.put_state(self._row.id, offset=offset, spans=spans)


def _end(part: Part) -> tuple[int, bytes, str | None]:
    """End a chunk and let go of its range in one trip to a thread."""
    try:
        return part.end()
    finally:
        part.halt()


def chunk_range(row: UploadRow, number: int) -> tuple[int, int]:
    """Offset and length of a chunk.

    Raises:
        UploadOffsetError: there is no such chunk.
    """
    size, chunk_size = row.size or 0, row.chunk_size or STEP
    offset = number * chunk_size
    if number < 0 or offset >= size:
        raise UploadOffsetError(f"There is no chunk {number} in this upload.")
    return offset, min(chunk_size, size - offset)


def _check_offset(row: UploadRow, offset: int) -> None:
    if row.offset != offset:
        raise UploadOffsetError(
            f"This upload continues at byte {row.offset}, not at {offset}.", offset=row.offset
        )


def _check_length(row: UploadRow, offset: int, length: int | None) -> None:
    if row.size is not None and length is not None and offset + length > row.size:
        raise TooLargeError(f"The upload has {row.size} bytes; these would be more.")


async def _patience(deadline: float) -> None:
    """Wait a moment for the other writer.

    Raises:
        UploadBusyError: it took too long.
    """
    if asyncio.get_running_loop().time() > deadline:
        raise UploadBusyError(
            "Another request writes to this upload. Try again.", headers={"retry-after": "2"}
        )
    await asyncio.sleep(0.1)
