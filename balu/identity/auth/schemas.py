"""Wire shapes of sign-in, sessions, second factors, lost passwords and tokens."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from balu.identity.users import Email, Language, Password, Plain, SettingsRead, Username, UserRead

Code = Annotated[str, msgspec.Meta(min_length=6, max_length=32)]
Secret = Annotated[str, msgspec.Meta(max_length=4096)]
Instant = Annotated[datetime, msgspec.Meta(tz=True)]


class Message(msgspec.Struct, kw_only=True):
    """A sentence for the user."""

    message: str


class Login(Plain, kw_only=True, forbid_unknown_fields=True):
    """Name and password; ``session: cookie`` for the web UI."""

    username: Annotated[str, msgspec.Meta(max_length=254)]
    password: Annotated[str, msgspec.Meta(max_length=1024)]
    session: Literal["cookie"] | None = None


class Token(msgspec.Struct, kw_only=True):
    """A session. In a cookie session ``token_type`` is ``cookie`` and there is nothing to keep."""

    access_token: str | None
    token_type: Literal["bearer", "cookie"]
    expires_in: int
    """Life of the access token, seconds."""
    refresh_token: str | None
    user: UserRead


class SecondFactorNeeded(msgspec.Struct, kw_only=True):
    """The password was right; send the code with this token."""

    requires_2fa: bool
    pending_token: str
    token_type: Literal["2fa_pending"]


class Register(Plain, kw_only=True, forbid_unknown_fields=True):
    """A stranger's new account."""

    username: Username
    email: Email
    password: Password


class Logout(Plain, kw_only=True, forbid_unknown_fields=True):
    """Which sessions end."""

    all: bool = False


class Refresh(Plain, kw_only=True, forbid_unknown_fields=True):
    """A refresh token; ``rotate`` replaces it by a new one."""

    refresh_token: Secret
    rotate: bool = False


class PasswordConfirm(Plain, kw_only=True, forbid_unknown_fields=True):
    """The caller's password once more."""

    password: Annotated[str, msgspec.Meta(max_length=1024)]


class FactorConfirm(Plain, kw_only=True, forbid_unknown_fields=True):
    """Password once more, and a code where the second factor is on."""

    password: Annotated[str, msgspec.Meta(max_length=1024)]
    code: Code | None = None


class Confirm(Plain, kw_only=True, forbid_unknown_fields=True):
    """Who is behind this session, once more: the password or a code of the app."""

    password: Annotated[str, msgspec.Meta(max_length=1024)] | None = None
    code: Code | None = None


class Confirmed(msgspec.Struct, kw_only=True):
    """Until when the proof counts."""

    confirmed_until: datetime


class AccountClosed(Message, kw_only=True):
    """The account is closed; a job deletes it."""

    job_id: int
    status_url: str


class PinLogin(Plain, kw_only=True, forbid_unknown_fields=True):
    """Name and PIN, on the local channel; ``session: cookie`` for the web UI."""

    username: Annotated[str, msgspec.Meta(max_length=254)]
    pin: Annotated[str, msgspec.Meta(max_length=64)]
    session: Literal["cookie"] | None = None


class PinSet(Plain, kw_only=True, forbid_unknown_fields=True):
    """A new PIN, and a code of the second factor."""

    pin: Annotated[str, msgspec.Meta(max_length=64)]
    code: Code


class PinStatus(msgspec.Struct, kw_only=True):
    """Whether the account has a PIN."""

    pin_enabled: bool


class RecoveryReset(Plain, kw_only=True, forbid_unknown_fields=True):
    """A recovery code for a new password."""

    username: Annotated[str, msgspec.Meta(max_length=254)]
    recovery_code: Code
    new_password: Password


class ResetAsk(Plain, kw_only=True, forbid_unknown_fields=True):
    """Where the link should go."""

    email: Email


class ResetRead(msgspec.Struct, kw_only=True):
    """A link that works."""

    valid: bool
    expires_at: datetime


class ResetSet(Plain, kw_only=True, forbid_unknown_fields=True):
    """The new password."""

    new_password: Password


class ChangePassword(Plain, kw_only=True, forbid_unknown_fields=True):
    """Old and new password."""

    current_password: Annotated[str, msgspec.Meta(max_length=1024)]
    new_password: Password


class FactorSetup(msgspec.Struct, kw_only=True):
    """What an authenticator app needs; ``qr_code`` is a PNG as data URL."""

    qr_code: str
    provisioning_uri: str
    secret: str


class FactorVerify(Plain, kw_only=True, forbid_unknown_fields=True):
    """With ``pending_token`` it finishes a sign-in, without it turns the second factor on."""

    code: Code
    pending_token: Secret | None = None
    secret: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    session: Literal["cookie"] | None = None


class BackupCodes(msgspec.Struct, kw_only=True):
    """Recovery codes, shown once."""

    backup_codes: list[str]


class FactorStatus(msgspec.Struct, kw_only=True):
    """State of the second factor."""

    enabled: bool
    enabled_at: datetime | None
    backup_codes_remaining: int


class SessionRead(msgspec.Struct, kw_only=True):
    """One sign-in."""

    id: int
    device_info: str
    ip: str
    created_at: datetime
    last_seen: datetime
    current: bool


class ApiKeyCreate(Plain, kw_only=True, forbid_unknown_fields=True):
    """A new token for a program; without ``expires_at`` it ends after a year."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    scopes: list[str]
    target_user_id: int | None = None
    """Whose rights it has; the caller's own without it."""
    expires_at: Instant | None = None


class ApiKeyRead(msgspec.Struct, kw_only=True):
    """A token without its text."""

    id: int
    name: str
    target_user_id: int
    created_by: int
    scopes: list[str]
    hint: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


class ApiKeyCreated(ApiKeyRead, kw_only=True):
    """A token with its text."""

    key: str
    """Shown once; afterwards only its digest is known."""


class AppPasswordCreate(Plain, kw_only=True, forbid_unknown_fields=True):
    """A new app password; without ``expires_at`` it ends after a year."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    scopes: list[str]
    expires_at: Instant | None = None


class AppPasswordRead(msgspec.Struct, kw_only=True):
    """An app password without its text."""

    id: int
    name: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None


class AppPasswordCreated(AppPasswordRead, kw_only=True):
    """An app password with its text."""

    secret: str
    """Shown once; afterwards only its digest is known."""


class Bootstrap(msgspec.Struct, kw_only=True):
    """What the first paint of the web UI needs."""

    user: UserRead | None
    features: dict[str, bool]
    settings: SettingsRead | None
    language: Language
    version: str
    setup_required: bool
