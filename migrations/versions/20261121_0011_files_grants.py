"""What owners let others do with their files."""

import sqlalchemy as sa
from advanced_alchemy.types import DateTimeUTC
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "file_grant",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("file_id", sa.BigInteger(), nullable=False),
        sa.Column("grantee_id", sa.BigInteger(), nullable=False),
        sa.Column("giver_id", sa.BigInteger(), nullable=False),
        sa.Column("rights", sa.SmallInteger(), nullable=False),
        sa.Column("created_at", DateTimeUTC(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_file_grant"),
        sa.UniqueConstraint(
            "file_id", "grantee_id", "giver_id", name="uq_file_grant_file_id_grantee_id_giver_id"
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_file_grant_grantee_id", "file_grant", ["grantee_id"])
    op.create_index("ix_file_grant_giver_id", "file_grant", ["giver_id"])


def downgrade() -> None:
    op.drop_index("ix_file_grant_giver_id", table_name="file_grant")
    op.drop_index("ix_file_grant_grantee_id", table_name="file_grant")
    op.drop_table("file_grant")
