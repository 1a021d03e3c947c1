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
    user_id: int
    username: str
