"""Rows: uploads that outlive their requests, and the chunks of those that arrive in any order."""

from datetime import datetime
from typing import Any

from advanced_alchemy.base import AdvancedDeclarativeBase, CommonTableAttributes
from advanced_alchemy.types import DateTimeUTC
from sqlalchemy import JSON, BigInteger, Index, Integer, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column


class UploadRow(CommonTableAttributes, AdvancedDeclarativeBase):
    """One file on its way. Its key is also the id of its staged bytes."""

    __tablename__ = "upload"
    __table_args__ = (Index("ix_upload_owner_id", "owner_id"), Index("ix_upload_expires_at", "expires_at"))

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    owner_id: Mapped[int] = mapped_column(BigInteger)
    """Who sends it."""
    payer_id: Mapped[int] = mapped_column(BigInteger)
    """In whose home, and so at whose expense, it will lie."""
    volume_id: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str] = mapped_column(String(10))
    """The dialect: ``tus``, ``trio``, ``single``, ``sync`` or ``manifest``."""
    path: Mapped[str] = mapped_column(Text)
    size: Mapped[int | None] = mapped_column(BigInteger, default=None)
    """None until the client says how long it will be."""
    offset: Mapped[int] = mapped_column(BigInteger, default=0)
    """Bytes that are durable: a prefix, or the sum of chunks and holes."""
    reserved: Mapped[int] = mapped_column(BigInteger, default=0)
    spans: Mapped[bytes] = mapped_column(LargeBinary, default=b"")
    """Hash of the prefix, as the native half keeps it."""
    terms: Mapped[dict[str, Any]] = mapped_column(JSON)
    status: Mapped[str] = mapped_column(String(10), default="uploading")
    """``uploading``, ``completed``, ``failed``, ``cancelled`` or ``expired``."""
    lease: Mapped[str | None] = mapped_column(String(32), default=None)
    """Who may append at present; a newer writer puts its own name here."""
    token: Mapped[str | None] = mapped_column(String(64), default=None)
    """SHA-256 of the upload's own credential."""
    epoch: Mapped[int] = mapped_column(Integer, default=0)
    """The owner's epoch when the credential was good."""
    chunk_size: Mapped[int | None] = mapped_column(BigInteger, default=None)
    manifest: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    """BLAKE3 of every chunk, 32 bytes each; zeros for a hole."""
    concat: Mapped[str] = mapped_column(String(8), default="")
    """tus: ``partial``, ``final`` or nothing."""
    shown: Mapped[dict[str, str]] = mapped_column(JSON)
    """tus: headers that are repeated to whoever asks."""
    staged_ino: Mapped[int | None] = mapped_column(BigInteger, default=None)
    """Set when publishing began."""
    blake3: Mapped[str | None] = mapped_column(String(64), default=None)
    file_id: Mapped[int | None] = mapped_column(BigInteger, default=None)
    error: Mapped[str | None] = mapped_column(Text, default=None)
    created_at: Mapped[datetime] = mapped_column(DateTimeUTC(timezone=True))
    expires_at: Mapped[datetime] = mapped_column(DateTimeUTC(timezone=True))


class UploadChunkRow(CommonTableAttributes, AdvancedDeclarativeBase):
    """One chunk that is verified and durable."""

    __tablename__ = "upload_chunk"

    upload_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    spans: Mapped[bytes] = mapped_column(LargeBinary)
