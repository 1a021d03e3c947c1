"""Devices of the home network, what they are and where they stand."""

import sqlalchemy as sa
from advanced_alchemy.types import DateTimeUTC
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
ALIVE = sa.text("deleted_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "inventory_change",
        sa.Column("id", ID, nullable=False),
        sa.Column("device_id", sa.BigInteger(), nullable=False),
        sa.Column("device_name", sa.String(length=100), nullable=False),
        sa.Column("change_type", sa.String(length=16), nullable=False),
        sa.Column("diff", sa.JSON(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("username", sa.String(length=64), nullable=False),
        sa.Column("at", DateTimeUTC(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_inventory_change"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_inventory_change_device_id_id", "inventory_change", ["device_id", "id"])
    op.create_table(
        "inventory_location",
        sa.Column("id", ID, nullable=False),
        sa.Column("parent_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("path_key", sa.Text(), nullable=False),
        sa.Column("created_at", DateTimeUTC(timezone=True), nullable=False),
        sa.Column("updated_at", DateTimeUTC(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["parent_id"],
            ["inventory_location.id"],
            name="fk_inventory_location_parent_id_inventory_location",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_inventory_location"),
        sa.UniqueConstraint("path_key", name="uq_inventory_location_path_key"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_inventory_location_parent_id", "inventory_location", ["parent_id"])
    op.create_table(
        "inventory_target_token",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("created_at", DateTimeUTC(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_inventory_target_token"),
        sa.UniqueConstraint("digest", name="uq_inventory_target_token_digest"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "inventory_template",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("name_key", sa.String(length=300), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("monitors", sa.JSON(), nullable=False),
        sa.Column("created_at", DateTimeUTC(timezone=True), nullable=False),
        sa.Column("updated_at", DateTimeUTC(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_inventory_template"),
        sa.UniqueConstraint("name_key", name="uq_inventory_template_name_key"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "inventory_vendor",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("name_key", sa.String(length=300), nullable=False),
        sa.Column("created_at", DateTimeUTC(timezone=True), nullable=False),
        sa.Column("updated_at", DateTimeUTC(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_inventory_vendor"),
        sa.UniqueConstraint("name_key", name="uq_inventory_vendor_name_key"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "inventory_view",
        sa.Column("id", ID, nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("name_key", sa.String(length=300), nullable=False),
        sa.Column("query", sa.JSON(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("created_at", DateTimeUTC(timezone=True), nullable=False),
        sa.Column("updated_at", DateTimeUTC(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_inventory_view"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "uq_inventory_view_owner_id_name_key", "inventory_view", ["owner_id", "name_key"], unique=True
    )
    op.create_table(
        "inventory_model",
        sa.Column("id", ID, nullable=False),
        sa.Column("vendor_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("name_key", sa.String(length=300), nullable=False),
        sa.Column("created_at", DateTimeUTC(timezone=True), nullable=False),
        sa.Column("updated_at", DateTimeUTC(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["vendor_id"], ["inventory_vendor.id"], name="fk_inventory_model_vendor_id_inventory_vendor"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_inventory_model"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "uq_inventory_model_vendor_id_name_key", "inventory_model", ["vendor_id", "name_key"], unique=True
    )
    op.create_table(
        "inventory_device",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("name_key", sa.String(length=300), nullable=False),
        sa.Column("device_type", sa.String(length=32), nullable=False),
        sa.Column("ip_address", sa.Text(), nullable=True),
        sa.Column("function", sa.String(length=200), nullable=True),
        sa.Column("vendor_id", sa.BigInteger(), nullable=True),
        sa.Column("model_id", sa.BigInteger(), nullable=True),
        sa.Column("location_id", sa.BigInteger(), nullable=True),
        sa.Column("serial_number", sa.String(length=100), nullable=True),
        sa.Column("networks", sa.JSON(), nullable=False),
        sa.Column("interface_type", sa.JSON(), nullable=False),
        sa.Column("poe_powered", sa.Boolean(), nullable=False),
        sa.Column("poe_standards", sa.JSON(), nullable=False),
        sa.Column("monitoring_enabled", sa.Boolean(), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("haystack", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("last_seen_at", DateTimeUTC(timezone=True), nullable=True),
        sa.Column("checked_at", DateTimeUTC(timezone=True), nullable=True),
        sa.Column("rtt_ms", sa.Float(), nullable=True),
        sa.Column("deleted_at", DateTimeUTC(timezone=True), nullable=True),
        sa.Column("created_at", DateTimeUTC(timezone=True), nullable=False),
        sa.Column("updated_at", DateTimeUTC(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["location_id"],
            ["inventory_location.id"],
            name="fk_inventory_device_location_id_inventory_location",
        ),
        sa.ForeignKeyConstraint(
            ["model_id"], ["inventory_model.id"], name="fk_inventory_device_model_id_inventory_model"
        ),
        sa.ForeignKeyConstraint(
            ["vendor_id"], ["inventory_vendor.id"], name="fk_inventory_device_vendor_id_inventory_vendor"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_inventory_device"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_inventory_device_deleted_at", "inventory_device", ["deleted_at"])
    op.create_index("ix_inventory_device_device_type", "inventory_device", ["device_type"])
    op.create_index("ix_inventory_device_ip_address", "inventory_device", ["ip_address"])
    op.create_index("ix_inventory_device_location_id", "inventory_device", ["location_id"])
    op.create_index("ix_inventory_device_model_id", "inventory_device", ["model_id"])
    op.create_index("ix_inventory_device_serial_number", "inventory_device", ["serial_number"])
    op.create_index("ix_inventory_device_vendor_id", "inventory_device", ["vendor_id"])
    op.create_index(
        "uq_inventory_device_name_key",
        "inventory_device",
        ["name_key"],
        unique=True,
        sqlite_where=ALIVE,
        postgresql_where=ALIVE,
    )
    op.create_table(
        "inventory_monitor",
        sa.Column("id", ID, nullable=False),
        sa.Column("device_id", sa.BigInteger(), nullable=False),
        sa.Column("monitor_type", sa.String(length=32), nullable=False),
        sa.Column("endpoint", sa.Text(), nullable=True),
        sa.Column("port", sa.Integer(), nullable=True),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["device_id"],
            ["inventory_device.id"],
            name="fk_inventory_monitor_device_id_inventory_device",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_inventory_monitor"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_inventory_monitor_device_id", "inventory_monitor", ["device_id"])


def downgrade() -> None:
    op.drop_index("ix_inventory_monitor_device_id", table_name="inventory_monitor")
    op.drop_table("inventory_monitor")
    op.drop_index("uq_inventory_device_name_key", table_name="inventory_device")
    op.drop_index("ix_inventory_device_vendor_id", table_name="inventory_device")
    op.drop_index("ix_inventory_device_serial_number", table_name="inventory_device")
    op.drop_index("ix_inventory_device_model_id", table_name="inventory_device")
    op.drop_index("ix_inventory_device_location_id", table_name="inventory_device")
    op.drop_index("ix_inventory_device_ip_address", table_name="inventory_device")
    op.drop_index("ix_inventory_device_device_type", table_name="inventory_device")
    op.drop_index("ix_inventory_device_deleted_at", table_name="inventory_device")
    op.drop_table("inventory_device")
    op.drop_index("uq_inventory_model_vendor_id_name_key", table_name="inventory_model")
    op.drop_table("inventory_model")
    op.drop_index("uq_inventory_view_owner_id_name_key", table_name="inventory_view")
    op.drop_table("inventory_view")
    op.drop_table("inventory_vendor")
    op.drop_table("inventory_template")
    op.drop_table("inventory_target_token")
    op.drop_index("ix_inventory_location_parent_id", table_name="inventory_location")
    op.drop_table("inventory_location")
    op.drop_index("ix_inventory_change_device_id_id", table_name="inventory_change")
    op.drop_table("inventory_change")
