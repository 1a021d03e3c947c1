"""Deleted devices: found again for a while, put back, and forgotten in the end."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from msgspec.structs import asdict
from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError

from balu.kernel.unit import Unit
from balu.operations.inventory.devices import DeviceService
from balu.operations.inventory.errors import InventoryExistsError
from balu.operations.inventory.fields import OWN, catalogue_name, derived
from balu.operations.inventory.history import Author, History, difference, facts
from balu.operations.inventory.models import DeviceRow
from balu.operations.inventory.reading import LIVE, devices_query, read_all
from balu.operations.inventory.schemas import DeletedDevice, DeviceRead
from balu.operations.inventory.search import holding
from balu.operations.inventory.settings import InventorySettings

DELETED = DeviceRow.deleted_at.is_not(None)


class DeletedService:
    """Those rows of ``inventory_device`` that can be put back; ``DeviceService`` has the others."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._session = unit.session

    @property
    def keep(self) -> timedelta:
        """How long a deleted device can be put back."""
        return timedelta(days=self._unit.env.part(InventorySettings).retention_days)

    async def list(
        self, q: str | None, device_type: str | None = None, *, offset: int, limit: int
    ) -> tuple[Sequence[DeletedDevice], int]:
        """Deleted devices that hold all words of *q*, the last delete first, and how many there are."""
        where = [DELETED, *holding(q)]
        where += [DeviceRow.device_type == device_type] if device_type is not None else []
        total = await self._session.scalar(select(func.count()).select_from(DeviceRow).where(*where))
        page = select(DeviceRow.id, DeviceRow.name_key, DeviceRow.deleted_at).where(*where)
        page = page.order_by(DeviceRow.deleted_at.desc(), DeviceRow.id.desc()).limit(limit).offset(offset)
        rows = (await self._session.execute(page)).tuples().all()
        ids = [device_id for device_id, _, _ in rows]
        found = {one.id: one for one in await read_all(self._session, devices_query(DeviceRow.id.in_(ids)))}
        taken = await self._living([key for _, key, _ in rows])
        by = await History(self._unit).last_by(ids, ("delete", "bulk_delete"))
        items = [
            DeletedDevice(
                **asdict(found[device_id]), deleted_at=at, deleted_by=by.get(device_id),
                expires_at=at + self.keep, name_taken_by=taken.get(key),
            )
            for device_id, key, at in rows if at is not None
        ]  # fmt: skip
        return items, total or 0

    async def restore(
        self, author: Author, device_ids: Sequence[int]
    ) -> tuple[Sequence[int], Mapping[int, int]]:
        """Take deletes back: the numbers that came back, and who has the name of each that could not.

        Numbers of devices that are not deleted, or gone for good, are in neither.
        """
        deleted = select(DeviceRow).where(DeviceRow.id.in_(device_ids), DELETED)
        rows = (await self._session.scalars(deleted.order_by(DeviceRow.id).with_for_update())).all()
        living = await self._living([row.name_key for row in rows])
        back: list[int] = []
        taken: dict[int, int] = {}
        for row in rows:
            if row.name_key in living:
                taken[row.id] = living[row.name_key]
                continue
            living[row.name_key] = row.id
            row.deleted_at, row.version = None, row.version + 1
            back.append(row.id)
        try:
            await self._session.flush()
        except IntegrityError as error:
            raise InventoryExistsError(
                "Somebody has just given one of these names to another device. Try again."
            ) from error
        found = await read_all(self._session, devices_query(DeviceRow.id.in_(back)).order_by(DeviceRow.id))
        notes = [(one.id, one.name, difference({}, facts(one))) for one in found]
        await History(self._unit).note(author, "restore", notes)
        return back, taken

    async def restore_one(self, author: Author, device_id: int, name: str | None = None) -> DeviceRead:
        """Take one delete back, under another *name* if one is given; a device that is there stays as it is.

        Raises:
            InventoryExistsError: another device has the name now; ``device_id`` in the problem says which.
            InventoryNotFoundError: it is gone for good.
            FieldError: *name* is empty or too long.
        """
        query = select(DeviceRow).where(DeviceRow.id == device_id, DELETED).with_for_update()
        row = (await self._session.scalars(query)).one_or_none()
        if row is not None and name is not None:
            row.name = catalogue_name("name", name)
            for column, value in derived({field: getattr(row, field) for field in OWN}).items():
                setattr(row, column, value)
            await self._session.flush()
        _, taken = await self.restore(author, [device_id])
        if row is not None and device_id in taken:
            raise InventoryExistsError(
                f"Another device is called {row.name} now. Rename that one, or give this one another name.",
                device_id=taken[device_id],
            )
        return await DeviceService(self._unit).get(device_id)

    async def purge(self, before: datetime) -> int:
        """Forget for good what was deleted before the instant *before*; how many that were."""
        # Monitors go with their device, so one that is put back at the same moment keeps its own.
        gone = delete(DeviceRow).where(DeviceRow.deleted_at < before).returning(DeviceRow.id)
        return len((await self._session.scalars(gone)).all())

    async def _living(self, keys: Sequence[str]) -> dict[str, int]:
        """Numbers of devices that are there, by the keys of their names."""
        query = select(DeviceRow.name_key, DeviceRow.id).where(DeviceRow.name_key.in_(keys), LIVE)
        return dict((await self._session.execute(query)).tuples().all())
