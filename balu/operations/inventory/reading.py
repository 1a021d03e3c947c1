"""Reading devices: one query for the rows with the names they refer to, one for their monitors."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from balu.operations.inventory.models import DeviceRow, LocationRow, ModelRow, MonitorRow, VendorRow
from balu.operations.inventory.schemas import DeviceRead, MonitorRead

LIVE = DeviceRow.deleted_at.is_(None)
BATCH = 1000
COLUMNS = (
    DeviceRow.id, DeviceRow.name, DeviceRow.device_type, DeviceRow.ip_address, DeviceRow.function,
    DeviceRow.vendor_id, VendorRow.name.label("vendor_name"), DeviceRow.model_id,
    ModelRow.name.label("model_name"), DeviceRow.location_id, LocationRow.path.label("location_name"),
    DeviceRow.serial_number, DeviceRow.networks, DeviceRow.interface_type, DeviceRow.poe_powered,
    DeviceRow.poe_standards, DeviceRow.monitoring_enabled, DeviceRow.tags, DeviceRow.notes,
    DeviceRow.version, DeviceRow.last_seen_at, DeviceRow.checked_at, DeviceRow.rtt_ms,
    DeviceRow.created_at, DeviceRow.updated_at,
)  # fmt: skip


def joined(statement: Select[Any]) -> Select[Any]:
    """*statement* over devices with vendor, model and location beside them."""
    return (
        statement.select_from(DeviceRow)
        .outerjoin(VendorRow, VendorRow.id == DeviceRow.vendor_id)
        .outerjoin(ModelRow, ModelRow.id == DeviceRow.model_id)
        .outerjoin(LocationRow, LocationRow.id == DeviceRow.location_id)
    )


def devices_query(*where: ColumnElement[bool]) -> Select[Any]:
    """Rows for ``read_all``."""
    return joined(select(*COLUMNS)).where(*where)


async def read_all(session: AsyncSession, query: Select[Any]) -> list[DeviceRead]:
    """The devices that *query* (a ``devices_query``) finds, in its order."""
    rows = (await session.execute(query)).mappings().all()
    monitors = await monitors_of(session, [row["id"] for row in rows])
    return [_device(row, monitors.get(row["id"], [])) for row in rows]


async def monitors_of(session: AsyncSession, device_ids: Sequence[int]) -> dict[int, list[MonitorRead]]:
    """Monitors by device, the oldest first."""
    found: dict[int, list[MonitorRead]] = defaultdict(list)
    for start in range(0, len(device_ids), BATCH):
        some = device_ids[start : start + BATCH]
        query = select(MonitorRow).where(MonitorRow.device_id.in_(some)).order_by(MonitorRow.id)
        for row in await session.scalars(query):
            found[row.device_id].append(monitor_of(row))
    return found


def monitor_of(row: MonitorRow) -> MonitorRead:
    """The wire shape of a monitor."""
    return MonitorRead(
        id=row.id, device_id=row.device_id,
        monitor_type=row.monitor_type,  # type: ignore[arg-type]
        endpoint=row.endpoint, port=row.port, enabled=row.enabled, notes=row.notes,
    )  # fmt: skip


def _device(row: RowMapping, monitors: list[MonitorRead]) -> DeviceRead:
    return DeviceRead(**row, monitors=monitors)
