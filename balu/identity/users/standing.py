"""What others ask about an account at every turn, without a session or a transaction."""

from typing import NamedTuple

from balu.kernel.caller import Grade
from balu.kernel.lookup import Lookup
from balu.kernel.unit import Env

STANDING = "SELECT id, username, grade, epoch, is_active FROM user_account WHERE id = :id"


class Standing(NamedTuple):
    """An account as far as rights end with it."""

    id: int
    username: str
    grade: Grade
    epoch: int
    """Counts up when every session must end."""
    is_active: bool


async def standing_of(env: Env, user_id: int) -> Standing | None:
    """The account as it is committed now, None when there is none."""
    rows = await env.part(Lookup).rows(STANDING, {"id": user_id})
    return Standing._make(rows[0]) if rows else None
