"""Grants: what owners let others do with a file or folder and with everything below it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from balu.identity.users import UserNotFoundError, UserService
from balu.kernel.errors import ForbiddenError, InvalidError
from balu.kernel.unit import Unit
from balu.storage.files.facts import BATCH
from balu.storage.files.models import FileRow, GrantRow
from balu.storage.files.names import name_key, numbered
from balu.storage.files.rights import EVERY_RIGHT, Right
from balu.storage.files.rows import FileRows

Chain = Sequence[FileRow]
"""Rows from the home down to the thing in question."""


@dataclass(frozen=True, slots=True)
class Shared:
    """Something that was given to somebody, under the name it has for them."""

    name: str
    chain: Chain
    owner_name: str
    rights: Right


class Grants:
    """The ``file_grant`` table in one transaction."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._session = unit.session

    async def held(self, user_id: int, chain: Chain) -> list[Right]:
        """What *user_id* may do at every step of *chain*.

        Rights add up on the way down, and a grant is worth what its giver holds there now.
        """
        return _held(user_id, chain, await self._on([row.id for row in chain]))

    async def _on(self, file_ids: Sequence[int]) -> Mapping[int, Sequence[GrantRow]]:
        """Grants by the file or folder they were made on."""
        on: dict[int, list[GrantRow]] = defaultdict(list)
        for start in range(0, len(file_ids), BATCH):
            some = GrantRow.file_id.in_(file_ids[start : start + BATCH])
            for grant in await self._session.scalars(select(GrantRow).where(some)):
                on[grant.file_id].append(grant)
        return on

    async def given_to(self, user_id: int) -> list[Shared]:
        """What others gave to *user_id*, oldest first.

        Things with the same name get numbers, so every name is there once.
        """
        granted = select(GrantRow.file_id).where(GrantRow.grantee_id == user_id)
        query = select(FileRow.id).where(FileRow.id.in_(granted)).order_by(FileRow.id)
        rows, shared, taken = FileRows(self._unit), list[Shared](), set[str]()
        paths = await rows.paths_of(list((await self._session.scalars(query)).all()))
        names = await UserService(self._unit).names(list({path[0].owner_id for path in paths}))
        on = await self._on(list({row.id for path in paths for row in path}))
        for path in paths:
            number, shown = 1, path[-1].name
            while name_key(shown) in taken:
                number += 1
                shown = numbered(path[-1].name, number)
            taken.add(name_key(shown))
            rights = _held(user_id, path, on)[-1]
            if rights & Right.VIEW and path[0].owner_id != user_id:
                shared.append(Shared(shown, path, names.get(path[0].owner_id, ""), rights))
        return shared

    async def on(self, file_id: int) -> Sequence[GrantRow]:
        """The grants made on this file or folder itself."""
        query = select(GrantRow).where(GrantRow.file_id == file_id).order_by(GrantRow.id)
        return (await self._session.scalars(query)).all()

    async def give(self, giver_id: int, chain: Chain, grantee_id: int, rights: Right) -> None:
        """Let *grantee_id* do *rights* with the last of *chain*, instead of what the giver said before.

        Raises:
            ForbiddenError: the giver may not share it, or holds less than that.
            InvalidError: the grantee is the owner or the giver, or rights come without the right to look.
            UserNotFoundError: there is no such account.
        """
        held = (await self.held(giver_id, chain))[-1]
        if not held & Right.SHARE:
            raise ForbiddenError("Only its owner, or somebody who may share it on, can give this to others.")
        if rights & ~held:
            raise ForbiddenError("Nobody can give more than they hold.")
        if not rights & Right.VIEW:
            raise InvalidError("Whoever may do anything with a file may also see it.", field="can_view")
        if grantee_id in {chain[0].owner_id, giver_id}:
            raise InvalidError("The owner may do everything already; name somebody else.", field="username")
        await UserService(self._unit).get(grantee_id)
        dialect = self._session.get_bind().dialect.name
        make = postgresql.insert if dialect == "postgresql" else sqlite.insert
        row = {
            "file_id": chain[-1].id, "grantee_id": grantee_id, "giver_id": giver_id, "rights": int(rights),
            "created_at": self._unit.now(),
        }  # fmt: skip
        key = ["file_id", "grantee_id", "giver_id"]
        change = make(GrantRow).values(row)
        await self._session.execute(
            change.on_conflict_do_update(index_elements=key, set_={"rights": int(rights)})
        )

    async def take(self, taker_id: int, chain: Chain, grantee_id: int | None = None) -> int:
        """End grants on the last of *chain*, to one person or to all; returns how many there were.

        The owner ends anybody's, others what they gave; what was given to them only when they are named.
        """
        query = delete(GrantRow).where(GrantRow.file_id == chain[-1].id)
        if grantee_id is not None:
            query = query.where(GrantRow.grantee_id == grantee_id)
        if taker_id != chain[0].owner_id:
            theirs = GrantRow.giver_id == taker_id
            if grantee_id == taker_id:
                theirs |= GrantRow.grantee_id == taker_id
            query = query.where(theirs)
        return int((await self._session.execute(query)).rowcount)  # type: ignore[attr-defined]

    async def forget_user(self, user_id: int) -> None:
        """End everything an account gave or was given."""
        theirs = or_(GrantRow.giver_id == user_id, GrantRow.grantee_id == user_id)
        await self._session.execute(delete(GrantRow).where(theirs))

    async def account(self, username: str) -> int:
        """Number of the account of this name.

        Raises:
            UserNotFoundError: there is none.
        """
        found = await UserService(self._unit).find(username)
        if found is None:
            raise UserNotFoundError("There is no such account.")
        return found.id


def _held(user_id: int, chain: Chain, on: Mapping[int, Sequence[GrantRow]]) -> list[Right]:
    if chain[0].owner_id == user_id:
        return [EVERY_RIGHT] * len(chain)
    have: dict[int, Right] = defaultdict(lambda: Right.NONE, {chain[0].owner_id: EVERY_RIGHT})
    found = []
    for row in chain:
        _spread(have, on.get(row.id, ()))
        found.append(have[user_id])
    return found


def _spread(have: dict[int, Right], grants: Iterable[GrantRow]) -> None:
    """Add what *grants* give to what people *have*; some may depend on others of them."""
    waiting = list(grants)
    changed = True
    while changed:
        changed = False
        for grant in waiting:
            if have[grant.giver_id] & Right.SHARE:
                gained = have[grant.grantee_id] | (Right(grant.rights) & have[grant.giver_id])
                changed |= gained != have[grant.grantee_id]
                have[grant.grantee_id] = gained
