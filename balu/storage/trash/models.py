"""Rows: what was deleted and can come back."""

from datetime import datetime

from advanced_alchemy.base import BigIntBase
from advanced_alchemy.types import DateTimeUTC
from sqlalchemy import BigInteger, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from balu.storage.files import DiskName


class TrashRow(BigIntBase):
    """A deleted file or tree; its bytes lie in the volume's trash under *uid*."""

    __tablename__ = "trash"
    __table_args__ = {"sqlite_autoincrement": True}

    uid: Mapped[str] = mapped_column(String(32), unique=True)
    volume_id: Mapped[int] = mapped_column(BigInteger)
    owner_id: Mapped[int] = mapped_column(BigInteger, index=True)
    file_id: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str] = mapped_column(DiskName(1024))
    original_path: Mapped[str] = mapped_column(Text)
    """Relative to the home, as on the wire."""
    kind: Mapped[str] = mapped_column(String(9))
    size: Mapped[int] = mapped_column(BigInteger)
    files: Mapped[int] = mapped_column(BigInteger, default=1)
    deleted_at: Mapped[datetime] = mapped_column(DateTimeUTC(timezone=True))
    expires_at: Mapped[datetime] = mapped_column(DateTimeUTC(timezone=True), index=True)
    vault_uid: Mapped[str | None] = mapped_column(String(32))
    """The vault it was in: *name* and *original_path* are encrypted from there on."""
    purging: Mapped[bool] = mapped_column(default=False)
    """Hidden: its bytes are being removed, which cannot be taken back."""
