"""Answers to uploads that are sent again."""

import sqlalchemy as sa
from advanced_alchemy.types import DateTimeUTC
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "upload_replay",
        sa.Column("owner_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("asked", sa.String(64), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", DateTimeUTC(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("owner_id", "key", name="pk_upload_replay"),
    )
    op.create_index("ix_upload_replay_created_at", "upload_replay", ["created_at"])


def downgrade() -> None:
    op.drop_index("ix_upload_replay_created_at", table_name="upload_replay")
    op.drop_table("upload_replay")
