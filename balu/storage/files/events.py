"""What other domains may want to hear about files."""

from typing import Literal

from balu.kernel.events import Event

LIVE = "files"
"""Topic under which a person's browsers hear which of their folders changed: ``{"folder": id}``."""

Change = Literal["create", "update", "move", "delete", "restore", "purge"]


class FileChanged(Event, frozen=True):
    """A file or folder is new, has other bytes, another place, or is gone."""

    file_id: int
    owner_id: int
    change: Change
    rev: int


class FilesPurged(Event, frozen=True):
    """These files are gone for good, and nothing of them is left to read."""

    owner_id: int
    file_ids: list[int]
