"""``[auth]``: who may sign up and how long sign-ins last."""

from typing import Annotated

import msgspec

Days = Annotated[int, msgspec.Meta(ge=1, le=365)]


class AuthSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[auth]``."""

    registration: bool = False
    """Whether strangers may make themselves an account, never an administrator's."""
    access_minutes: Annotated[int, msgspec.Meta(ge=1, le=60)] = 15
    session_days: Days = 7
    """A session ends after this long without use."""
    failures: Annotated[int, msgspec.Meta(ge=3, le=20)] = 5
    """Wrong passwords for one name from one address before a pause."""
    failures_per_address: Annotated[int, msgspec.Meta(ge=3, le=1000)] = 20
    """Wrong passwords from one address, whatever the name, before a pause."""
    pause_minutes: Annotated[int, msgspec.Meta(ge=1, le=1440)] = 15
