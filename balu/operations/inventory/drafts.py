"""The rows of an import, each checked by itself: what it wants, or what is wrong with it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from balu.operations.inventory.errors import FieldError
from balu.operations.inventory.fields import (
    CLEANERS,
    MAX_MONITORS,
    MAX_NAME,
    OWN,
    catalogue_name,
    clean_monitor,
    key_of,
    line,
)
from balu.operations.inventory.import_schemas import FailedDevice, FieldIssue
from balu.operations.inventory.packing import Packed
from balu.operations.inventory.tables import Raw, Table
from balu.operations.inventory.words import LOCATION_KINDS, SEPARATOR


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A row that is fine by itself."""

    index: int
    row: int
    name: str
    given: dict[str, Any]
    """Clean fields by the names that history uses; only what the row says."""
    guesses: dict[str, Any]


class Sheet:
    """All rows of a file: drafts and failures, in the order of the file."""

    def __init__(self, table: Table) -> None:
        self.dialect, self.ignored = table.dialect, [*table.ignored]
        self.drafts = Packed(Draft)
        self.failures: dict[int, FailedDevice] = {}
        self.names: dict[str, int] = {}
        """Rows of the drafts by the keys of their names."""
        for raw in table.rows:
            self._take(raw)

    def _take(self, raw: Raw) -> None:
        given: dict[str, Any] = {}
        issues: list[FieldIssue] = []
        if raw.stray is not None:
            # Its other cells may stand in wrong columns: what is wrong with them would mislead.
            issues = [issue_of(FieldError("", "too-many-cells", text=raw.stray[:MAX_NAME]))]
            self.failures[raw.index] = failed(raw, raw.cells, _shown(raw.cells.get("name")), issues)
            return
        for field, value in raw.cells.items():
            try:
                given[field] = READERS[field](value)
            except FieldError as error:
                issues.append(issue_of(error))
        name = given.get("name")
        if name is None and not any(issue.field == "name" for issue in issues):
            issues.append(issue_of(FieldError("name", "name-missing")))
        if given.get("device_type", "") is None:
            del given["device_type"]
        if not issues and name is not None:
            first = self.names.setdefault(key_of(name), raw.row)
            if first == raw.row:
                draft = Draft(index=raw.index, row=raw.row, name=name, given=given, guesses={**raw.guesses})
                self.drafts.add(draft)
                return
            issues.append(issue_of(FieldError("name", "twice-in-file", row=first, name=name)))
        told = raw.cells.get("name")
        self.failures[raw.index] = failed(raw, raw.cells, str(told) if told else None, issues)


def failed(
    draft: Draft | Raw, cells: Mapping[str, Any], name: str | None, issues: Sequence[FieldIssue]
) -> FailedDevice:
    """A row that cannot be imported, and why."""
    for issue in issues:
        issue.value = _shown(cells.get(issue.field))
    error = " ".join(
        f"{issue.field}: {issue.error} {issue.fix}" if issue.field else f"{issue.error} {issue.fix}"
        for issue in issues
    )
    return FailedDevice(
        index=draft.index, row=draft.row, name=name, error=f"Row {draft.row}: {error}", issues=[*issues]
    )


def issue_of(error: FieldError) -> FieldIssue:
    """A refused field for the report."""
    return FieldIssue(
        field=error.field or "", code=error.fault, parameters=error.values, error=error.problem, fix=error.fix
    )


def _shown(value: Any) -> str | None:
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return "; ".join(value)
    return value if isinstance(value, str) else None


def _catalogue(field: str) -> Callable[[Any], str | None]:
    return lambda value: None if line(field, value) is None else catalogue_name(field, value)


def _location(value: Any) -> str | None:
    text = line("location", value, 500)
    if text is None:
        return None
    parts = [part.strip() for part in text.split(SEPARATOR)]
    if len(parts) > len(LOCATION_KINDS):
        raise FieldError("location", "place-too-deep", path=text)
    return SEPARATOR.join(catalogue_name("location", part) for part in parts)


def _device_type(value: Any) -> str | None:
    return None if value in {None, ""} else CLEANERS["device_type"](value)


def _monitors(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, str):
        if not value.strip():
            return []
        try:
            value = msgspec.json.decode(value)
        except msgspec.DecodeError as error:
            raise _no_monitors() from error
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise _no_monitors()
    if len(value) > MAX_MONITORS:
        raise FieldError("monitors", "too-many-monitors", count=len(value), most=MAX_MONITORS)
    return [clean_monitor(item) for item in value]


def _no_monitors() -> FieldError:
    return FieldError("monitors", "no-monitors")


READERS: Mapping[str, Callable[[Any], Any]] = {
    **{field: CLEANERS[field] for field in OWN},
    "device_type": _device_type,
    "vendor": _catalogue("vendor"),
    "model": _catalogue("model"),
    "location": _location,
    "monitors": _monitors,
}
