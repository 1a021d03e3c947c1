"""``GET /api/files/archive``: files and folders as one stream, zip or tar.zst, in constant memory."""

import asyncio
import re
import tarfile
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode

import zstandard

from balu.kernel.errors import InvalidError, TooLargeError
from balu.kernel.ranges import content_disposition
from balu.kernel.raw import ClientGoneError, Exchange, RawRoute
from balu.kernel.threads import Threads
from balu.kernel.unit import Env
from balu.storage.files.across import vaults_below
from balu.storage.files.mounts import volume_id_of
from balu.storage.files.names import from_stored, numbered, to_wire
from balu.storage.files.places import Found, Places
from balu.storage.files.schemas import ArchiveWanted
from balu.storage.files.seals import Seal
from balu.storage.files.service import FileService
from balu.storage.files.window import EVERYTHING
from balu.storage.files.zipstream import ZipStream
from balu_core import Entry, Source, Volume

BLOCK = 1 << 20
WINDOW = 1000
MAX_PATHS = 1000
MAX_QUERY = 7000
"""Bytes; what proxies and browsers take without a question."""
TYPES = {"zip": "application/zip", "tar.zst": "application/zstd"}
_UNSAFE = re.compile(r'[\x00-\x1f\x7f\\:*?"<>|]')


@dataclass(frozen=True, slots=True)
class Item:
    """Something to be packed: where it is on which disk, and its name in the archive."""

    core: Volume
    disk: str
    name: str
    entry: Entry
    seal: Seal | None = None
    """Of the vault its contents belong to."""
    vaults: Mapping[str, Seal] = field(default_factory=dict)
    """Where something below is a vault, by paths on the disk; somebody else's is left out."""

    def below(self, name: str, shown: str) -> "Item | None":
        """What is called *name* in this folder, and *shown* outside of a vault; None when it is gone."""
        disk = f"{self.disk}/{name}"
        vault = self.vaults.get(disk)
        if vault is not None and vault.is_foreign:
            return None
        core = self.core if vault is None else vault.through(self.core)
        try:
            entry = core.stat(disk)
        except (FileNotFoundError, NotADirectoryError):
            return None
        return Item(core, disk, f"{self.name}/{shown}".lstrip("/"), entry, self.seal or vault, self.vaults)


async def download_archive(exchange: Exchange) -> None:
    """Pack what ``path`` names (it may come several times); the client's going stops the work."""
    kind = exchange.query("format") or "zip"
    if kind not in TYPES:
        raise InvalidError("Choose zip or tar.zst.", field="format")
    raw: bytes = exchange.scope.get("query_string", b"")
    query = parse_qs(raw.decode("latin-1"), keep_blank_values=True, errors="surrogateescape")
    paths = query.get("path", [])
    if not 0 < len(paths) <= MAX_PATHS:
        raise InvalidError(f"Name 1 to {MAX_PATHS} files or folders.", field="path")
    places = Places(exchange.env)
    home = await places.home(exchange.user, volume_id_of(exchange.query("mount")))
    found = [await places.find(await places.spot(home, path)) for path in paths]
    tops, name = _tops(found, await _vaults(exchange.env, found)), f"{_title(found)}.{kind}"
    headers = {
        "content-type": TYPES[kind], "content-disposition": content_disposition(name),
        "cache-control": "private, no-store",
    }  # fmt: skip
    await exchange.start(200, headers)
    if exchange.method == "HEAD":
        await exchange.end()
        return
    packed = zipped(tops) if kind == "zip" else tarred(tops)
    await _send(exchange, _gathered(packed))


async def archive_url(env: Env, files: FileService, wanted: ArchiveWanted) -> str:
    """The address that packs what is *wanted*, all of which is there now.

    Raises:
        FileNotFoundHereError: one of them is not.
        VaultLockedError: there is a locked vault among them, or below.
        TooLargeError: so many long paths that no address holds them.
    """
    spots = [await files.spot(path, volume_id_of(wanted.mount)) for path in wanted.paths]
    await _vaults(env, [await files.places.find(spot) for spot in spots])
    asked = [("path", path) for path in wanted.paths]
    asked += [] if wanted.mount is None else [("mount", wanted.mount)]
    query = urlencode([*asked, ("format", wanted.format)], errors="surrogateescape")
    if len(query) > MAX_QUERY:
        raise TooLargeError("These are too many paths for one archive. Choose the folder they are in.")
    return f"/api/files/archive?{query}"


async def _send(exchange: Exchange, pieces: Generator[bytes, None, None]) -> None:
    run = exchange.env.part(Threads).run
    gone = asyncio.ensure_future(exchange.until_gone())
    try:
        with exchange.flow() as flow:
            while True:
                step: asyncio.Future[bytes | None] = asyncio.ensure_future(run(_next, pieces))
                both: set[asyncio.Future[Any]] = {step, gone}
                try:
                    await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    if not step.done():
                        await asyncio.wait({step})  # a generator cannot be closed while it runs
                if gone.done():
                    raise ClientGoneError
                if (block := step.result()) is None:
                    break
                for start in range(0, len(block), flow.length):
                    await exchange.send_block(flow, block[start : start + flow.length])
        await exchange.end()
    finally:
        gone.cancel()
        await run(pieces.close)


def zipped(tops: Sequence[Item]) -> Generator[bytes, None, None]:
    """A zip of *tops* and all below them, stored without compression."""
    archive = ZipStream()
    try:
        for item in walked(tops):
            name, when = escaped(item.name), time.localtime(max(item.entry.mtime_ns, 0) // 10**9)
            if item.entry.kind == "directory":
                yield from archive.folder(name, when)
            elif (source := opened(item)) is not None:
                try:
                    yield from archive.file(name, when, blocks(source))
                finally:
                    source.close()
        yield from archive.end()
    finally:
        archive.close()


def tarred(tops: Sequence[Item]) -> Generator[bytes, None, None]:
    """A tar of *tops* (POSIX.1-2001), compressed with Zstandard."""
    press = zstandard.ZstdCompressor(level=3, threads=0).compressobj()
    for item in walked(tops):
        info = tarfile.TarInfo(to_wire(item.name))
        info.mtime, info.mode = item.entry.mtime_ns // 10**9, 0o644
        if item.entry.kind == "directory":
            info.type, info.mode = tarfile.DIRTYPE, 0o755
            yield press.compress(info.tobuf(tarfile.PAX_FORMAT))
        elif (source := opened(item)) is not None:
            try:
                info.size = source.entry.size
                yield press.compress(info.tobuf(tarfile.PAX_FORMAT))
                for block in blocks(source):
                    yield press.compress(block)
                yield press.compress(bytes(-info.size % tarfile.BLOCKSIZE))
            finally:
                source.close()
    yield press.compress(bytes(2 * tarfile.BLOCKSIZE)) + press.flush()


def walked(tops: Sequence[Item]) -> Iterator[Item]:
    """*tops* and everything below them, one window of one folder in memory a level; links are left out."""
    for top in tops:
        if top.entry.kind == "file":
            yield top
        elif top.entry.kind == "directory":
            if top.name:
                yield top
            yield from _below(top)


def _below(folder: Item) -> Iterator[Item]:
    try:
        # All names at once: page by page, whatever is removed meanwhile would hide something else.
        names = folder.core.listing(folder.disk, limit=EVERYTHING).stored_names()
    except FileNotFoundError:
        return  # deleted meanwhile, as if it had been before
    for start in range(0, len(names), WINDOW):
        part = [from_stored(name) for name in names[start : start + WINDOW]]
        plain = part if folder.seal is None else folder.seal.plain(part)
        for name, shown in zip(part, plain, strict=True):
            if shown is not None and (item := folder.below(name, shown)) is not None:
                yield from walked([item])


def opened(item: Item) -> Source | None:
    """The file, None when it is gone by now."""
    try:
        return item.core.open(item.disk)
    except (FileNotFoundError, IsADirectoryError):
        return None


def blocks(source: Source) -> Iterator[bytes]:
    """The bytes of a file, as many as it had when it was opened.

    Raises:
        ClientGoneError: it was cut short meanwhile: the client must see a broken answer.
    """
    offset, size = 0, source.entry.size
    while offset < size:
        block = source.read(offset, min(BLOCK, size - offset))
        if not block:
            raise ClientGoneError
        offset += len(block)
        yield block


def escaped(name: str) -> str:
    """A path inside a zip that no reader takes for another place: separators, drives, dots in front."""
    return "/".join(_UNSAFE.sub("_", to_wire(part)) if part.strip(".") else "_" for part in name.split("/"))


async def _vaults(env: Env, found: Sequence[Found]) -> dict[str, Seal]:
    """The vaults below all of *found*, by their paths on the disk.

    Raises:
        VaultLockedError: one of them is locked; without it the archive would lack something.
    """
    vaults: dict[str, Seal] = {}
    for one in found:
        vaults |= await vaults_below(env, one)
    for seal in vaults.values():
        _ = seal.is_foreign or seal.keys
    return vaults


def _tops(found: Sequence[Found], vaults: Mapping[str, Seal]) -> list[Item]:
    """Everything asked for, under its last name; a second one with that name gets a number."""
    items, taken = [], set[str]()
    for one in found:
        number, name, seal = 1, one.spot.plain_name, one.spot.content_seal
        if seal is not None:
            _ = seal.keys
        while name and escaped(name).casefold() in taken:
            number += 1
            name = numbered(one.spot.plain_name, number)
        taken.add(escaped(name).casefold())
        items.append(Item(one.spot.home.core, one.spot.disk, name, one.entry, seal, vaults))
    return items


def _title(found: Sequence[Found]) -> str:
    return to_wire(found[0].spot.plain_name) if len(found) == 1 and found[0].spot.name else "files"


def _gathered(pieces: Generator[bytes, None, None]) -> Generator[bytes, None, None]:
    """The same bytes in pieces of about a block, so that small files cost few hand-overs."""
    waiting: list[bytes] = []
    size = 0
    try:
        for piece in pieces:
            waiting.append(piece)
            size += len(piece)
            if size >= BLOCK:
                yield b"".join(waiting)
                waiting, size = [], 0
        yield b"".join(waiting)
    finally:
        pieces.close()


def _next(pieces: Generator[bytes, None, None]) -> bytes | None:
    return next(pieces, None)


ARCHIVE = RawRoute(
    "/api/files/archive", frozenset({"GET", "HEAD"}), download_archive, scope="files:read", exact=True
)
