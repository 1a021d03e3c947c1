"""API tokens: for programs, with a part of one account's rights."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select, update

from balu.identity.auth.errors import ApiKeyNotFoundError, ScopeTooWideError
from balu.identity.auth.keys import Keys
from balu.identity.auth.models import ApiKeyRow
from balu.identity.users import UserService
from balu.kernel.caller import GRADES, Caller
from balu.kernel.errors import ForbiddenError, InvalidError
from balu.kernel.live import recheck_listeners
from balu.kernel.unit import Unit

PREFIX = "balu_"
HINT_LENGTH = 9
SECRET_BYTES = 32
DIGEST_KEY = "api key v1"
LIFE = timedelta(days=365)
SCOPES = (
    "files:read", "files:write", "shares:write", "sync", "backups:read", "backups:run", "inventory:read",
    "inventory:write", "modules:read", "modules:write", "pods", "metrics:read", "system:read", "system:write",
    "admin",
)  # fmt: skip


class ApiKeyService:
    """The only way in or out of the ``api_key`` table."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._session = unit.session
        self._keys = unit.env.part(Keys)

    async def create(
        self, by: Caller, name: str, user_id: int, scopes: Sequence[str], expires_at: datetime | None
    ) -> tuple[ApiKeyRow, str]:
        """Make a token for *user_id*; return it with its text, of which only the digest is kept.

        Raises:
            InvalidError: an unknown scope, none, or an end that has passed.
            ScopeTooWideError: *by* is a token that holds less.
            ForbiddenError: the account is above the caller's.
        """
        check_scopes(by.scopes, scopes)
        user = await UserService(self._unit).get(user_id)
        if GRADES.index(user.grade) > GRADES.index(by.grade):
            raise ForbiddenError("Only an owner can make a token for an owner's account.")
        now = self._unit.now()
        end = expires_at or now + LIFE
        if end <= now:
            raise InvalidError("The end must be in the future.", field="expires_at")
        token = PREFIX + secrets.token_urlsafe(SECRET_BYTES)
        row = ApiKeyRow(
            name=name, user_id=user_id, created_by=by.user_id, scopes=sorted(set(scopes)),
            digest=self._keys.digest(DIGEST_KEY, token), hint=token[:HINT_LENGTH], created_at=now,
            expires_at=end, last_used_at=None,
        )  # fmt: skip
        self._session.add(row)
        await self._session.flush()
        return row, token

    async def live(self, token: str) -> ApiKeyRow | None:
        """The row of this token, unless it ended."""
        now, digest = self._unit.now(), self._keys.digest(DIGEST_KEY, token)
        alive = or_(ApiKeyRow.expires_at.is_(None), ApiKeyRow.expires_at > now)
        found = select(ApiKeyRow).where(ApiKeyRow.digest == digest, alive)
        return (await self._session.scalars(found)).one_or_none()

    async def touch(self, key_id: int) -> None:
        """Note that the token is used."""
        used = update(ApiKeyRow).where(ApiKeyRow.id == key_id).values(last_used_at=self._unit.now())
        await self._session.execute(used)

    async def list(self) -> Sequence[ApiKeyRow]:
        """Every token, the newest first."""
        return (await self._session.scalars(select(ApiKeyRow).order_by(ApiKeyRow.id.desc()))).all()

    async def get(self, key_id: int) -> ApiKeyRow:
        """One token.

        Raises:
            ApiKeyNotFoundError: there is none of this number.
        """
        row = await self._session.get(ApiKeyRow, key_id)
        if row is None:
            raise ApiKeyNotFoundError("There is no such API token.")
        return row

    async def revoke(self, key_id: int) -> None:
        """End a token at once."""
        row = await self.get(key_id)
        await self._session.delete(row)
        recheck_listeners(self._unit, row.user_id)

    async def revoke_all(self, user_id: int) -> None:
        """End every token of an account."""
        await self._session.execute(delete(ApiKeyRow).where(ApiKeyRow.user_id == user_id))
        recheck_listeners(self._unit, user_id)


def check_scopes(held: frozenset[str] | None, wanted: Sequence[str]) -> None:
    """Refuse scopes that do not exist, and those wider than *held* (None: everything is held).

    Raises:
        InvalidError: none, or an unknown one.
        ScopeTooWideError: not held. Whoever holds ``admin`` holds them all.
    """
    if not wanted or not set(wanted) <= set(SCOPES):
        raise InvalidError(f"Choose from: {', '.join(SCOPES)}.", field="scopes")
    if held is not None and "admin" not in held and not set(wanted) <= held:
        raise ScopeTooWideError("A token can only make tokens with scopes it has itself.")
