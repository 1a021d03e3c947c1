"""Who is calling, as far as the kernel needs to know."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from litestar.types import Scope

from balu.kernel.errors import ConfirmationError, CsrfError, ForbiddenError, UnauthorizedError

Grade = Literal["viewer", "user", "operator", "admin", "superadmin"]
GRADES: tuple[Grade, ...] = ("viewer", "user", "operator", "admin", "superadmin")
CONFIRMED_FOR = timedelta(minutes=5)
"""How long a proof of who somebody is counts where a route asks for a fresh one."""
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "PROPFIND"})


@dataclass(frozen=True, slots=True)
class Caller:
    """A signed-in user and the credential that was shown."""

    user_id: int
    username: str
    grade: Grade
    via: Literal["bearer", "cookie", "token", "app_password", "local"] = "bearer"
    session_id: int | None = None
    scopes: frozenset[str] | None = None
    """What an API token may do; None for a person, who may do what the grade allows."""
    csrf: str | None = None
    """What ``X-CSRF`` must say on unsafe requests of a cookie session."""
    proved_at: datetime | None = None
    """When this session last showed a password or a code of the second factor."""

    def at_least(self, grade: Grade) -> bool:
        """Whether the grade is this one or higher."""
        return GRADES.index(self.grade) >= GRADES.index(grade)


class Authenticator:
    """Finds out who calls; a part of the Env. Identity supplies the real one, this one knows nobody."""

    async def authenticate(self, scope: Scope) -> Caller | None:  # noqa: ARG002
        """The caller behind the request's credentials, None when it shows none.

        Raises:
            UnauthorizedError: a credential was shown and is wrong, expired or revoked.
        """
        return None

    async def authenticate_afresh(self, scope: Scope) -> Caller | None:
        """The same, whatever was found a moment ago."""
        return await self.authenticate(scope)

    async def recheck(self, scope: Scope) -> None:
        """See that the credential a long conversation began with still works; this is no use of it.

        Raises:
            UnauthorizedError: it was revoked, or has expired.
        """
        await self.authenticate_afresh(scope)

    async def authenticate_drive(self, scope: Scope) -> Caller | None:
        """The same, taking app passwords as well (Basic, RFC 7617), which open nothing but drives."""
        return await self.authenticate(scope)

    async def authenticate_leniently(self, scope: Scope) -> Caller | None:
        """The same, but a credential that does not work counts as none."""
        try:
            return await self.authenticate(scope)
        except UnauthorizedError:
            return None


def authorize(
    caller: Caller | None,
    needed: str,
    method: str,
    scope_name: str | None,
    *,
    challenge: str = "Bearer",
) -> Caller:
    """Check grade, token scope and read-only accounts.

    *needed* is ``viewer`` (any account), ``user`` (any; viewers only read), ``operator`` or ``admin``.

    Raises:
        UnauthorizedError: nobody is signed in.
        ForbiddenError: the account or token may not do this.
    """
    if caller is None:
        raise UnauthorizedError("Sign in first.", headers={"www-authenticate": challenge})
    grade: Grade = (
        "viewer" if needed in {"user", "viewer"} else "operator" if needed == "operator" else "admin"
    )
    if not caller.at_least(grade):
        raise ForbiddenError(f"This needs an account of grade {grade} or higher.")
    if needed == "user" and caller.grade == "viewer" and method not in SAFE_METHODS:
        raise ForbiddenError("This account can read, but not change anything.")
    if caller.scopes is not None and not {scope_name, "admin"} & caller.scopes:
        raise ForbiddenError(f"This token lacks the scope {scope_name or 'admin'}.")
    return caller


def check_confirmed(caller: Caller, now: datetime) -> None:
    """Refuse a session whose last proof of who it is was five minutes ago or more.

    Raises:
        ForbiddenError: an API token, which nobody can confirm.
        ConfirmationError: confirm and try again.
    """
    if caller.scopes is not None:
        raise ForbiddenError("This needs a person who signed in, not a token.")
    if caller.proved_at is None or caller.proved_at + CONFIRMED_FOR <= now:
        raise ConfirmationError("Confirm with your password or a code at /api/auth/confirm, then try again.")


def check_csrf(caller: Caller, method: str, headers: Mapping[str, str], host: str) -> None:
    """Refuse an unsafe request of a cookie session that did not come from our own pages.

    Raises:
        CsrfError: header missing or wrong, or a foreign origin.
    """
    if caller.via != "cookie" or method in SAFE_METHODS:
        return
    if not caller.csrf or headers.get("x-csrf") != caller.csrf:
        raise CsrfError("Reload the page and try again.")
    site = headers.get("sec-fetch-site")
    if site is not None:
        if site not in {"same-origin", "none"}:
            raise CsrfError("This request came from another site.")
        return
    origin = headers.get("origin")
    if origin is not None and origin.partition("://")[2] != host:
        raise CsrfError("This request came from another site.")
