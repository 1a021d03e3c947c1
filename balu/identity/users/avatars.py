"""Pictures of accounts: kept in the database, since they are few and small."""

from hashlib import blake2b

from sqlalchemy import delete, select, update

from balu.identity.users.errors import AvatarNotFoundError, UserNotFoundError
from balu.identity.users.models import AvatarRow, UserRow
from balu.identity.users.pictures import clean
from balu.kernel.unit import Unit

TAG_BYTES = 8


class AvatarService:
    """The only way in or out of the ``avatar`` table."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._session = unit.session

    async def get(self, user_id: int) -> AvatarRow:
        """An account's picture.

        Raises:
            AvatarNotFoundError: it has none.
        """
        row = (await self._session.scalars(select(AvatarRow).where(AvatarRow.user_id == user_id))).first()
        if row is None:
            raise AvatarNotFoundError("This account has no picture.")
        return row

    async def set(self, user_id: int, body: bytes) -> None:
        """Replace an account's picture by the one in *body*.

        Raises:
            PictureTypeError, PictureTooLargeError: see ``clean``.
            UserNotFoundError: there is no such account.
        """
        media_type, picture = clean(body)
        await self._tag(user_id, blake2b(picture, digest_size=TAG_BYTES).hexdigest())
        await self._delete(user_id)
        self._session.add(AvatarRow(user_id=user_id, media_type=media_type, body=picture))

    async def forget(self, user_id: int) -> None:
        """Remove an account's picture, if there is one."""
        await self._tag(user_id, None)
        await self._delete(user_id)

    async def _tag(self, user_id: int, tag: str | None) -> None:
        # The account's row is changed first: of two pictures at once, one waits here for the other.
        change = (
            update(UserRow).where(UserRow.id == user_id).values(avatar_tag=tag, updated_at=self._unit.now())
        )
        if await self._session.scalar(change.returning(UserRow.id)) is None:
            raise UserNotFoundError("There is no such account.")

    async def _delete(self, user_id: int) -> None:
        await self._session.execute(delete(AvatarRow).where(AvatarRow.user_id == user_id))
