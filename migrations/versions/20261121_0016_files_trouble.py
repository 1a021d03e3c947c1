"""Why recovery could not settle an intent."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("intent", sa.Column("trouble", sa.String(100), nullable=True))


def downgrade() -> None:
    op.drop_column("intent", "trouble")
