"""How far an upload is: as JSON, and as server-sent events for whoever holds a short-lived token."""

import asyncio
import hashlib
import hmac
import time
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from balu.kernel.errors import UnauthorizedError
from balu.kernel.raw import Exchange, RawRoute
from balu.storage.uploads.access import upload_of
from balu.storage.uploads.models import UploadRow
from balu.storage.uploads.service import UploadService
from balu.storage.uploads.transfer import chunk_range

TOKEN_S = 60
MAX_DIGITS = 12
"""Of a time in seconds, for some thirty thousand years."""
POLL_S = 0.5
PING_EVERY = 30
"""Rounds without news after which a comment keeps proxies from closing the stream."""


class Progress(msgspec.Struct, kw_only=True):
    """What every dialect shows of an upload."""

    upload_id: str
    total_bytes: int | None
    uploaded_bytes: int
    status: str
    progress_percentage: float
    error: str | None


class UploadState(Progress, kw_only=True):
    """The same with what a client needs to go on."""

    path: str
    offset: int
    chunk_size: int | None
    missing: list[int]
    """Numbers of the chunks that have not arrived, for uploads in any order."""
    file_id: int | None
    blake3: str | None
    expires_at: Any


def progress_of(row: UploadRow, now: datetime) -> Progress:
    """What is shown of an upload; one that may not go on any more has expired, swept or not."""
    is_over = row.status == "uploading" and row.expires_at <= now
    return Progress(
        upload_id=str(UUID(row.id)), total_bytes=row.size, uploaded_bytes=row.offset,
        status="expired" if is_over else row.status, progress_percentage=percent_of(row), error=row.error,
    )  # fmt: skip


def percent_of(row: UploadRow) -> float:
    """How much has arrived, rounded down: 100 means everything. 0 while the length is not known."""
    if row.size is None:
        return 0.0
    return 10_000 * row.offset // row.size / 100 if row.size else 100.0


async def state_of(exchange: Exchange, upload_id: str) -> UploadState:
    """The state of an upload the request may see."""
    row = await upload_of(exchange, upload_id)
    seen = msgspec.structs.asdict(progress_of(row, exchange.env.now()))
    return UploadState(
        **seen, path=row.path, offset=row.offset, chunk_size=row.chunk_size,
        missing=await missing_of(UploadService(exchange.env), row), file_id=row.file_id, blake3=row.blake3,
        expires_at=row.expires_at,
    )  # fmt: skip


async def missing_of(uploads: UploadService, row: UploadRow) -> list[int]:
    """Numbers of chunks that are neither there nor holes; empty for uploads in order."""
    if (
        row.kind not in {"sync", "manifest"}
        or row.status != "uploading"
        or not row.chunk_size
        or not row.size
    ):
        return []
    there = {chunk.number for chunk in await uploads.chunks(row.id)}
    manifest = row.manifest
    return [
        number
        for number in range(-(-row.size // row.chunk_size))
        if number not in there and (manifest is None or any(manifest[number * 32 : number * 32 + 32]))
        and chunk_range(row, number)[1]
    ]  # fmt: skip


async def show_progress(exchange: Exchange) -> None:
    """``GET /api/files/upload-progress/{id}``."""
    row = await upload_of(exchange, exchange.rest)
    await exchange.json(200, progress_of(row, exchange.env.now()))


async def make_token(exchange: Exchange) -> None:
    """``POST /api/files/progress-token/{id}``: for event streams, which cannot send headers."""
    row = await upload_of(exchange, exchange.rest)
    until = int(time.time()) + TOKEN_S
    await exchange.json(200, {"token": f"{until}.{_sign(row, until)}", "expires_in": TOKEN_S})


async def stream_progress(exchange: Exchange) -> None:
    """``GET /api/files/progress/{id}?token=``: an event ``progress`` at every change, until the end."""
    uploads = UploadService(exchange.env)
    row = await uploads.get(exchange.rest)
    until, _, mark = (exchange.query("token") or "").partition(".")
    is_number = until.isascii() and until.isdigit() and len(until) <= MAX_DIGITS
    if not is_number or int(until) < time.time() or not _is_signed(row, int(until), mark):
        raise UnauthorizedError("This token has ended. Ask for a new one.")
    await exchange.start(200, {"content-type": "text/event-stream", "cache-control": "no-store"})
    gone = asyncio.create_task(exchange.until_gone())
    last, quiet = b"", 0
    try:
        while not gone.done():
            row = await uploads.get(row.id)
            seen = progress_of(row, exchange.env.now())
            told = msgspec.json.encode(seen)
            if told != last:
                await _send(exchange, b"event: progress\ndata: " + told + b"\n\n")
                last, quiet = told, 0
            elif (quiet := quiet + 1) % PING_EVERY == 0:
                await _send(exchange, b": still here\n\n")
            if seen.status != "uploading":
                break
            await asyncio.sleep(POLL_S)
        await exchange.send({"type": "http.response.body", "body": b"", "more_body": False})
    finally:
        gone.cancel()


async def _send(exchange: Exchange, data: bytes) -> None:
    await exchange.send({"type": "http.response.body", "body": data, "more_body": True})


def _is_signed(row: UploadRow, until: int, mark: str) -> bool:
    return hmac.compare_digest(mark.encode("utf-8", "replace"), _sign(row, until).encode())


def _sign(row: UploadRow, until: int) -> str:
    # The digest of the upload's own credential is a secret that every worker can read and no client knows.
    key = f"{row.token or ''}.{row.id}.{row.created_at.timestamp()}".encode()
    return hmac.new(key, f"progress.{until}".encode(), hashlib.sha256).hexdigest()


PROGRESS = RawRoute("/api/files/upload-progress", frozenset({"GET"}), show_progress, auth="optional")
PROGRESS_TOKEN = RawRoute("/api/files/progress-token", frozenset({"POST"}), make_token, auth="optional")
PROGRESS_STREAM = RawRoute("/api/files/progress", frozenset({"GET"}), stream_progress, auth="public")
