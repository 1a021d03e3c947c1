"""Devices as CSV and JSON: writing what can be read back, and reading what others write."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from balu.operations.inventory.dialects import columns_of, translate
from balu.operations.inventory.errors import ImportRefusedError, ImportTooLargeError
from balu.operations.inventory.history import facts
from balu.operations.inventory.import_schemas import Corrections
from balu.operations.inventory.schemas import DeviceRead
from balu.operations.inventory.words import CSV_COLUMNS, EXTRA_COLUMNS

COLUMNS = (*CSV_COLUMNS, *EXTRA_COLUMNS)
FORMULA = ("=", "+", "-", "@", "\t")
"""Spreadsheets run cells that begin so; a quotation mark in front keeps them text."""
MAX_ROWS = 100_000


@dataclass(frozen=True, slots=True)
class Raw:
    """One row as it came: not checked yet, but under our own field names."""

    index: int
    """Counted from 0 without the header."""
    row: int
    """As a spreadsheet numbers it: a CSV file's first device is in row 2, a JSON array's in row 1."""
    cells: Mapping[str, Any]
    guesses: Mapping[str, Any] = field(default_factory=dict)
    """What a new device gets where ``cells`` say nothing; existing ones keep what they have."""


@dataclass(frozen=True, slots=True)
class Table:
    """A whole file."""

    rows: Sequence[Raw]
    dialect: str
    """``balu``, ``netbox`` or ``snipe-it``."""
    ignored: Sequence[str]
    """Columns that mean nothing here."""


def read_table(data: bytes) -> Table:
    """A JSON array or a CSV file (comma, semicolon or tab; UTF-8 or UTF-16).

    Raises:
        ImportRefusedError: neither, or without a name column.
        ImportTooLargeError: more than ``MAX_ROWS`` rows.
    """
    text = _text(data)
    start = text.lstrip()[:1]
    return _json(text) if start in {"[", "{"} else _csv(text)


def corrected(table: Table, corrections: Corrections) -> Table:
    """*table* with some cells replaced, so that a report's mistakes are mended without the file.

    Raises:
        ImportRefusedError: no such row, or a field that rows do not have.
    """
    by_row = {raw.row: raw for raw in table.rows}
    for row, cells in corrections.items():
        unknown = next((field for field in cells if field not in COLUMNS), None)
        if row not in by_row or unknown is not None:
            raise ImportRefusedError.because("unknown-cell", row=row, field=unknown or next(iter(cells), ""))
        by_row[row] = replace(by_row[row], cells={**by_row[row].cells, **cells})
    return replace(table, rows=[*by_row.values()])


def csv_text(devices: Iterable[DeviceRead], *, header: bool) -> str:
    """*devices* as CSV (RFC 4180) with every field, readable by ``read_table`` without a difference."""
    out = io.StringIO()
    writer = csv.writer(out)
    if header:
        writer.writerow(COLUMNS)
    for device in devices:
        found = facts(device)
        writer.writerow([_cell(found[column]) for column in COLUMNS])
    return out.getvalue()


def plain(device: DeviceRead) -> dict[str, Any]:
    """*device* as an element of an exported JSON array."""
    found = facts(device)
    return {column: found[column] for column in COLUMNS}


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        if value and isinstance(value[0], dict):
            return msgspec.json.encode(value).decode()
        value = "; ".join(value)
    text = str(value)
    return f"'{text}" if text.startswith(FORMULA) or text.startswith("'") else text


def _uncell(text: str) -> str:
    return text[1:] if text.startswith("'") and text[1:].startswith((*FORMULA, "'")) else text


def _text(data: bytes) -> str:
    encoding = "utf-16" if data[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise ImportRefusedError.because("no-utf8", byte=error.start) from error


def _json(text: str) -> Table:
    try:
        found = msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise ImportRefusedError.because("no-json", error=str(error)) from error
    if isinstance(found, dict):
        found = found.get("devices")
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise ImportRefusedError.because("no-array")
    if len(found) > MAX_ROWS:
        raise ImportTooLargeError(MAX_ROWS)
    names = list(dict.fromkeys(key for item in found for key in item))
    columns, dialect, ignored = columns_of(names)
    rows = [
        _raw(
            index, index + 1, {columns[key]: value for key, value in item.items() if key in columns}, dialect
        )
        for index, item in enumerate(found)
    ]
    return Table(rows, dialect, ignored)


def _csv(text: str) -> Table:
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        header = next(reader, [])
        columns, dialect, ignored = columns_of([name.strip() for name in header])
        if "name" not in columns.values():
            raise ImportRefusedError.because("no-name-column", known=", ".join(COLUMNS))
        rows: list[Raw] = []
        for row, cells in enumerate(reader, start=2):
            if not any(cell.strip() for cell in cells):
                continue
            named = {
                columns[name.strip()]: _uncell(cell)
                for name, cell in zip(header, cells, strict=False)
                if name.strip() in columns
            }
            if len(rows) == MAX_ROWS:  # before a file of tiny rows fills the memory
                raise ImportTooLargeError(MAX_ROWS)
            rows.append(_raw(len(rows), row, named, dialect))
    except csv.Error as error:
        raise ImportRefusedError.because("damaged-line", line=reader.line_num, error=str(error)) from error
    return Table(rows, dialect, ignored)


def _raw(index: int, row: int, cells: Mapping[str, Any], dialect: str) -> Raw:
    return Raw(index, row, *translate(cells, dialect))
