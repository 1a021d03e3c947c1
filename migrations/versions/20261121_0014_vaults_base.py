"""Encrypted folders, and which of them are open."""

import sqlalchemy as sa
from advanced_alchemy.types import DateTimeUTC
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "vault",
        sa.Column("id", KEY, nullable=False),
        sa.Column("uid", sa.String(32), nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=False),
        sa.Column("volume_id", sa.BigInteger(), nullable=False),
        sa.Column("folder_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("record", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", DateTimeUTC(timezone=True), nullable=False),
        sa.Column("updated_at", DateTimeUTC(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_vault"),
        sa.UniqueConstraint("uid", name="uq_vault_uid"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_vault_owner_id", "vault", ["owner_id"])
    op.create_table(
        "vault_open",
        sa.Column("uid", sa.String(32), nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=False),
        sa.Column("keys", sa.LargeBinary(), nullable=False),
        sa.Column("opened_at", DateTimeUTC(timezone=True), nullable=False),
        sa.Column("used_at", DateTimeUTC(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("uid", name="pk_vault_open"),
    )


def downgrade() -> None:
    op.drop_table("vault_open")
    op.drop_index("ix_vault_owner_id", table_name="vault")
    op.drop_table("vault")
