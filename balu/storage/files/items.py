"""From rows and directory entries to what clients see."""

import mimetypes
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from balu.storage.files.names import to_wire
from balu.storage.files.schemas import FileItem
from balu_core import Entry

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LAST_NS = 253_402_300_799_000_000_000
"""The last second of the year 9999; absurd times on a disk must not make a listing fail."""
FIRST_NS = -62_135_596_800_000_000_000


def moment(ns: int) -> datetime:
    """Nanoseconds since the epoch as an instant, cut to what a calendar can show."""
    return EPOCH + timedelta(microseconds=min(max(ns, FIRST_NS), LAST_NS) // 1000)


def mime_of(name: str, kind: str) -> str | None:
    """What the name suggests; None for folders."""
    if kind == "directory":
        return None
    if kind == "symlink":
        return "inode/symlink"
    return _by_suffix(name.rpartition(".")[2].lower()) if "." in name else "application/octet-stream"


@lru_cache(maxsize=1024)
def _by_suffix(suffix: str) -> str:
    found, coding = mimetypes.guess_type(f"x.{suffix}", strict=False)
    return (
        found if found and not coding else f"application/{coding}" if coding else "application/octet-stream"
    )


def file_item(entry: Entry, row: Any, path: str, owner_name: str | None) -> FileItem:
    """*row* needs the columns of ``rows.LISTED``; *path* is as on the wire."""
    kind = entry.kind
    readable = kind in {"file", "directory"}
    return FileItem(
        name=to_wire(entry.name), path=path, size=entry.size,
        type="directory" if kind == "directory" else "file", modified_at=moment(entry.mtime_ns),
        owner_id=str(row.owner_id), owner_name=owner_name, mime_type=mime_of(entry.name, kind),
        file_id=row.id, checksum=row.sha256, blake3=row.blake3, etag=f'"{row.id}.{row.rev}"', thumbhash=None,
        sync_info=None, can_read=readable, can_write=readable, can_delete=True, scan_status="not_scanned",
        is_infected=False,
    )  # fmt: skip
