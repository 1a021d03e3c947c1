"""Devices as CSV and JSON: writing what can be read back, and reading what others write."""

import codecs
import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import msgspec

from balu.operations.inventory.dialects import columns_of, translate
from balu.operations.inventory.errors import ImportRefusedError, ImportTooLargeError
from balu.operations.inventory.history import facts
from balu.operations.inventory.import_schemas import Corrections
from balu.operations.inventory.schemas import DeviceRead
from balu.operations.inventory.words import CSV_COLUMNS, EXTRA_COLUMNS

T = TypeVar("T")
COLUMNS = (*CSV_COLUMNS, *EXTRA_COLUMNS)
FORMULA = ("=", "+", "-", "@", "\t")
"""Spreadsheets run cells that begin so; a quotation mark in front keeps them text."""
MAX_ROWS = 100_000
PIECE = 1024 * 1024
UTF8_MARK = b"\xef\xbb\xbf"


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
    stray: str | None = None
    """Text behind the last column: most likely some cell holds the separator, so none can be trusted."""


@dataclass(frozen=True, slots=True)
class Table:
    """A whole file; ``drafts.Sheet`` reads its rows."""

    rows: Iterable[Raw]
    """Read from the file as they are asked for, once; what is wrong with a later one is raised then."""
    dialect: str
    """``balu``, ``netbox`` or ``snipe-it``."""
    ignored: Sequence[str]
    """Columns that mean nothing here."""


class _Wrapped(msgspec.Struct):
    devices: list[msgspec.Raw]


def read_table(data: bytes) -> Table:
    """A JSON array or a CSV file (comma, semicolon or tab; UTF-8 or UTF-16).

    Raises:
        ImportRefusedError: neither, or without a name column.
        ImportTooLargeError: more than ``MAX_ROWS`` rows.
    """
    encoding = "utf-16" if data[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8"
    _refuse_foreign(data, encoding)
    head = data[:PIECE].decode(encoding, errors="ignore").lstrip("\ufeff").lstrip()
    if head[:1] in {"[", "{"}:
        return _json(data.decode(encoding).encode() if encoding == "utf-16" else data)
    return _csv(io.TextIOWrapper(io.BytesIO(data), encoding.replace("utf-8", "utf-8-sig"), newline=""))


def corrected(table: Table, corrections: Corrections) -> Table:
    """*table* with some cells replaced, so that a report's mistakes are mended without the file.

    Raises:
        ImportRefusedError: a field that rows do not have; of a row that is not there, after the last one.
    """
    for row, cells in corrections.items():
        for field_name in cells:
            if field_name not in COLUMNS:
                raise ImportRefusedError.because("unknown-cell", row=row, field=field_name)
    return replace(table, rows=_mended(table.rows, corrections)) if corrections else table


def _mended(rows: Iterable[Raw], corrections: Corrections) -> Iterator[Raw]:
    left = dict(corrections)
    for raw in rows:
        cells = left.pop(raw.row, None)
        yield raw if cells is None else replace(raw, cells={**raw.cells, **cells})
    for row, cells in left.items():
        raise ImportRefusedError.because("unknown-cell", row=row, field=next(iter(cells), ""))


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


def _refuse_foreign(data: bytes, encoding: str) -> None:
    """Refuse bytes that are no text, without a copy of them all."""
    decoder = codecs.getincrementaldecoder(encoding)()
    for start in range(0, len(data), PIECE):
        before = len(decoder.getstate()[0])  # the first half of a letter that the cut went through
        try:
            decoder.decode(data[start : start + PIECE], final=start + PIECE >= len(data))
        except UnicodeDecodeError as error:
            raise ImportRefusedError.because("no-utf8", byte=start - before + error.start) from error


def _json(data: bytes) -> Table:
    found = _decoded(data.removeprefix(UTF8_MARK))
    if len(found) > MAX_ROWS:
        raise ImportTooLargeError(MAX_ROWS)
    keys = msgspec.json.Decoder(dict[str, msgspec.Raw])
    names = list(dict.fromkeys(key for item in found for key in _of(keys, item)))
    columns, dialect, ignored = columns_of(names)
    return Table(_json_rows(found, columns, dialect), dialect, ignored)


def _decoded(data: bytes) -> list[msgspec.Raw]:
    """The elements of the array, each still as it is written."""
    whole: msgspec.json.Decoder[list[msgspec.Raw] | _Wrapped] = msgspec.json.Decoder(
        list[msgspec.Raw] | _Wrapped
    )
    found = _of(whole, data)
    return found.devices if isinstance(found, _Wrapped) else found


def _of(decoder: msgspec.json.Decoder[T], data: bytes | msgspec.Raw) -> T:
    try:
        return decoder.decode(data)
    except msgspec.ValidationError as error:
        raise ImportRefusedError.because("no-array") from error
    except msgspec.DecodeError as error:
        raise ImportRefusedError.because("no-json", error=str(error)) from error


def _json_rows(found: list[msgspec.Raw], columns: Mapping[str, str], dialect: str) -> Iterator[Raw]:
    decoder = msgspec.json.Decoder(dict[str, Any])
    for index, item in enumerate(found):
        cells = {columns[key]: value for key, value in _of(decoder, item).items() if key in columns}
        yield _raw(index, index + 1, cells, dialect)


def _csv(text: io.TextIOWrapper) -> Table:
    first = text.readline()
    text.seek(0)
    reader = csv.reader(text, delimiter=max(",;\t", key=first.count), strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
    except csv.Error as error:
        raise _damaged(reader.line_num, error) from error
    columns, dialect, ignored = columns_of(header)
    if "name" not in columns.values():
        raise ImportRefusedError.because("no-name-column", known=", ".join(COLUMNS))
    fields: dict[str, int] = {}
    for place, name in enumerate(header):
        if name in columns:
            fields.setdefault(columns[name], place)
    width = 1 + max(place for place, name in enumerate(header) if name)

    def rows() -> Iterator[Raw]:
        index = 0
        try:
            for row, cells in enumerate(reader, start=2):
                if not any(cell.strip() for cell in cells):
                    continue
                if index == MAX_ROWS:
                    raise ImportTooLargeError(MAX_ROWS)
                named = {name: _uncell(cells[place]) for name, place in fields.items() if place < len(cells)}
                stray = next((cell.strip() for cell in cells[width:] if cell.strip()), None)
                yield replace(_raw(index, row, named, dialect), stray=stray)
                index += 1
        except csv.Error as error:
            raise _damaged(reader.line_num, error) from error

    return Table(rows(), dialect, ignored)


def _damaged(line: int, error: csv.Error) -> ImportRefusedError:
    return ImportRefusedError.because("damaged-line", line=line, error=str(error))


def _raw(index: int, row: int, cells: Mapping[str, Any], dialect: str) -> Raw:
    return Raw(index, row, *translate(cells, dialect))
