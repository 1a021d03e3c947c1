"""Names of vendors, models and places in a table: found in the catalogues, or made once for all rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from balu.kernel.unit import Unit
from balu.operations.inventory.errors import FieldError
from balu.operations.inventory.fields import key_of
from balu.operations.inventory.history import History
from balu.operations.inventory.locations import new_place
from balu.operations.inventory.models import LocationRow, ModelRow, VendorRow
from balu.operations.inventory.words import LOCATION_KINDS, SEPARATOR

Model = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Links:
    """What a row refers to: keys for the catalogues, and names as they spell them."""

    vendor: str | None
    model: Model | None
    location: str | None
    names: Mapping[str, str | None]


class Linker:
    """Every entry of the catalogues in memory, and those that are to be made."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self.vendors: dict[str, tuple[str, VendorRow | None]] = {}
        self.models: dict[Model, tuple[str, ModelRow | None]] = {}
        self.places: dict[str, tuple[str, int, LocationRow | None]] = {}
        """By key: the path, the number of its kind, and the row."""

    @classmethod
    async def load(cls, unit: Unit) -> "Linker":
        """With everything the catalogues hold now."""
        found = cls(unit)
        vendors = {row.id: row for row in await unit.session.scalars(select(VendorRow))}
        found.vendors = {row.name_key: (row.name, row) for row in vendors.values()}
        for model in await unit.session.scalars(select(ModelRow)):
            found.models[(vendors[model.vendor_id].name_key, model.name_key)] = (model.name, model)
        for place in await unit.session.scalars(select(LocationRow)):
            size = LOCATION_KINDS.index(place.kind)
            found.places[place.path_key] = (place.path, size, place)
        return found

    def adopt(self, planned: "Linker") -> bool:
        """Take over what *planned* is to make; False when the catalogues are not what it saw."""
        if self.entries() != planned.entries():
            return False
        self.vendors = {**planned.vendors, **self.vendors}
        self.models = {**planned.models, **self.models}
        self.places = {**planned.places, **self.places}
        return True

    def entries(self) -> list[dict[Any, tuple[str, int]]]:
        """Spelling and number of every entry that is there."""
        kinds: tuple[Mapping[Any, tuple[Any, ...]], ...] = (self.vendors, self.models, self.places)
        return [
            {key: (entry[0], entry[-1].id) for key, entry in kind.items() if entry[-1] is not None}
            for kind in kinds
        ]

    def link(self, wish: Mapping[str, Any]) -> Links:
        """What *wish* (facts with names) refers to; unknown names are noted and made later.

        Raises:
            FieldError: a model without vendor, or a place deeper than places can be.
        """
        names: dict[str, str | None] = {"vendor": None, "model": None, "location": None}
        vendor = key_of(wish["vendor"]) if wish.get("vendor") else None
        model: Model | None = None
        if wish.get("model") and vendor is None:
            raise FieldError("vendor", "model-without-vendor", model=wish["model"])
        # The place first: a row that is refused must leave nothing to be made.
        if wish.get("location"):
            names["location"] = self._place(wish["location"])
        if vendor is not None:
            names["vendor"], _ = self.vendors.setdefault(vendor, (wish["vendor"], None))
            if wish.get("model"):
                model = (vendor, key_of(wish["model"]))
                names["model"], _ = self.models.setdefault(model, (wish["model"], None))
        location = key_of(wish["location"]) if wish.get("location") else None
        return Links(vendor, model, location, names)

    def _place(self, path: str) -> str:
        """*path* as it is spelled; what is missing of it is noted."""
        parts = path.split(SEPARATOR)
        missing: dict[str, tuple[str, int, LocationRow | None]] = {}
        spelled, size = "", -1
        for depth, name in enumerate(parts, start=1):
            key = key_of(SEPARATOR.join(parts[:depth]))
            known = self.places.get(key)
            if known is None:
                known = (f"{spelled}{SEPARATOR}{name}" if spelled else name, size + 1, None)
                missing[key] = known
            spelled, size, _ = known
        if size >= len(LOCATION_KINDS):
            raise FieldError("location", "place-too-deep", path=path)
        self.places |= missing
        return spelled

    @property
    def new_vendors(self) -> list[str]:
        """Names of vendors to be made."""
        return sorted(name for name, row in self.vendors.values() if row is None)

    @property
    def new_models(self) -> list[str]:
        """Names of models to be made."""
        return sorted(name for name, row in self.models.values() if row is None)

    @property
    def new_locations(self) -> list[str]:
        """Paths of places to be made."""
        return sorted(path for path, _, row in self.places.values() if row is None)

    async def make(self) -> None:
        """Make what is missing."""
        now, session = self._unit.now(), self._unit.session
        made = 0
        for key, (name, row) in self.vendors.items():
            if row is None:
                vendor = VendorRow(name=name, name_key=key, created_at=now, updated_at=now)
                session.add(vendor)
                self.vendors[key], made = (name, vendor), made + 1
        await session.flush()
        for (owner, key), (name, known) in self.models.items():
            if known is None:
                vendor_id = self._vendor_id(owner)
                model = ModelRow(vendor_id=vendor_id, name=name, name_key=key, created_at=now, updated_at=now)
                session.add(model)
                self.models[(owner, key)], made = (name, model), made + 1
        # Shallow places first: an inner one needs the number of the one around it.
        for key in sorted(self.places, key=lambda key: key.count(SEPARATOR)):
            path, size, place = self.places[key]
            if place is None:
                outer, _, name = path.rpartition(SEPARATOR)
                around = self.places[key_of(outer)][2] if outer else None
                place = new_place(around, name, None, self._unit)
                session.add(place)
                await session.flush()
                self.places[key], made = (path, size, place), made + 1
        await session.flush()
        if made:
            History(self._unit).tell_catalogue("catalogues", 0)

    def ids(self, links: Links) -> dict[str, int | None]:
        """The numbers behind *links*, once ``make`` has run."""
        model = self.models[links.model][1] if links.model else None
        place = self.places[links.location][2] if links.location else None
        return {
            "vendor_id": self._vendor_id(links.vendor) if links.vendor else None,
            "model_id": model.id if model else None,
            "location_id": place.id if place else None,
        }

    def _vendor_id(self, key: str) -> int:
        row = self.vendors[key][1]
        if row is None:
            raise RuntimeError("a vendor was linked after make()")
        return row.id
