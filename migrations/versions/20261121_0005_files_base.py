"""Files, versions, intents, reservations, the journal, and the trash."""

import sqlalchemy as sa
from advanced_alchemy.types import DateTimeUTC
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# On PostgreSQL a key of this type gets the sequence <table>_id_seq, which is what the models ask for.
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = DateTimeUTC(timezone=True)
IS_HOME = sa.text("parent_id IS NULL AND trash_id IS NULL")


def upgrade() -> None:
    _create_files()
    _create_intents()
    op.create_table(
        "journal",
        sa.Column("id", KEY, nullable=False),
        sa.Column("file_id", sa.BigInteger(), nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=False),
        sa.Column("op", sa.String(10), nullable=False),
        sa.Column("rev", sa.BigInteger(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_journal"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_journal_owner_id_id", "journal", ["owner_id", "id"])
    op.create_table(
        "trash",
        sa.Column("id", KEY, nullable=False),
        sa.Column("uid", sa.String(32), nullable=False),
        sa.Column("volume_id", sa.BigInteger(), nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=False),
        sa.Column("file_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(1024), nullable=False),
        sa.Column("original_path", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(9), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("files", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("purging", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_trash"),
        sa.UniqueConstraint("uid", name="uq_trash_uid"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_trash_owner_id", "trash", ["owner_id"])
    op.create_index("ix_trash_expires_at", "trash", ["expires_at"])


def _create_files() -> None:
    op.create_table(
        "file",
        sa.Column("id", KEY, nullable=False),
        sa.Column("volume_id", sa.BigInteger(), nullable=False),
        sa.Column("parent_id", sa.BigInteger(), nullable=True),
        sa.Column("name", sa.String(1024), nullable=False),
        sa.Column("name_key", sa.String(2048), nullable=False),
        sa.Column("kind", sa.String(9), nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("mtime_ns", sa.BigInteger(), nullable=False),
        sa.Column("ino", sa.BigInteger(), nullable=False),
        sa.Column("rev", sa.BigInteger(), nullable=False),
        sa.Column("blake3", sa.String(64), nullable=True),
        sa.Column("sha256", sa.String(64), nullable=True),
        sa.Column("trash_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_file"),
        sa.UniqueConstraint("parent_id", "name", name="uq_file_parent_id_name"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_file_parent_id_name_key", "file", ["parent_id", "name_key"])
    op.create_index(
        "uq_file_home",
        "file",
        ["volume_id", "owner_id"],
        unique=True,
        sqlite_where=IS_HOME,
        postgresql_where=IS_HOME,
    )
    op.create_index("ix_file_owner_id", "file", ["owner_id"])
    op.create_index("ix_file_trash_id", "file", ["trash_id"])
    op.create_table(
        "file_version",
        sa.Column("id", KEY, nullable=False),
        sa.Column("file_id", sa.BigInteger(), nullable=False),
        sa.Column("rev", sa.BigInteger(), nullable=False),
        sa.Column("volume_id", sa.BigInteger(), nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("mtime_ns", sa.BigInteger(), nullable=False),
        sa.Column("blake3", sa.String(64), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_file_version"),
        sa.UniqueConstraint("file_id", "rev", name="uq_file_version_file_id_rev"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_file_version_owner_id", "file_version", ["owner_id"])
    op.create_index("ix_file_version_created_at", "file_version", ["created_at"])


def _create_intents() -> None:
    op.create_table(
        "intent",
        sa.Column("id", KEY, nullable=False),
        sa.Column("op_id", sa.String(32), nullable=False),
        sa.Column("op", sa.String(10), nullable=False),
        sa.Column("volume_id", sa.BigInteger(), nullable=False),
        sa.Column("parent_id", sa.BigInteger(), nullable=False),
        sa.Column("name_key", sa.String(2048), nullable=False),
        sa.Column("worker", sa.String(100), nullable=False),
        sa.Column("lease_until", INSTANT, nullable=False),
        sa.Column("plan", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_intent"),
        sa.UniqueConstraint("volume_id", "parent_id", "name_key", name="uq_intent_name"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_intent_op_id", "intent", ["op_id"])
    op.create_table(
        "reservation",
        sa.Column("staging_id", sa.String(32), nullable=False),
        sa.Column("volume_id", sa.BigInteger(), nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("worker", sa.String(100), nullable=False),
        sa.Column("lease_until", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("staging_id", name="pk_reservation"),
    )


def downgrade() -> None:
    for table in ("trash", "journal", "reservation", "intent", "file_version", "file"):
        op.drop_table(table)
