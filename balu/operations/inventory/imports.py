"""Imports: compare without keeping anybody waiting, then write everything in one short transaction."""

from collections.abc import AsyncGenerator, Iterator, Sequence
from typing import Any, Literal, TypeVar

import msgspec
from sqlalchemy import delete, insert, select, update

from balu.kernel.errors import UnavailableError
from balu.kernel.unit import Env, Unit, open_unit
from balu.operations.inventory.drafts import Sheet
from balu.operations.inventory.errors import ImportRefusedError
from balu.operations.inventory.history import Author, History
from balu.operations.inventory.import_schemas import CreatedDevice, ImportReport
from balu.operations.inventory.linking import Linker
from balu.operations.inventory.models import DeviceRow, MonitorRow, table_of
from balu.operations.inventory.packing import BATCH
from balu.operations.inventory.plans import Plan, Planner, Step, row_diff
from balu.operations.inventory.reading import LIVE

T = TypeVar("T")
OnError = Literal["abort", "skip"]
TRIES = 5
"""So often the rows are compared again when somebody changed what they mean."""


async def planned(env: Env, sheet: Sheet) -> Plan:
    """What *sheet* would do now; nobody waits meanwhile."""
    async with open_unit(env, writes=False) as unit:
        return await Planner(unit).plan(sheet)


async def carry_out(env: Env, author: Author, sheet: Sheet, on_error: OnError) -> ImportReport:
    """Import *sheet*, whole or not at all; writers wait only while it is written, not while it is compared.

    Raises:
        ImportRefusedError: as ``Importer.run``.
    """
    plan = await planned(env, sheet)
    if on_error == "abort":
        refuse_if_wrong(plan)
    async with open_unit(env) as unit:
        return await Importer(unit).run(author, sheet, on_error=on_error, plan=plan)


async def preview(plan: Plan) -> AsyncGenerator[bytes, None]:
    """The report of a dry run as JSON in pieces; its rows may be many times as large as the file."""
    encoder = msgspec.json.Encoder()
    yield b'{"rows":['
    comma = b""
    for steps in plan.steps.batches():
        yield comma + b",".join(encoder.encode(row_diff(step)) for step in steps)
        comma = b","
    found = msgspec.to_builtins(plan.report(dry_run=True))
    del found["rows"]
    yield b"]," + encoder.encode(found)[1:]


class Importer:
    """Brings a checked sheet into the inventory inside one transaction."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._session = unit.session

    async def run(
        self, author: Author, sheet: Sheet, *, on_error: OnError, plan: Plan | None = None
    ) -> ImportReport:
        """Do what the rows of *sheet* say; a *plan* made earlier counts unless something moved meanwhile.

        Raises:
            ImportRefusedError: rows are wrong and *on_error* is ``abort``; nothing was changed, and
                ``failed_devices`` in the problem names rows, fields and fixes.
            UnavailableError: others change the same devices again and again.
        """
        plan, linker = await self._settled(sheet, plan)
        if on_error == "abort":
            refuse_if_wrong(plan)
        await linker.make()
        history = History(self._unit)
        created: list[CreatedDevice] = []
        touched: list[int] = []
        for steps in plan.steps.batches():
            new = [step for step in steps if step.device_id is None]
            ids = iter(await self._create(new, linker))
            await self._update([step for step in steps if step.device_id is not None], plan, linker)
            done = [(next(ids) if step.device_id is None else step.device_id, step) for step in steps]
            await self._watch(done)
            await history.keep(author, "bulk_import", [(one, step.name, step.diff) for one, step in done])
            created += [CreatedDevice(id=one, name=step.name) for one, step in done if step.device_id is None]
            touched += [one for one, _ in done]
        history.tell(author, "bulk_import", touched)
        return plan.report(created=created, dry_run=False)

    async def _settled(self, sheet: Sheet, plan: Plan | None) -> tuple[Plan, Linker]:
        """A plan for what the inventory holds now, which nobody changes before the transaction ends."""
        for _ in range(TRIES):
            plan = plan or await Planner(self._unit).plan(sheet)
            linker = await Linker.load(self._unit)
            if linker.adopt(plan.linker) and await self._holds(plan):
                return plan, linker
            plan = None
        raise UnavailableError("Others are changing the same devices. Try again in a moment.")

    async def _holds(self, plan: Plan) -> bool:
        """Whether *plan* still fits; locks the devices that it changes."""
        ids = sorted(
            plan.versions
        )  # always in the same order, so that two imports cannot wait for each other
        for some in _chunks(ids):
            rows = select(DeviceRow.id, DeviceRow.version).where(DeviceRow.id.in_(some), LIVE)
            rows = rows.order_by(DeviceRow.id).with_for_update()
            found = dict((await self._session.execute(rows)).tuples().all())
            if found != {device_id: plan.versions[device_id] for device_id in some}:
                return False
        for names in _chunks(plan.free_names):
            taken = select(DeviceRow.id).where(DeviceRow.name_key.in_(names), LIVE).limit(1)
            if await self._session.scalar(taken) is not None:
                return False
        return True

    async def _create(self, steps: Sequence[Step], linker: Linker) -> Sequence[int]:
        if not steps:
            return []
        now = self._unit.now()
        rows = [
            {**_columns(step, linker), "version": 1, "created_at": now, "updated_at": now} for step in steps
        ]
        await self._session.execute(insert(table_of(DeviceRow)), rows)
        # Asking for their numbers afterwards by name: SQLite would insert one by one to return them in order.
        keys = [row["name_key"] for row in rows]
        named = select(DeviceRow.name_key, DeviceRow.id).where(DeviceRow.name_key.in_(keys), LIVE)
        ids = dict((await self._session.execute(named)).tuples().all())
        return [ids[key] for key in keys]

    async def _update(self, steps: Sequence[Step], plan: Plan, linker: Linker) -> None:
        now = self._unit.now()
        rows = [
            {**_columns(step, linker), "id": step.device_id, "version": plan.versions[step.device_id] + 1,
             "updated_at": now}
            for step in steps if step.device_id is not None
        ]  # fmt: skip
        if rows:
            await self._session.execute(update(DeviceRow), rows)
        watched = [step.device_id for step in steps if step.monitors is not None]
        await self._session.execute(delete(MonitorRow).where(MonitorRow.device_id.in_(watched)))

    async def _watch(self, devices: Sequence[tuple[int, Step]]) -> None:
        rows = [
            {"device_id": device_id, **monitor}
            for device_id, step in devices
            for monitor in step.monitors or ()
        ]
        if rows:
            await self._session.execute(insert(table_of(MonitorRow)), rows)


def refuse_if_wrong(plan: Plan) -> None:
    """Nothing is imported when a row is wrong.

    Raises:
        ImportRefusedError: says which and why.
    """
    failures = plan.failures
    if not failures:
        return
    more = f" {len(failures) - 1} more rows are wrong." if len(failures) > 1 else ""
    raise ImportRefusedError(
        f"Nothing was imported. {failures[0].error}{more}",
        status_word="failed",
        created=0,
        failed=len(failures),
        created_devices=[],
        failed_devices=failures,
    )


def _chunks(items: Sequence[T]) -> Iterator[Sequence[T]]:
    return (items[start : start + BATCH] for start in range(0, len(items), BATCH))


def _columns(step: Step, linker: Linker) -> dict[str, Any]:
    return {**step.columns, **linker.ids(step.links)}
