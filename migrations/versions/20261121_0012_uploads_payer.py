"""Who pays for an upload into a folder that somebody shared."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("upload") as table:
        table.add_column(sa.Column("payer_id", sa.BigInteger(), nullable=True))
    op.execute("UPDATE upload SET payer_id = owner_id")
    with op.batch_alter_table("upload") as table:
        table.alter_column("payer_id", nullable=False, existing_type=sa.BigInteger())


def downgrade() -> None:
    with op.batch_alter_table("upload") as table:
        table.drop_column("payer_id")
