"""Which vault a deleted thing was in."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("trash", sa.Column("vault_uid", sa.String(32), nullable=True))


def downgrade() -> None:
    op.drop_column("trash", "vault_uid")
