"""Signing in and out: passwords, second factors, sessions. Opens short Units around slow hashing."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from balu.identity.auth.authenticator import IdentityAuthenticator
from balu.identity.auth.errors import RegistrationClosedError, SignInError
from balu.identity.auth.keys import Keys
from balu.identity.auth.sessions import Client, SessionService
from balu.identity.auth.settings import AuthSettings
from balu.identity.auth.throttle import Gate, Throttle
from balu.identity.auth.tokens import Tokens
from balu.identity.auth.totp import SecondFactorService
from balu.identity.users import (
    NewUser,
    Passwords,
    UserNotFoundError,
    UserRow,
    UserService,
    WeakPasswordError,
    check_password,
)
from balu.kernel.caller import CONFIRMED_FOR, Authenticator, Caller
from balu.kernel.errors import InvalidError, UnauthorizedError
from balu.kernel.jobs import Run, enqueue, job
from balu.kernel.unit import Env, Unit, open_unit

PENDING_LIFE = timedelta(seconds=300)
WRONG = "The name or the password is wrong."
WRONG_CODE = "This code is wrong or was used before. Try the next one."
WRONG_PASSWORD = "The password is wrong."  # noqa: S105  a sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A fresh or carried-on session: either two tokens or a cookie's value."""

    user: UserRow
    access_token: str | None
    refresh_token: str | None
    cookie: str | None
    expires_in_s: int


@dataclass(frozen=True, slots=True)
class Pending:
    """The password was right; the second factor is due within five minutes."""

    token: str


@job(lane="delete_account_{user_id}")
async def delete_account(run: Run, *, user_id: int) -> None:
    """Delete an account that was closed; its files go to the trash."""
    async with run.unit() as unit:
        try:
            await UserService(unit).delete(user_id)
        except UserNotFoundError:
            return  # an earlier run did it


class AuthService:
    """Verbs that need more than one Unit; made from the Env."""

    def __init__(self, env: Env) -> None:
        self._env = env
        self._settings = env.part(AuthSettings)
        self._tokens = Tokens(env.part(Keys))
        self._throttle = Throttle(env)
        self._passwords = env.part(Passwords)

    async def sign_in(
        self, username: str, password: str, client: Client, *, cookie: bool
    ) -> SignedIn | Pending:
        """Check name and password.

        Raises:
            SignInError: no such account, a wrong password or a disabled account; which one is not said.
            PausedError: too many wrong attempts before.
        """
        gates = self._throttle.attempt("password", username, client.ip)
        await self._throttle.enter(gates)
        async with open_unit(self._env, writes=False) as unit:
            user = await UserService(unit).find(username)
            has_factor = user is not None and await SecondFactorService(unit).enabled_at(user.id) is not None
        right = await self._passwords.verify(user.password_hash if user else None, password)
        if user is None or not right or not user.is_active:
            raise SignInError(WRONG)
        await self._throttle.forgive(gates)
        if has_factor:
            claims: dict[str, Any] = {"web": cookie, "pwd": mark_of(user)}
            return Pending(
                self._tokens.issue("2fa_pending", user.id, self._env.now(), PENDING_LIFE, **claims)
            )
        async with open_unit(self._env) as unit:
            return await self.begin(unit, user, client, cookie=cookie)

    async def second_factor(self, pending: str, code: str, client: Client, *, cookie: bool) -> SignedIn:
        """Finish a sign-in with a code of the app or a recovery code.

        Raises:
            SignInError: wrong, or used before.
            UnauthorizedError: the sign-in has expired, or the password changed meanwhile.
            PausedError: too many wrong codes.
        """
        claims = self._tokens.read("2fa_pending", pending, self._env.now())
        user_id: int = claims["sub"]
        gates = self._throttle.account("2fa", user_id)
        await self._throttle.enter(gates)
        async with open_unit(self._env) as unit:
            user = await _active(unit, user_id)
            if claims.get("pwd") != mark_of(user):
                raise UnauthorizedError("This sign-in has expired. Sign in again.")
            factor = SecondFactorService(unit)
            if not await factor.accept(user_id, code) and not await factor.use_recovery_code(user_id, code):
                raise SignInError(WRONG_CODE)
            signed = await self.begin(unit, user, client, cookie=cookie or bool(claims.get("web")))
        await self._throttle.forgive(gates)
        return signed

    async def register(self, new: NewUser, client: Client) -> SignedIn:
        """Make an account for a stranger and sign in.

        Raises:
            RegistrationClosedError: the default.
        """
        if not self._settings.registration:
            raise RegistrationClosedError("Ask your administrator for an account.")
        async with open_unit(self._env) as unit:
            user = await UserService(unit).create(new)
            return await self.begin(unit, user, client, cookie=False)

    async def begin(
        self, unit: Unit, user: UserRow, client: Client, *, cookie: bool, proved: bool = True
    ) -> SignedIn:
        """Begin a session for somebody who has shown who they are; *proved* as in ``SessionService``."""
        issued = await SessionService(unit).begin(user.id, user.epoch, client, cookie=cookie, proved=proved)
        return self._signed(user, issued.session_id, None if cookie else issued.secret, cookie=issued.secret)

    async def refresh(self, token: str, *, rotate: bool) -> SignedIn:
        """A new access token.

        Raises:
            UnauthorizedError: unknown, expired or ended; or rotated away, which ends the session.
        """
        async with open_unit(self._env) as unit:
            carried = await SessionService(unit).refresh(token, rotate=rotate)
            user = await _find_active(unit, carried[0].user_id) if carried else None
        if carried is None or user is None or user.epoch != carried[0].epoch:
            self.forget()
            raise UnauthorizedError("This sign-in has expired. Sign in again.")
        return self._signed(user, carried[0].id, carried[1], cookie=None)

    async def sign_out(self, caller: Caller, *, everywhere: bool) -> None:
        """End the caller's session, or all of the account."""
        async with open_unit(self._env) as unit:
            if everywhere:
                await UserService(unit).end_sessions(caller.user_id)
                await SessionService(unit).end_all(caller.user_id)
            elif caller.session_id is not None:
                await SessionService(unit).end(caller.session_id)
        self.forget()

    async def change_password(self, caller: Caller, current: str, new: str) -> None:
        """Change the password and end every other session.

        Raises:
            SignInError: *current* is wrong.
            WeakPasswordError: *new* is too easy, or the same.
        """
        user = await self.confirm(caller.user_id, current)
        if new == current:
            raise WeakPasswordError("Choose a password you do not have yet.", field="new_password")
        check_password(new, user.username, field="new_password")
        new_hash = await self._passwords.hash(new)
        async with open_unit(self._env) as unit:
            epoch = await UserService(unit).set_password_hash(
                user.id, new_hash, instead_of=user.password_hash
            )
            if caller.session_id is not None:
                await SessionService(unit).adopt(caller.session_id, epoch)
        self.forget()

    async def close_account(self, caller: Caller, password: str) -> int:
        """End the caller's own account at once; returns the job that deletes it.

        Raises:
            SignInError: the password is wrong.
            LastAdminError: nobody would be left to administer.
        """
        await self.confirm(caller.user_id, password)
        async with open_unit(self._env) as unit:
            await UserService(unit).close(caller.user_id)
            await SessionService(unit).end_all(caller.user_id)
            job_id = await enqueue(unit, delete_account, owner_id=caller.user_id, user_id=caller.user_id)
        self.forget()
        return job_id

    async def enable_second_factor(self, caller: Caller, code: str, secret: str | None) -> list[str]:
        """Turn the second factor on; returns the recovery codes."""
        gates = self._throttle.account("2fa", caller.user_id)
        await self._throttle.enter(gates)
        async with open_unit(self._env) as unit:
            codes = await SecondFactorService(unit).enable(caller.user_id, code, secret)
        await self._throttle.forgive(gates)
        return codes

    async def confirm_all(self, caller: Caller, password: str, code: str | None) -> None:
        """Prove the password again, and the second factor where it is on.

        Raises:
            InvalidError: a code is needed, too.
            SignInError: either is wrong.
        """
        async with open_unit(self._env, writes=False) as unit:
            has_factor = await SecondFactorService(unit).enabled_at(caller.user_id) is not None
        if has_factor and code is None:
            raise InvalidError("Send a code of the second factor, too.", field="code")
        await self.confirm(caller.user_id, password)
        if has_factor:
            await self.confirm_code(caller, code or "")

    async def confirm_code(self, caller: Caller, code: str, *, recovery: bool = True) -> None:
        """Prove the second factor again; *recovery* codes count where they are said to.

        Raises:
            SecondFactorOffError: there is none.
            SignInError: wrong, or used before.
            PausedError: too many wrong codes before.
        """
        async with open_unit(self._env, writes=False) as unit:
            await SecondFactorService(unit).require(caller.user_id)
        gates = self._throttle.account("2fa", caller.user_id)
        await self._throttle.enter(gates)
        async with open_unit(self._env) as unit:
            factor = SecondFactorService(unit)
            accepted = await factor.accept(caller.user_id, code)
            if not accepted and not (recovery and await factor.use_recovery_code(caller.user_id, code)):
                raise SignInError(WRONG_CODE)
        await self._throttle.forgive(gates)

    async def prove(self, caller: Caller, password: str | None, code: str | None) -> datetime:
        """Show once more who is behind this session, by password or code; returns until when it counts.

        Raises:
            InvalidError: neither or both were sent.
            SignInError: it is wrong.
        """
        if (password is None) == (code is None):
            raise InvalidError("Send either your password or a code of the second factor.", field="password")
        if password is not None:
            await self.confirm(caller.user_id, password)
        else:
            await self.confirm_code(caller, code or "", recovery=False)
        async with open_unit(self._env) as unit:
            await SessionService(unit).prove(caller.session_id or 0)
            until = unit.now() + CONFIRMED_FOR
        self.forget()
        return until

    async def confirm(self, user_id: int, password: str) -> UserRow:
        """The account, if *password* is its password.

        Raises:
            SignInError: it is not.
            PausedError: too many wrong attempts before.
        """
        gates: tuple[Gate, ...] = self._throttle.account("confirm", user_id)
        await self._throttle.enter(gates)
        async with open_unit(self._env, writes=False) as unit:
            user = await UserService(unit).get(user_id)
        if not await self._passwords.verify(user.password_hash, password):
            raise SignInError(WRONG_PASSWORD)
        await self._throttle.forgive(gates)
        return user

    def forget(self) -> None:
        """Let this process check every credential again; others do within a second."""
        authenticator = self._env.part(Authenticator)
        if isinstance(authenticator, IdentityAuthenticator):
            authenticator.forget()

    def _signed(self, user: UserRow, session_id: int, refresh: str | None, *, cookie: str | None) -> SignedIn:
        life = timedelta(minutes=self._settings.access_minutes)
        access = None
        if refresh is not None:
            access = self._tokens.issue("access", user.id, self._env.now(), life, sid=session_id)
        return SignedIn(
            user=user, access_token=access, refresh_token=refresh,
            cookie=cookie if refresh is None else None, expires_in_s=int(life.total_seconds()),
        )  # fmt: skip


def mark_of(user: UserRow) -> str:
    """Changes whenever the account's password, address or sessions do: what older proofs are bound to."""
    return sha256(f"{user.epoch}\0{user.password_hash}\0{user.email_key}".encode()).hexdigest()[:16]


async def _find_active(unit: Unit, user_id: int) -> UserRow | None:
    try:
        return await _active(unit, user_id)
    except UnauthorizedError:
        return None


async def _active(unit: Unit, user_id: int) -> UserRow:
    try:
        user = await UserService(unit).get(user_id)
    except UserNotFoundError as error:
        raise UnauthorizedError("This sign-in has expired. Sign in again.") from error
    if not user.is_active:
        raise UnauthorizedError("This sign-in has expired. Sign in again.")
    return user
