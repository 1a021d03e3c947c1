"""Devices in the order of their addresses."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("inventory_device", sa.Column("address_key", sa.Text(), nullable=True))
    op.create_index("ix_inventory_device_address_key", "inventory_device", ["address_key"])


def downgrade() -> None:
    op.drop_index("ix_inventory_device_address_key", table_name="inventory_device")
    op.drop_column("inventory_device", "address_key")
