"""``/api/inventory/search/devices``, ``…/stats`` and ``…/views``."""

from typing import Annotated, Any, Literal

from litestar import Controller, delete, get, post, put
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from balu.kernel.http import UserId, provide
from balu.operations.inventory.catalogue_controller import Many
from balu.operations.inventory.catalogue_schemas import ViewPage, ViewRead, ViewUpdate, ViewWrite
from balu.operations.inventory.controller import READ, SEARCH, Limit, following, offset_of
from balu.operations.inventory.schemas import given
from balu.operations.inventory.search import Filters, SearchService, Sort
from balu.operations.inventory.search_schemas import Found, Stats
from balu.operations.inventory.views import ViewService
from balu.operations.inventory.words import DeviceType, MonitorType

Search = NamedDependency[SearchService]
Views = NamedDependency[ViewService]
VIEW: dict[str, Any] = {"auth": "viewer", "scope": "inventory:write", "rate": ("inventory_catalogue", 30)}


def provide_filters(  # noqa: PLR0913  a filter each
    *,
    q: FromQuery[str | None] = None,
    device_type: Annotated[DeviceType | None, QueryParameter(name="type")] = None,
    vendor_id: FromQuery[int | None] = None,
    model_id: FromQuery[int | None] = None,
    location_id: FromQuery[int | None] = None,
    monitoring_enabled: FromQuery[bool | None] = None,
    poe_powered: FromQuery[bool | None] = None,
    has_ip: FromQuery[bool | None] = None,
    tag: FromQuery[str | None] = None,
    monitor_type: FromQuery[MonitorType | None] = None,
    reachable: FromQuery[bool | None] = None,
) -> Filters:
    """The filters in a request's query."""
    return Filters(
        q=q, type=device_type, vendor_id=vendor_id, model_id=model_id, location_id=location_id,
        monitoring_enabled=monitoring_enabled, poe_powered=poe_powered, has_ip=has_ip, tag=tag,
        monitor_type=monitor_type, reachable=reachable,
    )  # fmt: skip


class SearchController(Controller):
    """Finding devices, and counting them."""

    path, tags = "/inventory", ("inventory",)
    dependencies: Any = {
        "search": provide(SearchService),
        "filters": Provide(provide_filters, sync_to_thread=False),
    }

    @get("/search/devices", operation_id="searchDevices", opt=SEARCH)
    async def search(
        self,
        search: Search,
        filters: NamedDependency[Filters],
        sort: FromQuery[Sort] = "name",
        order: FromQuery[Literal["asc", "desc"]] = "asc",
        limit: Limit = 50,
        cursor: FromQuery[str | None] = None,
    ) -> Found:
        """Devices that fit all filters, sorted and paged."""
        offset = offset_of(cursor)
        results, count = await search.find(
            filters, sort=sort, descending=order == "desc", offset=offset, limit=limit
        )
        return Found(
            results=results, count=count, next=following(offset, limit, count),
            filters_applied=filters.applied(),
        )  # fmt: skip

    @get("/stats", operation_id="getInventoryStats", opt=READ)
    async def stats(self, search: Search) -> Stats:
        """Totals by type, vendor, place, monitoring and reachability."""
        return await search.stats()


class ViewController(Controller):
    """Saved searches; everybody keeps their own."""

    path, tags = "/inventory/views", ("inventory",)
    dependencies: Any = {"views": provide(ViewService)}

    @get(operation_id="listViews", opt=READ)
    async def list(
        self, views: Views, own_id: UserId, limit: Many = 200, cursor: FromQuery[str | None] = None
    ) -> ViewPage:
        """Your own views, and those that others share."""
        offset = offset_of(cursor)
        items, total = await views.list(own_id, offset=offset, limit=limit)
        return ViewPage(items=[*items], total=total, next=following(offset, limit, total))

    @post(operation_id="createView", status_code=201, opt=VIEW)
    async def create(self, views: Views, own_id: UserId, data: JSONBody[ViewWrite]) -> ViewRead:
        """Keep a search."""
        return await views.create(own_id, data.name, data.query, shared=data.shared)

    @put("/{view_id:int}", operation_id="updateView", opt=VIEW)
    async def update(
        self, views: Views, own_id: UserId, view_id: FromPath[int], data: JSONBody[ViewUpdate]
    ) -> ViewRead:
        """Change one of your views."""
        return await views.update(own_id, view_id, given(data))

    @delete("/{view_id:int}", operation_id="deleteView", status_code=204, opt=VIEW)
    async def remove(self, views: Views, own_id: UserId, view_id: FromPath[int]) -> None:
        """Forget one of your views."""
        await views.delete(own_id, view_id)
