"""Rows: sessions, refresh tokens, second factors, PINs, tokens for programs and drives, attempts."""

from datetime import datetime

from advanced_alchemy.base import BigIntBase
from advanced_alchemy.types import DateTimeUTC, JsonB
from sqlalchemy import BigInteger, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

INSTANT = DateTimeUTC(timezone=True)


class SessionRow(BigIntBase):
    """One sign-in on one device: everything issued to it dies with this row."""

    __tablename__ = "session"
    __table_args__ = {"sqlite_autoincrement": True}

    user_id: Mapped[int] = mapped_column(BigInteger, index=True)
    epoch: Mapped[int]
    """The account's epoch at sign-in; an older one is a dead session."""
    cookie_digest: Mapped[bytes | None] = mapped_column(LargeBinary(32), unique=True, default=None)
    device_info: Mapped[str] = mapped_column(String(200))
    ip: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(INSTANT)
    last_seen_at: Mapped[datetime] = mapped_column(INSTANT)
    expires_at: Mapped[datetime] = mapped_column(INSTANT, index=True)
    proved_at: Mapped[datetime | None] = mapped_column(INSTANT, default=None)
    """When password or second factor were shown last; a PIN does not count."""


class RefreshTokenRow(BigIntBase):
    """A refresh token's digest; used ones stay, so that using one again is noticed."""

    __tablename__ = "refresh_token"

    session_id: Mapped[int] = mapped_column(BigInteger, index=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    used_at: Mapped[datetime | None] = mapped_column(INSTANT, default=None)


class TotpRow(BigIntBase):
    """An account's second factor; begun, but not yet on, while ``enabled_at`` is empty."""

    __tablename__ = "totp"
    __table_args__ = {"sqlite_autoincrement": True}

    user_id: Mapped[int] = mapped_column(BigInteger, unique=True)
    secret_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    last_step: Mapped[int] = mapped_column(BigInteger, default=0)
    """The last accepted time step; only later ones are accepted."""
    enabled_at: Mapped[datetime | None] = mapped_column(INSTANT, default=None)


class RecoveryCodeRow(BigIntBase):
    """A recovery code's digest; the row goes when the code is used."""

    __tablename__ = "recovery_code"

    user_id: Mapped[int] = mapped_column(BigInteger, index=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)


class ApiKeyRow(BigIntBase):
    """An API token's digest and what it may do."""

    __tablename__ = "api_key"
    __table_args__ = {"sqlite_autoincrement": True}

    name: Mapped[str] = mapped_column(String(100))
    user_id: Mapped[int] = mapped_column(BigInteger, index=True)
    created_by: Mapped[int] = mapped_column(BigInteger)
    scopes: Mapped[list[str]] = mapped_column(JsonB)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    hint: Mapped[str] = mapped_column(String(16))
    """The token's first characters, to tell tokens apart."""
    created_at: Mapped[datetime] = mapped_column(INSTANT)
    expires_at: Mapped[datetime | None] = mapped_column(INSTANT, default=None)
    last_used_at: Mapped[datetime | None] = mapped_column(INSTANT, default=None)


class AppPasswordRow(BigIntBase):
    """A secret for one network drive: digest, scopes, end."""

    __tablename__ = "app_password"
    __table_args__ = {"sqlite_autoincrement": True}

    user_id: Mapped[int] = mapped_column(BigInteger, index=True)
    name: Mapped[str] = mapped_column(String(100))
    scopes: Mapped[list[str]] = mapped_column(JsonB)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    created_at: Mapped[datetime] = mapped_column(INSTANT)
    expires_at: Mapped[datetime] = mapped_column(INSTANT)
    last_used_at: Mapped[datetime | None] = mapped_column(INSTANT, default=None)


class PinRow(BigIntBase):
    """An account's PIN for the local channel, hashed like a password."""

    __tablename__ = "pin"

    user_id: Mapped[int] = mapped_column(BigInteger, unique=True)
    pin_hash: Mapped[str] = mapped_column(String(255))


class PasswordResetRow(BigIntBase):
    """The one link by which an account may set a new password; the row goes when it is used."""

    __tablename__ = "password_reset"

    user_id: Mapped[int] = mapped_column(BigInteger, unique=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    mark: Mapped[str] = mapped_column(String(16))
    """What the account was like; a changed one is not opened by an old link."""
    created_at: Mapped[datetime] = mapped_column(INSTANT)
    sent_at: Mapped[datetime | None] = mapped_column(INSTANT, default=None)
    expires_at: Mapped[datetime] = mapped_column(INSTANT, index=True)


class AttemptRow(BigIntBase):
    """Attempts that have not turned out right, counted until a pause or a success."""

    __tablename__ = "sign_in_attempt"

    digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    """Of what is counted: an address, a name with an address, an account's second factor."""
    attempts: Mapped[int]
    until: Mapped[datetime] = mapped_column(INSTANT, index=True)
    """When counting starts again from zero."""
