"""What commands print: a table for people, JSON for programs."""

import sys
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

UNLIMITED = 1_000_000
"""Columns of what is no terminal."""


def rows(items: Sequence[Mapping[str, Any]], *, as_json: bool) -> None:
    """Print *items*, which share their keys."""
    if as_json:
        print(msgspec.json.format(msgspec.json.encode(items), indent=2).decode())  # noqa: T201
        return
    from rich.console import Console  # noqa: PLC0415  only where a table is shown
    from rich.table import Table  # noqa: PLC0415

    if not items:
        print("Nothing.")  # noqa: T201
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for key in items[0]:
        table.add_column(str(key), overflow="fold")  # a long path is needed to its end
    for item in items:
        table.add_row(*[_cell(value) for value in item.values()])
    # In a file or a pipe nothing is cut off, however long the lines get.
    Console(width=None if sys.stdout.isatty() else UNLIMITED).print(table)


def result(value: Any, *, as_json: bool) -> None:
    """Print what a command returned: a sentence, one thing, or many."""
    if value is None:
        return
    plain = msgspec.to_builtins(value)
    if isinstance(plain, str):
        print(msgspec.json.encode({"message": plain}).decode() if as_json else plain)  # noqa: T201
    elif isinstance(plain, Mapping):
        if as_json:
            print(msgspec.json.format(msgspec.json.encode(plain), indent=2).decode())  # noqa: T201
        else:
            _fields(plain)
    else:
        rows(list(plain), as_json=as_json)


def _fields(thing: Mapping[str, Any]) -> None:
    """One thing: a line for each field, and a table of its own for what holds things itself."""
    tables = {key: item for key, item in thing.items() if _is_table(item)}
    lines = {
        key: "\n".join(map(str, item)) if isinstance(item, list) and item else item
        for key, item in thing.items()
        if key not in tables
    }
    rows([{"field": key, "value": item} for key, item in lines.items()], as_json=False)
    for key, items in tables.items():
        filled = [column for column in items[0] if any(item.get(column) is not None for item in items)]
        print(f"\n{key}")  # noqa: T201
        rows([{column: item.get(column) for column in filled} for item in items], as_json=False)


def _is_table(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, Mapping) for item in value)


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value)) or "-"
    return str(value)
