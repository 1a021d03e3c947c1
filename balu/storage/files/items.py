"""From rows and directory entries to what clients see."""

import mimetypes
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from types import SimpleNamespace
from typing import Any, cast

import msgspec

from balu.storage.files.names import to_wire
from balu.storage.files.rights import EVERY_RIGHT, Right
from balu.storage.files.schemas import FileItem
from balu.storage.files.seals import plain_size
from balu_core import Entry, ItemTemplate

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


def file_item(
    entry: Entry,
    row: Any,
    path: str,
    owner_name: str | None,
    rights: Right = EVERY_RIGHT,
    *,
    is_sealed: bool = False,
) -> FileItem:
    """*row* needs the columns of ``facts.COLUMNS``; *path* is as on the wire.

    *is_sealed*: it lies in a vault, and what the row knows about its bytes is about encrypted ones.
    """
    kind, name = entry.kind, path.rpartition("/")[2] or to_wire(entry.name)
    size = plain_size(entry.size) if is_sealed and kind == "file" else entry.size
    readable = kind in {"file", "directory"}
    return FileItem(
        name=name, path=path, size=size,
        type="directory" if kind == "directory" else "file", modified_at=moment(entry.mtime_ns),
        owner_id=str(row.owner_id), owner_name=owner_name, mime_type=mime_of(name, kind),
        file_id=row.id, checksum=None if is_sealed else row.sha256,
        blake3=None if is_sealed else row.blake3, etag=f'"{row.id}.{row.rev}"', thumbhash=None,
        sync_info=None, can_read=readable, can_write=readable and bool(rights & Right.EDIT),
        can_delete=bool(rights & Right.DELETE), scan_status="not_scanned",
        is_infected=False,
    )  # fmt: skip


SLOTS = {
    "name": "name", "path": "path", "size": "size", "type": "type", "modified_at": "modified_at",
    "owner_id": "owner_id", "mime_type": "mime_type", "file_id": "file_id", "checksum": "checksum",
    "blake3": "blake3", "etag": "etag", "can_read": "readable", "can_write": "readable",
}  # fmt: skip
"""Fields of an item that the native half fills in; the others are the same for a whole listing."""


@lru_cache(maxsize=256)
def item_template(owner_name: str | None, rights: Right = EVERY_RIGHT) -> ItemTemplate:
    """``file_item`` as JSON, for the native half to write listings by."""
    slots = (
        SLOTS if rights & Right.EDIT else {name: slot for name, slot in SLOTS.items() if name != "can_write"}
    )
    nothing = SimpleNamespace(
        name="", kind="file", size=0, mtime_ns=0, id=0, rev=0, owner_id=0, blake3=None, sha256=None
    )
    item = file_item(cast("Entry", nothing), nothing, "", owner_name, rights)
    parts: list[tuple[bytes, str]] = []
    literal = b"{"
    for number, field in enumerate(msgspec.structs.fields(FileItem)):
        literal += (b"," if number else b"") + msgspec.json.encode(field.encode_name) + b":"
        if field.name in slots:
            parts.append((literal, slots[field.name]))
            literal = b""
        else:
            literal += msgspec.json.encode(getattr(item, field.name))
    return ItemTemplate(parts, literal + b"}", mime_of)
