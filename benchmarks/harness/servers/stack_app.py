"""The application behind `stack.py`: the least code that does the work on Litestar."""

import asyncio
import hmac
import os
from pathlib import Path
from typing import Any

import msgspec
from blake3 import blake3
from litestar import Litestar, Request, Response, asgi, get
from litestar.enums import ScopeType
from litestar.types import Receive, Scope, Send

_BLOCK = 1 << 20


class Entry(msgspec.Struct):
    """A row of a listing."""

    name: str
    size: int
    modified: float
    is_folder: bool


def create_app() -> Litestar:
    """Built by Granian in its worker."""
    root = Path(os.environ["BENCH_FILES"])
    token = f"Bearer {os.environ['BENCH_TOKEN']}".encode()

    @get("/health", sync_to_thread=False)
    def health() -> dict[str, str]:
        return {"status": "ok"}

    @get("/listing", sync_to_thread=True)
    def listing(
        request: Request[Any, Any, Any], path: str, offset: int = 0, limit: int | None = None
    ) -> Response[bytes]:
        if not hmac.compare_digest(request.headers.get("authorization", "").encode(), token):
            return Response(b"", status_code=401)
        with os.scandir(root / path) as entries:
            rows = [_entry(entry) for entry in entries]
        rows.sort(key=lambda row: row.name)
        window = rows[offset:] if limit is None else rows[offset : offset + limit]
        return Response(msgspec.json.encode({"files": window, "total": len(rows)}))

    @asgi("/files", is_mount=True, copy_scope=True)
    async def files(scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        if not hmac.compare_digest(headers.get(b"authorization", b""), token):
            await _answer(send, 401)
        elif scope["type"] == ScopeType.HTTP and scope["method"] == "PUT":
            await _store(root / scope["path"].lstrip("/"), receive, send)
        else:
            await _serve(root / scope["path"].lstrip("/"), headers.get(b"range"), send)

    @asgi("/discard", is_mount=True, copy_scope=True)
    async def discard(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001
        more = True
        while more:
            message: Any = await receive()
            more = message.get("more_body", False)
        await _answer(send, 201)

    return Litestar([health, listing, files, discard], openapi_config=None)


def _entry(entry: os.DirEntry[str]) -> Entry:
    stat = entry.stat(follow_symlinks=False)
    return Entry(entry.name, stat.st_size, stat.st_mtime, entry.is_dir(follow_symlinks=False))


async def _store(path: Path, receive: Receive, send: Send) -> None:
    staged = path.with_name(f".{path.name}.part")
    digest = blake3()
    out = await asyncio.to_thread(staged.open, "wb", buffering=0)

    def take(piece: bytes) -> None:
        digest.update(piece)
        out.write(piece)

    more = True
    while more:
        message: Any = await receive()
        more = message.get("more_body", False)
        if message.get("body"):
            await asyncio.to_thread(take, message["body"])
    await asyncio.to_thread(_publish, out, staged, path)
    await _answer(send, 201, digest.hexdigest().encode())


def _publish(out: Any, staged: Path, path: Path) -> None:
    os.fsync(out.fileno())
    out.close()
    staged.rename(path)
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    os.fsync(directory)
    os.close(directory)


async def _serve(path: Path, span: bytes | None, send: Send) -> None:
    with path.open("rb", buffering=0) as source:
        size = os.fstat(source.fileno()).st_size
        start, end, status = 0, size, 200
        if span is not None:
            first, _, last = span.removeprefix(b"bytes=").partition(b"-")
            start, end, status = int(first), int(last) + 1, 206
        length = [(b"content-length", str(end - start).encode())]
        await send({"type": "http.response.start", "status": status, "headers": length})
        while start < end:
            count = min(_BLOCK, end - start)
            block = await asyncio.to_thread(os.pread, source.fileno(), count, start)
            start += len(block)
            await send({"type": "http.response.body", "body": block, "more_body": start < end})


async def _answer(send: Send, status: int, body: bytes = b"") -> None:
    length = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": length})
    await send({"type": "http.response.body", "body": body, "more_body": False})
