"""Files: names, rows, folders and bytes, under the rules of the commit protocol."""

from balu.storage.files.commit import DOUBTFUL, Writer
from balu.storage.files.controller import WITH_FILES, Files
from balu.storage.files.displace import Displaced, PutBack
from balu.storage.files.displace import displace as set_aside
from balu.storage.files.errors import (
    BusyNameError,
    DigestError,
    FileExistsHereError,
    FileNotFoundHereError,
    FolderNotEmptyError,
    WrongKindError,
    explained,
    told,
)
from balu.storage.files.events import FileChanged, FilesPurged
from balu.storage.files.facts import BATCH
from balu.storage.files.fsck import Examination
from balu.storage.files.gather import Gatherer
from balu.storage.files.grants import Grants
from balu.storage.files.group import Group, Landed, Piece
from balu.storage.files.intents import Intents, begin
from balu.storage.files.items import mime_of
from balu.storage.files.models import INO_MASK, FileRow, IntentRow, JournalRow, ReservationRow, VersionRow
from balu.storage.files.mounts import volume_id_of
from balu.storage.files.names import (
    DiskName,
    check_name,
    from_stored,
    name_key,
    numbered,
    split,
    to_stored,
    to_wire,
)
from balu.storage.files.ownership import hand_over
from balu.storage.files.places import Found, Home, Places, Spot
from balu.storage.files.raw import repr_digest
from balu.storage.files.recover import settle_each
from balu.storage.files.rights import Right
from balu.storage.files.rows import FileRows
from balu.storage.files.schemas import FileItem, FileMoved
from balu.storage.files.seals import (
    SUFFIX,
    Seal,
    Seals,
    SeenVault,
    VaultBoundaryError,
    VaultLockedError,
    VaultNotGivenError,
    without_names,
)
from balu.storage.files.service import FileService
from balu.storage.files.terms import OnConflict, Outcome, Staged, Stored, Terms, staged_of
from balu.storage.files.window import Window

__all__ = [
    "BATCH",
    "DOUBTFUL",
    "INO_MASK",
    "SUFFIX",
    "WITH_FILES",
    "BusyNameError",
    "DigestError",
    "DiskName",
    "Displaced",
    "Examination",
    "FileChanged",
    "FileExistsHereError",
    "FileItem",
    "FileMoved",
    "FileNotFoundHereError",
    "FileRow",
    "FileRows",
    "FileService",
    "Files",
    "FilesPurged",
    "FolderNotEmptyError",
    "Found",
    "Gatherer",
    "Grants",
    "Group",
    "Home",
    "IntentRow",
    "Intents",
    "JournalRow",
    "Landed",
    "OnConflict",
    "Outcome",
    "Piece",
    "Places",
    "PutBack",
    "ReservationRow",
    "Right",
    "Seal",
    "Seals",
    "SeenVault",
    "Spot",
    "Staged",
    "Stored",
    "Terms",
    "VaultBoundaryError",
    "VaultLockedError",
    "VaultNotGivenError",
    "VersionRow",
    "Window",
    "Writer",
    "WrongKindError",
    "begin",
    "check_name",
    "explained",
    "from_stored",
    "hand_over",
    "mime_of",
    "name_key",
    "numbered",
    "repr_digest",
    "set_aside",
    "settle_each",
    "split",
    "staged_of",
    "to_stored",
    "to_wire",
    "told",
    "volume_id_of",
    "without_names",
]
