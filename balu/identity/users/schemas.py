"""Wire shapes of accounts and their settings."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from balu.kernel.caller import Grade
from balu.kernel.errors import MalformedError

MAX_QUOTA_BYTES = 2**62
Role = Literal["admin", "user"]
Theme = Literal["system", "light", "dark"]
Language = Literal["en", "de"]
Username = Annotated[str, msgspec.Meta(min_length=3, max_length=32, pattern=r"^[A-Za-z0-9_-]+\Z")]
Email = Annotated[str, msgspec.Meta(max_length=254, pattern=r"^[^@\s]+@[^@\s]+\Z")]
Password = Annotated[str, msgspec.Meta(max_length=128)]
QuotaBytes = Annotated[int, msgspec.Meta(ge=0, le=MAX_QUOTA_BYTES)]


class Plain(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """An incoming shape whose strings hold no NUL, CR or LF (400 otherwise)."""

    def __post_init__(self) -> None:
        """Look at every string, also those in lists."""
        for name in self.__struct_fields__:
            if any(mark in text for text in _strings(getattr(self, name)) for mark in "\0\r\n"):
                raise MalformedError(f"{name} cannot hold NUL or line breaks.")


def _strings(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        return (value,)
    return (item for item in value if isinstance(item, str)) if isinstance(value, (list, tuple)) else ()


class UserRead(msgspec.Struct, kw_only=True):
    """An account as its owner and administrators see it."""

    id: int
    username: str
    email: str | None
    role: Role
    grade: Grade
    is_active: bool
    smb_enabled: bool
    quota_bytes: int | None
    avatar_url: str | None
    """Where the picture is; another one with every new picture. None without one."""
    created_at: datetime
    updated_at: datetime


class UserList(msgspec.Struct, kw_only=True):
    """Accounts that match, and how many there are in all."""

    users: list[UserRead]
    total: int
    active: int
    inactive: int
    admins: int


class UserCreate(Plain, kw_only=True, forbid_unknown_fields=True):
    """A new account; *grade* refines *role*."""

    username: Username
    password: Password
    email: Email | None = None
    role: Role = "user"
    grade: Grade | None = None
    quota_bytes: QuotaBytes | None = None


class UserUpdate(Plain, kw_only=True, forbid_unknown_fields=True):
    """What changes; whatever is absent stays. The name is accepted, but only unchanged."""

    username: str | UnsetType = UNSET
    email: Email | UnsetType | None = UNSET
    password: Password | UnsetType = UNSET
    role: Role | UnsetType = UNSET
    grade: Grade | UnsetType = UNSET
    is_active: bool | UnsetType = UNSET
    smb_enabled: bool | UnsetType = UNSET
    quota_bytes: QuotaBytes | UnsetType | None = UNSET


class SettingsRead(msgspec.Struct, kw_only=True):
    """How an account likes Balu to look and speak."""

    theme: Theme
    language: Language
    notifications_enabled: bool
    storage_limit: int | None
    """Same as the account's quota, bytes; None without one."""


class SettingsUpdate(Plain, kw_only=True, forbid_unknown_fields=True):
    """What changes; *storage_limit* is accepted and ignored, since only administrators set it."""

    theme: Theme | UnsetType = UNSET
    language: Language | UnsetType = UNSET
    notifications_enabled: bool | UnsetType = UNSET
    storage_limit: int | UnsetType | None = UNSET
