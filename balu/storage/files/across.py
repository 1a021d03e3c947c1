"""Over the boundary of a vault: bytes are read through one seal and stored through another."""

from collections.abc import AsyncIterator, Awaitable, Callable

from balu.kernel.threads import Threads
from balu.kernel.unit import Env, open_unit
from balu.storage.files.commit import Writer
from balu.storage.files.errors import FileExistsHereError, told
from balu.storage.files.names import from_stored
from balu.storage.files.places import Found, Places, Spot
from balu.storage.files.rows import FileRows
from balu.storage.files.seals import SUFFIX, Seal, Seals, VaultBoundaryError
from balu.storage.files.terms import OnConflict, Stored, Terms
from balu.storage.files.window import EVERYTHING
from balu_core import Source

BLOCK = 1 << 20
WINDOW = 1000


def crosses_seal(source: Spot, target: Spot) -> bool:
    """Whether what lies at *source* would leave its vault, or enter another one, at *target*."""
    here, there = source.seal, target.seal
    return (here and here.vault_id) != (there and there.vault_id)


def check_boundary(source: Spot, target: Spot) -> None:
    """Refuse what would make a vault unusable.

    Raises:
        VaultBoundaryError: a vault's folder would lose its ending, or enter another vault.
    """
    if source.home.seal is None or source.seal is not None or source.content_seal is None:
        return
    if target.seal is not None:
        raise VaultBoundaryError("A vault cannot go into another one.")
    if target.home.mounted.id != source.home.mounted.id or target.home.owner_id != source.home.owner_id:
        raise VaultBoundaryError("A vault stays on its volume, and with its owner.")
    if not target.name.endswith(SUFFIX):
        raise VaultBoundaryError(f"The name of a vault ends with {SUFFIX}.")


async def check_vaults(env: Env, source: Found, target: Spot) -> None:
    """The same for whatever lies in *source*, too.

    Raises:
        VaultBoundaryError: a vault would lose its ending, its volume or its owner, or enter another one.
    """
    check_boundary(source.spot, target)
    here, there = source.spot.home, target.home
    stays = (here.mounted.id, here.owner_id) == (there.mounted.id, there.owner_id)
    if (not stays or crosses_seal(source.spot, target)) and await vaults_below(env, source):
        raise VaultBoundaryError("A vault in this folder would not be one there. Move it out first.")


async def check_copy(env: Env, source: Found) -> None:
    """What has a key of its own is not doubled: erasing the one would make the other unreadable.

    Raises:
        VaultBoundaryError: it is a vault, or one lies in it.
    """
    seal = source.spot.content_seal
    is_vault = seal is not None and seal.depth == len(source.spot.parts)
    if is_vault or await vaults_below(env, source):
        raise VaultBoundaryError("A vault is not copied. Make another and copy what is in this one to it.")


async def vaults_below(env: Env, found: Found) -> dict[str, Seal]:
    """The vaults in a folder, by their paths on the disk; none for what lies in a vault itself."""
    spot = found.spot
    if not found.is_folder or spot.content_seal is not None:
        return {}
    async with open_unit(env, writes=False) as unit:
        chains = await FileRows(unit).folders_like(spot.home.owner_id, SUFFIX)
    seals = {}
    for chain in chains:
        parts = tuple(row.name for row in chain[1:])
        if found.row.id not in {row.id for row in chain[:-1]}:
            continue
        seal = await env.part(Seals).of(spot.home, parts)
        if seal is not None and seal.depth == len(parts):
            seals[Spot(spot.home, parts).disk] = seal if spot.given is None else seal.foreign()
    return seals


class Across:
    """Copies one file after the other; each appears whole, a folder grows as they come."""

    def __init__(self, env: Env, make_folder: Callable[[Spot], Awaitable[Found]]) -> None:
        self._threads = env.part(Threads)
        self._places, self._writer = Places(env), Writer(env)
        self._make_folder = make_folder

    async def copy(self, source: Found, target: Spot, on_conflict: OnConflict) -> Stored:
        """A file or tree, encrypted or decrypted on the way."""
        if not source.is_folder:
            return await self._file(source.spot, source.entry.mtime_ns, target, on_conflict)
        folder = await self._new_folder(target, on_conflict)
        await self._below(source.spot, folder.spot)
        return Stored(folder, "created")

    async def _new_folder(self, target: Spot, on_conflict: OnConflict) -> Found:
        place, number = target, 1
        while True:
            try:
                return await self._make_folder(place)
            except FileExistsHereError:
                if on_conflict != "rename":
                    raise
                number, place = number + 1, target.numbered(number + 1)

    async def _below(self, source: Spot, target: Spot) -> None:
        with told(source.path):
            listing = await self._threads.run(source.home.core.listing, source.disk, limit=EVERYTHING)
        # All names at once: page by page, whatever is removed meanwhile would hide something else.
        names = [from_stored(name) for name in listing.stored_names()]
        del listing
        for start in range(0, len(names), WINDOW):
            seal, part = source.content_seal, names[start : start + WINDOW]
            plain = part if seal is None else seal.plain(part)
            for name, shown in zip(part, plain, strict=True):
                if shown is None:
                    continue
                here, there = source.child(name), target.child(shown)
                entry = await self._places.stat(here)
                if entry is not None and entry.kind == "file":
                    await self._file(here, entry.mtime_ns, there, "fail")
                elif entry is not None and entry.kind == "directory":
                    await self._make_folder(there)
                    await self._below(here, there)

    async def _file(self, source: Spot, mtime_ns: int, target: Spot, on_conflict: OnConflict) -> Stored:
        with told(source.path):
            opened = await self._threads.run(source.home.core.open, source.disk)
        try:
            terms = Terms(on_conflict=on_conflict, mtime_ns=mtime_ns)
            return await self._writer.put(
                target, self._blocks(source, opened), size=opened.entry.size, terms=terms
            )
        finally:
            opened.close()

    async def _blocks(self, spot: Spot, source: Source) -> AsyncIterator[bytes]:
        offset = 0
        while offset < source.entry.size:
            with told(spot.path):
                block = await self._threads.run(source.read, offset, BLOCK)
            if not block:
                raise VaultBoundaryError(f"{spot.path!r} was cut while it was copied. Try again.")
            offset += len(block)
            yield block
