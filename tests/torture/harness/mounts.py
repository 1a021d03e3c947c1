"""File systems that come and go; every one of them is gone when its block ends."""

import os
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path


def _run(*command: str | Path) -> None:
    subprocess.run(command, check=True, capture_output=True, timeout=60)


def mount(*arguments: str | Path) -> None:
    _run("mount", *arguments)


def unmount(place: Path, *, lazily: bool = False) -> None:
    _run("umount", *(["-l"] if lazily else []), place)


def is_mounted(place: Path) -> bool:
    """Whether something is mounted there; ``Path.is_mount`` does not see a folder of the same disk."""
    targets = (line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines())
    return str(place) in targets


@contextmanager
def _mounted(place: Path, *arguments: str | Path) -> Generator[Path, None, None]:
    place.mkdir(parents=True, exist_ok=True)
    mount(*arguments, place)
    try:
        yield place
    finally:
        if is_mounted(place):
            unmount(place, lazily=True)


@contextmanager
def small_disk(place: Path, size: str, *, inodes: int = 0) -> Generator[Path, None, None]:
    """A file system in memory of *size* (``64m``), with so many inodes (0: plenty)."""
    options = f"size={size}" + (f",nr_inodes={inodes}" if inodes else "")
    with _mounted(place, "-t", "tmpfs", "-o", options, "none") as disk:
        yield disk


@contextmanager
def rationed_disk(place: Path, image: Path, size: int) -> Generator[Path, None, None]:
    """A btrfs of *size* bytes in the file *image* whose use can be rationed."""
    image.touch()
    os.truncate(image, size)
    _run("mkfs.btrfs", "--quiet", image)
    with _mounted(place, "-o", "loop", image) as disk:
        yield disk


@contextmanager
def rationed(disk: Path, size: int) -> Generator[None]:
    """All files on that disk may have *size* bytes together."""
    _run("btrfs", "quota", "enable", disk)
    _run("btrfs", "qgroup", "limit", str(size), disk)
    try:
        yield
    finally:
        # Who used up all cannot even write down another limit.
        _run("btrfs", "quota", "disable", disk)


@contextmanager
def bound(source: Path, place: Path) -> Generator[Path, None, None]:
    """The directory *source* shown at *place* as well, as a file system of its own."""
    source.mkdir(parents=True, exist_ok=True)
    with _mounted(place, "--bind", source) as shown:
        yield shown
