"""Units, services and callers as Litestar dependencies, and the guard in front of every handler."""

from collections.abc import AsyncGenerator, Callable
from typing import Any, TypeVar

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.di import NamedDependency, Provide
from litestar.handlers import BaseRouteHandler
from litestar.types import Scope

from balu.kernel.caller import SAFE_METHODS, Authenticator, Caller, authorize, check_confirmed, check_csrf
from balu.kernel.config import LimitSettings
from balu.kernel.errors import LocalOnlyError
from balu.kernel.ratelimit import Limits
from balu.kernel.unit import Env, Unit, open_unit

S = TypeVar("S")
CallerDep = NamedDependency[Caller]
UserId = NamedDependency[int]
"""``own_id: UserId``: the signed-in user's id; the name leaves ``user_id`` to path parameters."""
WRITES = {"writes": True}
"""``opt=WRITES`` on a GET that changes rows; every other GET runs on the read engine."""
PUBLIC = {"auth": "public"}
"""``opt=PUBLIC``: nobody needs to be signed in. ``user`` is the default; see ``authorize`` for the others."""
BASIC = 'Basic realm="Balu", charset="UTF-8"'
"""How a route that takes app passwords asks for one."""


def spelled(operation_id: str, *others: str) -> Callable[..., str]:
    """``operation_id=`` of a method with several paths.

    Those that end in one of *others* are older spellings of the same act, named
    ``<operation_id>Alias<n>`` and left out of generated clients.
    """

    def name(_handler: object, _method: object, components: list[Any]) -> str:
        path = "/" + "/".join(str(getattr(part, "name", part)) for part in components)
        for number, other in enumerate(others, start=1):
            if path.endswith(other):
                return f"{operation_id}Alias{number}"
        return operation_id

    return name


async def provide_unit(
    request: Request[Any, Any, Any], env: NamedDependency[Env]
) -> AsyncGenerator[Unit, None]:
    """One request, one transaction; a failing COMMIT reaches the client as an error, not as a 2xx."""
    writes = request.method not in {"GET", "HEAD"} or bool(request.route_handler.opt.get("writes"))
    async with open_unit(env, writes=writes) as unit:
        yield unit


def provide(service: Callable[[Unit], S]) -> Provide:
    """Build *service* from the request's unit of work."""

    def build(unit: NamedDependency[Unit]) -> S:
        return service(unit)

    return Provide(build, sync_to_thread=False)


def provide_caller(request: Request[Any, Any, Any]) -> Caller:
    """Whoever the guard let through; a handler that asks for it is not public."""
    caller: Caller = request.scope["state"]["caller"]
    return caller


def provide_user_id(request: Request[Any, Any, Any]) -> int:
    """The caller's user id."""
    return provide_caller(request).user_id


async def guard(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Default-deny: authenticate, authorise and limit as the handler's ``opt`` says."""
    opt = handler.opt
    env: Env = connection.app.state.env
    caller = await admit(
        env,
        connection.scope,
        needed=str(opt.get("auth", "user")),
        token_scope=opt.get("scope"),
        rate=opt.get("rate"),
    )
    if opt.get("local") and not is_local(connection.scope):
        raise LocalOnlyError("Do this on the machine itself; see server.loopback_is_local in balu.toml.")
    if caller is not None:
        connection.scope["state"]["caller"] = caller


async def admit(
    env: Env,
    scope: Scope,
    *,
    needed: str,
    token_scope: str | None = None,
    rate: tuple[str, int] | None = None,
    app_passwords: bool = False,
) -> Caller | None:
    """Let a request through or raise; *needed* as in ``authorize``, or ``public``, or ``optional``.

    ``public`` does not look at credentials at all, ``optional`` ignores wrong ones. ``admin+`` is an
    admin who showed password or code within the last five minutes. *rate* is a class name and its
    requests per minute; without it reads and writes have the general limits.
    """
    method = str(scope.get("method", "GET"))
    headers = scope_headers(scope)
    caller: Caller | None = None
    if needed != "public":
        authenticator = env.part(Authenticator)
        if needed == "optional":
            caller = await authenticator.authenticate_leniently(scope)
        else:
            challenge = BASIC if app_passwords else "Bearer"
            find = authenticator.authenticate_drive if app_passwords else authenticator.authenticate
            caller = authorize(
                await find(scope), needed.rstrip("+"), method, token_scope, challenge=challenge
            )
        if caller is not None:
            check_csrf(caller, method, headers, headers.get("host", ""))
        if needed.endswith("+"):
            await require_proof(env, scope)
    who = f"user:{caller.user_id}" if caller else f"addr:{client_address(scope)}"
    if rate is None:
        general = env.part(LimitSettings)
        reads = method in SAFE_METHODS
        rate = ("read", general.reads_per_minute) if reads else ("write", general.writes_per_minute)
    env.part(Limits).take(who, *rate)
    return caller


async def require_proof(env: Env, scope: Scope) -> None:
    """Refuse a signed-in caller who did not show password or code within the last five minutes.

    Raises:
        ForbiddenError: an API token.
        ConfirmationError: confirm and try again.
    """
    # Afresh, because a proof that another process has just taken counts at once.
    caller = await env.part(Authenticator).authenticate_afresh(scope)
    check_confirmed(authorize(caller, "viewer", "GET", "admin"), env.now())


def scope_headers(scope: Scope) -> dict[str, str]:
    """Headers by lower-case name; of repeated ones the last. Read once for each request."""
    state = scope.setdefault("state", {})
    found: dict[str, str] | None = state.get("headers")
    if found is None:
        found = {key.decode("latin-1").lower(): value.decode("latin-1") for key, value in scope["headers"]}
        state["headers"] = found
    return found


def is_local(scope: Scope) -> bool:
    """Whether the request came by the local channel, as the front layer settled it."""
    return bool(scope.get("state", {}).get("local"))


def client_address(scope: Scope) -> str:
    """The client's address as the front layer settled it."""
    client = scope.get("client")
    return str(client[0]) if client and client[0] else "local"
