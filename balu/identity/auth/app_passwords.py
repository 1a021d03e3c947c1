"""App passwords: one secret for each network drive, so that none of them knows the account's password."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update

from balu.identity.auth.errors import AppPasswordNotFoundError, TooManyAppPasswordsError
from balu.identity.auth.keys import Keys
from balu.identity.auth.models import AppPasswordRow
from balu.kernel.errors import InvalidError
from balu.kernel.unit import Unit

LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without letters that look like others, since some of these are typed on a television."""
GROUPS, GROUP = 6, 5
"""Thirty letters are 148 bits: past guessing, so a keyed digest does and no slow hash is needed."""
DIGEST_KEY = "app password v1"
LIFE = timedelta(days=365)
MOST = 100
SCOPES = ("files:read", "files:write", "pods")


class AppPasswordService:
    """The only way in or out of the ``app_password`` table."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._session = unit.session
        self._keys = unit.env.part(Keys)

    async def create(
        self, user_id: int, name: str, scopes: Sequence[str], expires_at: datetime | None
    ) -> tuple[AppPasswordRow, str]:
        """Make one; return it with its text, of which only the digest is kept.

        Raises:
            InvalidError: an unknown scope, none, or an end that has passed.
            TooManyAppPasswordsError: a hundred are enough.
        """
        if not scopes or not set(scopes) <= set(SCOPES):
            raise InvalidError(f"Choose from: {', '.join(SCOPES)}.", field="scopes")
        now = self._unit.now()
        end = expires_at or now + LIFE
        if end <= now:
            raise InvalidError("The end must be in the future.", field="expires_at")
        mine = select(func.count()).select_from(AppPasswordRow).where(AppPasswordRow.user_id == user_id)
        if (await self._session.scalar(mine) or 0) >= MOST:
            raise TooManyAppPasswordsError("Delete app passwords that you do not use any more.")
        text = "-".join("".join(secrets.choice(LETTERS) for _ in range(GROUP)) for _ in range(GROUPS))
        row = AppPasswordRow(
            user_id=user_id, name=name, scopes=sorted(set(scopes)), digest=self._digest(text),
            created_at=now, expires_at=end, last_used_at=None,
        )  # fmt: skip
        self._session.add(row)
        await self._session.flush()
        return row, text

    async def live(self, text: str) -> AppPasswordRow | None:
        """The row of this app password, unless it ended; hyphens, spaces and capitals do not matter."""
        found = select(AppPasswordRow).where(
            AppPasswordRow.digest == self._digest(text), AppPasswordRow.expires_at > self._unit.now()
        )
        return (await self._session.scalars(found)).one_or_none()

    async def touch(self, row_id: int) -> None:
        """Note that it is used."""
        used = update(AppPasswordRow).where(AppPasswordRow.id == row_id)
        await self._session.execute(used.values(last_used_at=self._unit.now()))

    async def list(self, user_id: int) -> Sequence[AppPasswordRow]:
        """An account's app passwords, the newest first, ended ones too."""
        mine = select(AppPasswordRow).where(AppPasswordRow.user_id == user_id)
        return (await self._session.scalars(mine.order_by(AppPasswordRow.id.desc()))).all()

    async def revoke(self, row_id: int, user_id: int) -> None:
        """End one of the account's app passwords.

        Raises:
            AppPasswordNotFoundError: the account has none of this number.
        """
        ended = delete(AppPasswordRow).where(AppPasswordRow.id == row_id, AppPasswordRow.user_id == user_id)
        if await self._session.scalar(ended.returning(AppPasswordRow.id)) is None:
            raise AppPasswordNotFoundError("There is no such app password.")

    async def revoke_all(self, user_id: int) -> None:
        """End every app password of an account."""
        await self._session.execute(delete(AppPasswordRow).where(AppPasswordRow.user_id == user_id))

    def _digest(self, text: str) -> bytes:
        plain = text.strip().lower().replace("-", "").replace(" ", "")
        return self._keys.digest(DIGEST_KEY, plain)
