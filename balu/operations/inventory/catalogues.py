"""Vendors and their models: list, make, rename, merge, delete what nothing uses."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select, update

from balu.kernel.unit import Unit
from balu.operations.inventory.catalogue_schemas import ModelRead, VendorRead
from balu.operations.inventory.entries import (
    NAMED,
    add,
    counted,
    device_users,
    refuse_if_used,
    refuse_itself,
    relink,
    remove,
    settle,
)
from balu.operations.inventory.errors import FieldError, InventoryNotFoundError
from balu.operations.inventory.fields import catalogue_name, key_of
from balu.operations.inventory.history import Author
from balu.operations.inventory.models import DeviceRow, LocationRow, ModelRow, VendorRow


class VendorService:
    """The only way in or out of the ``inventory_vendor`` table."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._session = unit.session

    async def list(self, q: str | None, *, offset: int, limit: int) -> tuple[Sequence[VendorRead], int]:
        """Vendors whose name holds *q*, in the order of their names, and how many there are."""
        where = [VendorRow.name_key.contains(key_of(q), autoescape=True)] if q else []
        total = await self._session.scalar(select(func.count()).select_from(VendorRow).where(*where))
        query = _vendors().where(*where).order_by(VendorRow.name_key).limit(limit).offset(offset)
        return [VendorRead(**row) for row in (await self._session.execute(query)).mappings()], total or 0

    async def get(self, vendor_id: int) -> VendorRead:
        """One vendor.

        Raises:
            InventoryNotFoundError: there is none.
        """
        row = (
            (await self._session.execute(_vendors().where(VendorRow.id == vendor_id)))
            .mappings()
            .one_or_none()
        )
        if row is None:
            raise InventoryNotFoundError("There is no such vendor.")
        return VendorRead(**row)

    async def create(self, name: str) -> VendorRead:
        """Make a vendor.

        Raises:
            InventoryExistsError: the name is taken.
        """
        name, now = catalogue_name("name", name), self._unit.now()
        row = VendorRow(name=name, name_key=key_of(name), created_at=now, updated_at=now)
        return await self.get((await add(self._unit, row)).id)

    async def rename(self, vendor_id: int, name: str) -> VendorRead:
        """Give a vendor another name.

        Raises:
            InventoryExistsError: the name is taken; merge the two instead.
        """
        row, name = await self._row(vendor_id), catalogue_name("name", name)
        row.name, row.name_key, row.updated_at = name, key_of(name), self._unit.now()
        await settle(self._unit, row)
        return await self.get(vendor_id)

    async def merge(self, author: Author, vendor_id: int, into_id: int) -> VendorRead:
        """Move everything of one vendor to another and forget the first; models of one name become one."""
        refuse_itself(vendor_id, into_id)
        row, _ = await self._row(vendor_id), await self._row(into_id)
        twins = {model.name_key: model for model in await self._models(into_id)}
        models = await self._models(vendor_id)
        moves: list[tuple[Any, Mapping[str, Any]]] = [
            (DeviceRow.model_id == model.id, {"model_id": twins[model.name_key].id})
            for model in models
            if model.name_key in twins
        ]
        mine = DeviceRow.vendor_id == vendor_id
        await relink(self._unit, author, mine, [*moves, (mine, {"vendor_id": into_id})])
        for model in models:
            if model.name_key in twins:
                await self._session.delete(model)
            else:
                model.vendor_id = into_id
        await self._session.flush()
        await remove(self._unit, row)
        return await self.get(into_id)

    async def delete(self, vendor_id: int) -> None:
        """Forget a vendor.

        Raises:
            InventoryInUseError: devices or models have it; the problem says which.
        """
        row, mine = await self._row(vendor_id), DeviceRow.vendor_id == vendor_id
        models = [model.name for model in await self._models(vendor_id)]
        devices = await device_users(self._unit, mine)
        users = {"devices": devices, "models": (len(models), models[:NAMED])}
        refuse_if_used(row.name, users)
        # Deleted devices may still name it; should they come back, they come back without.
        await self._session.execute(update(DeviceRow).where(mine).values(vendor_id=None, model_id=None))
        await remove(self._unit, row)

    async def _row(self, vendor_id: int) -> VendorRow:
        row = await self._session.get(VendorRow, vendor_id)
        if row is None:
            raise InventoryNotFoundError("There is no such vendor.")
        return row

    async def _models(self, vendor_id: int) -> Sequence[ModelRow]:
        query = select(ModelRow).where(ModelRow.vendor_id == vendor_id).order_by(ModelRow.name_key)
        return (await self._session.scalars(query)).all()


class ModelService:
    """The only way in or out of the ``inventory_model`` table."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._session = unit.session

    async def list(
        self, vendor_id: int | None, q: str | None, *, offset: int, limit: int
    ) -> tuple[Sequence[ModelRead], int]:
        """Models, of one vendor or all, whose name holds *q*, and how many there are."""
        where = [ModelRow.name_key.contains(key_of(q), autoescape=True)] if q else []
        where += [ModelRow.vendor_id == vendor_id] if vendor_id is not None else []
        total = await self._session.scalar(select(func.count()).select_from(ModelRow).where(*where))
        query = _models().where(*where).order_by(ModelRow.name_key, ModelRow.id).limit(limit).offset(offset)
        return [ModelRead(**row) for row in (await self._session.execute(query)).mappings()], total or 0

    async def get(self, model_id: int) -> ModelRead:
        """One model.

        Raises:
            InventoryNotFoundError: there is none.
        """
        row = (await self._session.execute(_models().where(ModelRow.id == model_id))).mappings().one_or_none()
        if row is None:
            raise InventoryNotFoundError("There is no such model.")
        return ModelRead(**row)

    async def create(self, vendor_id: int, name: str) -> ModelRead:
        """Make a model of a vendor.

        Raises:
            InventoryExistsError: the vendor has a model of this name.
        """
        await self._vendor(vendor_id)
        name, now = catalogue_name("name", name), self._unit.now()
        row = ModelRow(vendor_id=vendor_id, name=name, name_key=key_of(name), created_at=now, updated_at=now)
        return await self.get((await add(self._unit, row)).id)

    async def update(
        self, author: Author, model_id: int, name: str | None, vendor_id: int | None
    ) -> ModelRead:
        """Rename a model, or give it and its devices to another vendor."""
        row = await self._row(model_id)
        if name is not None:
            row.name = catalogue_name("name", name)
            row.name_key = key_of(row.name)
        if vendor_id is not None and vendor_id != row.vendor_id:
            await self._vendor(vendor_id)
            row.vendor_id = vendor_id
            mine = DeviceRow.model_id == model_id
            await relink(self._unit, author, mine, [(mine, {"vendor_id": vendor_id})])
        row.updated_at = self._unit.now()
        await settle(self._unit, row)
        return await self.get(model_id)

    async def merge(self, author: Author, model_id: int, into_id: int) -> ModelRead:
        """Give every device of one model another one, and forget the first."""
        refuse_itself(model_id, into_id)
        row, target = await self._row(model_id), await self._row(into_id)
        mine = DeviceRow.model_id == model_id
        values = {"model_id": into_id, "vendor_id": target.vendor_id}
        await relink(self._unit, author, mine, [(mine, values)])
        await remove(self._unit, row)
        return await self.get(into_id)

    async def delete(self, model_id: int) -> None:
        """Forget a model.

        Raises:
            InventoryInUseError: devices have it; the problem says which.
        """
        row, mine = await self._row(model_id), DeviceRow.model_id == model_id
        refuse_if_used(row.name, {"devices": await device_users(self._unit, mine)})
        await self._session.execute(update(DeviceRow).where(mine).values(model_id=None))
        await remove(self._unit, row)

    async def _row(self, model_id: int) -> ModelRow:
        row = await self._session.get(ModelRow, model_id)
        if row is None:
            raise InventoryNotFoundError("There is no such model.")
        return row

    async def _vendor(self, vendor_id: int) -> None:
        if await self._session.get(VendorRow, vendor_id) is None:
            raise FieldError("vendor_id", "no-such-entry", noun="vendor")


async def fitting_catalogues(
    unit: Unit, present: Mapping[str, Any], given: Mapping[str, Any]
) -> dict[str, int | None]:
    """Vendor, model and location of a device after *given* changed what is *present*.

    A model brings its vendor along.

    Raises:
        FieldError: an entry does not exist, or the model is another vendor's.
    """
    names = ("vendor_id", "model_id", "location_id")
    links: dict[str, int | None] = {name: given.get(name, present.get(name)) for name in names}
    for name, kind in (("vendor_id", VendorRow), ("location_id", LocationRow)):
        if given.get(name) is not None and await unit.session.get(kind, given[name]) is None:
            noun = name.removesuffix("_id")
            raise FieldError(name, "no-such-entry", noun=noun)
    if links["model_id"] is not None:
        model = await unit.session.get(ModelRow, links["model_id"])
        if model is None:
            raise FieldError("model_id", "no-such-entry", noun="model")
        if given.get("vendor_id") is None and "model_id" in given:
            links["vendor_id"] = model.vendor_id
        elif links["vendor_id"] != model.vendor_id:
            raise FieldError("model_id", "model-of-another", model=model.name)
    return links


def _vendors() -> Any:
    models = select(func.count()).select_from(ModelRow).where(ModelRow.vendor_id == VendorRow.id)
    return select(
        VendorRow.id,
        VendorRow.name,
        counted(DeviceRow.vendor_id == VendorRow.id).label("device_count"),
        models.scalar_subquery().label("model_count"),
    )


def _models() -> Any:
    return select(
        ModelRow.id,
        ModelRow.name,
        ModelRow.vendor_id,
        VendorRow.name.label("vendor_name"),
        counted(DeviceRow.model_id == ModelRow.id).label("device_count"),
    ).join(VendorRow, VendorRow.id == ModelRow.vendor_id)
