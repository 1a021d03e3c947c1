"""``POST /api/uploads/batch``: many small files in one body, each with an outcome of its own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from decimal import Decimal
from typing import Annotated, Any

import msgspec

from balu.kernel.errors import BaluError, InvalidError, MalformedError, TooLargeError
from balu.kernel.problems import problem
from balu.kernel.ranges import etag_list
from balu.kernel.raw import Exchange, RawRoute, SlowBodyError
from balu.storage.files import (
    BusyNameError,
    FileService,
    Group,
    Home,
    Landed,
    OnConflict,
    Piece,
    Places,
    Right,
    Terms,
    volume_id_of,
)
from balu.storage.uploads.raw import MAX_SIZE
from balu.storage.uploads.replays import Replays

MEDIA_TYPE = "application/vnd.balu.batch"
MAX_FILES = 1000
MAX_FILE_BYTES = 4 << 20
MAX_BYTES = 64 << 20
MAX_LINE_BYTES = 4 << 20
LONG_LINE = "The first line of a batch has at most 4 MiB."
MAX_S = 60.0
STEP_BYTES = 4 << 20
"""Bytes gathered before they are written; what arrives meanwhile waits with the client."""


LASTING = frozenset({200, 201, 400, 413, 422})
"""Statuses that the same question has whenever it is asked: what is stored is, and what cannot be cannot."""


class BatchTypeError(BaluError):
    """This is not a batch."""

    status, code = 415, "unsupported-type"


class BatchFile(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What the first line says about one file."""

    path: str
    size: Annotated[int, msgspec.Meta(ge=0)]
    mtime: Decimal | None = None
    """Milliseconds since 1970, with a fraction if need be."""
    blake3: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")] | None = None
    if_match: str | None = None
    on_conflict: OnConflict = "replace"


class BatchOutcome(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What became of one file: *etag* for a success, *problem* for a refusal."""

    path: str
    status: int
    etag: str | None = None
    problem: dict[str, Any] | None = None


FILES = msgspec.json.Decoder(list[BatchFile])
OUTCOMES = msgspec.json.Decoder(list[BatchOutcome])


async def upload_batch(exchange: Exchange) -> None:
    """Store the files of the body; 200 with an outcome for each, in their order."""
    if exchange.headers.get("content-type", "").partition(";")[0].strip().lower() != MEDIA_TYPE:
        raise BatchTypeError(f"Send a batch as {MEDIA_TYPE}.")
    if (exchange.content_length or 0) > MAX_LINE_BYTES + MAX_BYTES:
        raise TooLargeError("A batch holds at most 64 MiB. Send several.")
    places = FileService(exchange.env, exchange.user).places
    batch = _Batch(exchange, await places.home(exchange.user, volume_id_of(exchange.query("mount"))))
    try:
        async with asyncio.timeout(MAX_S), aclosing(exchange.body()) as body:
            answer = await batch.receive(body)
    except TimeoutError:
        await batch.drop()
        raise SlowBodyError("A batch must arrive within a minute. Send fewer files at once.") from None
    except BaseException:
        await batch.drop()
        raise
    await exchange.respond(200, answer or await batch.publish(), {"content-type": "application/json"})


class _Batch:
    def __init__(self, exchange: Exchange, home: Home) -> None:
        self._home, self._request_id = home, str(exchange.scope["state"].get("request_id", ""))
        self._places = Places(exchange.env)
        self._replays = Replays(exchange.env, home.owner_id, exchange.headers.get("idempotency-key"))
        self._files: list[BatchFile] = []
        self._pieces: list[Piece | BaluError | BatchOutcome] = []
        """What is to become of each file, or became of it when the same was asked before."""
        self._line = b""
        self._env = exchange.env
        self._groups: dict[int, Group] = {}
        """By home: files for shared folders belong to their owners."""

    async def receive(self, body: AsyncIterator[bytes]) -> bytes | None:
        """Read the first line, then stage the contents as they come; the answer when it is known already.

        Of an earlier answer to the same request only what lasts is kept; the other files are tried again.

        Raises:
            MalformedError: the body is shorter or longer than its first line says.
        """
        rest = await self._first_line(body)
        lasting: dict[int, BatchOutcome] = {}
        if (stored := await self._replays.find(self._line)) is not None:
            lasting = {n: one for n, one in enumerate(OUTCOMES.decode(stored)) if one.status in LASTING}
            if len(lasting) == len(self._files):
                async for _ in body:
                    pass
                return stored
        self._pieces = [lasting.get(n) or await self._piece(file) for n, file in enumerate(self._files)]
        at = 0
        while at < len(self._files):
            start, length = at, 0
            while at < len(self._files) and length < STEP_BYTES:
                length += self._files[at].size
                at += 1
            while len(rest) < length:
                if (chunk := await anext(body, None)) is None:
                    raise MalformedError("The contents are shorter than the first line says.")
                rest += chunk
            await self._stage(start, at, bytes(memoryview(rest)[:length]))
            del rest[:length]
        async for chunk in body:
            rest += chunk
            if rest:
                break
        if rest:
            raise MalformedError("The contents are longer than the first line says.")
        return None

    async def publish(self) -> bytes:
        """Give the files their names; the answer as JSON."""
        try:
            for group in self._groups.values():
                await group.publish()
        except BaseException:
            await self.drop()
            raise
        outcomes = [
            piece if isinstance(piece, BatchOutcome) else self._outcome(file, piece)
            for file, piece in zip(self._files, self._pieces, strict=True)
        ]
        answer = msgspec.json.encode(outcomes)
        await self._replays.store(self._line, answer)
        return answer

    async def drop(self) -> None:
        """Give up what has no name."""
        for group in self._groups.values():
            await group.drop()

    async def _first_line(self, body: AsyncIterator[bytes]) -> bytearray:
        """Take the line; returns what came after it."""
        buffer, searched = bytearray(), 0
        while (end := buffer.find(b"\n", searched)) < 0:
            searched = len(buffer)
            if len(buffer) > MAX_LINE_BYTES:
                raise TooLargeError(LONG_LINE)
            if (chunk := await anext(body, None)) is None:
                raise MalformedError("A batch begins with one line of JSON.")
            buffer += chunk
        if end > MAX_LINE_BYTES:
            raise TooLargeError(LONG_LINE)
        self._line = bytes(buffer[:end])
        try:
            self._files = FILES.decode(self._line)
        except msgspec.ValidationError as error:
            raise InvalidError(str(error), field="files") from error
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise MalformedError("The first line of a batch is no JSON.") from error
        sizes = [file.size for file in self._files]
        if len(sizes) > MAX_FILES or max(sizes, default=0) > MAX_FILE_BYTES or sum(sizes) > MAX_BYTES:
            raise TooLargeError("A batch holds at most 1,000 files of 4 MiB each and 64 MiB together.")
        del buffer[: end + 1]
        return buffer

    async def _piece(self, file: BatchFile) -> Piece | BaluError:
        try:
            spot = await self._places.target(self._home, file.path)
            mtime_ns = None if file.mtime is None else int(file.mtime * 1_000_000)
            if mtime_ns is not None and not 0 <= mtime_ns < MAX_SIZE:
                return InvalidError("This time cannot be kept.", field="mtime")
            spot.need(Right.EDIT)
            terms = Terms(
                on_conflict=file.on_conflict, if_match=etag_list(file.if_match), mtime_ns=mtime_ns,
                parents=True, blake3=file.blake3,
            )  # fmt: skip
        except BaluError as error:
            return error
        return Piece(spot, terms, file.size)

    async def _stage(self, start: int, end: int, data: bytes) -> None:
        homes: dict[int, list[tuple[Piece, memoryview]]] = {}
        offset, view = 0, memoryview(data)
        for file, piece in zip(self._files[start:end], self._pieces[start:end], strict=True):
            if isinstance(piece, Piece):  # the others' contents are skipped
                theirs = homes.setdefault(piece.spot.home.file_id, [])
                theirs.append((piece, view[offset : offset + file.size]))
            offset += file.size
        for home_id, taken in homes.items():
            whole = len(taken) == end - start
            group = self._groups.setdefault(home_id, Group(self._env, taken[0][0].spot.home))
            part = data if whole else b"".join(content for _, content in taken)
            await group.stage([piece for piece, _ in taken], part)

    def _outcome(self, file: BatchFile, piece: Piece | BaluError) -> BatchOutcome:
        result = piece if isinstance(piece, BaluError) else piece.result
        if isinstance(result, Landed):
            status = 201 if result.outcome == "created" else 200
            path = result.spot.path
            return BatchOutcome(path=path, status=status, etag=result.etag)
        status, _, document = problem(result or BusyNameError("Try again."), self._request_id)
        return BatchOutcome(path=file.path, status=status, problem=document)


BATCH = RawRoute("/api/uploads/batch", frozenset({"POST"}), upload_batch, scope="files:write", exact=True)
