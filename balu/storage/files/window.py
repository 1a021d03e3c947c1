"""Which part of a folder is wanted, and in which order."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from balu_core import Entry

Sort = Literal["name", "size", "modified", "type"]
EVERYTHING = 1 << 31
_DIGITS = re.compile("([0-9]+)")


@dataclass(frozen=True, slots=True)
class Window:
    """Which part of a folder is wanted, and in which order."""

    sort: Sort = "name"
    descending: bool = False
    offset: int = 0
    limit: int = EVERYTHING
    contains: str | None = None


def arranged(named: Sequence[tuple[Entry, str]], window: Window) -> list[tuple[Entry, str]]:
    """Entries with their names, as a listing of the native half would have them: folders first, ties by name.

    All of them that match, whatever the window's offset and limit.
    """
    wanted = (window.contains or "").casefold()
    found = [(entry, name) for entry, name in named if wanted in name.casefold()]
    found.sort(key=lambda pair: _natural(pair[1]), reverse=window.descending)
    if window.sort == "size":
        found.sort(key=lambda pair: pair[0].size, reverse=window.descending)
    elif window.sort == "modified":
        found.sort(key=lambda pair: pair[0].mtime_ns, reverse=window.descending)
    elif window.sort == "type":
        found.sort(key=lambda pair: _suffix(pair[1]), reverse=window.descending)
    found.sort(key=lambda pair: pair[0].kind != "directory")
    return found


def _natural(name: str) -> list[tuple[int, str]]:
    parts = _DIGITS.split(name.casefold())
    return [(int(part), "") if index % 2 else (-1, part) for index, part in enumerate(parts)]


def _suffix(name: str) -> str:
    return name.rpartition(".")[2].casefold() if "." in name else ""
