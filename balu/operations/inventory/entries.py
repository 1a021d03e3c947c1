"""What all catalogues share: counting who uses an entry, moving users over, refusing to pull it away."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, ScalarSelect, func, select, update
from sqlalchemy.exc import IntegrityError

from balu.kernel.unit import Unit
from balu.operations.inventory.errors import FieldError, InventoryExistsError, InventoryInUseError
from balu.operations.inventory.history import Author, History, difference, facts
from balu.operations.inventory.models import DeviceRow, LocationRow, ModelRow, VendorRow
from balu.operations.inventory.reading import LIVE, devices_query, read_all

Entry = VendorRow | ModelRow | LocationRow
R = TypeVar("R", VendorRow, ModelRow, LocationRow)
NAMED = 5
"""So many users of an entry are named when it cannot be deleted."""
NOUNS = {VendorRow: "vendor", ModelRow: "model", LocationRow: "location"}


def counted(condition: ColumnElement[bool]) -> ScalarSelect[int]:
    """How many devices fit *condition*, as a column."""
    return select(func.count()).select_from(DeviceRow).where(condition, LIVE).scalar_subquery()


async def add(unit: Unit, row: R) -> R:
    """Store a new entry.

    Raises:
        InventoryExistsError: the name is taken.
    """
    unit.session.add(row)
    await settle(unit, row)
    return row


async def settle(unit: Unit, row: Entry) -> None:
    """Store a change of an entry and tell it; raises as ``add``."""
    name = row.path if isinstance(row, LocationRow) else row.name
    try:
        await unit.session.flush()
    except IntegrityError as error:
        noun = NOUNS[type(row)]
        raise InventoryExistsError(
            f"A {noun} called {name} exists already. Choose another name, or merge the two."
        ) from error
    History(unit).tell_catalogue(NOUNS[type(row)], row.id)


async def remove(unit: Unit, row: Entry) -> None:
    """Delete an entry that nothing uses, and tell it."""
    entry_id, noun = row.id, NOUNS[type(row)]
    await unit.session.delete(row)
    await unit.session.flush()
    History(unit).tell_catalogue(noun, entry_id)


async def relink(
    unit: Unit,
    author: Author,
    where: ColumnElement[bool],
    changes: Sequence[tuple[ColumnElement[bool], Mapping[str, Any]]],
) -> None:
    """Apply *changes* to devices; those among *where* that differ afterwards get history and a version."""
    before = {one.id: one for one in await read_all(unit.session, devices_query(where, LIVE))}
    for condition, values in changes:
        await unit.session.execute(update(DeviceRow).where(condition).values(**values))
    ids = list(before)
    if not ids:
        return
    touched = update(DeviceRow).where(DeviceRow.id.in_(ids))
    await unit.session.execute(touched.values(version=DeviceRow.version + 1, updated_at=unit.now()))
    after = await read_all(unit.session, devices_query(DeviceRow.id.in_(ids)).order_by(DeviceRow.id))
    notes = [(one.id, one.name, difference(facts(before[one.id]), facts(one))) for one in after]
    await History(unit).note(author, "update", notes)


def refuse_if_used(name: str, users: Mapping[str, tuple[int, Sequence[str]]]) -> None:
    """Refuse when *users* (by noun: how many, and some names) are any.

    Raises:
        InventoryInUseError: ``used_by`` in the problem counts them and names some.
    """
    used = {noun: (count, list(names)) for noun, (count, names) in users.items() if count}
    if not used:
        return
    told = " and ".join(_told(noun, count, names) for noun, (count, names) in used.items())
    raise InventoryInUseError(
        f"{name} is used by {told}. Change them first, or merge it into another entry.",
        used_by={noun: {"count": count, "names": names} for noun, (count, names) in used.items()},
    )


def _told(noun: str, count: int, names: Sequence[str]) -> str:
    shown = ", ".join(names) + (", …" if count > len(names) else "")
    return f"{count} {noun if count != 1 else noun.removesuffix('s')} ({shown})"


async def device_users(unit: Unit, condition: ColumnElement[bool]) -> tuple[int, Sequence[str]]:
    """How many devices fit *condition*, and the names of the first."""
    names = select(DeviceRow.name).where(condition, LIVE).order_by(DeviceRow.name_key).limit(NAMED)
    found = (await unit.session.scalars(names)).all()
    return await unit.session.scalar(select(counted(condition))) or 0, found


def refuse_itself(entry_id: int, into_id: int) -> None:
    """Refuse to merge an entry into itself."""
    if entry_id == into_id:
        raise FieldError("into_id", "same-entry")
