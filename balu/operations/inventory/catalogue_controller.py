"""``/api/inventory/{vendors,models,locations,templates,presets}``."""

from typing import Annotated, Any

from litestar import Controller, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from balu.kernel.http import CallerDep, provide
from balu.operations.inventory.catalogue_schemas import (
    LocationPage,
    LocationRead,
    LocationUpdate,
    LocationWrite,
    Merge,
    ModelPage,
    ModelRead,
    ModelUpdate,
    ModelWrite,
    Preset,
    TemplatePage,
    TemplateRead,
    TemplateUpdate,
    TemplateWrite,
    VendorPage,
    VendorRead,
    VendorWrite,
)
from balu.operations.inventory.catalogues import ModelService, VendorService
from balu.operations.inventory.controller import MONITOR, READ, author_of, following, offset_of
from balu.operations.inventory.locations import LocationService
from balu.operations.inventory.schemas import given
from balu.operations.inventory.templates import PRESETS, TemplateService

Vendors = NamedDependency[VendorService]
Models = NamedDependency[ModelService]
Locations = NamedDependency[LocationService]
Templates = NamedDependency[TemplateService]
CHANGE = MONITOR
Many = Annotated[int, QueryParameter(ge=1, le=1000)]
"""Catalogues fill select boxes, so a page may be large."""
Presets = list[Preset]


class VendorController(Controller):
    """Who makes devices."""

    path, tags = "/inventory/vendors", ("inventory",)
    dependencies: Any = {"vendors": provide(VendorService)}

    @get(operation_id="listVendors", opt=READ)
    async def list(
        self,
        vendors: Vendors,
        q: FromQuery[str | None] = None,
        limit: Many = 200,
        cursor: FromQuery[str | None] = None,
    ) -> VendorPage:
        """Vendors by name with their device counts."""
        offset = offset_of(cursor)
        items, total = await vendors.list(q, offset=offset, limit=limit)
        return VendorPage(items=[*items], total=total, next=following(offset, limit, total))

    @post(operation_id="createVendor", status_code=201, opt=CHANGE)
    async def create(self, vendors: Vendors, data: JSONBody[VendorWrite]) -> VendorRead:
        """Make a vendor."""
        return await vendors.create(data.name)

    @get("/{vendor_id:int}", operation_id="getVendor", opt=READ)
    async def read(self, vendors: Vendors, vendor_id: FromPath[int]) -> VendorRead:
        """Read one vendor."""
        return await vendors.get(vendor_id)

    @put("/{vendor_id:int}", operation_id="updateVendor", opt=CHANGE)
    async def rename(
        self, vendors: Vendors, vendor_id: FromPath[int], data: JSONBody[VendorWrite]
    ) -> VendorRead:
        """Rename a vendor."""
        return await vendors.rename(vendor_id, data.name)

    @post("/{vendor_id:int}/merge", operation_id="mergeVendor", status_code=200, opt=CHANGE)
    async def merge(
        self, vendors: Vendors, caller: CallerDep, vendor_id: FromPath[int], data: JSONBody[Merge]
    ) -> VendorRead:
        """Move devices and models to another vendor and forget this one."""
        return await vendors.merge(author_of(caller), vendor_id, data.into_id)

    @delete("/{vendor_id:int}", operation_id="deleteVendor", status_code=204, opt=CHANGE)
    async def remove(self, vendors: Vendors, vendor_id: FromPath[int]) -> None:
        """Forget a vendor that nothing uses."""
        await vendors.delete(vendor_id)


class ModelController(Controller):
    """What vendors call their devices."""

    path, tags = "/inventory/models", ("inventory",)
    dependencies: Any = {"models": provide(ModelService)}

    @get(operation_id="listModels", opt=READ)
    async def list(
        self,
        models: Models,
        vendor_id: FromQuery[int | None] = None,
        q: FromQuery[str | None] = None,
        limit: Many = 200,
        cursor: FromQuery[str | None] = None,
    ) -> ModelPage:
        """Models by name, of one vendor or all."""
        offset = offset_of(cursor)
        items, total = await models.list(vendor_id, q, offset=offset, limit=limit)
        return ModelPage(items=[*items], total=total, next=following(offset, limit, total))

    @post(operation_id="createModel", status_code=201, opt=CHANGE)
    async def create(self, models: Models, data: JSONBody[ModelWrite]) -> ModelRead:
        """Make a model of a vendor."""
        return await models.create(data.vendor_id, data.name)

    @get("/{model_id:int}", operation_id="getModel", opt=READ)
    async def read(self, models: Models, model_id: FromPath[int]) -> ModelRead:
        """Read one model."""
        return await models.get(model_id)

    @put("/{model_id:int}", operation_id="updateModel", opt=CHANGE)
    async def update(
        self, models: Models, caller: CallerDep, model_id: FromPath[int], data: JSONBody[ModelUpdate]
    ) -> ModelRead:
        """Rename a model, or give it to another vendor."""
        return await models.update(author_of(caller), model_id, data.name, data.vendor_id)

    @post("/{model_id:int}/merge", operation_id="mergeModel", status_code=200, opt=CHANGE)
    async def merge(
        self, models: Models, caller: CallerDep, model_id: FromPath[int], data: JSONBody[Merge]
    ) -> ModelRead:
        """Give its devices another model and forget this one."""
        return await models.merge(author_of(caller), model_id, data.into_id)

    @delete("/{model_id:int}", operation_id="deleteModel", status_code=204, opt=CHANGE)
    async def remove(self, models: Models, model_id: FromPath[int]) -> None:
        """Forget a model that no device has."""
        await models.delete(model_id)


class LocationController(Controller):
    """Where devices stand."""

    path, tags = "/inventory/locations", ("inventory",)
    dependencies: Any = {"locations": provide(LocationService)}

    @get(operation_id="listLocations", opt=READ)
    async def list(
        self,
        locations: Locations,
        q: FromQuery[str | None] = None,
        limit: Many = 1000,
        cursor: FromQuery[str | None] = None,
    ) -> LocationPage:
        """The tree of places, every parent before its children."""
        offset = offset_of(cursor)
        items, total = await locations.list(q, offset=offset, limit=limit)
        return LocationPage(items=[*items], total=total, next=following(offset, limit, total))

    @post(operation_id="createLocation", status_code=201, opt=CHANGE)
    async def create(self, locations: Locations, data: JSONBody[LocationWrite]) -> LocationRead:
        """Make a place."""
        return await locations.create(data.name, data.parent_id, data.kind)

    @get("/{location_id:int}", operation_id="getLocation", opt=READ)
    async def read(self, locations: Locations, location_id: FromPath[int]) -> LocationRead:
        """Read one place."""
        return await locations.get(location_id)

    @put("/{location_id:int}", operation_id="updateLocation", opt=CHANGE)
    async def update(
        self, locations: Locations, location_id: FromPath[int], data: JSONBody[LocationUpdate]
    ) -> LocationRead:
        """Rename or move a place with everything inside."""
        return await locations.update(location_id, given(data))

    @post("/{location_id:int}/merge", operation_id="mergeLocation", status_code=200, opt=CHANGE)
    async def merge(
        self, locations: Locations, caller: CallerDep, location_id: FromPath[int], data: JSONBody[Merge]
    ) -> LocationRead:
        """Move devices and inner places to another place and forget this one."""
        return await locations.merge(author_of(caller), location_id, data.into_id)

    @delete("/{location_id:int}", operation_id="deleteLocation", status_code=204, opt=CHANGE)
    async def remove(self, locations: Locations, location_id: FromPath[int]) -> None:
        """Forget a place where nothing stands."""
        await locations.delete(location_id)


class TemplateController(Controller):
    """What new devices begin with."""

    path, tags = "/inventory", ("inventory",)
    dependencies: Any = {"templates": provide(TemplateService)}

    @get("/templates", operation_id="listTemplates", opt=READ)
    async def list(
        self, templates: Templates, limit: Many = 200, cursor: FromQuery[str | None] = None
    ) -> TemplatePage:
        """Templates by name."""
        offset = offset_of(cursor)
        items, total = await templates.list(offset=offset, limit=limit)
        return TemplatePage(items=[*items], total=total, next=following(offset, limit, total))

    @get("/presets", operation_id="listPresets", opt=READ)
    async def presets(self) -> Presets:
        """Templates that Balu brings along."""
        return [*PRESETS]

    @post("/templates", operation_id="createTemplate", status_code=201, opt=CHANGE)
    async def create(self, templates: Templates, data: JSONBody[TemplateWrite]) -> TemplateRead:
        """Keep fields and monitors under a name."""
        return await templates.create(data.name, data.fields, [given(one) for one in data.monitors])

    @put("/templates/{template_id:int}", operation_id="updateTemplate", opt=CHANGE)
    async def update(
        self, templates: Templates, template_id: FromPath[int], data: JSONBody[TemplateUpdate]
    ) -> TemplateRead:
        """Change some of a template."""
        changes = given(data)
        if "monitors" in changes:
            changes["monitors"] = [given(one) for one in changes["monitors"]]
        return await templates.update(template_id, changes)

    @delete("/templates/{template_id:int}", operation_id="deleteTemplate", status_code=204, opt=CHANGE)
    async def remove(self, templates: Templates, template_id: FromPath[int]) -> None:
        """Forget a template."""
        await templates.delete(template_id)
