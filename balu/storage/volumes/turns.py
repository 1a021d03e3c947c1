"""Turns: whoever changes rows or the ledger of an owner does so alone, as on SQLite everybody does.

PostgreSQL lets several write at once. The one order of locks that keeps them from waiting for each other
in a circle is: first the turns of all owners concerned, the lower number first; then names, that is
intents, by folder and key; then whatever rows it takes. A transaction without a turn changes one row that
others want, or none.
"""

from sqlalchemy import bindparam, func, select

from balu.kernel.unit import Unit

TURNS = 0x6F776E72
"""First key of the PostgreSQL advisory locks: ``ownr`` in ASCII."""
_HELD = "balu.turns"
_TAKE = select(func.pg_advisory_xact_lock(TURNS, bindparam("owner")))


async def take_turn(unit: Unit, *owner_ids: int | None) -> None:
    """Wait until nobody else writes for these owners; the end of the transaction is the end of the turn.

    Take it before anything is read that is going to be counted or changed. Asking again costs nothing.
    """
    if unit.session.get_bind().dialect.name != "postgresql":  # SQLite has one writer anyway
        return
    held: set[int] = unit.session.info.setdefault(_HELD, set())
    for owner_id in sorted({one for one in owner_ids if one is not None} - held):
        await unit.session.execute(_TAKE, {"owner": owner_id})
        held.add(owner_id)


def has_turn(unit: Unit) -> bool:
    """Whether somebody's turn was taken; which owner's is for whoever took it to know."""
    return unit.session.get_bind().dialect.name != "postgresql" or bool(unit.session.info.get(_HELD))
