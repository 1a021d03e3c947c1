"""Wire shapes of files and folders."""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec

Kind = Literal["file", "directory"]
OnConflict = Literal["fail", "rename", "replace"]


class FileItem(msgspec.Struct, kw_only=True):
    """A file or folder as its owner sees it."""

    name: str
    path: str
    """Relative to the home, without leading slash."""
    size: int
    type: Kind
    modified_at: datetime
    owner_id: str
    """A string, as BaluHost clients expect."""
    owner_name: str | None
    mime_type: str | None
    file_id: int
    checksum: str | None
    """SHA-256 in hex where it is known."""
    blake3: str | None
    etag: str
    thumbhash: str | None
    sync_info: dict[str, Any] | None
    can_read: bool
    can_write: bool
    can_delete: bool
    scan_status: str
    is_infected: bool


class FileList(msgspec.Struct, kw_only=True):
    """One window into a folder."""

    files: list[FileItem]
    total: int
    """Entries that match the filter, not only the window."""
    folder_id: int
    etag: str


class Message(msgspec.Struct, kw_only=True):
    """Done, in words."""

    message: str


class FolderMade(Message, kw_only=True):
    """A new folder."""

    folder_id: int


class FileMoved(Message, kw_only=True):
    """Where something is now."""

    file: FileItem
    replaced: list[int] = msgspec.field(default_factory=list)
    """Where in the trash is what it replaced; restoring that undoes it."""


class FolderCreate(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Make *name* in the folder *path*."""

    name: Annotated[str, msgspec.Meta(min_length=1)]
    path: str = ""
    mount_id: str | int | None = None


class FileRename(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Name the thing by path or id."""

    new_name: Annotated[str, msgspec.Meta(min_length=1)]
    old_path: str | None = None
    file_id: int | None = None
    mount: str | int | None = None


class FileMove(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """From *source_path* or *file_id* to *target_path* (= *new_path*) or into the folder *folder_id*."""

    source_path: str | None = None
    file_id: int | None = None
    target_path: str | None = None
    new_path: str | None = None
    folder_id: int | None = None
    mount: str | int | None = None
    target_mount: str | int | None = None
    on_conflict: OnConflict = "fail"


class FileCopy(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Copy a file or a whole folder."""

    source_path: str | None = None
    file_id: int | None = None
    target_path: str | None = None
    folder_id: int | None = None
    mount: str | int | None = None
    target_mount: str | int | None = None
    on_conflict: OnConflict = "fail"


class ArchiveWanted(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What to pack; 1 to 1,000 files and folders."""

    paths: Annotated[list[str], msgspec.Meta(min_length=1, max_length=1000)]
    format: Literal["zip", "tar.zst"] = "zip"
    mount: str | None = None


class ArchiveReady(msgspec.Struct, kw_only=True):
    """Where the archive is: an address for the same credential, made while it is downloaded."""

    url: str


class NamesToCheck(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which of these would collide in *target_path*."""

    filenames: Annotated[list[str], msgspec.Meta(max_length=10_000)]
    target_path: str = ""
    mount: str | int | None = None


class Duplicate(msgspec.Struct, kw_only=True):
    """A name that is taken."""

    filename: str
    size_bytes: int
    modified_at: datetime
    checksum: str | None


class Duplicates(msgspec.Struct, kw_only=True):
    """Names that are taken."""

    duplicates: list[Duplicate]


class TypeTotal(msgspec.Struct, kw_only=True):
    """Files of one kind together."""

    type: str
    files: int
    size: int


class FileStats(msgspec.Struct, kw_only=True):
    """What one owner has."""

    total_files: int
    total_folders: int
    total_size: int
    top_files: list[FileItem]
    by_type: list[TypeTotal]
    trash_size: int


class Permission(msgspec.Struct, kw_only=True):
    """What one person may do."""

    user_id: int
    username: str
    can_view: bool
    can_edit: bool
    can_delete: bool
    can_share: bool
    """Whether they may give it on to others."""
    is_inherited: bool
    """Whether it comes from a folder above; it is changed there."""


class Rule(msgspec.Struct, kw_only=True):
    """What one person was allowed with this very file or folder."""

    user_id: int
    can_view: bool = True
    can_edit: bool = False
    can_delete: bool = False
    can_share: bool = False


class Permissions(msgspec.Struct, kw_only=True):
    """Everybody who may do something, the owner first, and the rules made here."""

    path: str
    owner_id: int
    permissions: list[Permission]
    rules: list[Rule]


class PermissionGive(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Let *username* do this, instead of what was said before."""

    username: Annotated[str, msgspec.Meta(min_length=1)]
    can_view: bool = True
    can_edit: bool = False
    can_delete: bool = False
    can_share: bool = False


class PermissionsSet(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Exactly these rules for a path, and no others."""

    path: str
    rules: Annotated[list[Rule], msgspec.Meta(max_length=1000)]
    owner_id: int | None = None
    """Must be the present owner; ownership changes by ``transfer-ownership``."""
    mount: str | int | None = None


class FolderRead(msgspec.Struct, kw_only=True):
    """A folder by its id."""

    id: int
    name: str
    path: str
    parent_id: int | None
    """None in the home, and for what somebody else shared."""
    modified_at: datetime


class FolderChildren(msgspec.Struct, kw_only=True):
    """A folder with what is in it."""

    folder: FolderRead
    items: list[FileItem]
    total: int


class FolderNew(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Make a folder in another one, in the home without *parent_id*."""

    name: Annotated[str, msgspec.Meta(min_length=1)]
    parent_id: int | None = None


class FolderPatch(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Rename, move, or both; a *parent_id* of null is the home."""

    name: str | msgspec.UnsetType = msgspec.UNSET
    parent_id: int | msgspec.UnsetType | None = msgspec.UNSET
