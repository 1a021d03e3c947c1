"""Search: filters, order and pages in the database."""

from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, case, func, or_, select

from balu.kernel.unit import Unit
from balu.operations.inventory.fields import key_of
from balu.operations.inventory.models import DeviceRow, LocationRow, ModelRow, MonitorRow, VendorRow
from balu.operations.inventory.reading import LIVE, devices_query, joined, read_all
from balu.operations.inventory.schemas import DeviceRead
from balu.operations.inventory.search_schemas import LocationCount, Stats, VendorCount
from balu.operations.inventory.words import SEPARATOR

MAX_WORDS = 10
MOST_COUNTED = 50
NEVER_EMPTY = {"name", "device_type", "monitoring_enabled", "poe_powered", "updated_at", "created_at"}
SORTS: dict[str, Any] = {
    "name": DeviceRow.name_key, "device_type": DeviceRow.device_type,
    "ip_address": DeviceRow.address_key, "function": DeviceRow.function,
    "vendor_name": VendorRow.name_key, "model_name": ModelRow.name_key,
    "location_name": LocationRow.path_key, "serial_number": DeviceRow.serial_number,
    "monitoring_enabled": DeviceRow.monitoring_enabled,
    "poe_powered": DeviceRow.poe_powered, "updated_at": DeviceRow.updated_at,
    "created_at": DeviceRow.created_at, "last_seen_at": DeviceRow.last_seen_at,
    "rtt_ms": DeviceRow.rtt_ms,
}  # fmt: skip
Sort = Literal[
    "name", "device_type", "ip_address", "function", "vendor_name", "model_name", "location_name",
    "serial_number", "monitoring_enabled", "poe_powered", "updated_at", "created_at", "last_seen_at",
    "rtt_ms",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What is looked for; None does not matter. All that are set must fit."""

    q: str | None = None
    """Words that all occur somewhere in a device, whatever their case."""
    type: str | None = None
    vendor_id: int | None = None
    model_id: int | None = None
    location_id: int | None = None
    """That place and everything inside."""
    monitoring_enabled: bool | None = None
    poe_powered: bool | None = None
    has_ip: bool | None = None
    tag: str | None = None
    monitor_type: str | None = None
    reachable: bool | None = None
    """Whether the last check was answered; unchecked devices are neither."""

    def applied(self) -> dict[str, Any]:
        """Those that are set."""
        return {name: value for name in self.__slots__ if (value := getattr(self, name)) is not None}


class SearchService:
    """Reads devices by what they are."""

    def __init__(self, unit: Unit) -> None:
        self._session = unit.session

    async def find(
        self, filters: Filters, *, sort: Sort = "name", descending: bool = False, offset: int, limit: int
    ) -> tuple[list[DeviceRead], int]:
        """One page of what fits, and how much that is in all; devices without the sorted field come last."""
        where = await self.conditions(filters)
        column = SORTS[sort]
        order = [column.desc() if descending else column.asc(), DeviceRow.id]
        if sort not in NEVER_EMPTY:
            order.insert(0, column.is_(None))
        # Numbers first: sorting them alone is cheap, and only one page of whole devices is read.
        ids = select(DeviceRow.id).where(*where).order_by(*order).limit(limit).offset(offset)
        if column.class_ is not DeviceRow:
            ids = joined(ids)
        # Words are looked for in every device, so they are counted on the way; anything else has an index.
        rows = (
            (await self._session.execute(ids.add_columns(func.count().over()))).tuples().all()
            if filters.q
            else [(device_id, None) for device_id in await self._session.scalars(ids)]
        )
        total = rows[0][1] if rows else None
        if total is None:
            count = select(func.count()).select_from(DeviceRow).where(*where)
            total = await self._session.scalar(count)
        page = [device_id for device_id, _ in rows]
        found = {one.id: one for one in await read_all(self._session, devices_query(DeviceRow.id.in_(page)))}
        return [found[device_id] for device_id in page], total or 0

    async def conditions(self, filters: Filters) -> list[ColumnElement[bool]]:
        """*filters* for a query over ``reading.joined`` devices."""
        where: list[ColumnElement[bool]] = [LIVE]
        where += holding(filters.q)
        plain = {
            DeviceRow.device_type: filters.type, DeviceRow.vendor_id: filters.vendor_id,
            DeviceRow.model_id: filters.model_id, DeviceRow.poe_powered: filters.poe_powered,
            DeviceRow.monitoring_enabled: filters.monitoring_enabled,
        }  # fmt: skip
        where += [column == value for column, value in plain.items() if value is not None]
        if filters.has_ip is not None:
            where.append(DeviceRow.ip_address.is_not(None) == filters.has_ip)
        if filters.tag is not None:
            where.append(DeviceRow.haystack.contains(f"\n#{key_of(filters.tag)}\n", autoescape=True))
        if filters.location_id is not None:
            where.append(DeviceRow.location_id.in_(await self._places(filters.location_id)))
        if filters.monitor_type is not None:
            watched = select(MonitorRow.device_id).where(MonitorRow.monitor_type == filters.monitor_type)
            where.append(DeviceRow.id.in_(watched))
        if filters.reachable is not None:
            where += [DeviceRow.checked_at.is_not(None), DeviceRow.rtt_ms.is_not(None) == filters.reachable]
        return where

    async def stats(self) -> Stats:
        """Totals over all devices."""
        types = select(DeviceRow.device_type, func.count()).where(LIVE).group_by(DeviceRow.device_type)
        checked, answered = DeviceRow.checked_at.is_not(None), DeviceRow.rtt_ms.is_not(None)
        sums = select(
            func.count(), _sum(DeviceRow.monitoring_enabled.is_(True)), _sum(checked & answered),
            _sum(checked),
        )  # fmt: skip
        total, enabled, reachable, known = (
            await self._session.execute(sums.select_from(DeviceRow).where(LIVE))
        ).one()
        by_type = dict((await self._session.execute(types)).tuples().all())
        return Stats(
            total_devices=total, enabled_devices=enabled or 0, disabled_devices=total - (enabled or 0),
            device_type_counts=dict(sorted(by_type.items())),
            vendor_counts=[
                VendorCount(vendor_id=vendor_id, name=name, count=count)
                for vendor_id, name, count in await self._grouped(DeviceRow.vendor_id, VendorRow.name)
            ],
            location_counts=[
                LocationCount(location_id=location_id, path=path, count=count)
                for location_id, path, count in await self._grouped(DeviceRow.location_id, LocationRow.path)
            ],
            reachable_devices=reachable or 0, unreachable_devices=(known or 0) - (reachable or 0),
            unchecked_devices=total - (known or 0),
        )  # fmt: skip

    async def _grouped(self, key: Any, name: Any) -> Any:
        query = joined(select(key, name, func.count().label("n"))).where(LIVE).group_by(key, name)
        return (
            await self._session.execute(query.order_by(func.count().desc(), name).limit(MOST_COUNTED))
        ).tuples()

    async def _places(self, location_id: int) -> list[int]:
        path = await self._session.scalar(select(LocationRow.path_key).where(LocationRow.id == location_id))
        if path is None:
            return []
        below = LocationRow.path_key.startswith(path + SEPARATOR, autoescape=True)
        inside = select(LocationRow.id).where(or_(LocationRow.id == location_id, below))
        return list((await self._session.scalars(inside)).all())


def holding(words: str | None) -> list[ColumnElement[bool]]:
    """Conditions for devices that hold all of *words*, wherever and in whatever case."""
    return [_holds(word) for word in (words or "").split()[:MAX_WORDS]]


def _holds(word: str) -> ColumnElement[bool]:
    key = key_of(word)
    # Catalogues are small: looking each word up in them once spares three joins a device.
    named = (
        (DeviceRow.vendor_id, VendorRow.id, VendorRow.name_key),
        (DeviceRow.model_id, ModelRow.id, ModelRow.name_key),
        (DeviceRow.location_id, LocationRow.id, LocationRow.path_key),
    )
    return or_(
        DeviceRow.haystack.contains(key, autoescape=True),
        *(link.in_(select(entry).where(name.contains(key, autoescape=True))) for link, entry, name in named),
    )


def _sum(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((condition, 1), else_=0))
