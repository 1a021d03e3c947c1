"""What strangers send, read by the parsers that meet it first: refusals are fine, anything else is a bug.

Every target takes bytes and returns; the same ones run over the committed corpus as plain tests and under
a fuzzer (``just fuzz``).
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import msgspec

from balu.kernel.config import Server
from balu.kernel.edge import Edge
from balu.kernel.errors import BaluError, UnsafePathError
from balu.kernel.ranges import (
    UnsatisfiableRangeError,
    content_disposition,
    etag_list,
    judge,
    parse,
    range_applies,
)
from balu.storage.files.names import from_stored, from_wire, name_key, numbered, split, to_stored, to_wire
from balu.storage.uploads.batch import FILES
from balu.storage.uploads.manifest import Manifest, _packed
from balu.storage.uploads.multipart import FormReader, boundary_of
from balu.storage.uploads.raw import mtime_of
from balu.storage.uploads.tus_headers import checksum_of, length_of, metadata_of, parts_of, required_length
from balu.storage.vaults.errors import KeyRecordError, WrongPassphraseError
from balu.storage.vaults.record import decode, encode, open_with_kit

MOMENT = datetime(2026, 1, 2, tzinfo=UTC)
SIZE = 1000
KIT = "AGE-SECRET-KEY-18QXXZR35FLCPAMLGDF3TW282PFH80FELZLA5WW4AH9L7R5WKSEAQ8HVFGM"
"""Opens the vaults of the corpus, and nothing else."""
EDGE = Edge.of(Server(hosts=("nas.example",), trusted_proxies=("10.0.0.0/8",)))


def path(data: bytes) -> None:
    """Names: what is accepted stays as it is, however often it is read."""
    text = data.decode("utf-8", "surrogateescape")
    try:
        parts = split(text)
    except UnsafePathError:
        return
    assert split("/".join(parts)) == parts
    for part in parts:
        assert part not in {"", ".", ".."}
        assert "/" not in part
        assert from_stored(to_stored(part)) == part
        assert name_key(name_key(part)) == name_key(part)
        shown = to_wire(part)
        assert shown == part or from_wire(shown) == part
        shown.encode()  # the wire is UTF-8
        assert len(numbered(part, 9999).encode("utf-8", "surrogateescape")) <= 255
        content_disposition(part).encode("latin-1")


def tus(data: bytes) -> None:
    """Headers of the resumable upload protocol."""
    text = data.decode("latin-1")
    readers: list[Callable[[], Any]] = [
        lambda: metadata_of(text),
        lambda: checksum_of({"upload-checksum": text}),
        lambda: parts_of(text, "/api/uploads"),
        lambda: length_of({"upload-length": text}),
        lambda: required_length({"upload-offset": text}, "upload-offset"),
        lambda: mtime_of(text),
        lambda: boundary_of(text),
    ]
    for read in readers:
        try:
            read()
        except BaluError as refusal:
            if refusal.status >= 500:
                raise


def batch(data: bytes) -> None:
    """The first line of a batch."""
    try:
        files = FILES.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return
    for file in files:
        assert file.size >= 0
        try:
            split(file.path)
            etag_list(file.if_match)
        except BaluError:
            continue


def manifest(data: bytes) -> None:
    """A manifest: whatever is accepted adds up."""
    try:
        wanted = msgspec.json.decode(data, type=Manifest)
        if sum(min(length, 1 << 26) for length, _ in wanted.chunks) > 1 << 28:
            return  # hashes of holes of many lengths are slow here, and there they are refused by size
        size, packed, holes = _packed(wanted)
    except (msgspec.MsgspecError, UnicodeDecodeError, BaluError):
        return
    assert len(packed) == 32 * len(wanted.chunks)
    assert 0 <= holes <= wanted.size <= size * max(1, len(wanted.chunks))


def multipart(data: bytes) -> None:
    """A form, cut into pieces at places that the first byte chooses; the cuts change nothing."""
    step = data[0] % 40 + 1 if data else 1

    async def read(step: int) -> list[tuple[str, str | None, bytes]] | str:
        async def body() -> AsyncIterator[bytes]:
            for at in range(1, len(data), step):
                yield data[at : at + step]

        found = []
        try:
            async for part in FormReader(body(), b"x").parts():
                contents = b"".join([piece async for piece in part.chunks()])
                found.append((part.name, part.filename, contents))
        except BaluError as refusal:
            return type(refusal).__name__
        return found

    cut, whole = asyncio.run(read(step)), asyncio.run(read(max(1, len(data))))
    assert cut == whole or isinstance(cut, str) == isinstance(whole, str)


def ranges(data: bytes) -> None:
    """Range, conditions and dates: what is cut out lies inside."""
    text = data.decode("latin-1")
    try:
        found = parse(text, SIZE)
    except UnsatisfiableRangeError:
        found = None
    for piece in found or ():
        assert 0 <= piece.start <= piece.end < SIZE
    etag_list(text)
    range_applies(text, '"1.1"', MOMENT)
    for name in ("if-match", "if-none-match", "if-modified-since", "if-unmodified-since"):
        judge({name: text}, '"1.1"', MOMENT, "GET")


def host(data: bytes) -> None:
    """The guards in front of everything: a foreign name is never ours."""
    value, _, target = data.partition(b"\n")
    scope: Any = {
        "type": "http",
        "headers": [(b"host", value), (b"x-forwarded-for", target), (b"forwarded", target)],
        "path": target.decode("latin-1"),
        "client": ("10.0.0.1", 1),
        "scheme": "http",
        "state": {},
    }
    try:
        EDGE.check(scope)
    except BaluError as refusal:
        if refusal.status != 400:
            raise
    EDGE.settle_client(scope)
    quote(str(scope["client"][0]))


def keyfile(data: bytes) -> None:
    """The keys of a vault as a disk from elsewhere may bring them: what is opened fits what was read."""
    try:
        record = decode(data)
        opened = open_with_kit(record, KIT)
    except (KeyRecordError, WrongPassphraseError):
        return
    assert decode(encode(record)) == record
    assert [version for version, _ in opened.keks] == [kek.version for kek in record.keks]
    opened.native()


TARGETS: dict[str, Callable[[bytes], None]] = {
    target.__name__: target for target in (path, tus, batch, manifest, multipart, ranges, host, keyfile)
}
