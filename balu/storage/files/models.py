"""Rows: files and folders as last seen, former contents, open intents, and the journal of changes."""

from datetime import datetime
from typing import Any

from advanced_alchemy.base import AdvancedDeclarativeBase, BigIntAuditBase, BigIntBase, CommonTableAttributes
from advanced_alchemy.types import DateTimeUTC
from sqlalchemy import JSON, BigInteger, Index, Select, SmallInteger, String, UniqueConstraint, select, text
from sqlalchemy.orm import Mapped, mapped_column

from balu.storage.files.names import DiskName

IS_HOME = text("parent_id IS NULL AND trash_id IS NULL")


INO_MASK = (1 << 63) - 1
"""What of an inode number fits into a column."""
RETIRED = 0
"""``trash_id`` of what somebody removed from the disk: there is nothing to bring back but its versions."""


class FileRow(BigIntAuditBase):
    """One name on a volume as it was last seen; the disk decides, this is the index.

    A row without parent is a home, or, with *trash_id*, the top of something deleted.
    """

    __tablename__ = "file"
    __table_args__ = (
        UniqueConstraint("parent_id", "name", name="uq_file_parent_id_name"),
        Index("ix_file_parent_id_name_key", "parent_id", "name_key"),
        Index(
            "uq_file_home",
            "volume_id",
            "owner_id",
            unique=True,
            sqlite_where=IS_HOME,
            postgresql_where=IS_HOME,
        ),
        Index("ix_file_owner_id", "owner_id"),
        Index("ix_file_trash_id", "trash_id"),
        {"sqlite_autoincrement": True},
    )

    volume_id: Mapped[int] = mapped_column(BigInteger)
    parent_id: Mapped[int | None] = mapped_column(BigInteger, default=None)
    name: Mapped[str] = mapped_column(DiskName(1024))
    name_key: Mapped[str] = mapped_column(DiskName(2048))
    kind: Mapped[str] = mapped_column(String(9))
    """``file``, ``directory``, ``symlink`` or ``other``."""
    owner_id: Mapped[int] = mapped_column(BigInteger)
    size: Mapped[int] = mapped_column(BigInteger, default=0)
    mtime_ns: Mapped[int] = mapped_column(BigInteger, default=0)
    ino: Mapped[int] = mapped_column(BigInteger, default=0)
    rev: Mapped[int] = mapped_column(BigInteger, default=1)
    """Grows when, and only when, the bytes change."""
    blake3: Mapped[str | None] = mapped_column(String(64), default=None)
    """None after a change from outside, until a job has read the bytes again."""
    sha256: Mapped[str | None] = mapped_column(String(64), default=None)
    trash_id: Mapped[int | None] = mapped_column(BigInteger, default=None)

    @property
    def etag(self) -> str:
        """The strong entity tag of these bytes."""
        return f'"{self.id}.{self.rev}"'


class VersionRow(BigIntBase):
    """Former contents of a file, kept under its id and revision."""

    __tablename__ = "file_version"
    __table_args__ = (
        UniqueConstraint("file_id", "rev", name="uq_file_version_file_id_rev"),
        {"sqlite_autoincrement": True},
    )

    file_id: Mapped[int] = mapped_column(BigInteger)
    rev: Mapped[int] = mapped_column(BigInteger)
    volume_id: Mapped[int] = mapped_column(BigInteger)
    owner_id: Mapped[int] = mapped_column(BigInteger, index=True)
    size: Mapped[int] = mapped_column(BigInteger)
    mtime_ns: Mapped[int] = mapped_column(BigInteger)
    blake3: Mapped[str | None] = mapped_column(String(64), default=None)
    created_at: Mapped[datetime] = mapped_column(DateTimeUTC(timezone=True), index=True)

    @classmethod
    def of(cls, file_id: int, rev: int) -> "Select[tuple[VersionRow]]":
        """The query for one of them."""
        return select(cls).where(cls.file_id == file_id, cls.rev == rev)


class IntentRow(BigIntBase):
    """Something about to happen on the disk: the lock on a name, and what recovery needs to know."""

    __tablename__ = "intent"
    __table_args__ = (
        UniqueConstraint("volume_id", "parent_id", "name_key", name="uq_intent_name"),
        {"sqlite_autoincrement": True},
    )

    op_id: Mapped[str] = mapped_column(String(32), index=True)
    op: Mapped[str] = mapped_column(String(10))
    """``put``, ``move``, ``cross``, ``trash``, ``restore``; ``hold`` for the second name of one of them."""
    volume_id: Mapped[int] = mapped_column(BigInteger)
    parent_id: Mapped[int] = mapped_column(BigInteger)
    name_key: Mapped[str] = mapped_column(DiskName(2048))
    worker: Mapped[str] = mapped_column(String(100))
    lease_until: Mapped[datetime] = mapped_column(DateTimeUTC(timezone=True))
    plan: Mapped[dict[str, Any]] = mapped_column(JSON)
    trouble: Mapped[str | None] = mapped_column(String(100), default=None)
    """Kind of the error at which recovery stopped last, None as long as it did not."""


class ReservationRow(CommonTableAttributes, AdvancedDeclarativeBase):
    """Quota taken for bytes on their way into staging, until they are published or given up."""

    __tablename__ = "reservation"

    staging_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    volume_id: Mapped[int] = mapped_column(BigInteger)
    owner_id: Mapped[int] = mapped_column(BigInteger)
    size: Mapped[int] = mapped_column(BigInteger)
    worker: Mapped[str] = mapped_column(String(100))
    lease_until: Mapped[datetime] = mapped_column(DateTimeUTC(timezone=True))


class JournalRow(BigIntBase):
    """One committed change, in order; what sync clients read."""

    __tablename__ = "journal"
    __table_args__ = (Index("ix_journal_owner_id_id", "owner_id", "id"), {"sqlite_autoincrement": True})

    file_id: Mapped[int] = mapped_column(BigInteger)
    owner_id: Mapped[int] = mapped_column(BigInteger)
    op: Mapped[str] = mapped_column(String(10))
    rev: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime] = mapped_column(DateTimeUTC(timezone=True))


class GrantRow(BigIntBase):
    """One person lets another do something with a file, or with a folder and everything below it."""

    __tablename__ = "file_grant"
    __table_args__ = (
        UniqueConstraint(
            "file_id", "grantee_id", "giver_id", name="uq_file_grant_file_id_grantee_id_giver_id"
        ),
        Index("ix_file_grant_grantee_id", "grantee_id"),
        Index("ix_file_grant_giver_id", "giver_id"),
        {"sqlite_autoincrement": True},
    )

    file_id: Mapped[int] = mapped_column(BigInteger)
    grantee_id: Mapped[int] = mapped_column(BigInteger)
    giver_id: Mapped[int] = mapped_column(BigInteger)
    rights: Mapped[int] = mapped_column(SmallInteger)
    """As ``Right``; what the giver does not hold (any more) does not count."""
    created_at: Mapped[datetime] = mapped_column(DateTimeUTC(timezone=True))
