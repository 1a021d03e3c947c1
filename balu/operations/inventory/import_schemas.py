"""Wire shapes of imports."""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from balu.operations.inventory.faults import Fault, Value


class FieldIssue(msgspec.Struct, kw_only=True):
    """What is wrong with one field of a row, and how to mend it."""

    field: str
    code: Fault
    parameters: dict[str, Value]
    """What the sentence of the code is filled with."""
    error: str
    fix: str
    value: str | None = None
    """What the row says now, where that is text."""


class FailedDevice(msgspec.Struct, kw_only=True):
    """A row that cannot be imported as it is."""

    index: int
    """Counted from 0."""
    row: int
    """As a spreadsheet numbers it, header included."""
    name: str | None
    error: str
    issues: list[FieldIssue]


class CreatedDevice(msgspec.Struct, kw_only=True):
    """A device that an import made."""

    id: int
    name: str


Corrections = Mapping[int, Mapping[str, Any]]
"""Cells that replace those of the file, by row and field, both named as in the report."""


class RowDiff(msgspec.Struct, kw_only=True):
    """What a row does; rows that change nothing are only counted."""

    row: int
    name: str
    action: Literal["create", "update"]
    device_id: int | None
    diff: dict[str, Any]
    """``{field: {"old": …, "new": …}}``."""


class ImportReport(msgspec.Struct, kw_only=True):
    """What an import did, or would do."""

    status: Literal["completed", "partial", "failed"]
    dry_run: bool
    created: int
    updated: int
    unchanged: int
    failed: int
    created_devices: list[CreatedDevice]
    """Empty in a dry run."""
    failed_devices: list[FailedDevice]
    rows: list[RowDiff]
    """Filled in a dry run only."""
    dialect: Literal["balu", "netbox", "snipe-it"]
    ignored_columns: list[str]
    new_vendors: list[str]
    new_models: list[str]
    new_locations: list[str]
