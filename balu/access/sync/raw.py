"""``/api/sync/upload``: chunks in any order, each with its SHA-256; the last one to arrive makes the file."""

import re
from uuid import UUID

import msgspec

from balu.kernel.errors import InvalidError, MalformedError, NotFoundError
from balu.kernel.raw import Exchange, RawRoute
from balu.storage.files import Terms
from balu.storage.uploads import (
    MAX_SIZE,
    SCOPE,
    Checksum,
    FormReader,
    Incoming,
    Transfer,
    UploadRow,
    UploadService,
    Wish,
    boundary_of,
    missing_of,
    percent_of,
    upload_of,
)

PREFIX = "/api/sync/upload"
CHUNK = 5 << 20
MIN_CHUNK, MAX_CHUNK = 64 << 10, 64 << 20
MAX_CHUNKS = 1_000_000
MAX_JSON = 64 << 10
SHA256 = re.compile("[0-9a-f]{64}")
STEP = re.compile("([0-9a-f-]{32,36})/(?:chunk/([0-9]{1,9})|(progress|resume))")


class SyncUploadStart(msgspec.Struct, kw_only=True):
    """What a client says before the first chunk; *file_path* is the whole path, with or without its name."""

    file_path: str
    file_name: str
    total_size: int
    chunk_size: int = CHUNK


class SyncUpload(msgspec.Struct, kw_only=True):
    """An upload that has begun. *resume_token* continues it without signing in, as ``Upload-Token``."""

    upload_id: str
    chunk_size: int
    total_chunks: int
    resume_token: str


class SyncChunk(msgspec.Struct, kw_only=True):
    """A chunk that is on the disk."""

    chunk_number: int
    completed_chunks: int
    total_chunks: int
    progress_percent: float


class SyncProgress(msgspec.Struct, kw_only=True):
    """How far an upload is."""

    completed_chunks: int
    uploaded_bytes: int
    is_completed: bool


async def start(exchange: Exchange) -> None:
    """``POST start``. An empty file has no chunk and is there at once."""
    wanted = await exchange.decoded(SyncUploadStart, MAX_JSON)
    size, chunk_size = wanted.total_size, wanted.chunk_size
    if not 0 <= size <= MAX_SIZE:
        raise InvalidError("total_size is a non-negative integer.", field="total_size")
    if not MIN_CHUNK <= chunk_size <= MAX_CHUNK:
        raise InvalidError("A chunk has 64 KiB to 64 MiB.", field="chunk_size")
    if size > chunk_size * MAX_CHUNKS:
        raise InvalidError("These are too many chunks; use larger ones.", field="chunk_size")
    wish = Wish(
        kind="sync", path=_path(wanted), size=size, terms=Terms(parents=True), chunk_size=chunk_size,
        shown={"device_id": (exchange.query("device_id") or "")[:100]},
    )  # fmt: skip
    uploads = UploadService(exchange.env)
    row, token = await uploads.create(exchange.user, wish)
    if size == 0:
        await uploads.complete(row)
    answer = SyncUpload(
        upload_id=str(UUID(row.id)), chunk_size=chunk_size, total_chunks=_total(row), resume_token=token
    )
    await exchange.json(200, answer)


async def go_on(exchange: Exchange) -> None:
    """Every address below an upload that has begun."""
    method, uploads = exchange.method, UploadService(exchange.env)
    hit = STEP.fullmatch(exchange.rest)
    if method == "DELETE" and hit is None:
        is_cancelled = await uploads.abort(await upload_of(exchange, exchange.rest))
        await exchange.json(200, {"cancelled": is_cancelled})
        return
    if hit is None or method != ("GET" if hit[3] == "progress" else "POST"):
        raise NotFoundError("There is nothing here.")
    row = await upload_of(exchange, hit[1])
    if row.kind != "sync":
        raise NotFoundError("This upload goes on at the address where it began.")
    uploads.check_live(row)
    if hit[2]:
        await _chunk(exchange, row, int(hit[2]))
    elif hit[3] == "progress":
        done = _total(row) - len(await missing_of(uploads, row))
        shown = SyncProgress(
            completed_chunks=done, uploaded_bytes=row.offset, is_completed=row.status == "completed"
        )
        await exchange.json(200, shown)
    else:
        row = await _completed(uploads, row)
        missing = await missing_of(uploads, row)
        await exchange.json(200, {"resume_from_chunk": missing[0] if missing else _total(row)})


async def _chunk(exchange: Exchange, row: UploadRow, number: int) -> None:
    uploads, announced = UploadService(exchange.env), exchange.query("chunk_hash")
    if announced is not None and not SHA256.fullmatch(announced.lower()):
        raise InvalidError("chunk_hash is a SHA-256: 64 hex digits.", field="chunk_hash")
    checksum = Checksum("sha256", announced.lower()) if announced else None
    form = FormReader(exchange.body(), boundary_of(exchange.headers.get("content-type")))
    is_there = False
    async for part in form.parts():
        if part.name == "chunk_file" and not is_there:
            is_there = True
            await Transfer(uploads).put_chunk(row, number, Incoming(part.chunks(), None, checksum))
    if not is_there:
        raise MalformedError("Send the bytes as the form's field chunk_file.")
    row = await _completed(uploads, await uploads.get(row.id))
    done = _total(row) - len(await missing_of(uploads, row))
    answer = SyncChunk(
        chunk_number=number, completed_chunks=done, total_chunks=_total(row), progress_percent=percent_of(row)
    )
    await exchange.json(200, answer)


async def _completed(uploads: UploadService, row: UploadRow) -> UploadRow:
    """Publish what is all there; a chunk that is sent again tries again what failed before."""
    if row.offset != row.size:
        return row
    return (await uploads.complete(row))[0]


def _total(row: UploadRow) -> int:
    return -(-(row.size or 0) // (row.chunk_size or CHUNK))


def _path(wanted: SyncUploadStart) -> str:
    folder, name = wanted.file_path.strip("/"), wanted.file_name
    if not name or "/" in name:
        raise InvalidError("Name the file, without its folder.", field="file_name")
    if folder == name or folder.endswith(f"/{name}"):
        return folder
    return f"{folder}/{name}" if folder else name


UPLOAD_START = RawRoute(f"{PREFIX}/start", frozenset({"POST"}), start, scope=SCOPE, exact=True)
UPLOAD = RawRoute(PREFIX, frozenset({"GET", "POST", "DELETE"}), go_on, auth="optional")
