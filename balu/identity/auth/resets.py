"""A new password for those who lost theirs: by a link in a mail, or by a recovery code at the machine."""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update

from balu.identity.auth.errors import ResetEndedError, SignInError
from balu.identity.auth.keys import Keys
from balu.identity.auth.messages import reset_message
from balu.identity.auth.models import PasswordResetRow
from balu.identity.auth.service import AuthService, mark_of
from balu.identity.auth.sessions import Client
from balu.identity.auth.throttle import Throttle
from balu.identity.auth.totp import SecondFactorService
from balu.identity.users import (
    Language,
    Passwords,
    UserNotFoundError,
    UserRow,
    UserService,
    check_password,
)
from balu.kernel.jobs import Run, enqueue, job
from balu.kernel.log import logger
from balu.kernel.mail import Mailer
from balu.kernel.unit import Env, Unit, open_unit

TOKEN_BYTES = 32
DIGEST_KEY = "password reset v1"
LIFE = timedelta(minutes=30)
PAUSE = timedelta(minutes=1)
"""At most one mail within this time for one account, wherever the wishes come from."""
NOBODY = 0
WRONG = "The name or the recovery code is wrong."
ENDED = "This link has ended or was used. Ask for a new one."
log = logger("balu.auth")


@job(lane="password_reset_{user_id}", max_attempts=5)
async def mail_password_reset(run: Run, *, user_id: int, language: Language) -> dict[str, bool]:
    """Send the account a link. Each run makes a token of its own, so no job row ever holds one."""
    mailer = run.env.part(Mailer)
    if not mailer.works:
        log.warning("a password reset was asked for, but no mail is set up; see: balu doctor")
        return {"sent": False}
    async with run.unit() as unit:
        made = await _make(unit, user_id)
    if made is None:
        return {"sent": False}
    user, token = made
    subject, text = reset_message(user, f"{mailer.base_url}/reset/{token}", language)
    assert user.email is not None
    await mailer.send(user.email, subject, text)
    async with run.unit() as unit:
        sent = update(PasswordResetRow).where(PasswordResetRow.user_id == user_id)
        await unit.session.execute(sent.values(sent_at=unit.now()))
    return {"sent": True}


class Resets:
    """Verbs around slow hashing; made from the Env."""

    def __init__(self, env: Env) -> None:
        self._env = env
        self._throttle = Throttle(env)
        self._passwords = env.part(Passwords)

    async def ask(self, email: str, client: Client, language: Language) -> None:
        """Have a link sent to whoever has this address. Nothing shows whether anybody has.

        *language* is the browser's, for accounts that chose none.

        Raises:
            PausedError: too many wishes for this address, or from this client.
        """
        await self._throttle.enter(self._throttle.attempt("reset", email, client.ip))
        async with open_unit(self._env) as unit:
            user = await UserService(unit).find_by_email(email)
            # A job for nobody costs the same time as one for somebody.
            user_id = user.id if user is not None else NOBODY
            await enqueue(unit, mail_password_reset, user_id=user_id, language=language)

    async def check(self, token: str) -> datetime:
        """Until when a link works.

        Raises:
            ResetEndedError: unknown, used, replaced or too old; which one is not said.
        """
        async with open_unit(self._env, writes=False) as unit:
            return (await _live(unit, token))[0].expires_at

    async def set_password(self, token: str, new: str) -> None:
        """Set the password by a link, which is used up, and end every session.

        Raises:
            ResetEndedError: as in ``check``.
            WeakPasswordError: too easy; the link can be used again.
        """
        async with open_unit(self._env, writes=False) as unit:
            row, user = await _live(unit, token)
        check_password(new, user.username, field="new_password")
        new_hash = await self._passwords.hash(new)
        async with open_unit(self._env) as unit:
            used = delete(PasswordResetRow).where(
                PasswordResetRow.id == row.id, PasswordResetRow.digest == row.digest
            )
            if await unit.session.scalar(used.returning(PasswordResetRow.id)) is None:
                raise ResetEndedError(ENDED)
            try:
                await UserService(unit).set_password_hash(user.id, new_hash, instead_of=user.password_hash)
            except UserNotFoundError as error:
                raise ResetEndedError(ENDED) from error
        AuthService(self._env).forget()

    async def recover(self, username: str, code: str, new: str, client: Client) -> None:
        """Set the password by a recovery code, which is used up, and end every session.

        Raises:
            SignInError: no such account or code, or a disabled account; which one is not said.
            WeakPasswordError: too easy; nothing was tried.
            PausedError: too many wrong attempts before.
        """
        check_password(new, username, field="new_password")
        gates = self._throttle.attempt("recovery", username, client.ip)
        await self._throttle.enter(gates)
        new_hash = await self._passwords.hash(new)
        async with open_unit(self._env) as unit:
            user = await UserService(unit).find(username)
            known = user is not None and user.is_active
            owner_id = user.id if user is not None and known else NOBODY
            right = await SecondFactorService(unit).use_recovery_code(owner_id, code)
            if not right:
                raise SignInError(WRONG)
            await UserService(unit).set_password_hash(owner_id, new_hash)
        await self._throttle.forgive(gates)
        AuthService(self._env).forget()


async def forget_reset(unit: Unit, user_id: int) -> None:
    """No link opens this account any more."""
    await unit.session.execute(delete(PasswordResetRow).where(PasswordResetRow.user_id == user_id))


async def purge_resets(unit: Unit) -> None:
    """Delete links that ran out."""
    await unit.session.execute(delete(PasswordResetRow).where(PasswordResetRow.expires_at <= unit.now()))


async def _make(unit: Unit, user_id: int) -> tuple[UserRow, str] | None:
    try:
        user = await UserService(unit).get(user_id)
    except UserNotFoundError:
        return None
    mine = select(PasswordResetRow.sent_at).where(PasswordResetRow.user_id == user_id)
    sent_at = await unit.session.scalar(mine)
    if not user.is_active or user.email is None or (sent_at is not None and sent_at > unit.now() - PAUSE):
        return None
    await forget_reset(unit, user_id)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    row = PasswordResetRow(
        user_id=user_id, digest=_digest(unit.env, token), mark=mark_of(user), created_at=unit.now(),
        sent_at=None, expires_at=unit.now() + LIFE,
    )  # fmt: skip
    unit.session.add(row)
    await unit.session.flush()
    return user, token


async def _live(unit: Unit, token: str) -> tuple[PasswordResetRow, UserRow]:
    found = select(PasswordResetRow).where(
        PasswordResetRow.digest == _digest(unit.env, token), PasswordResetRow.expires_at > unit.now()
    )
    row = (await unit.session.scalars(found)).one_or_none()
    if row is None:
        raise ResetEndedError(ENDED)
    try:
        user = await UserService(unit).get(row.user_id)
    except UserNotFoundError as error:
        raise ResetEndedError(ENDED) from error
    if not user.is_active or row.mark != mark_of(user):
        raise ResetEndedError(ENDED)
    return row, user


def _digest(env: Env, token: str) -> bytes:
    return env.part(Keys).digest(DIGEST_KEY, token)
