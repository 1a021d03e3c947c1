"""``/api/inventory/devices`` and ``…/monitors``."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from litestar import Controller, Response, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, HeaderParameter, JSONBody, QueryParameter

from balu.kernel.caller import Caller
from balu.kernel.errors import InvalidError
from balu.kernel.http import CallerDep, provide
from balu.operations.inventory.devices import DeviceService
from balu.operations.inventory.history import Author, History
from balu.operations.inventory.schemas import (
    BulkDeleted,
    BulkIds,
    ChangeRead,
    DeviceClone,
    DeviceCreate,
    DevicePage,
    DeviceRead,
    DeviceUpdate,
    MonitorRead,
    MonitorUpdate,
    MonitorWrite,
    given,
)
from balu.operations.inventory.templates import TemplateService
from balu.operations.inventory.words import DeviceType

Devices = NamedDependency[DeviceService]
Templates = NamedDependency[TemplateService]
READ = {"auth": "viewer", "scope": "inventory:read"}
WRITE: dict[str, Any] = {"auth": "operator", "scope": "inventory:write", "rate": ("inventory_write", 20)}
MONITOR: dict[str, Any] = {**WRITE, "rate": ("inventory_catalogue", 30)}
DELETE: dict[str, Any] = {**WRITE, "rate": ("inventory_delete", 5)}
SEARCH: dict[str, Any] = {**READ, "rate": ("inventory_search", 60)}
Limit = Annotated[int, QueryParameter(ge=1, le=200)]
MAX_CURSOR = 9
IfMatch = Annotated[str | None, HeaderParameter(name="if-match")]
Changes = list[ChangeRead]


class DeviceController(Controller):
    """Devices, one or many."""

    path, tags = "/inventory", ("inventory",)
    dependencies: Any = {
        "devices": provide(DeviceService),
        "templates": provide(TemplateService),
        "history": provide(History),
    }

    @get("/devices", operation_id="listDevices", opt=READ)
    async def list(
        self,
        devices: Devices,
        device_type: Annotated[DeviceType | None, QueryParameter(name="type")] = None,
        limit: Limit = 50,
        cursor: FromQuery[str | None] = None,
    ) -> DevicePage:
        """Devices by name."""
        offset = offset_of(cursor)
        items, total = await devices.list(device_type, offset=offset, limit=limit)
        return DevicePage(items=[*items], total=total, next=following(offset, limit, total))

    @post("/devices", operation_id="createDevice", status_code=201, opt=WRITE)
    async def create(
        self, devices: Devices, templates: Templates, caller: CallerDep, data: JSONBody[DeviceCreate]
    ) -> Response[DeviceRead]:
        """Make a device, from a template if one is named."""
        fields = given(data)
        monitors: Sequence[Mapping[str, Any]] = [given(one) for one in fields.pop("monitors", ())]
        if (template_id := fields.pop("template_id", None)) is not None:
            start, usual = await templates.start_of(template_id)
            fields, monitors = {**start, **fields}, monitors or usual
        return tagged(await devices.create(author_of(caller), fields, monitors))

    @get("/devices/history", operation_id="listDeviceChanges", opt=SEARCH)
    async def changes(
        self, history: NamedDependency[History], limit: Limit = 50, before: FromQuery[int | None] = None
    ) -> Changes:
        """What was done to any device, newest first; *before* is the number of the last one seen."""
        return [*await history.list(None, before=before, limit=limit)]

    @get("/devices/{device_id:int}", operation_id="getDevice", opt=READ)
    async def read(self, devices: Devices, device_id: FromPath[int]) -> Response[DeviceRead]:
        """Read one device; its version is in the ETag."""
        return tagged(await devices.get(device_id))

    @put("/devices/{device_id:int}", operation_id="updateDevice", opt=WRITE)
    async def update(
        self,
        devices: Devices,
        caller: CallerDep,
        device_id: FromPath[int],
        data: JSONBody[DeviceUpdate],
        if_match: IfMatch = None,
    ) -> Response[DeviceRead]:
        """Change some fields; with If-Match only the version that was seen."""
        version = version_of(if_match)
        return tagged(await devices.update(author_of(caller), device_id, given(data), version=version))

    @delete("/devices/{device_id:int}", operation_id="deleteDevice", status_code=204, opt=WRITE)
    async def remove(
        self, devices: Devices, caller: CallerDep, device_id: FromPath[int], if_match: IfMatch = None
    ) -> None:
        """Delete a device; ``restore`` takes it back."""
        await devices.check(device_id, version_of(if_match))
        await devices.delete(author_of(caller), [device_id])

    @post("/devices/{device_id:int}/clone", operation_id="cloneDevice", status_code=201, opt=WRITE)
    async def clone(
        self,
        devices: Devices,
        caller: CallerDep,
        device_id: FromPath[int],
        data: JSONBody[DeviceClone | None] = None,
    ) -> Response[DeviceRead]:
        """Copy a device with its monitors."""
        wish = data or DeviceClone()
        return tagged(await devices.clone(author_of(caller), device_id, wish.name, wish.ip_address))

    @get("/devices/{device_id:int}/history", operation_id="getDeviceHistory", opt=SEARCH)
    async def history(
        self,
        history: NamedDependency[History],
        device_id: FromPath[int],
        limit: Limit = 50,
        before: FromQuery[int | None] = None,
    ) -> Changes:
        """What was done to one device, newest first, also after its delete."""
        return [*await history.list(device_id, before=before, limit=limit)]

    @post("/devices/{device_id:int}/monitors", operation_id="createMonitor", status_code=201, opt=MONITOR)
    async def add_monitor(
        self, devices: Devices, caller: CallerDep, device_id: FromPath[int], data: JSONBody[MonitorWrite]
    ) -> MonitorRead:
        """Watch a device in one more way."""
        return await devices.add_monitor(author_of(caller), device_id, given(data))

    @put("/monitors/{monitor_id:int}", operation_id="updateMonitor", opt=MONITOR)
    async def update_monitor(
        self, devices: Devices, caller: CallerDep, monitor_id: FromPath[int], data: JSONBody[MonitorUpdate]
    ) -> MonitorRead:
        """Change some fields of a monitor."""
        return await devices.update_monitor(author_of(caller), monitor_id, given(data))

    @delete("/monitors/{monitor_id:int}", operation_id="deleteMonitor", status_code=204, opt=MONITOR)
    async def remove_monitor(self, devices: Devices, caller: CallerDep, monitor_id: FromPath[int]) -> None:
        """Stop watching a device in this way."""
        await devices.delete_monitor(author_of(caller), monitor_id)

    @post("/bulk/devices/delete", operation_id="deleteDevices", status_code=200, opt=DELETE)
    async def remove_many(self, devices: Devices, caller: CallerDep, data: JSONBody[BulkIds]) -> BulkDeleted:
        """Delete up to 100 devices; ``/bulk/devices/restore`` takes it back."""
        done = await devices.delete(author_of(caller), data.device_ids, "bulk_delete")
        failed = sorted(set(data.device_ids) - set(done))
        return BulkDeleted(
            status=outcome(len(done), len(failed)), deleted=len(done), failed=len(failed), failed_ids=failed
        )


def author_of(caller: Caller) -> Author:
    """The caller as history names them."""
    return Author(caller.user_id, caller.username)


def tagged(device: DeviceRead) -> Response[DeviceRead]:
    """*device* with its version as the ETag."""
    return Response(device, headers={"etag": f'"{device.version}"'})


def version_of(if_match: str | None) -> int | None:
    """The version in If-Match; None for none and for ``*``; 0, which no device has, for a foreign tag."""
    if if_match is None or if_match.strip() == "*":
        return None
    text = if_match.strip().removeprefix("W/").strip('"')
    return int(text) if text.isascii() and text.isdigit() else 0


def offset_of(cursor: str | None) -> int:
    """Where a page begins.

    Raises:
        InvalidError: not a cursor of ours.
    """
    if cursor is None:
        return 0
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) <= MAX_CURSOR):
        raise InvalidError("Not a cursor of this list.", field="cursor")
    return int(cursor)


def following(offset: int, limit: int, total: int) -> str | None:
    """The cursor of the next page, None after the last."""
    return str(offset + limit) if offset + limit < total else None


def outcome(done: int, failed: int) -> str:
    """How a bulk act ended."""
    return "completed" if not failed else "partial" if done else "failed"
