"""Accounts: make, find, change and delete them; nobody can take away the last administrator."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, case, func, or_, select, update
from sqlalchemy.exc import IntegrityError

from balu.identity.users.avatars import AvatarService
from balu.identity.users.errors import LastAdminError, UserExistsError, UserNotFoundError
from balu.identity.users.events import UserCreated, UserDeleted, UserDisabled
from balu.identity.users.models import UserRow
from balu.identity.users.passwords import Passwords, check_password
from balu.kernel.caller import GRADES, Caller, Grade
from balu.kernel.errors import ForbiddenError
from balu.kernel.live import recheck_listeners
from balu.kernel.unit import Unit

ADMINS: tuple[Grade, ...] = ("admin", "superadmin")
SORTS: dict[str, Any] = {
    "username": UserRow.username_key, "email": UserRow.email_key, "role": UserRow.grade,
    "created_at": UserRow.created_at, "updated_at": UserRow.updated_at, "id": UserRow.id,
    "quota_bytes": UserRow.quota_bytes, "is_active": UserRow.is_active,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUser:
    """What a new account needs."""

    username: str
    password: str
    email: str | None = None
    grade: Grade = "user"
    quota_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many accounts there are, whatever a list shows."""

    total: int
    active: int
    admins: int


class UserService:
    """The only way in or out of the ``user_account`` table."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._session = unit.session

    async def get(self, user_id: int) -> UserRow:
        """The account with this number.

        Raises:
            UserNotFoundError: there is none.
        """
        row = await self._session.get(UserRow, user_id)
        if row is None:
            raise UserNotFoundError("There is no such account.")
        return row

    async def quota_of(self, user_id: int) -> int | None:
        """Bytes the account may store, None without a limit; asked before every write.

        Raises:
            UserNotFoundError: there is no such account.
        """
        found = await self._unit.sql("SELECT quota_bytes FROM user_account WHERE id = :id", {"id": user_id})
        if not found:
            raise UserNotFoundError("There is no such account.")
        quota: int | None = found[0][0]
        return quota

    async def find(self, username: str) -> UserRow | None:
        """The account of this name, upper and lower case being the same."""
        key = username.casefold()
        if "\0" in key:
            return None  # PostgreSQL cannot even be asked
        return (await self._session.scalars(select(UserRow).where(UserRow.username_key == key))).one_or_none()

    async def find_by_email(self, email: str) -> UserRow | None:
        """The account of this address, upper and lower case being the same."""
        found = select(UserRow).where(UserRow.email_key == email.casefold())
        return (await self._session.scalars(found)).one_or_none()

    async def names(self, user_ids: Sequence[int]) -> dict[int, str]:
        """Names by number, of those that exist."""
        found = select(UserRow.id, UserRow.username).where(UserRow.id.in_(user_ids))
        return dict((await self._session.execute(found)).tuples().all())

    async def list(
        self,
        *,
        search: str | None = None,
        role: str | None = None,
        is_active: bool | None = None,
        sort_by: str = "username",
        descending: bool = False,
    ) -> Sequence[UserRow]:
        """Accounts whose name or address holds *search*; an unknown *sort_by* sorts by name."""
        wanted: list[ColumnElement[bool]] = []
        if search:
            text = search.replace("\0", "").casefold()
            wanted.append(
                or_(
                    UserRow.username_key.contains(text, autoescape=True),
                    UserRow.email_key.contains(text, autoescape=True),
                )
            )
        if role is not None:
            is_admin = UserRow.grade.in_(ADMINS)
            wanted.append(is_admin if role == "admin" else ~is_admin)
        if is_active is not None:
            wanted.append(UserRow.is_active == is_active)
        column = SORTS.get(sort_by, UserRow.username_key)
        order = column.desc() if descending else column.asc()
        return (await self._session.scalars(select(UserRow).where(*wanted).order_by(order, UserRow.id))).all()

    async def counts(self) -> Counts:
        """All, active and administering accounts."""
        active = func.sum(case((UserRow.is_active, 1), else_=0))
        admins = func.sum(case((UserRow.grade.in_(ADMINS), 1), else_=0))
        row = (await self._session.execute(select(func.count(), active, admins).select_from(UserRow))).one()
        return Counts(total=row[0], active=row[1] or 0, admins=row[2] or 0)

    async def has_admin(self) -> bool:
        """Whether anyone can administer Balu; before that the first-run setup is open."""
        admin = select(UserRow.id).where(UserRow.grade.in_(ADMINS)).limit(1)
        return (await self._session.scalar(admin)) is not None

    async def create(self, new: NewUser) -> UserRow:
        """Make an account and announce ``UserCreated``. The first administrator becomes the owner.

        Call it before anything else in the Unit: it hashes first, which must not hold a transaction.

        Raises:
            WeakPasswordError: see ``check_password``.
            UserExistsError: name or address are taken.
        """
        check_password(new.password, new.username)
        password_hash = await self._unit.env.part(Passwords).hash(new.password)
        return await self.create_hashed(new, password_hash)

    async def create_hashed(self, new: NewUser, password_hash: str) -> UserRow:
        """The same for a password that was checked and hashed already."""
        grade: Grade = new.grade
        if grade == "admin" and not await self.has_admin():
            grade = "superadmin"
        row = UserRow(
            username=new.username, username_key=new.username.casefold(), email=new.email,
            email_key=_key(new.email), grade=grade, is_active=True, smb_enabled=False,
            quota_bytes=new.quota_bytes, password_hash=password_hash, epoch=0, theme="system",
            language=None, notifications_enabled=True,
            created_at=self._unit.now(), updated_at=self._unit.now(),
        )  # fmt: skip
        self._session.add(row)
        await self._flush_unique()
        self._unit.outbox.publish(UserCreated(user_id=row.id, username=row.username))
        return row

    async def update(self, user_id: int, by: Caller, changes: dict[str, Any]) -> UserRow:
        """Change ``email``, ``grade``, ``is_active``, ``smb_enabled`` or ``quota_bytes`` on behalf of *by*.

        Raises:
            LastAdminError: nobody would be left to administer.
            ForbiddenError: *by* is below the account, or would raise it above themselves.
            UserExistsError: the address is taken.
        """
        row = await self.get(user_id)
        may_manage(by, row, changes.get("grade", row.grade))
        loses_power = changes.get("grade", row.grade) not in ADMINS or changes.get("is_active") is False
        if row.grade in ADMINS and row.is_active and loses_power:
            await self._keep_an_admin(row)
        if row.grade == "superadmin" and changes.get("grade", row.grade) != "superadmin":
            await self._keep_an_admin(row)
        if row.is_active and changes.get("is_active") is False:
            changes = {**changes, "epoch": row.epoch + 1}
            recheck_listeners(self._unit, row.id)
            self._unit.outbox.publish(UserDisabled(user_id=row.id))
        if "email" in changes:
            changes = {**changes, "email_key": _key(changes["email"])}
        await self._change(row, changes)
        return row

    async def delete(self, user_id: int, by: Caller | None = None) -> None:
        """Delete an account and announce ``UserDeleted``; *by* None is the owner of the account.

        Raises:
            LastAdminError: nobody would be left to administer.
            ForbiddenError: *by* is below the account.
        """
        row = await self.get(user_id)
        if by is not None:
            may_manage(by, row, row.grade)
        if row.grade in ADMINS and row.is_active:
            await self._keep_an_admin(row)
        await AvatarService(self._unit).forget(user_id)
        await self._session.delete(row)
        recheck_listeners(self._unit, user_id)
        self._unit.outbox.publish(UserDeleted(user_id=row.id, username=row.username))

    async def close(self, user_id: int) -> None:
        """End an account at once, for ``delete`` to follow; announces ``UserDisabled``.

        Raises:
            LastAdminError: nobody would be left to administer.
        """
        row = await self.get(user_id)
        if row.grade in ADMINS and row.is_active:
            await self._keep_an_admin(row)
        await self._change(row, {"is_active": False, "epoch": row.epoch + 1})
        recheck_listeners(self._unit, user_id)
        self._unit.outbox.publish(UserDisabled(user_id=row.id))

    async def set_password_hash(
        self, user_id: int, password_hash: str, *, instead_of: str | None = None
    ) -> int:
        """Store a new hash and end every session; returns the new epoch.

        Raises:
            UserNotFoundError: the account is gone, or its hash is no longer *instead_of*.
        """
        change = update(UserRow).where(UserRow.id == user_id)
        if instead_of is not None:
            change = change.where(UserRow.password_hash == instead_of)
        done = change.values(
            password_hash=password_hash, epoch=UserRow.epoch + 1, updated_at=self._unit.now()
        ).returning(UserRow.epoch)
        epoch: int | None = await self._session.scalar(done)
        if epoch is None:
            raise UserNotFoundError("The account changed meanwhile. Try again.")
        recheck_listeners(self._unit, user_id)
        return epoch

    async def end_sessions(self, user_id: int) -> None:
        """Make every session of this account invalid."""
        change = update(UserRow).where(UserRow.id == user_id).values(epoch=UserRow.epoch + 1)
        await self._session.execute(change)
        recheck_listeners(self._unit, user_id)

    async def change_settings(self, user_id: int, changes: dict[str, Any]) -> UserRow:
        """Change ``theme``, ``language`` or ``notifications_enabled``."""
        row = await self.get(user_id)
        await self._change(row, changes)
        return row

    async def _change(self, row: UserRow, changes: dict[str, Any]) -> None:
        for name, value in changes.items():
            setattr(row, name, value)
        row.updated_at = self._unit.now()
        await self._flush_unique()

    async def _flush_unique(self) -> None:
        try:
            await self._session.flush()
        except IntegrityError as error:
            raise UserExistsError("This name or e-mail address is taken. Choose another one.") from error

    async def _keep_an_admin(self, leaving: UserRow) -> None:
        # The rows are locked first, so that two administrators who remove each other meet here one by one.
        peers: tuple[Grade, ...] = ("superadmin",) if leaving.grade == "superadmin" else ADMINS
        able = select(UserRow.id).where(UserRow.grade.in_(peers), UserRow.is_active)
        locked = (await self._session.scalars(able.order_by(UserRow.id).with_for_update())).all()
        if leaving.id in locked and len(locked) == 1:
            what = "owner" if leaving.grade == "superadmin" else "administrator"
            raise LastAdminError(f"This is the last {what}. Make somebody else one first.")


def may_manage(by: Caller, row: UserRow, grade: Grade) -> None:
    """Administrators manage everyone but owners; nobody gives a grade above their own.

    Raises:
        ForbiddenError: *by* may not make *row* a *grade*.
    """
    highest = max(GRADES.index(row.grade), GRADES.index(grade))
    if highest > GRADES.index(by.grade):
        raise ForbiddenError("Only an owner can do this to an owner's account.")


def _key(email: str | None) -> str | None:
    return email.casefold() if email else None
