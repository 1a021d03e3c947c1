"""What commands print: a table for people, JSON for programs."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec


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
    table = Table(*[str(key) for key in items[0]], box=None, header_style="bold", pad_edge=False)
    for item in items:
        table.add_row(*[_cell(value) for value in item.values()])
    Console().print(table)


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
            rows([{"field": key, "value": item} for key, item in plain.items()], as_json=False)
    else:
        rows(list(plain), as_json=as_json)


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value)) or "-"
    return str(value)
