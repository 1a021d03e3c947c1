"""Wire shapes of the first-run setup."""

from typing import Annotated

import msgspec

from balu.identity.users import Email, Password, Plain, Username


class SetupStatus(msgspec.Struct, kw_only=True):
    """How far the setup is."""

    setup_required: bool
    completed_steps: list[str]


class SetupAdmin(Plain, kw_only=True, forbid_unknown_fields=True):
    """The owner's account, and the code that the server printed."""

    username: Username
    password: Password
    setup_secret: Annotated[str, msgspec.Meta(max_length=128)]
    email: Email | None = None


class SetupClaimed(msgspec.Struct, kw_only=True):
    """The owner's account exists and is signed in."""

    success: bool
    setup_token: str
    """Shown as bearer token it opens the other steps, for half an hour."""
    user_id: int
    username: str


class SetupUser(Plain, kw_only=True, forbid_unknown_fields=True):
    """Somebody else who uses this Balu."""

    username: Username
    password: Password
    email: Email | None = None


class SetupUserMade(msgspec.Struct, kw_only=True):
    """The account exists."""

    success: bool
    user_id: int
    username: str


class SetupFileAccess(Plain, kw_only=True, forbid_unknown_fields=True):
    """How the owner reaches the files besides the browser."""

    samba: bool = False
    webdav: bool = False


class SetupFileAccessMade(msgspec.Struct, kw_only=True):
    """What was turned on for the owner."""

    success: bool
    samba: bool
    app_password: str | None
    """For the network drive, shown once; None unless WebDAV was wanted."""


class SetupComplete(msgspec.Struct, kw_only=True):
    """The setup is over."""

    success: bool
    completed_steps: list[str]
