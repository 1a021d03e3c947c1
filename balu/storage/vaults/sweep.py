"""Every file of a vault, wherever on its volume it lies: under its name, on its way, kept, or deleted."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from balu.kernel.threads import Threads
from balu.kernel.unit import Env, open_unit
from balu.storage.files import FileRows
from balu.storage.vaults.models import VaultRow
from balu.storage.volumes import Volumes
from balu_core import Entry, Volume

Store = Literal["files", "staging", "versions", "trash"]
SMALLEST = 4096 + 56 + 16
"""Bytes of a file that holds nothing."""
AT_ONCE = 32


@dataclass(frozen=True, slots=True)
class Sealed:
    """One file of the vault, and what it begins with."""

    store: Store
    name: str
    entry: Entry
    header: bytes
    version: int
    """Of the KEK that locks its key."""


@dataclass(slots=True)
class Sweep:
    """One pass. A file that moves meanwhile is met where it is then, for inodes count and not names."""

    env: Env
    vault: VaultRow
    seen: set[int] = field(default_factory=set)
    """Inodes that need not be looked at again."""
    unread: int = 0
    """Files of which nobody can say whose they are, because the disk does not answer."""

    async def files(self) -> AsyncIterator[tuple[Sequence[Sealed], float]]:
        """The vault's files in portions, each with the percentage that was looked at; until none is new.

        Whoever takes a portion adds to ``seen`` what is settled; the rest comes again, until it is.

        Raises:
            VolumeOfflineError: the disk is away.
        """
        while True:
            core = (await self.env.part(Volumes).get(self.vault.volume_id)).core
            found = [place for place in await self.places(core) if place[2].ino not in self.seen]
            is_over = True
            for start in range(0, len(found), AT_ONCE):
                some = await self.env.part(Threads).run(self._read, core, found[start : start + AT_ONCE])
                if some:
                    is_over = False
                    yield some, 100 * start / len(found)
            if is_over:  # whatever else there is to see is other people's
                return

    async def places(self, core: Volume) -> list[tuple[Store, str, Entry]]:
        """What may be a file of the vault. On its way first: what is published meanwhile is met again."""
        threads = self.env.part(Threads)
        found: list[tuple[Store, str, Entry]] = []
        stores: tuple[Literal["staging", "versions", "trash"], ...] = ("staging", "versions", "trash")
        for store in stores[:1]:
            found += [(store, name, entry) for name, entry in await threads.run(core.stored, store)]
        async with open_unit(self.env, writes=False) as unit:
            path = await FileRows(unit).path_of(self.vault.folder_id)
        if path:
            disk = "/".join(row.name for row in path)
            try:
                tree = await threads.run(core.walk, disk)
            except FileNotFoundError:  # moved just now: it is met on the next round
                tree = []
            found += [("files", f"{disk}/{name}", entry) for name, entry in tree]
        for store in stores[1:]:
            found += [(store, name, entry) for name, entry in await threads.run(core.stored, store)]
        return [place for place in found if place[2].kind == "file" and place[2].size >= SMALLEST]

    def _read(self, core: Volume, places: Sequence[tuple[Store, str, Entry]]) -> list[Sealed]:
        mine = []
        for store, name, listed in places:
            try:
                entry, header, known = core.header(store, name)
            except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
                continue
            except OSError:
                self.unread += 1
                self.seen.add(listed.ino)
                continue
            if known is not None and known[0].hex() == self.vault.uid:
                mine.append(Sealed(store, name, entry, header, known[1]))
            else:
                self.seen.add(entry.ino)
        return mine
