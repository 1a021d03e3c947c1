"""tus 1.0.0 at ``/api/uploads``: the resumable upload protocol, with all its extensions.

Core, creation, creation-with-upload, creation-defer-length, expiration, checksum, termination and
concatenation (https://tus.io/protocols/resumable-upload).
"""

from email.utils import format_datetime
from uuid import UUID

from balu.kernel.errors import (
    BaluError,
    ForbiddenError,
    InvalidError,
    MalformedError,
    PreconditionError,
    TooLargeError,
)
from balu.kernel.raw import Exchange, RawRoute
from balu.storage.files import Found, Terms, VaultBoundaryError, repr_digest, told
from balu.storage.uploads.access import SCOPE, TOKEN_HEADER, upload_of
from balu.storage.uploads.manifest import HASH, chunk_or_commit
from balu.storage.uploads.models import UploadRow
from balu.storage.uploads.progress import state_of
from balu.storage.uploads.raw import conflict_of, mtime_of
from balu.storage.uploads.service import MAX_SIZE, UploadService, Wish
from balu.storage.uploads.transfer import Incoming, Transfer
from balu.storage.uploads.tus_headers import (
    ALGORITHMS,
    checksum_of,
    length_of,
    metadata_of,
    parts_of,
    required_length,
)

VERSION = "1.0.0"
EXTENSIONS = (
    "creation,creation-with-upload,creation-defer-length,expiration,checksum,termination,concatenation"
)
OFFSET_TYPE = "application/offset+octet-stream"
PREFIX = "/api/uploads"
SHARED = {"tus-resumable": VERSION, "cache-control": "no-store"}


class TusVersionError(PreconditionError):
    """This version of the protocol is not spoken here."""

    code = "tus-version"


class OffsetTypeError(BaluError):
    """The body is not of the right type."""

    status, code = 415, "unsupported-media-type"


async def describe(exchange: Exchange) -> None:
    """``OPTIONS``: what the server can do."""
    headers = {
        "tus-version": VERSION, "tus-extension": EXTENSIONS, "tus-max-size": str(MAX_SIZE),
        "tus-checksum-algorithm": ",".join(ALGORITHMS),
    }  # fmt: skip
    await exchange.respond(204, headers={**SHARED, **headers})


async def tus(exchange: Exchange) -> None:
    """Every other request of the protocol; refusals carry its headers too."""
    if await chunk_or_commit(exchange):
        return
    try:
        await _dispatch(exchange)
    except BaluError as error:
        error.headers = {**SHARED, **error.headers}
        if isinstance(error, TusVersionError):
            error.headers["tus-version"] = VERSION
        raise


async def _dispatch(exchange: Exchange) -> None:
    method = exchange.method
    if method == "POST":
        method = exchange.headers.get("x-http-method-override", method).upper()
    if method == "GET":
        await exchange.json(200, await state_of(exchange, exchange.rest))
        return
    if exchange.headers.get("tus-resumable") != VERSION:
        raise TusVersionError(f"Send Tus-Resumable: {VERSION}.")
    if not exchange.rest:
        if method != "POST":
            raise MalformedError("Name the upload.")
        await _create(exchange)
    elif method == "HEAD":
        await _head(exchange)
    elif method == "PATCH":
        await _patch(exchange)
    elif method == "DELETE":
        await UploadService(exchange.env).abort(await upload_of(exchange, exchange.rest))
        await exchange.respond(204, headers=SHARED)
    else:
        raise MalformedError("An upload knows HEAD, PATCH, GET and DELETE.")


async def _create(exchange: Exchange) -> None:
    headers, uploads = exchange.headers, UploadService(exchange.env)
    concat = headers.get("upload-concat", "")
    if concat.startswith("final"):
        await _create_final(exchange, concat)
        return
    if concat not in {"", "partial"}:
        raise InvalidError("Upload-Concat is partial or final.", field="Upload-Concat")
    size = length_of(headers)
    wish = _wish(exchange, size, concat)
    row, token = await uploads.create(exchange.user, wish)
    found: Found | None = None
    if headers.get("content-type") == OFFSET_TYPE or size == 0:
        checksum = checksum_of(headers)
        incoming = Incoming(exchange.body(), exchange.content_length, checksum)
        row = await Transfer(uploads).append(row, 0, incoming)
        row, found = await _complete(uploads, row)
    location = f"{PREFIX}/{UUID(row.id)}"
    answer = {**_progress(row), "location": location, TOKEN_HEADER: token, **_of_file(row, found)}
    await exchange.respond(201, headers=answer)


async def _create_final(exchange: Exchange, concat: str) -> None:
    if "upload-length" in exchange.headers:
        raise MalformedError("A final upload has the length of its parts.")
    uploads = UploadService(exchange.env)
    parts = [await upload_of(exchange, name) for name in parts_of(concat, PREFIX)]
    for part in parts:
        if part.concat != "partial" or part.owner_id != exchange.user.user_id:
            raise ForbiddenError("Only partial uploads of your own can be joined.")
        uploads.check_live(part)
        if part.size is None or part.offset != part.size:
            raise MalformedError("A part is not complete yet.")
    wish = _wish(exchange, sum(part.size or 0 for part in parts), "final")
    wish.shown["upload-concat"] = concat
    row, token = await uploads.create(exchange.user, wish)
    try:
        row = await Joining(uploads).join(row, parts)
        row, found = await uploads.complete(row)
    except BaluError:
        await uploads.abort(row)
        raise
    for part in parts:
        await uploads.abort(part)
    location = f"{PREFIX}/{UUID(row.id)}"
    answer = {**_progress(row), "location": location, TOKEN_HEADER: token, **_of_file(row, found)}
    await exchange.respond(201, headers=answer)


async def _head(exchange: Exchange) -> None:
    uploads = UploadService(exchange.env)
    row = await upload_of(exchange, exchange.rest)
    await uploads.running.stop(row.id)
    row = await uploads.get(row.id)
    uploads.check_live(row)
    shown = dict(row.shown)
    if row.size is None:
        shown["upload-defer-length"] = "1"
    else:
        shown["upload-length"] = str(row.size)
    await exchange.respond(200, headers={**_progress(row), **shown})


async def _patch(exchange: Exchange) -> None:
    headers, uploads = exchange.headers, UploadService(exchange.env)
    if headers.get("content-type") != OFFSET_TYPE:
        raise OffsetTypeError(f"Send the bytes as {OFFSET_TYPE}.")
    offset = required_length(headers, "upload-offset")
    checksum = checksum_of(headers)
    row = await upload_of(exchange, exchange.rest)
    uploads.check_live(row)
    if row.concat == "final":
        raise ForbiddenError("A final upload takes no bytes of its own.")
    if "upload-length" in headers:
        row = await uploads.set_size(row, required_length(headers, "upload-length"))
    if row.status == "completed":
        if offset != row.size or exchange.content_length not in {None, 0}:
            raise TooLargeError("This upload is complete.")
    else:
        row = await Transfer(uploads).append(
            row, offset, Incoming(exchange.body(), exchange.content_length, checksum)
        )
    row, found = await _complete(uploads, row)
    await exchange.respond(204, headers={**_progress(row), **_of_file(row, found)})


class Joining:
    """Partial uploads become one: their bytes are copied and hashed again as they go."""

    def __init__(self, uploads: UploadService) -> None:
        self._uploads = uploads

    async def join(self, row: UploadRow, parts: list[UploadRow]) -> UploadRow:
        """Fill the staged file of *row* with those of *parts*."""
        uploads, threads = self._uploads, self._uploads.threads
        home = await uploads.home_of(row)
        if home.seal is not None:
            raise VaultBoundaryError("Parts are not encrypted. Send files for a vault in one upload.")
        with told(row.path):
            part = await threads.run(
                home.core.part, row.id, offset=0, spans=b"", length=row.size, whole=row.size
            )
            try:
                for source in parts:
                    await threads.run(home.core.append, source.id, source.size or 0, part)
                offset, spans, _ = await threads.run(part.end)
            finally:
                await threads.run(part.halt)
        await uploads.put_state(row.id, offset=offset, spans=spans)
        return await uploads.get(row.id)


async def _complete(uploads: UploadService, row: UploadRow) -> tuple[UploadRow, Found | None]:
    if row.size is None or row.offset != row.size or row.concat == "partial":
        return row, None
    return await uploads.complete(row)


def _wish(exchange: Exchange, size: int | None, concat: str) -> Wish:
    raw = exchange.headers.get("upload-metadata", "")
    metadata = metadata_of(raw)
    filename = metadata.get("filename") or metadata.get("name") or ""
    folder = metadata.get("path", "")
    path = "/".join(filter(None, (folder.strip("/"), filename)))
    if not path and concat != "partial":
        raise InvalidError("Name the file in Upload-Metadata (filename).", field="Upload-Metadata")
    mtime, digest = metadata.get("mtime"), metadata.get("blake3", "").lower()
    if digest and not HASH.fullmatch(digest):
        raise InvalidError("blake3 in Upload-Metadata is 64 hex digits.", field="Upload-Metadata")
    terms = Terms(
        on_conflict=conflict_of(metadata.get("on_conflict")),
        mtime_ns=None if not mtime else mtime_of(mtime),
        parents=True,
        blake3=digest or None,
    )
    shown = {"upload-metadata": raw} if raw else {}
    if concat == "partial":
        shown["upload-concat"] = "partial"
    return Wish(kind="tus", path=path, size=size, terms=terms, concat=concat, shown=shown)


def _progress(row: UploadRow) -> dict[str, str]:
    expires = (
        {} if row.status == "completed" else {"upload-expires": format_datetime(row.expires_at, usegmt=True)}
    )
    return {**SHARED, **expires, "upload-offset": str(row.offset)}


def _of_file(row: UploadRow, found: Found | None) -> dict[str, str]:
    if row.status != "completed" or found is None:
        return {}
    digest = repr_digest(found.blake3, found.row.sha256)
    return {"etag": found.row.etag, **({"repr-digest": digest} if digest else {})}


TUS_OPTIONS = RawRoute(PREFIX, frozenset({"OPTIONS"}), describe, auth="public")
TUS_CREATE = RawRoute(PREFIX, frozenset({"POST"}), tus, scope=SCOPE, exact=True)
TUS = RawRoute(PREFIX, frozenset({"POST", "HEAD", "PATCH", "DELETE", "GET"}), tus, auth="optional")
