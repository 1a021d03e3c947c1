"""What an import would do: its rows compared with the inventory by natural keys, and nothing changed."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import ColumnElement

from balu.kernel.unit import Unit
from balu.operations.inventory.drafts import Draft, Sheet, failed, issue_of
from balu.operations.inventory.errors import FieldError
from balu.operations.inventory.fields import OWN, check_whole, clean_monitor, derived, key_of
from balu.operations.inventory.history import FACTS, Diff, difference, facts
from balu.operations.inventory.import_schemas import CreatedDevice, FailedDevice, ImportReport, RowDiff
from balu.operations.inventory.linking import Linker, Links
from balu.operations.inventory.models import DeviceRow
from balu.operations.inventory.packing import Packed
from balu.operations.inventory.reading import LIVE, devices_query, read_all
from balu.operations.inventory.schemas import DeviceRead
from balu.operations.inventory.words import USUAL_MONITORS

NEW_DEVICE: dict[str, Any] = {
    "networks": [], "interface_type": [], "poe_powered": False, "poe_standards": [],
    "monitoring_enabled": False, "tags": [], "monitors": [],
}  # fmt: skip


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """What one row does to one device."""

    row: int
    name: str
    device_id: int | None
    """None: a new one."""
    diff: Diff
    columns: dict[str, Any]
    """Everything of the device's row but what ``links`` stand for."""
    links: Links
    monitors: list[dict[str, Any]] | None
    """None: as they are."""


class Plan:
    """The steps of an import, and what they build on."""

    def __init__(self, sheet: Sheet, linker: Linker) -> None:
        self.sheet, self.linker = sheet, linker
        self.steps = Packed(Step)
        self.versions: dict[int, int] = {}
        """Versions of the devices that change, as they were compared."""
        self.free_names: list[str] = []
        """Keys of names that no device has yet."""
        self.created = self.unchanged = 0
        self._failures = dict(sheet.failures)

    @property
    def failures(self) -> list[FailedDevice]:
        """Rows that cannot be imported, in the order of the file."""
        return [self._failures[index] for index in sorted(self._failures)]

    def fail(self, draft: Draft, error: FieldError) -> None:
        """Note that a row does not fit what the inventory holds."""
        self._failures[draft.index] = failed(draft, draft.given, draft.name, [issue_of(error)])

    def report(self, *, created: Sequence[CreatedDevice] = (), dry_run: bool) -> ImportReport:
        """What is told about it; the rows of a dry run are told by ``row_diffs``."""
        failures, updated, linker = self.failures, len(self.versions), self.linker
        good = self.created + updated + self.unchanged
        return ImportReport(
            status="completed" if not failures else "partial" if good else "failed", dry_run=dry_run,
            created=self.created, updated=updated, unchanged=self.unchanged, failed=len(failures),
            created_devices=[*created], failed_devices=failures, rows=[],
            dialect=self.sheet.dialect,  # type: ignore[arg-type]
            ignored_columns=self.sheet.ignored, new_vendors=linker.new_vendors,
            new_models=linker.new_models, new_locations=linker.new_locations,
        )  # fmt: skip


def row_diff(step: Step) -> RowDiff:
    """What is told about a step in a dry run."""
    return RowDiff(
        row=step.row, name=step.name, action="create" if step.device_id is None else "update",
        device_id=step.device_id, diff=step.diff,
    )  # fmt: skip


class Planner:
    """Compares sheets with the inventory, some hundred rows at a time, so that others get their turns."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._session = unit.session

    async def plan(self, sheet: Sheet) -> Plan:
        """What *sheet* would do now.

        A row means the device of its name, else the only one with its serial number, else a new one.
        """
        plan = Plan(sheet, await Linker.load(self._unit))
        claimed: set[int] = set()
        for drafts in sheet.drafts.batches():
            meant = await self._meant(drafts, sheet.names, claimed)
            for draft in drafts:
                _take(plan, draft, meant.get(draft.index))
        return plan

    async def _meant(
        self, drafts: Sequence[Draft], names: Mapping[str, int], claimed: set[int]
    ) -> dict[int, DeviceRead]:
        """The device each draft means, by its index; those *claimed* were meant by earlier serial numbers."""
        keys = {draft.index: key_of(draft.name) for draft in drafts}
        by_name = {key_of(one.name): one for one in await self._read(DeviceRow.name_key.in_(keys.values()))}
        meant = {index: by_name[key] for index, key in keys.items() if key in by_name}
        rest = [draft for draft in drafts if draft.index not in meant and draft.given.get("serial_number")]
        by_serial: dict[str, list[DeviceRead]] = {}
        serials = sorted({draft.given["serial_number"] for draft in rest})
        for one in await self._read(DeviceRow.serial_number.in_(serials)) if serials else ():
            by_serial.setdefault(one.serial_number or "", []).append(one)
        for draft in rest:
            same = by_serial.get(draft.given["serial_number"], [])
            # A number that several devices share, such as "Default string", names none of them, and a
            # device that another row names is that row's.
            if len(same) == 1 and same[0].id not in claimed and key_of(same[0].name) not in names:
                claimed.add(same[0].id)
                meant[draft.index] = same[0]
        return meant

    async def _read(self, where: ColumnElement[bool]) -> list[DeviceRead]:
        return await read_all(self._session, devices_query(where, LIVE))


def _take(plan: Plan, draft: Draft, device: DeviceRead | None) -> None:
    before = facts(device)
    wish = {**(before or {**NEW_DEVICE, **draft.guesses}), **draft.given}
    try:
        check_whole(wish)
        if device is None and wish["monitoring_enabled"] and "monitors" not in draft.given:
            wish["monitors"] = [clean_monitor({"monitor_type": USUAL_MONITORS[wish["device_type"]]})]
        links = plan.linker.link(wish)
    except FieldError as error:
        plan.fail(draft, error)
        return
    after = {**wish, **links.names}
    after = {field: after[field] for field in FACTS if field in after}
    diff = difference(before, after)
    if device is None:
        plan.created += 1
    elif diff:
        plan.versions[device.id] = device.version
    else:
        plan.unchanged += 1
        return
    own = {field: after.get(field) for field in OWN}
    columns = {**own, **derived(own)}
    if device is None or key_of(device.name) != columns["name_key"]:
        plan.free_names.append(columns["name_key"])
    plan.steps.add(
        Step(
            row=draft.row, name=str(after["name"]), device_id=device.id if device else None, diff=diff,
            columns=columns, links=links,
            monitors=after["monitors"] if device is None or "monitors" in diff else None,
        )
    )  # fmt: skip
