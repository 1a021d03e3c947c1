"""Rows: vaults, and those that are open."""

from datetime import datetime

from advanced_alchemy.base import AdvancedDeclarativeBase, BigIntAuditBase, CommonTableAttributes
from advanced_alchemy.types import DateTimeUTC
from sqlalchemy import BigInteger, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column


class VaultRow(BigIntAuditBase):
    """One encrypted folder. Its keys are here only as the key file has them: wrapped."""

    __tablename__ = "vault"
    __table_args__ = (UniqueConstraint("uid", name="uq_vault_uid"), {"sqlite_autoincrement": True})

    uid: Mapped[str] = mapped_column(String(32))
    owner_id: Mapped[int] = mapped_column(BigInteger, index=True)
    volume_id: Mapped[int] = mapped_column(BigInteger)
    folder_id: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str] = mapped_column(String(255))
    record: Mapped[bytes] = mapped_column(LargeBinary)
    """The key file."""


class VaultOpenRow(CommonTableAttributes, AdvancedDeclarativeBase):
    """A vault that is unlocked, for every worker of the running server."""

    __tablename__ = "vault_open"

    uid: Mapped[str] = mapped_column(String(32), primary_key=True)
    owner_id: Mapped[int] = mapped_column(BigInteger)
    keys: Mapped[bytes] = mapped_column(LargeBinary)
    """Root key and KEKs, encrypted under a key that only running processes have."""
    opened_at: Mapped[datetime] = mapped_column(DateTimeUTC(timezone=True))
    used_at: Mapped[datetime] = mapped_column(DateTimeUTC(timezone=True))
