"""File systems that come and go; every one of them is gone when its block ends."""

import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path


def mount(*arguments: str | Path) -> None:
    subprocess.run(["mount", *map(str, arguments)], check=True, capture_output=True, timeout=60)


def unmount(place: Path, *, lazily: bool = False) -> None:
    subprocess.run(
        ["umount", *(["-l"] if lazily else []), str(place)], check=True, capture_output=True, timeout=60
    )


@contextmanager
def _mounted(place: Path, *arguments: str | Path) -> Generator[Path, None, None]:
    place.mkdir(parents=True, exist_ok=True)
    mount(*arguments, place)
    try:
        yield place
    finally:
        if place.is_mount():
            unmount(place, lazily=True)


@contextmanager
def small_disk(place: Path, size: str, *, inodes: int = 0) -> Generator[Path, None, None]:
    """A file system in memory of *size* (``64m``), with so many inodes (0: plenty)."""
    options = f"size={size}" + (f",nr_inodes={inodes}" if inodes else "")
    with _mounted(place, "-t", "tmpfs", "-o", options, "none") as disk:
        yield disk


@contextmanager
def bound(source: Path, place: Path) -> Generator[Path, None, None]:
    """The directory *source* shown at *place* as well, as a file system of its own."""
    source.mkdir(parents=True, exist_ok=True)
    with _mounted(place, "--bind", source) as shown:
        yield shown
