"""Files on this machine: what is to be sent, their bytes, and their hash."""

import os
import stat
from collections.abc import Generator, Iterable
from dataclasses import dataclass
from pathlib import Path

from blake3 import blake3

from balu.client.errors import LocalFileError

BLOCK = 1 << 20
PART_SUFFIX = ".balu-part"


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file that goes to *remote*."""

    source: Path
    remote: str
    size: int
    mtime_ns: int

    def check_unchanged(self) -> None:
        """Insist that it is still the file that was read.

        Raises:
            LocalFileError: it changed, or is gone.
        """
        now = status(self.source)
        if (now.st_size, now.st_mtime_ns) != (self.size, self.mtime_ns):
            raise LocalFileError(f"{self.source} changed while it was read. Send it again.")


def status(path: Path) -> os.stat_result:
    """What ``stat`` says, without following links.

    Raises:
        LocalFileError: nothing is there, or it cannot be looked at.
    """
    try:
        return path.lstat()
    except OSError as error:
        raise LocalFileError(f"{path}: {error.strerror}") from error


def files_of(sources: Iterable[Path], remote: str, *, into: bool) -> Generator[LocalFile, None, None]:
    """The files of *sources*, folders with all that is in them; links and special files are left out.

    *into*: the sources go into the folder *remote* under their own names, otherwise *remote* is the name.

    Raises:
        LocalFileError: a source is missing or cannot be read.
    """
    for source in sources:
        found = status(source)
        name = source.resolve().name if source.name in {"", ".", ".."} else source.name
        top = "/".join(filter(None, (remote, name))) if into else remote
        if stat.S_ISREG(found.st_mode):
            yield LocalFile(source, top, found.st_size, found.st_mtime_ns)
        elif stat.S_ISDIR(found.st_mode):
            yield from _below(source, top)


def _below(folder: Path, remote: str) -> Generator[LocalFile, None, None]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        raise LocalFileError(f"{folder}: {error.strerror}") from error
    for entry in entries:
        path = f"{remote}/{entry.name}" if remote else entry.name
        if entry.is_dir(follow_symlinks=False):
            yield from _below(Path(entry.path), path)
        elif entry.is_file(follow_symlinks=False) and not entry.name.endswith(PART_SUFFIX):
            found = status(Path(entry.path))
            yield LocalFile(Path(entry.path), path, found.st_size, found.st_mtime_ns)


def whole(file: LocalFile) -> bytes:
    """All bytes of a small file.

    Raises:
        LocalFileError: it cannot be read, or changed meanwhile.
    """
    try:
        content = file.source.read_bytes()
    except OSError as error:
        raise LocalFileError(f"{file.source}: {error.strerror}") from error
    if len(content) != file.size:
        raise LocalFileError(f"{file.source} changed while it was read. Send it again.")
    return content


def hashed(path: Path) -> str:
    """BLAKE3 of a file in hex.

    Raises:
        LocalFileError: it cannot be read.
    """
    digest = blake3()
    try:
        with path.open("rb", buffering=0) as file:
            while block := file.read(BLOCK):
                digest.update(block)
    except OSError as error:
        raise LocalFileError(f"{path}: {error.strerror}") from error
    return digest.hexdigest()


def span(path: Path, start: int, end: int) -> Generator[bytes, None, None]:
    """The bytes from *start* up to *end*, fewer when the file ends before."""
    with path.open("rb", buffering=0) as file:
        file.seek(start)
        while start < end and (block := file.read(min(BLOCK, end - start))):
            start += len(block)
            yield block
