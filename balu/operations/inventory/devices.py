"""Devices: make, change, copy and delete; every change is counted, kept and told."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from balu.kernel.unit import Unit
from balu.operations.inventory.catalogues import fitting_catalogues
from balu.operations.inventory.errors import (
    DeviceChangedError,
    FieldError,
    InventoryExistsError,
    InventoryNotFoundError,
)
from balu.operations.inventory.fields import (
    MAX_MONITORS,
    MAX_NAME,
    OWN,
    check_whole,
    clean,
    clean_monitor,
    derived,
    key_of,
)
from balu.operations.inventory.history import Author, History, difference, facts
from balu.operations.inventory.models import DeviceRow, MonitorRow
from balu.operations.inventory.reading import LIVE, devices_query, monitor_of, read_all
from balu.operations.inventory.schemas import DeviceRead, MonitorRead
from balu.operations.inventory.words import Change

REFERENCES = ("vendor_id", "model_id", "location_id")


class DeviceService:
    """The way in and out of the tables ``inventory_device`` and ``inventory_monitor``."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._session = unit.session
        self._history = History(unit)

    async def get(self, device_id: int) -> DeviceRead:
        """One device.

        Raises:
            InventoryNotFoundError: there is none, or it was deleted.
        """
        found = await read_all(self._session, devices_query(DeviceRow.id == device_id, LIVE))
        if not found:
            raise InventoryNotFoundError("There is no such device, or it was deleted.")
        return found[0]

    async def find(self, name: str) -> int | None:
        """The number of the device of this name, upper and lower case being the same."""
        query = select(DeviceRow.id).where(DeviceRow.name_key == key_of(name.strip()), LIVE)
        found: int | None = await self._session.scalar(query)
        return found

    async def list(
        self, device_type: str | None, *, offset: int, limit: int
    ) -> tuple[Sequence[DeviceRead], int]:
        """Devices in the order of their names, and how many there are in all."""
        where = [LIVE] if device_type is None else [LIVE, DeviceRow.device_type == device_type]
        total = await self._session.scalar(select(func.count()).select_from(DeviceRow).where(*where))
        page = devices_query(*where).order_by(DeviceRow.name_key, DeviceRow.id).limit(limit).offset(offset)
        return await read_all(self._session, page), total or 0

    async def create(
        self, author: Author, fields: Mapping[str, Any], monitors: Sequence[Mapping[str, Any]] = ()
    ) -> DeviceRead:
        """Make a device of *fields* (``fields.OWN`` and the three references) with *monitors*.

        Raises:
            FieldError: a field does not fit, or name or type are missing.
            InventoryExistsError: another device has this name.
        """
        own = clean(fields)
        check_whole(own)
        links = await fitting_catalogues(self._unit, {}, fields)
        if len(monitors) > MAX_MONITORS:
            raise FieldError("monitors", "too-many-monitors", count=len(monitors), most=MAX_MONITORS)
        watched = [clean_monitor(monitor) for monitor in monitors]
        await self._refuse_taken(own["name"], None)
        now = self._unit.now()
        row = DeviceRow(
            **own, **links, **derived(own), version=1,
            created_at=now, updated_at=now,
        )  # fmt: skip
        self._session.add(row)
        await self._flush_unique(own["name"])
        self._session.add_all(MonitorRow(device_id=row.id, **monitor) for monitor in watched)
        await self._session.flush()
        made = await self.get(row.id)
        await self._history.note(author, "create", [(row.id, made.name, difference({}, facts(made)))])
        return made

    async def update(
        self, author: Author, device_id: int, fields: Mapping[str, Any], *, version: int | None = None
    ) -> DeviceRead:
        """Change what *fields* names; without a real difference nothing is counted or kept.

        *version* is what the caller has seen (If-Match).

        Raises:
            DeviceChangedError: it has another version now; ``current`` and ``yours`` are in the problem.
            FieldError, InventoryExistsError: as ``create``.
        """
        row = await self._locked(device_id)
        before = await self.get(device_id)
        own = clean(fields)
        if version is not None and version != row.version:
            raise changed_meanwhile(before, {**fields, **own})
        check_whole({name: own.get(name, getattr(row, name)) for name in OWN})
        present = {name: getattr(row, name) for name in REFERENCES}
        links = await fitting_catalogues(self._unit, present, fields)
        if "name" in own and key_of(own["name"]) != row.name_key:
            await self._refuse_taken(own["name"], device_id)
        for name, value in {**own, **links}.items():
            setattr(row, name, value)
        for name, value in derived({name: getattr(row, name) for name in OWN}).items():
            setattr(row, name, value)
        await self._flush_unique(row.name)
        return await self._settle(author, row, before)

    async def check(self, device_id: int, version: int | None) -> None:
        """Lock a device for a change that was decided on *version*; raises as ``update``."""
        row = await self._locked(device_id)
        if version is not None and version != row.version:
            raise changed_meanwhile(await self.get(device_id), {})

    async def clone(
        self, author: Author, device_id: int, name: str | None, address: str | None
    ) -> DeviceRead:
        """A copy with all its monitors; its serial number and address are its own.

        Raises:
            InventoryExistsError: *name* is taken. Without a name a free one is found.
        """
        source = await self.get(device_id)
        fields = {field: getattr(source, field) for field in (*OWN, *REFERENCES)}
        fields["name"] = name or await self._free_name(source.name)
        fields |= {"serial_number": None, "ip_address": address}
        return await self.create(author, fields, facts(source)["monitors"])

    async def delete(
        self, author: Author, device_ids: Sequence[int], change: Change = "delete"
    ) -> Sequence[int]:
        """Delete devices; returns the numbers that were there. ``DeletedService`` puts them back."""
        query = devices_query(DeviceRow.id.in_(device_ids), LIVE).order_by(DeviceRow.id)
        found = await read_all(self._session, query)
        ids = [device.id for device in found]
        gone = update(DeviceRow).where(DeviceRow.id.in_(ids))
        await self._session.execute(gone.values(deleted_at=self._unit.now(), version=DeviceRow.version + 1))
        await self._history.note(
            author, change, [(one.id, one.name, difference(facts(one), {})) for one in found]
        )
        return ids

    async def add_monitor(self, author: Author, device_id: int, fields: Mapping[str, Any]) -> MonitorRead:
        """Watch a device in one more way.

        Raises:
            FieldError: a field does not fit, or there are too many monitors.
        """
        row, before = await self._locked(device_id), await self.get(device_id)
        if len(before.monitors) >= MAX_MONITORS:
            raise FieldError("monitors", "too-many-monitors", count=MAX_MONITORS + 1, most=MAX_MONITORS)
        monitor = MonitorRow(device_id=device_id, **clean_monitor(fields))
        self._session.add(monitor)
        await self._session.flush()
        await self._settle(author, row, before)
        return monitor_of(monitor)

    async def update_monitor(self, author: Author, monitor_id: int, fields: Mapping[str, Any]) -> MonitorRead:
        """Change a monitor; of a new kind without a new port it gets the usual one."""
        monitor, row, before = await self._monitor(monitor_id)
        whole = {name: getattr(monitor, name) for name in ("monitor_type", "endpoint", "port", "enabled")}
        if fields.get("monitor_type", monitor.monitor_type) != monitor.monitor_type:
            whole["port"] = None
        for name, value in clean_monitor({**whole, "notes": monitor.notes, **fields}).items():
            setattr(monitor, name, value)
        await self._session.flush()
        await self._settle(author, row, before)
        return monitor_of(monitor)

    async def delete_monitor(self, author: Author, monitor_id: int) -> None:
        """Stop watching a device in this way."""
        monitor, row, before = await self._monitor(monitor_id)
        await self._session.delete(monitor)
        await self._session.flush()
        await self._settle(author, row, before)

    async def _monitor(self, monitor_id: int) -> tuple[MonitorRow, DeviceRow, DeviceRead]:
        monitor = await self._session.get(MonitorRow, monitor_id)
        if monitor is None:
            raise InventoryNotFoundError("There is no such monitor.")
        return monitor, await self._locked(monitor.device_id), await self.get(monitor.device_id)

    async def _settle(self, author: Author, row: DeviceRow, before: DeviceRead) -> DeviceRead:
        """Count, keep and tell a change that was made to *row*, if there was one."""
        diff = difference(facts(before), facts(await self.get(row.id)))
        if diff:
            row.version += 1
            row.updated_at = self._unit.now()
            await self._session.flush()
            await self._history.note(author, "update", [(row.id, row.name, diff)])
        return await self.get(row.id)

    async def _locked(self, device_id: int) -> DeviceRow:
        query = select(DeviceRow).where(DeviceRow.id == device_id, LIVE).with_for_update()
        row = (await self._session.scalars(query.execution_options(populate_existing=True))).one_or_none()
        if row is None:
            raise InventoryNotFoundError("There is no such device, or it was deleted.")
        return row

    async def _refuse_taken(self, name: str, own_id: int | None) -> None:
        taken = select(DeviceRow.id).where(DeviceRow.name_key == key_of(name), LIVE)
        other = await self._session.scalar(taken.where(DeviceRow.id != (own_id or 0)))
        if other is not None:
            raise _taken(name, other)

    async def _flush_unique(self, name: str) -> None:
        try:
            await self._session.flush()
        except IntegrityError as error:
            raise _taken(name, None) from error

    async def _free_name(self, name: str) -> str:
        number = 2
        while True:
            tail = f" ({number})"
            wish = name[: MAX_NAME - len(tail)] + tail
            taken = select(DeviceRow.id).where(DeviceRow.name_key == key_of(wish), LIVE)
            if await self._session.scalar(taken) is None:
                return wish
            number += 1


def changed_meanwhile(current: DeviceRead, yours: Mapping[str, Any]) -> DeviceChangedError:
    """The refusal that shows both versions."""
    return DeviceChangedError(
        "Somebody changed this device while you did. Compare both versions and save again.",
        headers={"etag": f'"{current.version}"'},
        current=current,
        yours=dict(yours),
    )


def _taken(name: str, device_id: int | None) -> InventoryExistsError:
    return InventoryExistsError(
        f"A device called {name} exists already. Choose another name or change that one.",
        device_id=device_id,
    )
