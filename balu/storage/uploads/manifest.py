"""Manifest uploads: the client lists a file's chunks first, then sends them in any order and in parallel."""

import re
from uuid import UUID

import msgspec

from balu.kernel.errors import InvalidError, MalformedError, NotFoundError
from balu.kernel.ranges import etag_list
from balu.kernel.raw import Exchange, RawRoute
from balu.storage.files import FileService, OnConflict, Terms, repr_digest
from balu.storage.uploads.access import SCOPE, TOKEN_HEADER, upload_of
from balu.storage.uploads.progress import missing_of
from balu.storage.uploads.service import MAX_SIZE, UploadService, Wish
from balu.storage.uploads.transfer import Checksum, Incoming, Transfer
from balu_core import blake3_hex

MIB = 1 << 20
MAX_CHUNK = 64 * MIB
MAX_JSON = 8 * MIB
MAX_HASHED_HOLES = 256 * MIB
"""Holes have to be hashed byte by byte, which at the end of an upload must not take a second."""
HASH = re.compile("[0-9a-f]{64}")
CHUNK = re.compile("([0-9a-f-]{32,36})/chunks/([0-9]{1,9})")
COMMIT = re.compile("([0-9a-f-]{32,36})/commit")


class Manifest(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A file as a list of chunks: ``[length, hash]``, or ``[length, null]`` for a hole."""

    path: str
    size: int
    chunks: list[tuple[int, str | None]]
    blake3: str | None = None
    mtime_ns: int | None = None
    on_conflict: OnConflict = "replace"


async def begin(exchange: Exchange) -> None:
    """``POST /api/uploads/manifest``: what is missing, by number."""
    manifest = await exchange.decoded(Manifest, MAX_JSON)
    chunk_size, packed, holes = _packed(manifest)
    if manifest.blake3 is not None and holes > MAX_HASHED_HOLES:
        raise InvalidError(
            "A hash over more than 256 MiB of holes takes too long to check. Leave it out: every chunk is "
            "checked against its own, and holes are zeros.",
            field="blake3",
        )
    terms = Terms(
        on_conflict=manifest.on_conflict,
        if_match=etag_list(exchange.headers.get("if-match")),
        if_none_match=etag_list(exchange.headers.get("if-none-match")),
        mtime_ns=manifest.mtime_ns,
        parents=True,
        blake3=manifest.blake3,
    )
    wish = Wish(
        kind="manifest", path=manifest.path, size=manifest.size, terms=terms, chunk_size=chunk_size,
        manifest=packed, holes=holes,
    )  # fmt: skip
    uploads = UploadService(exchange.env)
    row, token = await uploads.create(exchange.user, wish)
    answer = {
        "upload_id": str(UUID(row.id)),
        "chunk_size": chunk_size,
        "missing": await missing_of(uploads, row),
    }
    await exchange.json(201, answer, {TOKEN_HEADER: token, "location": f"/api/uploads/{UUID(row.id)}"})


async def chunk_or_commit(exchange: Exchange) -> bool:
    """Answer ``PUT {id}/chunks/{n}`` and ``POST {id}/commit``; False for anything else."""
    if exchange.method == "PUT" and (hit := CHUNK.fullmatch(exchange.rest)):
        await _chunk(exchange, hit[1], int(hit[2]))
        return True
    if exchange.method == "POST" and (hit := COMMIT.fullmatch(exchange.rest)):
        await _commit(exchange, hit[1])
        return True
    return False


async def _put(exchange: Exchange) -> None:
    if not await chunk_or_commit(exchange):
        raise NotFoundError("There is nothing here.")


async def _chunk(exchange: Exchange, upload_id: str, number: int) -> None:
    uploads = UploadService(exchange.env)
    row = await upload_of(exchange, upload_id)
    uploads.check_live(row)
    if row.manifest is None:
        raise MalformedError("This upload is not made of numbered chunks.")
    expected = row.manifest[number * 32 : number * 32 + 32]
    if expected and not any(expected):  # a hole
        async for _ in exchange.body():
            pass
    else:
        checksum = Checksum("blake3", expected.hex())
        await Transfer(uploads).put_chunk(
            row, number, Incoming(exchange.body(), exchange.content_length, checksum)
        )
    await exchange.respond(204)


async def _commit(exchange: Exchange, upload_id: str) -> None:
    uploads = UploadService(exchange.env)
    row, found = await uploads.complete(await upload_of(exchange, upload_id))
    if found is None:
        await exchange.json(200, {"path": row.path, "size": row.size, "blake3": row.blake3})
        return
    headers = {"etag": found.row.etag}
    if digest := repr_digest(found.blake3, found.row.sha256):
        headers["repr-digest"] = digest
    if exchange.caller is None:
        await exchange.json(200, {"path": row.path, "size": row.size, "blake3": row.blake3}, headers)
    else:
        await exchange.json(200, FileService(exchange.env, exchange.caller).item(found), headers)


def _packed(manifest: Manifest) -> tuple[int, bytes, int]:
    """Chunk size, hashes (zeros for holes) and bytes in holes.

    Raises:
        InvalidError: lengths that are not one power of two between 1 and 64 MiB, or do not add up.
    """
    sizes = [length for length, _ in manifest.chunks]
    size, chunk_size = manifest.size, sizes[0] if len(sizes) > 1 else MAX_CHUNK
    if not 0 <= size <= MAX_SIZE or sum(sizes) != size or any(length <= 0 for length in sizes):
        raise InvalidError("The chunks do not add up to the size.", field="chunks")
    if len(sizes) == 1 and size > MAX_CHUNK:
        raise InvalidError("A chunk has at most 64 MiB.", field="chunks")
    is_power = MIB <= chunk_size <= MAX_CHUNK and chunk_size & (chunk_size - 1) == 0
    if (
        not is_power
        or any(length != chunk_size for length in sizes[:-1])
        or (sizes and sizes[-1] > chunk_size)
    ):
        raise InvalidError(
            "All chunks but the last have one size, a power of two of 1 to 64 MiB.", field="chunks"
        )
    if manifest.blake3 is not None and not HASH.fullmatch(manifest.blake3):
        raise InvalidError("blake3 is 64 lower-case hex digits.", field="blake3")
    zeros = {length: blake3_hex(bytes(length)) for length in set(sizes)}
    packed, holes = bytearray(), 0
    for length, digest in manifest.chunks:
        if digest is not None and not HASH.fullmatch(digest):
            raise InvalidError(
                "A chunk's hash is 64 lower-case hex digits, or null for a hole.", field="chunks"
            )
        is_hole = digest is None or digest == zeros[length]
        packed += bytes(32) if is_hole else bytes.fromhex(digest or "")
        holes += length if is_hole else 0
    return chunk_size, bytes(packed), holes


MANIFEST = RawRoute("/api/uploads/manifest", frozenset({"POST"}), begin, scope=SCOPE, exact=True)
MANIFEST_CHUNK = RawRoute("/api/uploads", frozenset({"PUT"}), _put, auth="optional")
