"""Volumes and the quota ledger."""

import sqlalchemy as sa
from advanced_alchemy.types import DateTimeUTC
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# On PostgreSQL a key of this type gets the sequence <table>_id_seq, which is what the models ask for.
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = DateTimeUTC(timezone=True)


def upgrade() -> None:
    op.create_table(
        "volume",
        sa.Column("id", KEY, nullable=False),
        sa.Column("uid", sa.String(32), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("root", sa.String(4096), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("features", sa.JSON(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_volume"),
        sa.UniqueConstraint("uid", name="uq_volume_uid"),
        sa.UniqueConstraint("name", name="uq_volume_name"),
        sa.UniqueConstraint("root", name="uq_volume_root"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "quota",
        sa.Column("owner_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("live_bytes", sa.BigInteger(), nullable=False),
        sa.Column("reserved_bytes", sa.BigInteger(), nullable=False),
        sa.Column("trash_bytes", sa.BigInteger(), nullable=False),
        sa.Column("version_bytes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("owner_id", name="pk_quota"),
    )


def downgrade() -> None:
    op.drop_table("quota")
    op.drop_table("volume")
