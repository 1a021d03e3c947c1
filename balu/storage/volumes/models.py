"""Rows: volumes and the quota ledger."""

from typing import Any

from advanced_alchemy.base import AdvancedDeclarativeBase, BigIntAuditBase, CommonTableAttributes
from sqlalchemy import JSON, BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column


class VolumeRow(BigIntAuditBase):
    """A registered directory tree. The marker on the disk names it by *uid*."""

    __tablename__ = "volume"
    __table_args__ = {"sqlite_autoincrement": True}

    uid: Mapped[str] = mapped_column(String(32), unique=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    root: Mapped[str] = mapped_column(String(4096), unique=True)
    is_default: Mapped[bool] = mapped_column(default=False)
    features: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """What the file system offered when it was probed."""


class QuotaRow(CommonTableAttributes, AdvancedDeclarativeBase):
    """How many bytes one owner takes up. Changed in the transaction that causes the change."""

    __tablename__ = "quota"

    owner_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    live_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    reserved_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    trash_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    version_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
