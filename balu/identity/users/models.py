"""Rows: accounts and their pictures."""

from advanced_alchemy.base import BigIntAuditBase, BigIntBase
from sqlalchemy import BigInteger, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from balu.kernel.caller import Caller, Grade


class UserRow(BigIntAuditBase):
    """An account. Numbers are never used twice, because homes and grants belong to them."""

    __tablename__ = "user_account"  # "user" is a reserved word of PostgreSQL
    __table_args__ = {"sqlite_autoincrement": True}

    username: Mapped[str] = mapped_column(String(32))
    username_key: Mapped[str] = mapped_column(String(32), unique=True)
    """The name casefolded: what must be unique and what sign-in looks for."""
    email: Mapped[str | None] = mapped_column(String(254), default=None)
    email_key: Mapped[str | None] = mapped_column(String(254), unique=True, default=None)
    grade: Mapped[Grade] = mapped_column(String(16))
    is_active: Mapped[bool] = mapped_column(default=True)
    smb_enabled: Mapped[bool] = mapped_column(default=False)
    quota_bytes: Mapped[int | None] = mapped_column(BigInteger, default=None)
    """None: as much as the disks hold."""
    password_hash: Mapped[str] = mapped_column(String(255))
    epoch: Mapped[int] = mapped_column(default=0)
    """Counts up when every session must end: new password, disabled, signed out everywhere."""
    theme: Mapped[str] = mapped_column(String(8), default="system")
    language: Mapped[str | None] = mapped_column(String(8), default=None)
    """None: what the browser asks for."""
    notifications_enabled: Mapped[bool] = mapped_column(default=True)

    avatar_tag: Mapped[str | None] = mapped_column(String(16), default=None)
    """Changes with the picture; None without one."""

    @property
    def role(self) -> str:
        """The coarse role that older clients read."""
        return "admin" if self.grade in {"admin", "superadmin"} else "user"

    def caller(self) -> Caller:
        """This person, for what a job or a command does in their name."""
        return Caller(user_id=self.id, username=self.username, grade=self.grade)


class AvatarRow(BigIntBase):
    """An account's picture, as it was accepted."""

    __tablename__ = "avatar"

    user_id: Mapped[int] = mapped_column(BigInteger, unique=True)
    media_type: Mapped[str] = mapped_column(String(16))
    body: Mapped[bytes] = mapped_column(LargeBinary)
