"""Rows: devices, how they are watched, what they are and where they stand."""

from datetime import datetime
from typing import Any, cast

from advanced_alchemy.base import BigIntAuditBase, BigIntBase
from advanced_alchemy.types import DateTimeUTC
from sqlalchemy import JSON, BigInteger, ForeignKey, Index, LargeBinary, String, Table, Text, text
from sqlalchemy.orm import Mapped, mapped_column

INSTANT = DateTimeUTC(timezone=True)
ALIVE = text("deleted_at IS NULL")


def table_of(kind: type[Any]) -> Table:
    """The table of a class, for inserting many rows.

    The class itself would send rows with different empty fields one by one.
    """
    return cast("Table", kind.__table__)


class VendorRow(BigIntAuditBase):
    """Who makes devices."""

    __tablename__ = "inventory_vendor"
    __table_args__ = {"sqlite_autoincrement": True}

    name: Mapped[str] = mapped_column(String(100))
    name_key: Mapped[str] = mapped_column(String(300), unique=True)
    """The name casefolded: what is unique, sorted and searched."""


class ModelRow(BigIntAuditBase):
    """What a vendor calls one of its devices."""

    __tablename__ = "inventory_model"
    __table_args__ = (
        Index("uq_inventory_model_vendor_id_name_key", "vendor_id", "name_key", unique=True),
        {"sqlite_autoincrement": True},
    )

    vendor_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("inventory_vendor.id"))
    name: Mapped[str] = mapped_column(String(100))
    name_key: Mapped[str] = mapped_column(String(300))


class LocationRow(BigIntAuditBase):
    """A site, a room in it, a rack in that, a unit in that."""

    __tablename__ = "inventory_location"
    __table_args__ = {"sqlite_autoincrement": True}

    parent_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("inventory_location.id"), index=True, default=None
    )
    kind: Mapped[str] = mapped_column(String(8))
    name: Mapped[str] = mapped_column(String(100))
    path: Mapped[str] = mapped_column(Text)
    """Names from the outermost place to this one, joined by ``words.SEPARATOR``."""
    path_key: Mapped[str] = mapped_column(Text, unique=True)


class DeviceRow(BigIntAuditBase):
    """One device; a deleted one stays for a while, so that the delete can be undone."""

    __tablename__ = "inventory_device"
    __table_args__ = (
        Index(
            "uq_inventory_device_name_key",
            "name_key",
            unique=True,
            sqlite_where=ALIVE,
            postgresql_where=ALIVE,
        ),
        Index("ix_inventory_device_device_type", "device_type"),
        {"sqlite_autoincrement": True},
    )

    name: Mapped[str] = mapped_column(String(100))
    name_key: Mapped[str] = mapped_column(String(300))
    device_type: Mapped[str] = mapped_column(String(32))
    ip_address: Mapped[str | None] = mapped_column(Text, index=True, default=None)
    address_key: Mapped[str | None] = mapped_column(Text, index=True, default=None)
    """Sorts as people sort addresses; see ``addresses.order_of``."""
    function: Mapped[str | None] = mapped_column(String(200), default=None)
    vendor_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("inventory_vendor.id"), index=True, default=None
    )
    model_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("inventory_model.id"), index=True, default=None
    )
    location_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("inventory_location.id"), index=True, default=None
    )
    serial_number: Mapped[str | None] = mapped_column(String(100), index=True, default=None)
    networks: Mapped[list[str]] = mapped_column(JSON, default=list)
    interface_type: Mapped[list[str]] = mapped_column(JSON, default=list)
    poe_powered: Mapped[bool] = mapped_column(default=False)
    poe_standards: Mapped[list[str]] = mapped_column(JSON, default=list)
    monitoring_enabled: Mapped[bool] = mapped_column(default=False)
    tags: Mapped[list[str]] = mapped_column(JSON, default=list)
    notes: Mapped[str | None] = mapped_column(Text, default=None)
    haystack: Mapped[str] = mapped_column(Text, default="")
    """Every own field casefolded, for the search; names of vendor, model and place are joined in."""
    version: Mapped[int] = mapped_column(default=1)
    """Counts the changes; the ETag."""
    last_seen_at: Mapped[datetime | None] = mapped_column(INSTANT, default=None)
    checked_at: Mapped[datetime | None] = mapped_column(INSTANT, default=None)
    rtt_ms: Mapped[float | None] = mapped_column(default=None)
    """Round trip of the last check; None when nothing answered."""
    deleted_at: Mapped[datetime | None] = mapped_column(INSTANT, index=True, default=None)


class MonitorRow(BigIntBase):
    """One way in which a device is watched."""

    __tablename__ = "inventory_monitor"
    __table_args__ = {"sqlite_autoincrement": True}

    device_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("inventory_device.id", ondelete="CASCADE"), index=True
    )
    monitor_type: Mapped[str] = mapped_column(String(32))
    endpoint: Mapped[str | None] = mapped_column(Text, default=None)
    port: Mapped[int | None] = mapped_column(default=None)
    enabled: Mapped[bool] = mapped_column(default=True)
    notes: Mapped[str | None] = mapped_column(Text, default=None)


class ChangeRow(BigIntBase):
    """What was done to a device, and by whom; outlives both."""

    __tablename__ = "inventory_change"
    __table_args__ = (
        Index("ix_inventory_change_device_id_id", "device_id", "id"),
        {"sqlite_autoincrement": True},
    )

    device_id: Mapped[int] = mapped_column(BigInteger)
    device_name: Mapped[str] = mapped_column(String(100))
    change_type: Mapped[str] = mapped_column(String(16))
    diff: Mapped[dict[str, Any]] = mapped_column(JSON)
    """``{field: {"old": …, "new": …}}``."""
    user_id: Mapped[int | None] = mapped_column(BigInteger, default=None)
    username: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(INSTANT)


class TemplateRow(BigIntAuditBase):
    """Fields and monitors that new devices begin with."""

    __tablename__ = "inventory_template"
    __table_args__ = {"sqlite_autoincrement": True}

    name: Mapped[str] = mapped_column(String(100))
    name_key: Mapped[str] = mapped_column(String(300), unique=True)
    fields: Mapped[dict[str, Any]] = mapped_column(JSON)
    monitors: Mapped[list[dict[str, Any]]] = mapped_column(JSON)


class ViewRow(BigIntAuditBase):
    """A search somebody wants to see again."""

    __tablename__ = "inventory_view"
    __table_args__ = (
        Index("uq_inventory_view_owner_id_name_key", "owner_id", "name_key", unique=True),
        {"sqlite_autoincrement": True},
    )

    owner_id: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str] = mapped_column(String(100))
    name_key: Mapped[str] = mapped_column(String(300))
    query: Mapped[dict[str, Any]] = mapped_column(JSON)
    shared: Mapped[bool] = mapped_column(default=False)
    """Everybody sees it; only its owner changes it."""


class TargetTokenRow(BigIntBase):
    """A token that can read Prometheus targets and nothing else; only its digest is kept."""

    __tablename__ = "inventory_target_token"
    __table_args__ = {"sqlite_autoincrement": True}

    name: Mapped[str] = mapped_column(String(100))
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    created_at: Mapped[datetime] = mapped_column(INSTANT)
