"""Live events on their way to open browsers."""

import sqlalchemy as sa
from advanced_alchemy.types import DateTimeUTC
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "live",
        sa.Column("id", KEY, nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("at", DateTimeUTC(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_live"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_live_at", "live", ["at"])


def downgrade() -> None:
    op.drop_index("ix_live_at", table_name="live")
    op.drop_table("live")
