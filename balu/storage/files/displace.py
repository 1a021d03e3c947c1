"""What happens to something whose name is wanted for something else: an upper domain may keep it."""

from dataclasses import dataclass

from balu.kernel.events import ask
from balu.kernel.unit import Env, open_unit
from balu.storage.files.errors import FileExistsHereError
from balu.storage.files.places import Found
from balu.storage.files.rights import Right


@dataclass(slots=True)
class Displaced:
    """A question: take this out of its folder so that it can come back. The trash answers with its number."""

    found: Found
    trash_id: int | None = None


@dataclass(frozen=True, slots=True)
class PutBack:
    """A request: nothing took the place of what was displaced, so it is to have its name again."""

    found: Found
    trash_id: int


async def put_back(env: Env, found: Found, trash_id: int) -> None:
    """Undo ``displace``.

    Raises:
        FileExistsHereError, BusyNameError: something has the name, or may have it; it stays where it is.
    """
    async with open_unit(env, writes=False) as unit:
        await ask(unit, PutBack(found, trash_id))


async def displace(env: Env, found: Found) -> int:
    """Free the name of *found* without losing anything; returns the number under which it comes back.

    Raises:
        ForbiddenError: the caller may not delete it.
        FileExistsHereError: nobody keeps what is displaced.
    """
    found.spot.need(Right.DELETE)
    question = Displaced(found)
    async with open_unit(env, writes=False) as unit:
        await ask(unit, question)
    if question.trash_id is None:
        raise FileExistsHereError(f"{found.spot.path!r} exists already. Choose another name.")
    return question.trash_id
