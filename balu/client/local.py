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


@dataclass(frozen=True, slots=True)
class LocalFolder:
    """A folder with nothing in it that is sent."""

    remote: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something that is not sent; *failed*: although somebody wanted it to be."""

    remote: str
    why: str
    failed: bool


Found = LocalFile | LocalFolder | LeftOut


def status(path: Path) -> os.stat_result:
    """What ``stat`` says, without following links.

    Raises:
        LocalFileError: nothing is there, or it cannot be looked at.
    """
    try:
        return path.lstat()
    except OSError as error:
        raise LocalFileError(f"{path}: {error.strerror}") from error


def is_folder(path: Path) -> bool | None:
    """Whether *path* is, or leads to, a folder; None when nothing is there.

    Raises:
        LocalFileError: it cannot be looked at.
    """
    try:
        return stat.S_ISDIR(path.stat().st_mode)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise LocalFileError(f"{path}: {error.strerror}") from error


def files_of(sources: Iterable[Path], remote: str, *, into: bool) -> Generator[Found, None, None]:
    """What is to be sent of *sources*, folders with all that is in them.

    Links and special files are left out; they count as failed where they are a source themselves, and so
    does what cannot be looked at below a folder.

    *into*: the sources go into the folder *remote* under their own names, otherwise *remote* is the name.

    Raises:
        LocalFileError: a source is missing, or cannot be looked at.
    """
    for source in sources:
        found = status(source)
        name = source.resolve().name if source.name in {"", ".", ".."} else source.name
        top = "/".join(filter(None, (remote, name))) if into else remote
        if stat.S_ISREG(found.st_mode):
            yield LocalFile(source, top, found.st_size, found.st_mtime_ns)
        elif stat.S_ISDIR(found.st_mode):
            yield from _below(source, top)
        else:
            kind = "a link; name what it leads to" if stat.S_ISLNK(found.st_mode) else "no file and no folder"
            yield LeftOut(top, f"{source} is {kind}.", failed=True)


def _below(top: Path, remote: str) -> Generator[Found, None, None]:
    waiting = [(top, remote)]
    while waiting:
        folder, path = waiting.pop()
        try:
            with os.scandir(folder) as scan:
                entries = sorted(scan, key=lambda entry: entry.name)
        except OSError as error:
            yield LeftOut(path, f"{folder}: {error.strerror}", failed=True)
            continue
        found = [_entry(entry, f"{path}/{entry.name}" if path else entry.name) for entry in entries]
        folders = [one for one in found if isinstance(one, tuple)]
        yield from (one for one in found if isinstance(one, (LocalFile, LeftOut)))
        if path and not folders and not any(isinstance(one, LocalFile) for one in found):
            yield LocalFolder(path)
        waiting += reversed(folders)


def _entry(entry: os.DirEntry[str], remote: str) -> LocalFile | LeftOut | tuple[Path, str] | None:
    """A file, or a folder that is still to be looked at with its remote path; None for our own drafts."""
    path = Path(entry.path)
    try:
        found = path.lstat()
    except OSError as error:
        return LeftOut(remote, f"{path}: {error.strerror}", failed=True)
    if stat.S_ISDIR(found.st_mode):
        return path, remote
    if stat.S_ISREG(found.st_mode) and entry.name.endswith(PART_SUFFIX):
        return None
    if stat.S_ISREG(found.st_mode):
        return LocalFile(path, remote, found.st_size, found.st_mtime_ns)
    return LeftOut(remote, "Links and special files are not sent.", failed=False)


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
