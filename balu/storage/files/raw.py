"""Downloads: whole, in ranges, conditional; bytes come from the descriptor that was checked."""

import asyncio
import base64
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from balu.kernel.errors import BaluError, InvalidError
from balu.kernel.outflow import Flow
from balu.kernel.ranges import (
    Range,
    UnsatisfiableRangeError,
    content_disposition,
    http_date,
    judge,
    parse,
    range_applies,
)
from balu.kernel.raw import ClientGoneError, Exchange, RawRoute
from balu.kernel.threads import Threads
from balu.kernel.unit import open_unit
from balu.storage.files.errors import FileChangedError, FileNotFoundHereError, WrongKindError, told
from balu.storage.files.items import mime_of, moment
from balu.storage.files.models import VersionRow
from balu.storage.files.mounts import volume_id_of
from balu.storage.files.offload import offloaded
from balu.storage.files.places import Found, Places, Spot
from balu.storage.files.rows import differs
from balu.storage.volumes import Volumes
from balu_core import Source

INLINE = {
    "application/pdf", "audio/flac", "audio/mpeg", "audio/mp4", "audio/ogg", "audio/wav", "audio/x-wav",
    "image/avif", "image/bmp", "image/gif", "image/jpeg", "image/png", "image/webp", "text/plain",
    "video/mp4", "video/ogg", "video/quicktime", "video/webm",
}  # fmt: skip
"""What a browser may show as a document of this origin, in a sandbox; everything else is an attachment."""


class RangeError(BaluError):
    """The range lies outside the file."""

    status, code = 416, "range"


@dataclass(frozen=True, slots=True)
class _Content:
    source: Source
    spot: Spot
    etag: str
    blake3: str | None
    sha256: str | None
    is_former: bool = False
    """A version, which only this process may read."""


async def download(exchange: Exchange) -> None:
    """``GET|HEAD /api/files/download/{path}``: *rest* is a path, or a file id when no such path exists."""
    content = await _at_hand(exchange) or await _open(exchange, await _asked_for(exchange))
    try:
        await _answer(exchange, content)
    finally:
        content.source.close()


async def _at_hand(exchange: Exchange) -> _Content | None:
    """A file whose row agrees and that opens without waiting for a disk; None for everything else."""
    if "%" in exchange.rest or exchange.query("version"):
        return None
    places = Places(exchange.env)
    home = await places.home(exchange.user, volume_id_of(exchange.query("mount")))
    spot = await places.spot(home, exchange.rest)
    row = await places.peek(spot) if spot.seal is None else None
    if row is None or row.kind != "file":
        return None
    try:
        source = spot.home.core.open_now(spot.disk)
    except (OSError, ValueError):
        return None  # the other way says what is wrong
    if source is None:
        return None
    if differs(row, source.entry):
        source.close()
        return None
    return _Content(source, spot, row.etag, row.blake3, row.sha256)


async def _asked_for(exchange: Exchange) -> Found:
    places = Places(exchange.env)
    home = await places.home(exchange.user, volume_id_of(exchange.query("mount")))
    try:
        return await places.find(await places.spot(home, exchange.rest))
    except FileNotFoundHereError:
        if exchange.rest.isascii() and exchange.rest.isdigit():
            return await places.by_id(exchange.user, int(exchange.rest))
        raise


async def _open(exchange: Exchange, found: Found) -> _Content:
    if found.is_folder:
        raise WrongKindError(f"{found.spot.path!r} is a folder; download its files.")
    run, core = exchange.env.part(Threads).run, found.spot.home.core
    wanted = exchange.query("version")
    if wanted:
        if not (wanted.isascii() and wanted.isdigit()):
            raise InvalidError("A version is a number.", field="version")
        rev = int(wanted)
        if rev != found.row.rev:
            async with open_unit(exchange.env, writes=False) as unit:
                kept = await unit.session.scalar(VersionRow.of(found.row.id, rev))
            if kept is None:
                raise FileNotFoundHereError("This version is not kept any more.")
            there = (await exchange.env.part(Volumes).get(kept.volume_id)).core
            if found.spot.seal is not None:
                there = found.spot.seal.through(there)
            with told(found.spot.path):
                source = await run(there.open_version, found.row.id, rev)
            digest = kept.blake3 if found.spot.seal is None else source.blake3
            return _Content(source, found.spot, f'"{found.row.id}.{rev}"', digest, None, is_former=True)
    with told(found.spot.path):
        source = await run(core.open, found.spot.disk)
    row = found.row
    if found.spot.seal is not None:
        if source.entry.ino != found.entry.ino:  # replaced meanwhile; the entry's size is no help here
            row = (await Places(exchange.env).find(found.spot)).row
        return _Content(source, found.spot, row.etag, source.blake3, None)
    if source.entry.ino != found.entry.ino or source.entry.mtime_ns != found.entry.mtime_ns:
        row = await Places(exchange.env).row_of(found.spot, source.entry)
    return _Content(source, found.spot, row.etag, row.blake3, row.sha256)


async def _answer(exchange: Exchange, content: _Content) -> None:
    entry, headers = content.source.entry, exchange.headers
    modified = moment(entry.mtime_ns)
    verdict = judge(headers, content.etag, modified, exchange.method)
    if verdict == "failed":
        raise FileChangedError("The file is not what you last saw.", etag=content.etag)
    shared = {
        "etag": content.etag, "last-modified": http_date(modified), "accept-ranges": "bytes",
        "cache-control": "private, no-cache",
    }  # fmt: skip
    if verdict == "not-modified":
        await exchange.respond(304, headers=shared)
        return
    mime = mime_of(content.spot.plain_name, "file") or "application/octet-stream"
    inline = exchange.query("inline") in {"1", "true"} and mime in INLINE
    shared |= {"content-disposition": content_disposition(content.spot.plain_name, inline=inline)}
    if digest := repr_digest(content.blake3, content.sha256):
        shared["repr-digest"] = digest
    ranges = None
    if exchange.method == "GET" and range_applies(headers.get("if-range"), content.etag, modified):
        try:
            ranges = parse(headers.get("range"), entry.size)
        except UnsatisfiableRangeError as error:
            raise RangeError(
                "The file is shorter than that.", headers={"content-range": f"bytes */{entry.size}"}
            ) from error
    mime += "; charset=utf-8" if mime.startswith("text/") else ""
    if not content.is_former and content.spot.seal is None and (handed := offloaded(exchange, content.spot)):
        await exchange.respond(200, headers={**shared, **handed, "content-type": mime})
        return
    await _send(exchange, content.source, ranges, mime, shared)


async def _send(
    exchange: Exchange, source: Source, ranges: list[Range] | None, mime: str, headers: dict[str, str]
) -> None:
    size = source.entry.size
    pieces: list[bytes | Range]
    if ranges is None:
        status, pieces = 200, [Range(0, size - 1)] if size else []
    elif len(ranges) == 1:
        status, pieces = 206, list(ranges)
        headers["content-range"] = f"bytes {ranges[0].start}-{ranges[0].end}/{size}"
    else:
        status, mark = 206, secrets.token_hex(12)
        pieces = _multipart(ranges, size, mime, mark)
        mime = f"multipart/byteranges; boundary={mark}"
    headers |= {"content-type": mime, "content-length": str(sum(map(len, pieces)))}
    await exchange.start(status, headers)
    if exchange.method == "HEAD" or not pieces:
        await exchange.end()
        return
    if (
        len(pieces) == 1
        and isinstance(piece := pieces[0], Range)
        and await _send_at_once(exchange, source, piece)
    ):
        return
    gone = asyncio.ensure_future(exchange.until_gone())
    try:
        with exchange.flow() as flow:
            async for block in _blocks(exchange, source, pieces, gone, flow):
                await exchange.send_block(flow, block)
        await exchange.end()
    finally:
        gone.cancel()


async def _send_at_once(exchange: Exchange, source: Source, piece: Range) -> bool:
    """Send a range that is one block and lies in memory; False when it is neither."""
    with exchange.flow(len(piece)) as flow:
        block = source.read_now(piece.start, len(piece)) if flow.length else None
        if block is None:
            return False
        await exchange.send_block(flow, block, is_last=True)
    return True


def _multipart(ranges: list[Range], size: int, mime: str, mark: str) -> list[bytes | Range]:
    pieces: list[bytes | Range] = []
    for one in ranges:
        fields = f"content-type: {mime}\r\ncontent-range: bytes {one.start}-{one.end}/{size}\r\n\r\n"
        pieces += [f"\r\n--{mark}\r\n{fields}".encode("ascii"), one]
    return [*pieces, f"\r\n--{mark}--\r\n".encode("ascii")]


async def _blocks(
    exchange: Exchange, source: Source, pieces: list[bytes | Range], gone: "asyncio.Future[None]", flow: Flow
) -> AsyncIterator[bytes]:
    run = exchange.env.part(Threads).run
    for piece in pieces:
        if isinstance(piece, bytes):
            yield piece
            continue
        offset = piece.start
        while offset <= piece.end:
            wanted = min(flow.length, piece.end - offset + 1)
            if (at_hand := source.read_now(offset, wanted)) is not None:
                if gone.done():
                    raise ClientGoneError
                offset += wanted
                yield at_hand
                continue
            read = asyncio.ensure_future(run(source.read, offset, wanted))
            both: set[asyncio.Future[Any]] = {read, gone}
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            if gone.done():
                await asyncio.wait({read})  # the descriptor is closed right after this
                raise ClientGoneError
            block = read.result()
            if not block:
                raise ClientGoneError  # the file was cut short meanwhile: the client must see a broken answer
            offset += len(block)
            yield block


def repr_digest(blake3: str | None, sha256: str | None) -> str:
    """RFC 9530 field for the digests that are known, empty for none; BLAKE3 is an additional key."""
    known = (("blake3", blake3), ("sha-256", sha256))
    return ", ".join(
        f"{key}=:{base64.b64encode(bytes.fromhex(hexed)).decode()}:" for key, hexed in known if hexed
    )


DOWNLOAD = RawRoute(
    "/api/files/download",
    frozenset({"GET", "HEAD"}),
    download,
    scope="files:read",
    rate=("file_bytes", 50_000),
)
