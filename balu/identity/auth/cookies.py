"""The web UI's cookies: one that scripts cannot read, one that they must repeat in a header."""

from typing import Any

from litestar import Request, Response
from litestar.datastructures import Cookie

from balu.identity.auth.authenticator import COOKIE, SECURE_COOKIE
from balu.identity.auth.keys import Keys
from balu.identity.auth.sessions import csrf_of
from balu.identity.auth.settings import AuthSettings
from balu.kernel.errors import CsrfError
from balu.kernel.unit import Env

CSRF_COOKIE = "balu_csrf"
DAY_S = 86_400


def set_cookies(response: Response[Any], request: Request[Any, Any, Any], env: Env, secret: str) -> None:
    """Hand the session to the browser; over TLS the cookie is bound to this host."""
    secure = request.scope["scheme"] == "https"
    life_s = env.part(AuthSettings).session_days * DAY_S
    response.set_cookie(_cookie(_name(secure=secure), secret, life_s, secure=secure, httponly=True))
    csrf = csrf_of(env.part(Keys), secret)
    response.set_cookie(_cookie(CSRF_COOKIE, csrf, life_s, secure=secure, httponly=False))


def clear_cookies(response: Response[Any], request: Request[Any, Any, Any]) -> None:
    """Take both cookies back."""
    secure = request.scope["scheme"] == "https"
    response.set_cookie(_cookie(_name(secure=secure), "", 0, secure=secure, httponly=True))
    response.set_cookie(_cookie(CSRF_COOKIE, "", 0, secure=secure, httponly=False))


def check_own_page(request: Request[Any, Any, Any]) -> None:
    """Refuse to hand a session to another site's page: signing somebody in as somebody else.

    Raises:
        CsrfError: the browser says that the request came from elsewhere.
    """
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    foreign = site not in {None, "same-origin", "none"}
    if site is None and origin is not None:
        foreign = origin.partition("://")[2] != request.headers.get("host", "")
    if foreign:
        raise CsrfError("This request came from another site.")


def _name(*, secure: bool) -> str:
    return SECURE_COOKIE if secure else COOKIE


def _cookie(name: str, value: str, max_age_s: int, *, secure: bool, httponly: bool) -> Cookie:
    return Cookie(
        name, value=value, max_age=max_age_s, path="/", secure=secure, httponly=httponly, samesite="strict"
    )
