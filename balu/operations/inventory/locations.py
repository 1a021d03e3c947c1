"""Places as a tree: a site, rooms in it, racks in those, units in those."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select, update

from balu.kernel.unit import Unit
from balu.operations.inventory.catalogue_schemas import LocationRead
from balu.operations.inventory.entries import (
    NAMED,
    add,
    device_users,
    refuse_if_used,
    refuse_itself,
    relink,
    remove,
    settle,
)
from balu.operations.inventory.errors import (
    FieldError,
    InventoryExistsError,
    InventoryNotFoundError,
    LocationCycleError,
)
from balu.operations.inventory.fields import catalogue_name, key_of
from balu.operations.inventory.history import Author
from balu.operations.inventory.models import DeviceRow, LocationRow
from balu.operations.inventory.reading import LIVE
from balu.operations.inventory.words import LOCATION_KINDS, SEPARATOR, LocationKind


class LocationService:
    """The only way in or out of the ``inventory_location`` table."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._session = unit.session

    async def list(self, q: str | None, *, offset: int, limit: int) -> tuple[Sequence[LocationRead], int]:
        """Places whose path holds *q*, each parent before its children, and how many there are."""
        found = await self._read_all()
        if q:
            found = [place for place in found if key_of(q) in key_of(place.path)]
        return found[offset : offset + limit], len(found)

    async def get(self, location_id: int) -> LocationRead:
        """One place.

        Raises:
            InventoryNotFoundError: there is none.
        """
        row = await self._row(location_id)
        return next(place for place in await self._read_all() if place.id == row.id)

    async def create(self, name: str, parent_id: int | None, kind: LocationKind | None) -> LocationRead:
        """Make a place; without a kind it is the next smaller one of its parent's.

        Raises:
            InventoryExistsError: there is one of this name beside it.
            FieldError: the parent does not exist, or is not larger than *kind*.
        """
        parent = await self._parent(parent_id)
        row = new_place(parent, catalogue_name("name", name), kind, self._unit)
        return await self.get((await add(self._unit, row)).id)

    async def update(self, location_id: int, given: Mapping[str, Any]) -> LocationRead:
        """Rename a place, move it or change its kind; everything inside comes along.

        Raises:
            LocationCycleError: it would lie inside itself.
            FieldError, InventoryExistsError: as ``create``.
        """
        row = await self._row(location_id)
        parent = await self._parent(given.get("parent_id", row.parent_id))
        if parent is not None and (parent.id == row.id or _inside(parent, row)):
            raise LocationCycleError(f"{parent.path} lies inside {row.path}. Choose a place outside of it.")
        inner = await self._inside(row)
        row.name = catalogue_name("name", given.get("name", row.name))
        _check_separator(row.name)
        row.kind = given.get("kind", row.kind)
        row.parent_id = None if parent is None else parent.id
        largest_inner = min((_size(one.kind) for one in inner if one.parent_id == row.id), default=9)
        if (parent is not None and _size(parent.kind) >= _size(row.kind)) or largest_inner <= _size(row.kind):
            raise _wrong_kind(row.kind)
        await self._rewrite(row, parent, inner)
        return await self.get(location_id)

    async def merge(self, author: Author, location_id: int, into_id: int) -> LocationRead:
        """Move devices and inner places to another place and forget this one; twins inside become one.

        Raises:
            LocationCycleError: the other place lies inside this one.
            FieldError: an inner place is too large for the other one.
        """
        refuse_itself(location_id, into_id)
        row, target = await self._row(location_id), await self._row(into_id)
        if _inside(target, row):
            raise LocationCycleError(f"{target.path} lies inside {row.path}. Merge the other way round.")
        await self._merge(author, row, target)
        return await self.get(into_id)

    async def delete(self, location_id: int) -> None:
        """Forget a place.

        Raises:
            InventoryInUseError: devices stand there or places lie inside; the problem says which.
        """
        row, mine = await self._row(location_id), DeviceRow.location_id == location_id
        inner = [one.name for one in await self._inside(row)]
        users = {"devices": await device_users(self._unit, mine), "locations": (len(inner), inner[:NAMED])}
        refuse_if_used(row.path, users)
        await self._session.execute(update(DeviceRow).where(mine).values(location_id=None))
        await remove(self._unit, row)

    async def _merge(self, author: Author, row: LocationRow, target: LocationRow) -> None:
        mine = DeviceRow.location_id == row.id
        await relink(self._unit, author, mine, [(mine, {"location_id": target.id})])
        children = await self._session.scalars(select(LocationRow).where(LocationRow.parent_id == row.id))
        for child in children.all():
            path_key = key_of(target.path + SEPARATOR + child.name)
            twin = await self._session.scalar(select(LocationRow).where(LocationRow.path_key == path_key))
            if twin is not None:
                await self._merge(author, child, twin)
                continue
            if _size(target.kind) >= _size(child.kind):
                raise _wrong_kind(child.kind)
            inner = await self._inside(child)
            child.parent_id = target.id
            await self._rewrite(child, target, inner)
        await remove(self._unit, row)

    async def _rewrite(
        self, row: LocationRow, parent: LocationRow | None, inner: Sequence[LocationRow]
    ) -> None:
        """Give *row* and everything inside the paths that follow from its name and parent."""
        old = row.path
        path = row.name if parent is None else parent.path + SEPARATOR + row.name
        taken = select(LocationRow.id).where(LocationRow.path_key == key_of(path), LocationRow.id != row.id)
        if await self._session.scalar(taken) is not None:
            raise InventoryExistsError(f"{path} exists already. Choose another name, or merge the two.")
        for one in (row, *inner):
            one.path = path + one.path[len(old) :]
            one.path_key, one.updated_at = key_of(one.path), self._unit.now()
        await settle(self._unit, row)

    async def _read_all(self) -> Sequence[LocationRead]:
        rows = (await self._session.scalars(select(LocationRow))).all()
        counts = select(DeviceRow.location_id, func.count()).where(LIVE, DeviceRow.location_id.is_not(None))
        direct = dict((await self._session.execute(counts.group_by(DeviceRow.location_id))).tuples().all())
        parents, whole = {row.id: row.parent_id for row in rows}, Counter[int]()
        for location_id, count in direct.items():
            place = location_id
            while place is not None:
                whole[place] += count
                place = parents[place]
        rows = sorted(rows, key=lambda row: row.path_key.split(SEPARATOR))
        return [
            LocationRead(
                id=row.id, name=row.name,
                kind=row.kind,  # type: ignore[arg-type]
                parent_id=row.parent_id, path=row.path, device_count=direct.get(row.id, 0),
                tree_device_count=whole[row.id],
            )
            for row in rows
        ]  # fmt: skip

    async def _inside(self, row: LocationRow) -> Sequence[LocationRow]:
        below = LocationRow.path_key.startswith(row.path_key + SEPARATOR, autoescape=True)
        return (await self._session.scalars(select(LocationRow).where(below))).all()

    async def _row(self, location_id: int) -> LocationRow:
        row = await self._session.get(LocationRow, location_id)
        if row is None:
            raise InventoryNotFoundError("There is no such location.")
        return row

    async def _parent(self, parent_id: int | None) -> LocationRow | None:
        if parent_id is None:
            return None
        row = await self._session.get(LocationRow, parent_id)
        if row is None:
            raise FieldError("parent_id", "no-such-entry", noun="location")
        return row


def new_place(parent: LocationRow | None, name: str, kind: LocationKind | None, unit: Unit) -> LocationRow:
    """A row for a place inside *parent*, not stored yet.

    Raises:
        FieldError: the name holds the separator, or the place does not fit into its parent.
    """
    _check_separator(name)
    size = 0 if parent is None else _size(parent.kind) + 1
    if size >= len(LOCATION_KINDS) or (kind is not None and _size(kind) < size):
        raise _wrong_kind(kind or "unit")
    path, now = name if parent is None else parent.path + SEPARATOR + name, unit.now()
    return LocationRow(
        parent_id=None if parent is None else parent.id, kind=kind or LOCATION_KINDS[size], name=name,
        path=path, path_key=key_of(path), created_at=now, updated_at=now,
    )  # fmt: skip


def _size(kind: str) -> int:
    return LOCATION_KINDS.index(kind)


def _inside(row: LocationRow, outer: LocationRow) -> bool:
    return row.path_key.startswith(outer.path_key + SEPARATOR)


def _check_separator(name: str) -> None:
    if SEPARATOR in f" {name} ":
        raise FieldError("name", "separator-in-name", separator=SEPARATOR)


def _wrong_kind(kind: str) -> FieldError:
    return FieldError("kind", "place-does-not-fit", kind=kind)
