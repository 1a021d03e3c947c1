"""History: what was done to which device, by whom, field by field."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import insert, select

from balu.kernel.live import tell
from balu.kernel.unit import Unit
from balu.operations.inventory.errors import InventoryNotFoundError
from balu.operations.inventory.models import ChangeRow, table_of
from balu.operations.inventory.schemas import ChangeRead, DeviceRead
from balu.operations.inventory.words import Change

TOPIC = "inventory"
MAX_TOLD = 200
"""Most device numbers in one live event; beyond that a page reloads as a whole."""
COMPARED = (
    "name", "device_type", "ip_address", "function", "vendor_name", "model_name", "location_name",
    "serial_number", "networks", "interface_type", "poe_powered", "poe_standards", "monitoring_enabled",
    "tags", "notes", "monitors",
)  # fmt: skip
FACTS = tuple(field.removesuffix("_name") for field in COMPARED)
"""What ``facts`` calls them, in the order in which they are told."""
Diff = dict[str, dict[str, Any]]


class Author:
    """Who changes something: a user, or the console."""

    __slots__ = ("name", "user_id")

    def __init__(self, user_id: int | None, name: str) -> None:
        self.user_id = user_id
        self.name = name


CONSOLE = Author(None, "console")


def facts(device: DeviceRead | None) -> dict[str, Any]:
    """What of a device is compared: names instead of numbers, monitors without theirs."""
    if device is None:
        return {}
    found = {field.removesuffix("_name"): getattr(device, field) for field in COMPARED}
    found["monitors"] = [
        {"monitor_type": one.monitor_type, "endpoint": one.endpoint, "port": one.port,
         "enabled": one.enabled, "notes": one.notes}
        for one in device.monitors
    ]  # fmt: skip
    return found


def difference(old: Mapping[str, Any], new: Mapping[str, Any]) -> Diff:
    """``{field: {"old", "new"}}`` of the fields that differ; empty text, no and nothing are the same."""
    fields = dict.fromkeys((*old, *new))
    return {
        field: {"old": old.get(field), "new": new.get(field)}
        for field in fields
        if (old.get(field) or None) != (new.get(field) or None)
    }


class History:
    """The only way in or out of the ``inventory_change`` table."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    async def note(self, author: Author, change: Change, entries: Sequence[tuple[int, str, Diff]]) -> None:
        """Keep what happened to devices, given as ``(id, name, diff)``, and tell open browsers."""
        await self.keep(author, change, entries)
        self.tell(author, change, [device_id for device_id, _, _ in entries])

    async def keep(self, author: Author, change: Change, entries: Sequence[tuple[int, str, Diff]]) -> None:
        """Keep what happened to devices; whoever does it in parts tells it once with ``tell``."""
        if not entries:
            return
        now = self._unit.now()
        rows = [
            {"device_id": device_id, "device_name": name, "change_type": change, "diff": diff,
             "user_id": author.user_id, "username": author.name, "at": now}
            for device_id, name, diff in entries
        ]  # fmt: skip
        await self._unit.session.execute(insert(table_of(ChangeRow)), rows)

    def tell(self, author: Author, change: Change, ids: Sequence[int]) -> None:
        """Tell open browsers what happened to the devices *ids*."""
        if ids:
            told = {"change": change, "device_ids": ids[:MAX_TOLD], "count": len(ids), "user": author.name}
            tell(self._unit, TOPIC, told)

    def tell_catalogue(self, noun: str, entry_id: int) -> None:
        """Tell open browsers that an entry of a catalogue is new, different or gone."""
        tell(self._unit, TOPIC, {"change": noun, "id": entry_id})

    async def last_by(self, device_ids: Sequence[int], changes: Sequence[Change]) -> dict[int, str]:
        """Who did the latest of *changes* to each device."""
        query = select(ChangeRow.device_id, ChangeRow.username).order_by(ChangeRow.id)
        query = query.where(ChangeRow.device_id.in_(device_ids), ChangeRow.change_type.in_(changes))
        return dict((await self._unit.session.execute(query)).tuples().all())  # the later row counts

    async def list(self, device_id: int | None, *, before: int | None, limit: int) -> Sequence[ChangeRead]:
        """Changes of one device or of all, newest first, with a number below *before*.

        Raises:
            InventoryNotFoundError: there never was such a device; of one that was, the history stays.
        """
        query = select(ChangeRow).order_by(ChangeRow.id.desc()).limit(limit)
        if device_id is not None:
            query = query.where(ChangeRow.device_id == device_id)
        if before is not None:
            query = query.where(ChangeRow.id < before)
        found = (await self._unit.session.scalars(query)).all()
        if not found and device_id is not None and before is None:
            raise InventoryNotFoundError("There never was such a device.")
        return [
            ChangeRead(
                id=row.id, device_id=row.device_id, device_name=row.device_name,
                change_type=row.change_type,  # type: ignore[arg-type]
                diff=row.diff, user=row.username, at=row.at,
            )
            for row in found
        ]  # fmt: skip
