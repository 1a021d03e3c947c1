"""Who shows which credential: bearer and API tokens, app passwords and the web UI's cookie."""

import time
from base64 import b64decode
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie

from litestar.types import Scope

from balu.identity.auth.apikeys import PREFIX, ApiKeyService
from balu.identity.auth.app_passwords import AppPasswordService
from balu.identity.auth.keys import Keys
from balu.identity.auth.sessions import TOUCH, SessionService, csrf_of
from balu.identity.auth.tokens import Tokens
from balu.identity.users import UserNotFoundError, UserRow, UserService
from balu.kernel.caller import Authenticator, Caller
from balu.kernel.errors import UnauthorizedError
from balu.kernel.http import BASIC, scope_headers
from balu.kernel.unit import Env, Unit, open_unit

TTL_S = 1.0
"""How long a check holds: a sign-out elsewhere takes effect within this time."""
MAX_ENTRIES = 10_000
COOKIE, SECURE_COOKIE = "balu_session", "__Host-balu_session"


@dataclass(frozen=True, slots=True)
class _Found:
    """A caller, and how to note that the credential is used when that was not noted for a while."""

    caller: Caller
    touch: Callable[[Unit], Awaitable[None]] | None = None


_Check = Callable[[str], Awaitable[_Found]]


class IdentityAuthenticator(Authenticator):
    """Checks credentials against the database, at most once a second each."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._tokens = Tokens(keys)
        self._env: Env | None = None
        self._known: dict[str, tuple[float, Caller]] = {}

    def bind(self, env: Env) -> None:
        """Use this Env's sessions and clock."""
        self._env = env

    def forget(self) -> None:
        """Check everything again: after a sign-out, a new password or a changed account."""
        self._known.clear()

    async def authenticate(self, scope: Scope) -> Caller | None:
        """The caller behind ``Authorization: Bearer``, else behind the session cookie."""
        shown = self._shown(scope)
        return await self._cached(*shown) if shown is not None else None

    async def authenticate_afresh(self, scope: Scope) -> Caller | None:
        """The same after forgetting every check."""
        self.forget()
        return await self.authenticate(scope)

    async def recheck(self, scope: Scope) -> None:
        """Ask the database, and write nothing: who only listens does not keep a session alive."""
        shown = self._shown(scope)
        if shown is None:
            raise _refusal()
        credential, check = shown
        await check(credential)

    async def authenticate_drive(self, scope: Scope) -> Caller | None:
        """The caller behind an app password, else the same."""
        scheme, _, credential = scope_headers(scope).get("authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return await self.authenticate(scope)
        return await self._cached(f"basic {credential.strip()}", self._app_password)

    def _shown(self, scope: Scope) -> tuple[str, _Check] | None:
        headers = scope_headers(scope)
        scheme, _, credential = headers.get("authorization", "").partition(" ")
        if scheme:
            if scheme.lower() != "bearer" or not credential:
                raise _refusal()
            check = self._api_key if credential.startswith(PREFIX) else self._access_token
            return credential.strip(), check
        cookie = session_cookie(headers.get("cookie", ""), secure=scope.get("scheme") == "https")
        return (f"cookie {cookie}", self._cookie) if cookie else None

    async def _cached(self, credential: str, check: _Check) -> Caller:
        found = self._known.get(credential)
        # The time before the check counts, or a sign-out during it would live longer than the limit.
        now = time.monotonic()
        if found is not None and found[0] > now:
            return found[1]
        checked = await check(credential)
        if checked.touch is not None:
            async with open_unit(self._bound()) as unit:
                await checked.touch(unit)
        if len(self._known) >= MAX_ENTRIES:
            self._known = {key: value for key, value in self._known.items() if value[0] > now}
        self._known[credential] = (now + TTL_S, checked.caller)
        return checked.caller

    async def _access_token(self, token: str) -> _Found:
        env = self._bound()
        claims = self._tokens.read("access", token, env.now())
        async with open_unit(env, writes=False) as unit:
            session = await SessionService(unit).live(int(claims.get("sid", 0)))
            if session is None or session.user_id != claims["sub"]:
                raise _refusal()
            user = await _user(UserService(unit), session.user_id, session.epoch)
        caller = Caller(
            user.id, user.username, user.grade, via="bearer", session_id=session.id,
            proved_at=session.proved_at,
        )  # fmt: skip
        return _Found(caller)

    async def _cookie(self, credential: str) -> _Found:
        env, secret = self._bound(), credential.removeprefix("cookie ")
        async with open_unit(env, writes=False) as unit:
            session = await SessionService(unit).live_by_cookie(secret)
            if session is None:
                raise _refusal()
            user = await _user(UserService(unit), session.user_id, session.epoch)
            stale = session.last_seen_at < unit.now() - TOUCH
        caller = Caller(
            user.id, user.username, user.grade, via="cookie", session_id=session.id,
            csrf=csrf_of(self._keys, secret), proved_at=session.proved_at,
        )  # fmt: skip
        return _Found(caller, (lambda unit: SessionService(unit).touch(session.id)) if stale else None)

    async def _app_password(self, credential: str) -> _Found:
        env = self._bound()
        name, password = _basic(credential.removeprefix("basic "))
        async with open_unit(env, writes=False) as unit:
            row = await AppPasswordService(unit).live(password)
            if row is None:
                raise _refusal(BASIC)
            user = await _user(UserService(unit), row.user_id, None, BASIC)
            stale = row.last_used_at is None or row.last_used_at < unit.now() - TOUCH
        if user.username_key != name.casefold():
            raise _refusal(BASIC)
        caller = Caller(user.id, user.username, user.grade, via="app_password", scopes=frozenset(row.scopes))
        return _Found(caller, (lambda unit: AppPasswordService(unit).touch(row.id)) if stale else None)

    async def _api_key(self, token: str) -> _Found:
        env = self._bound()
        async with open_unit(env, writes=False) as unit:
            key = await ApiKeyService(unit).live(token)
            if key is None:
                raise _refusal()
            user = await _user(UserService(unit), key.user_id, None)
            stale = key.last_used_at is None or key.last_used_at < unit.now() - TOUCH
        caller = Caller(user.id, user.username, user.grade, via="token", scopes=frozenset(key.scopes))
        return _Found(caller, (lambda unit: ApiKeyService(unit).touch(key.id)) if stale else None)

    def _bound(self) -> Env:
        if self._env is None:
            raise RuntimeError("the authenticator is not bound")
        return self._env


def session_cookie(header: str, *, secure: bool) -> str | None:
    """The session's secret in a Cookie header; over TLS only the host-bound name counts."""
    try:
        found = SimpleCookie(header).get(SECURE_COOKIE if secure else COOKIE)
    except CookieError:
        return None
    return found.value if found is not None and found.value else None


def _basic(credential: str) -> tuple[str, str]:
    """Name and password of a Basic credential (RFC 7617), two empty texts when it is none."""
    try:
        name, _, password = b64decode(credential, validate=True).decode().partition(":")
    except ValueError:
        return "", ""
    return name, password


async def _user(users: UserService, user_id: int, epoch: int | None, challenge: str = "Bearer") -> UserRow:
    try:
        user = await users.get(user_id)
    except UserNotFoundError as error:
        raise _refusal(challenge) from error
    if not user.is_active or (epoch is not None and epoch != user.epoch):
        raise _refusal(challenge)
    return user


def _refusal(challenge: str = "Bearer") -> UnauthorizedError:
    return UnauthorizedError(
        "This sign-in has expired. Sign in again.", headers={"www-authenticate": challenge}
    )
