"""Wire shapes of vaults."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec

Passphrase = Annotated[str, msgspec.Meta(min_length=10, max_length=1024)]
Status = Literal["locked", "unlocked"]


class VaultCreate(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Make the folder *name* (with ``.vault`` after it) in *parent_path*."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    passphrase: Passphrase
    parent_path: str = ""
    mount: str | int | None = None


class VaultUnlock(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The passphrase, or the recovery kit instead of it."""

    passphrase: Annotated[str, msgspec.Meta(max_length=1024)]


class VaultPassphrase(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """*passphrase* is the present one, or the recovery kit."""

    passphrase: Annotated[str, msgspec.Meta(max_length=1024)]
    new_passphrase: Passphrase


class VaultRead(msgspec.Struct, kw_only=True):
    """A vault as its owner sees it."""

    id: int
    name: str
    path: str | None
    """Of its folder; None while that is in the trash."""
    folder_id: int
    volume_id: int
    status: Status
    locks_at: datetime | None
    """When it locks unless it is used; None while it is locked."""
    key_version: int
    """Of the lock that new files get."""
    rotating: bool
    """Whether some of the others may still have a former one."""
    created_at: datetime


class VaultCreated(VaultRead, kw_only=True):
    """The same with the recovery kit."""

    recovery_kit: str
    """Shown once and kept nowhere: with the disk it opens the vault when the passphrase is lost."""
