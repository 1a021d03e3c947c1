"""Imports: compare rows with the inventory by natural keys, say what they do, and do it all or in part."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, delete, insert, select, update

from balu.kernel.unit import Unit
from balu.operations.inventory.drafts import Draft, Sheet, issue_of
from balu.operations.inventory.errors import FieldError, ImportRefusedError
from balu.operations.inventory.fields import OWN, check_whole, derived, key_of
from balu.operations.inventory.history import Author, Diff, History, difference, facts
from balu.operations.inventory.import_schemas import CreatedDevice, FailedDevice, ImportReport, RowDiff
from balu.operations.inventory.linking import Linker, Links
from balu.operations.inventory.models import DeviceRow, MonitorRow, table_of
from balu.operations.inventory.reading import LIVE, devices_query, read_all
from balu.operations.inventory.schemas import DeviceRead
from balu.operations.inventory.tables import Table

OnError = Literal["abort", "skip"]
CHUNK = 500
NEW_DEVICE: dict[str, Any] = {
    "networks": [], "interface_type": [], "poe_powered": False, "poe_standards": [],
    "monitoring_enabled": False, "tags": [], "monitors": [],
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Step:
    """What one row does to one device."""

    draft: Draft
    device: DeviceRead | None
    """None: a new one."""
    after: Mapping[str, Any]
    diff: Diff
    links: Links


class Importer:
    """Brings a checked table into the inventory inside one transaction."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._session = unit.session

    async def run(
        self, author: Author, table: Table, sheet: Sheet, *, on_error: OnError, dry_run: bool
    ) -> ImportReport:
        """Do what the rows of *table* say, or in a dry run only tell it.

        A row means the device of its name, else the only one with its serial number, else a new one.

        Raises:
            ImportRefusedError: rows are wrong and *on_error* is ``abort``; nothing was changed, and
                ``failed_devices`` in the problem names rows, fields and fixes.
        """
        linker = await Linker.load(self._unit)
        steps = await self._plan(sheet, linker, locks=not dry_run)
        failures = [sheet.failures[index] for index in sorted(sheet.failures)]
        if failures and on_error == "abort" and not dry_run:
            raise refusal(failures)
        changes = [step for step in steps if step.diff or step.device is None]
        new = [step for step in changes if step.device is None]
        created: Sequence[int] = []
        if not dry_run:
            await linker.make()
            created = await self._create(new, linker)
            await self._update([step for step in changes if step.device is not None], linker)
            ids = iter(created)
            notes = [
                (step.device.id if step.device else next(ids), _name(step), step.diff) for step in changes
            ]
            await History(self._unit).note(author, "bulk_import", notes)
        return ImportReport(
            status="completed" if not failures else "partial" if steps else "failed", dry_run=dry_run,
            created=len(new), updated=len(changes) - len(new), unchanged=len(steps) - len(changes),
            failed=len(failures),
            created_devices=[
                CreatedDevice(id=device_id, name=_name(step))
                for device_id, step in zip(created, new, strict=False)
            ],
            failed_devices=failures, rows=[_row_diff(step) for step in changes] if dry_run else [],
            dialect=table.dialect,  # type: ignore[arg-type]
            ignored_columns=[*table.ignored], new_vendors=linker.new_vendors, new_models=linker.new_models,
            new_locations=linker.new_locations,
        )  # fmt: skip

    async def _plan(self, sheet: Sheet, linker: Linker, *, locks: bool) -> list[Step]:
        meant = await self._meant(sheet.drafts, locks=locks)
        steps: list[Step] = []
        for draft in sheet.drafts:
            device = meant.get(draft.index)
            before = facts(device)
            wish = {**(before or {**NEW_DEVICE, **draft.guesses}), **draft.given}
            try:
                check_whole(wish)
                links = linker.link(wish)
            except FieldError as error:
                sheet.fail(draft, draft.name, [issue_of(error)])
                continue
            after = {**wish, **links.names}
            steps.append(Step(draft, device, after, difference(before, after), links))
        return steps

    async def _meant(self, drafts: Sequence[Draft], *, locks: bool) -> dict[int, DeviceRead]:
        """The device each draft means, by the draft's index."""
        by_name: dict[str, DeviceRead] = {}
        for some in _chunks(sorted(key_of(draft.name) for draft in drafts)):
            found = await self._read(DeviceRow.name_key.in_(some), locks=locks)
            by_name |= {key_of(one.name): one for one in found}
        meant = {
            draft.index: by_name[key_of(draft.name)] for draft in drafts if key_of(draft.name) in by_name
        }
        claimed = {device.id for device in meant.values()}
        rest = [draft for draft in drafts if draft.index not in meant and draft.given.get("serial_number")]
        by_serial: dict[str, list[DeviceRead]] = {}
        for some in _chunks(sorted({draft.given["serial_number"] for draft in rest})):
            for one in await self._read(DeviceRow.serial_number.in_(some), locks=locks):
                by_serial.setdefault(one.serial_number or "", []).append(one)
        for draft in rest:
            same = by_serial.get(draft.given["serial_number"], [])
            # A number that several devices share, such as "Default string", names none of them.
            if len(same) == 1 and same[0].id not in claimed:
                claimed.add(same[0].id)
                meant[draft.index] = same[0]
        return meant

    async def _read(self, where: ColumnElement[bool], *, locks: bool) -> list[DeviceRead]:
        """Devices as they are now; *locks*: nobody changes them before the import is done."""
        if locks:  # always in the same order, so that two imports cannot wait for each other
            rows = select(DeviceRow.id).where(where, LIVE).order_by(DeviceRow.name_key)
            await self._session.execute(rows.with_for_update())
        return await read_all(self._session, devices_query(where, LIVE))

    async def _create(self, steps: Sequence[Step], linker: Linker) -> Sequence[int]:
        if not steps:
            return []
        now = self._unit.now()
        rows = [
            {**_columns(step, linker), "version": 1, "created_at": now, "updated_at": now} for step in steps
        ]
        made = insert(table_of(DeviceRow)).returning(DeviceRow.id, sort_by_parameter_order=True)
        ids = (await self._session.scalars(made, rows)).all()
        await self._watch((device_id, step) for device_id, step in zip(ids, steps, strict=True))
        return ids

    async def _update(self, steps: Sequence[Step], linker: Linker) -> None:
        now = self._unit.now()
        rows = [
            {**_columns(step, linker), "id": step.device.id, "version": step.device.version + 1,
             "updated_at": now}
            for step in steps if step.device is not None
        ]  # fmt: skip
        if rows:
            await self._session.execute(update(DeviceRow), rows)
        watched = [(step.device.id, step) for step in steps if step.device and "monitors" in step.diff]
        for some in _chunks([device_id for device_id, _ in watched]):
            await self._session.execute(delete(MonitorRow).where(MonitorRow.device_id.in_(some)))
        await self._watch(iter(watched))

    async def _watch(self, devices: Iterator[tuple[int, Step]]) -> None:
        rows = [
            {"device_id": device_id, **monitor}
            for device_id, step in devices
            for monitor in step.after["monitors"]
        ]
        if rows:
            await self._session.execute(insert(table_of(MonitorRow)), rows)


def refusal(failures: Sequence[FailedDevice]) -> ImportRefusedError:
    """Nothing was imported, and why."""
    more = f" {len(failures) - 1} more rows are wrong." if len(failures) > 1 else ""
    return ImportRefusedError(
        f"Nothing was imported. {failures[0].error}{more}",
        status_word="failed",
        created=0,
        failed=len(failures),
        created_devices=[],
        failed_devices=list(failures),
    )


def _columns(step: Step, linker: Linker) -> dict[str, Any]:
    own = {field: step.after.get(field) for field in OWN}
    return {**own, **derived(own), **linker.ids(step.links)}


def _name(step: Step) -> str:
    return str(step.after["name"])


def _row_diff(step: Step) -> RowDiff:
    return RowDiff(
        row=step.draft.row, name=_name(step), action="update" if step.device else "create",
        device_id=step.device.id if step.device else None, diff=step.diff,
    )  # fmt: skip


def _chunks(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (items[start : start + CHUNK] for start in range(0, len(items), CHUNK))
