"""From a disk and a recovery kit back to plain files, without a database."""

import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

from balu.storage.vaults.errors import KeyRecordError
from balu.storage.vaults.record import Opened
from balu_core import Volume

BLOCK = 1 << 20


class Recovered(msgspec.Struct, kw_only=True):
    """What came out; *damaged* names what could not be decrypted, as it is called on the disk."""

    files: int = 0
    bytes: int = 0
    damaged: list[str] = msgspec.field(default_factory=list)


def recover(opened: Opened, folder: Path, target: Path) -> Recovered:
    """Decrypt everything in *folder* into the new folder *target*; one damaged file does not stop the rest.

    Raises:
        KeyRecordError: *target* exists.
    """
    try:
        target.mkdir(parents=True)
    except FileExistsError:
        raise KeyRecordError(f"{target} exists already. Name a new folder.") from None
    keys, found = opened.native(), Recovered()
    volume = Volume(str(folder)).sealed(keys)
    for path, entry in volume.walk(""):
        plain = keys.open_names(path.split("/"))
        names = [name for name in plain if name is not None]
        if len(names) < len(plain):
            if path != "vault.balu":
                found.damaged.append(path)
            continue
        place = target.joinpath(*names)
        if entry.kind == "directory":
            place.mkdir(exist_ok=True)
        elif entry.kind == "file":
            _one(volume, path, place, found)
    return found


def _one(volume: Volume, path: str, place: Path, found: Recovered) -> None:
    draft = place.with_name(f".{place.name[:200]}.part")
    try:
        with draft.open("xb") as file:
            for block in _blocks(volume, path):
                file.write(block)
                found.bytes += len(block)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(place)
        found.files += 1
    except OSError:  # of this file alone: the next one may be whole
        found.damaged.append(path)
        draft.unlink(missing_ok=True)


def _blocks(volume: Volume, path: str) -> Iterator[bytes]:
    source = volume.open(path)
    try:
        offset = 0
        while block := source.read(offset, BLOCK):
            offset += len(block)
            yield block
    finally:
        source.close()
