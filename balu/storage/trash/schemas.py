"""Wire shapes of the trash."""

from datetime import datetime
from typing import Literal

import msgspec


class TrashItem(msgspec.Struct, kw_only=True):
    """Something deleted."""

    id: int
    name: str
    """Empty while it lies in a vault that is locked."""
    original_path: str
    type: Literal["file", "directory"]
    mime_type: str | None
    size: int
    files: int
    file_id: int
    volume_id: int
    deleted_at: datetime
    expires_at: datetime
    vault: str | None
    """Name of the vault it was in."""
    of_deleted_account: bool
    """Its owner is gone; it can be put back among the caller's own files."""


class TrashList(msgspec.Struct, kw_only=True):
    """A window into the trash, newest first."""

    items: list[TrashItem]
    total: int
    size: int
    """Bytes of everything in the trash."""
    own_total: int
    """How many of them are the caller's own: what emptying the trash removes."""
    own_size: int
    next: str | None


class Deleted(msgspec.Struct, kw_only=True):
    """What became of a delete; *trash_id* undoes it, None when nothing was there."""

    message: str
    trash_id: int | None


class TrashRestore(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Put it back where it was, or to *target_path*."""

    target_path: str | None = None
    on_conflict: Literal["fail", "rename"] = "fail"


class TrashEmptied(msgspec.Struct, kw_only=True):
    """How much was removed for good."""

    purged: int
    freed_bytes: int
