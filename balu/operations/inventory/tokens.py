"""Tokens for Prometheus: they read targets and nothing else, so that its configuration is no key to Balu."""

import hashlib
import secrets
from collections.abc import Sequence

from sqlalchemy import select

from balu.kernel.unit import Unit
from balu.operations.inventory.errors import InventoryNotFoundError
from balu.operations.inventory.fields import catalogue_name
from balu.operations.inventory.models import TargetTokenRow

PREFIX = "balutargets_"
SECRET_BYTES = 32


class TokenService:
    """The only way in or out of the ``inventory_target_token`` table."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._session = unit.session

    async def list(self) -> Sequence[TargetTokenRow]:
        """Every token without its text, the newest first."""
        return (await self._session.scalars(select(TargetTokenRow).order_by(TargetTokenRow.id.desc()))).all()

    async def create(self, name: str) -> tuple[TargetTokenRow, str]:
        """A new token and its text, of which only the digest is kept."""
        token = PREFIX + secrets.token_urlsafe(SECRET_BYTES)
        row = TargetTokenRow(
            name=catalogue_name("name", name), digest=_digest(token), created_at=self._unit.now()
        )
        self._session.add(row)
        await self._session.flush()
        return row, token

    async def delete(self, token_id: int) -> None:
        """End a token at once.

        Raises:
            InventoryNotFoundError: there is none of this number.
        """
        row = await self._session.get(TargetTokenRow, token_id)
        if row is None:
            raise InventoryNotFoundError("There is no such token.")
        await self._session.delete(row)

    async def is_live(self, token: str) -> bool:
        """Whether this is the text of a token."""
        found = select(TargetTokenRow.id).where(TargetTokenRow.digest == _digest(token))
        return token.startswith(PREFIX) and await self._session.scalar(found) is not None


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
