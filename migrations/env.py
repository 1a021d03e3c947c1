"""How Alembic runs Balu's migrations; called through balu.kernel.migrate, which holds the locks."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from balu.kernel.db import metadata

AA_TYPES = {"DateTimeUTC": "DateTimeUTC(timezone=True)", "GUID": "GUID(length=16)", "JsonB": "JsonB"}


def render_item(kind: str, item: Any, autogen: AutogenContext) -> str | Literal[False]:
    """Source text of a column type: our own types by name, never with their arguments, which may be keys."""
    name = type(item).__name__
    if kind == "type" and name in AA_TYPES:
        autogen.imports.add(f"from advanced_alchemy.types import {name}")
        return AA_TYPES[name]
    if kind == "type" and type(item).__module__.startswith(("balu.", "advanced_alchemy.")):
        impl = getattr(item, "impl", None)
        raise TypeError(f"write the column of type {name} by hand, as its stored form {impl!r}")
    return False


def run() -> None:
    """Run on the connection that was handed over; its transaction is the caller's."""
    connection = context.config.attributes["connection"]
    context.configure(
        connection=connection,
        target_metadata=metadata(),
        render_item=render_item,
        render_as_batch=True,
        compare_type=True,
        transactional_ddl=True,
    )
    context.run_migrations()


run()
