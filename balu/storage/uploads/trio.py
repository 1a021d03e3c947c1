"""``/api/files/upload/chunked``: start, chunks in order, finish; and chunks in a single kind of call."""

import re
from collections.abc import AsyncIterator
from contextlib import aclosing
from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec

from balu.kernel.errors import InvalidError, MalformedError, NotFoundError, TooLargeError
from balu.kernel.raw import Exchange, RawRoute
from balu.storage.files import FileItem, FileService, Terms
from balu.storage.uploads.access import SCOPE, TOKEN_HEADER, upload_of
from balu.storage.uploads.again import compare
from balu.storage.uploads.errors import UploadDiffersError, UploadNotFoundError, UploadOrderError
from balu.storage.uploads.models import UploadRow
from balu.storage.uploads.progress import state_of
from balu.storage.uploads.raw import conflict_of
from balu.storage.uploads.service import MAX_SIZE, UploadService, Wish
from balu.storage.uploads.transfer import Incoming, Transfer

CHUNK = 32 << 20
MAX_JSON = 64 << 10
STEP = re.compile("([0-9a-f-]{32,36})/(chunk|complete)")


class ChunkedInit(msgspec.Struct, kw_only=True):
    """What a client says before the first chunk."""

    filename: str
    total_size: int
    target_path: str = ""


async def chunked(exchange: Exchange) -> None:
    """Every address below ``/api/files/upload/chunked`` but ``init``."""
    if exchange.method == "POST" and (hit := STEP.fullmatch(exchange.rest)):
        row = await upload_of(exchange, hit[1])
        await (_chunk if hit[2] == "chunk" else _finish)(exchange, row)
    elif exchange.method == "GET":
        await exchange.json(200, await state_of(exchange, exchange.rest))
    elif exchange.method == "DELETE":
        uploads = UploadService(exchange.env)
        is_cancelled = await uploads.abort(await upload_of(exchange, exchange.rest))
        said = "Upload cancelled" if is_cancelled else "The upload had ended before; a finished file stays"
        await exchange.json(200, {"message": said})
    else:
        raise NotFoundError("There is nothing here.")


async def begin(exchange: Exchange) -> None:
    """``POST /api/files/upload/chunked/init``."""
    wanted = await exchange.decoded(ChunkedInit, MAX_JSON)
    wish = _wish("trio", wanted.target_path, wanted.filename, wanted.total_size, CHUNK)
    row, token = await UploadService(exchange.env).create(exchange.user, wish)
    answer = {"upload_id": str(UUID(row.id)), "chunk_size": CHUNK}
    await exchange.json(200, answer, {TOKEN_HEADER: token})


async def _chunk(exchange: Exchange, row: UploadRow) -> None:
    row = await _append(exchange, row, number_of(exchange, "chunk_index"))
    await exchange.json(200, {"received_bytes": row.offset})


async def _finish(exchange: Exchange, row: UploadRow) -> None:
    row, _ = await UploadService(exchange.env).complete(row)
    await exchange.json(200, {"path": row.path, "size": row.size})


async def single(exchange: Exchange) -> None:
    """``POST /api/files/upload/chunk``: the first chunk begins the upload, the last one finishes it."""
    uploads, index = UploadService(exchange.env), number_of(exchange, "chunk_index")
    named = f"balu:{exchange.user.user_id}:{exchange.query('upload_id') or ''}"
    upload_id = uuid5(NAMESPACE_URL, named)
    folder, name = exchange.query("path") or "", exchange.query("filename") or ""
    try:
        row = await uploads.get(str(upload_id))
    except UploadNotFoundError:
        if index != 0 or not exchange.query("upload_id"):
            raise UploadOrderError("Begin with chunk 0 and an upload_id of your own.") from None
        length = exchange.content_length
        if length is None:
            raise MalformedError("Say how long the chunk is (Content-Length).") from None
        wish = _wish("single", folder, name, number_of(exchange, "total_size"), max(length, 1), upload_id)
        row, _ = await uploads.create(exchange.user, wish)
    else:
        is_as_long = exchange.query("total_size") is None or number_of(exchange, "total_size") == row.size
        if not is_as_long or (name and not await uploads.is_at(row, _path(folder, name))):
            raise UploadDiffersError("This upload_id belongs to another file. Choose a new one.")
    row = await _append(exchange, row, index)
    complete = row.offset == row.size
    item: FileItem | None = None
    if complete:
        row, found = await uploads.complete(row)
        item = FileService(exchange.env, exchange.user).item(found) if found else None
    await exchange.json(200, {"received_bytes": row.offset, "complete": complete, "file": item})


async def _append(exchange: Exchange, row: UploadRow, index: int) -> UploadRow:
    """Chunk *index* begins at index x chunk size; what of it is there already is compared and not written."""
    uploads = UploadService(exchange.env)
    uploads.check_live(row)
    start, length = index * (row.chunk_size or CHUNK), exchange.content_length
    if start > row.offset:
        raise UploadOrderError(f"Chunk {row.offset // (row.chunk_size or CHUNK)} is missing before this one.")
    known, ahead = row.offset - start, b""
    async with aclosing(exchange.body()) as body:
        if known or row.status == "completed":
            _, ahead = await compare(uploads, row, body, start, row.offset)
            if not ahead:
                return row
        if row.status == "completed":
            raise TooLargeError(f"The upload has {row.size} bytes; more arrived.")
        rest = None if length is None else length - known
        return await Transfer(uploads).append(row, row.offset, Incoming(_joined(ahead, body), rest))


async def _joined(ahead: bytes, body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    if ahead:
        yield ahead
    async for chunk in body:
        yield chunk


def number_of(exchange: Exchange, name: str) -> int:
    """A query parameter that must be a non-negative integer.

    Raises:
        InvalidError: it is none, or too large.
    """
    text = exchange.query(name) or ""
    if not (text.isascii() and text.isdigit()) or len(text) > len(str(MAX_SIZE)):
        raise InvalidError(f"{name} is a non-negative integer.", field=name)
    return int(text)


def _wish(kind: str, folder: str, name: str, size: int, chunk_size: int, uid: UUID | None = None) -> Wish:
    if not 0 <= size <= MAX_SIZE:
        raise InvalidError("total_size is a non-negative integer.", field="total_size")
    if not name:
        raise InvalidError("Name the file.", field="filename")
    terms = Terms(on_conflict=conflict_of(None), parents=True)
    return Wish(kind=kind, path=_path(folder, name), size=size, terms=terms, chunk_size=chunk_size, id=uid)


def _path(folder: str, name: str) -> str:
    return "/".join(filter(None, (folder.strip("/"), name)))


PREFIX = "/api/files/upload/chunked"
TRIO_INIT = RawRoute(f"{PREFIX}/init", frozenset({"POST"}), begin, scope=SCOPE, exact=True)
TRIO = RawRoute(PREFIX, frozenset({"GET", "POST", "DELETE"}), chunked, auth="optional")
SINGLE = RawRoute("/api/files/upload/chunk", frozenset({"POST"}), single, scope=SCOPE, exact=True)
