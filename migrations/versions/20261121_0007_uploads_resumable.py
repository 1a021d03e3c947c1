"""Uploads that outlive their requests."""

import sqlalchemy as sa
from advanced_alchemy.types import DateTimeUTC
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "upload",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=False),
        sa.Column("volume_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("reserved", sa.BigInteger(), nullable=False),
        sa.Column("spans", sa.LargeBinary(), nullable=False),
        sa.Column("terms", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("lease", sa.String(32), nullable=True),
        sa.Column("token", sa.String(64), nullable=True),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("chunk_size", sa.BigInteger(), nullable=True),
        sa.Column("manifest", sa.LargeBinary(), nullable=True),
        sa.Column("concat", sa.String(8), nullable=False),
        sa.Column("shown", sa.JSON(), nullable=False),
        sa.Column("staged_ino", sa.BigInteger(), nullable=True),
        sa.Column("blake3", sa.String(64), nullable=True),
        sa.Column("file_id", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", DateTimeUTC(timezone=True), nullable=False),
        sa.Column("expires_at", DateTimeUTC(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_upload"),
    )
    op.create_index("ix_upload_owner_id", "upload", ["owner_id"])
    op.create_index("ix_upload_expires_at", "upload", ["expires_at"])
    op.create_table(
        "upload_chunk",
        sa.Column("upload_id", sa.String(32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("spans", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("upload_id", "number", name="pk_upload_chunk"),
    )


def downgrade() -> None:
    op.drop_table("upload_chunk")
    op.drop_index("ix_upload_expires_at", table_name="upload")
    op.drop_index("ix_upload_owner_id", table_name="upload")
    op.drop_table("upload")
