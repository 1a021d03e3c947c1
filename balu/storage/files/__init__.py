"""Files: names, rows, folders and bytes, under the rules of the commit protocol."""

from balu.storage.files.commit import Staged, Stored, Terms, Writer
from balu.storage.files.errors import FileNotFoundHereError, told
from balu.storage.files.events import FileChanged, FilesPurged
from balu.storage.files.models import FileRow, IntentRow, JournalRow, ReservationRow, VersionRow
from balu.storage.files.places import Found, Home, Places, Spot
from balu.storage.files.service import FileService, Window

__all__ = [
    "FileChanged", "FileNotFoundHereError", "FileRow", "FileService", "FilesPurged", "Found", "Home",
    "IntentRow", "JournalRow", "Places", "ReservationRow", "Spot", "Staged", "Stored", "Terms",
    "VersionRow", "Window", "Writer", "told",
]  # fmt: skip
