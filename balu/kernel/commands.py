"""Commands of the ``balu`` program that work on the data directory."""

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal

from balu.kernel.unit import Env


@dataclass(frozen=True, slots=True)
class Verdict:
    """Something to print, and what the program says with its exit code."""

    shown: Any
    exit_code: int


Database = Literal["made", "there", "none"]
"""What a command does without a database: makes it, refuses, or needs none and gets no Env."""


@dataclass(frozen=True, slots=True)
class Command:
    """``balu <path>``: an async function that gets an Env and its options and returns what to print.

    A returned string is printed as it is; anything else is shown as a table, or as JSON with ``--json``.
    A ``Verdict`` ends the program with its code besides.
    """

    path: str
    run: Callable[..., Awaitable[Any]]
    options: tuple[Any, ...] = ()
    """click decorators (``click.argument``, ``click.option``) whose values arrive as keywords."""
    database: Database = "made"

    @property
    def help(self) -> str:
        """The function's docstring."""
        return inspect.getdoc(self.run) or ""


def command(
    path: str, *options: Any, database: Database = "made"
) -> Callable[[Callable[..., Awaitable[Any]]], Command]:
    """Turn ``async def f(env: Env, **options)`` into ``balu <path>``; its domain lists it."""
    return lambda function: Command(path, function, options, database)


__all__ = ["Command", "Database", "Env", "Verdict", "command"]
