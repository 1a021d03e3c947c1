"""Searches that people keep for themselves or share with everybody."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import func, or_, select
from sqlalchemy.exc import IntegrityError

from balu.kernel.unit import Unit
from balu.operations.inventory.catalogue_schemas import ViewRead
from balu.operations.inventory.errors import FieldError, InventoryExistsError, InventoryNotFoundError
from balu.operations.inventory.fields import catalogue_name, key_of
from balu.operations.inventory.models import ViewRow

MAX_QUERY_BYTES = 10_000


class ViewService:
    """The only way in or out of the ``inventory_view`` table."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._session = unit.session

    async def list(self, user_id: int, *, offset: int, limit: int) -> tuple[Sequence[ViewRead], int]:
        """A user's own views and those others share, by name, and how many there are."""
        mine = or_(ViewRow.owner_id == user_id, ViewRow.shared)
        total = await self._session.scalar(select(func.count()).select_from(ViewRow).where(mine))
        query = select(ViewRow).where(mine).order_by(ViewRow.name_key, ViewRow.id)
        rows = await self._session.scalars(query.limit(limit).offset(offset))
        return [_read(row, user_id) for row in rows], total or 0

    async def create(self, user_id: int, name: str, query: Mapping[str, Any], *, shared: bool) -> ViewRead:
        """Keep a search.

        Raises:
            InventoryExistsError: the user has a view of this name.
            FieldError: the search is too large to keep.
        """
        now = self._unit.now()
        row = ViewRow(owner_id=user_id, shared=shared, created_at=now, updated_at=now)
        self._session.add(row)
        return await self._store(row, {"name": name, "query": query})

    async def update(self, user_id: int, view_id: int, given: Mapping[str, Any]) -> ViewRead:
        """Change one's own view; raises as ``create``."""
        row = await self._own(user_id, view_id)
        row.shared = given.get("shared", row.shared)
        return await self._store(row, given)

    async def delete(self, user_id: int, view_id: int) -> None:
        """Forget one's own view."""
        await self._session.delete(await self._own(user_id, view_id))

    async def _store(self, row: ViewRow, given: Mapping[str, Any]) -> ViewRead:
        if "name" in given:
            row.name = catalogue_name("name", given["name"])
            row.name_key = key_of(row.name)
        if "query" in given:
            row.query = dict(given["query"])
            if len(msgspec.json.encode(row.query)) > MAX_QUERY_BYTES:
                raise FieldError("query", "view-too-large")
        row.updated_at = self._unit.now()
        try:
            await self._session.flush()
        except IntegrityError as error:
            raise InventoryExistsError(f"You have a view called {row.name} already.") from error
        return _read(row, row.owner_id)

    async def _own(self, user_id: int, view_id: int) -> ViewRow:
        row = await self._session.get(ViewRow, view_id)
        if row is None or row.owner_id != user_id:
            raise InventoryNotFoundError("You have no such view.")
        return row


def _read(row: ViewRow, user_id: int) -> ViewRead:
    return ViewRead(id=row.id, name=row.name, query=row.query, shared=row.shared, own=row.owner_id == user_id)
