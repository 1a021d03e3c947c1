"""``/api/inventory/devices/deleted`` and ``…/restore``."""

from typing import Any

from litestar import Controller, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from balu.kernel.http import CallerDep, provide
from balu.operations.inventory.controller import (
    SEARCH,
    WRITE,
    Limit,
    author_of,
    following,
    offset_of,
    outcome,
    tagged,
)
from balu.operations.inventory.deleted import DeletedService
from balu.operations.inventory.schemas import (
    BulkIds,
    BulkRestored,
    DeletedPage,
    DeviceRead,
    DeviceRestore,
)

Deleted = NamedDependency[DeletedService]


class DeletedController(Controller):
    """What was deleted and can be put back."""

    path, tags = "/inventory", ("inventory",)
    dependencies: Any = {"deleted": provide(DeletedService)}

    @get("/devices/deleted", operation_id="listDeletedDevices", opt=SEARCH)
    async def list(
        self,
        deleted: Deleted,
        q: FromQuery[str | None] = None,
        limit: Limit = 50,
        cursor: FromQuery[str | None] = None,
    ) -> DeletedPage:
        """Deleted devices, the last delete first; *q*: words that all occur in a device."""
        offset = offset_of(cursor)
        items, total = await deleted.list(q, offset=offset, limit=limit)
        return DeletedPage(
            items=[*items], total=total, next=following(offset, limit, total),
            retention_days=deleted.keep.days,
        )  # fmt: skip

    @post("/devices/{device_id:int}/restore", operation_id="restoreDevice", status_code=200, opt=WRITE)
    async def restore(
        self,
        deleted: Deleted,
        caller: CallerDep,
        device_id: FromPath[int],
        data: JSONBody[DeviceRestore | None] = None,
    ) -> Response[DeviceRead]:
        """Take a delete back; 409 when another device has the name now, unless a free one is sent."""
        wish = data or DeviceRestore()
        return tagged(await deleted.restore_one(author_of(caller), device_id, wish.name))

    @post("/bulk/devices/restore", operation_id="restoreDevices", status_code=200, opt=WRITE)
    async def restore_many(
        self, deleted: Deleted, caller: CallerDep, data: JSONBody[BulkIds]
    ) -> BulkRestored:
        """Take up to 100 deletes back; those whose name was given away stay deleted."""
        done, taken = await deleted.restore(author_of(caller), data.device_ids)
        failed = sorted(set(data.device_ids) - set(done))
        return BulkRestored(
            status=outcome(len(done), len(failed)), restored=len(done), failed=len(failed),
            failed_ids=failed, taken_ids=sorted(taken),
        )  # fmt: skip
