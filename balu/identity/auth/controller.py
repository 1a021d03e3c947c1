"""/api/auth: signing in and out, the own account, sessions; /api/bootstrap."""

from typing import Any

from litestar import Controller, Request, Response, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from balu import __version__
from balu.identity.auth.authenticator import session_cookie
from balu.identity.auth.cookies import check_own_page, clear_cookies, set_cookies
from balu.identity.auth.schemas import (
    AccountClosed,
    Bootstrap,
    ChangePassword,
    Confirm,
    Confirmed,
    Login,
    Logout,
    Message,
    PasswordConfirm,
    Refresh,
    Register,
    SecondFactorNeeded,
    SessionRead,
    Token,
)
from balu.identity.auth.service import AuthService, Pending, SignedIn
from balu.identity.auth.sessions import Client, SessionService
from balu.identity.auth.settings import AuthSettings
from balu.identity.users import NewUser, UserRead, UserService, browser_language, settings_of, user_of
from balu.kernel.caller import Caller
from balu.kernel.errors import ForbiddenError
from balu.kernel.http import PUBLIC, CallerDep, UserId, client_address, is_local
from balu.kernel.jobs import JobAccepted
from balu.kernel.mail import Mailer
from balu.kernel.unit import Env, Unit, open_unit

EnvDep = NamedDependency[Env]
UnitDep = NamedDependency[Unit]
ANYONE = {"auth": "viewer"}
"""Read-only accounts look after themselves, too."""


class AuthController(Controller):
    """Signing in and out."""

    path, tags = "/auth", ("auth",)

    @post("/login", operation_id="login", status_code=200, opt={**PUBLIC, "rate": ("auth_login", 5)})
    async def login(
        self, request: Request[Any, Any, Any], env: EnvDep, data: JSONBody[Login]
    ) -> Response[Token | SecondFactorNeeded]:
        """Sign in with name and password."""
        cookie = data.session == "cookie"
        if cookie:
            check_own_page(request)
        found = await AuthService(env).sign_in(
            data.username, data.password, client_of(request), cookie=cookie
        )
        if isinstance(found, Pending):
            return Response(
                SecondFactorNeeded(requires_2fa=True, pending_token=found.token, token_type="2fa_pending")  # noqa: S106
            )
        return answer(request, env, found)

    @post("/register", operation_id="register", status_code=201, opt={**PUBLIC, "rate": ("auth_register", 3)})
    async def register(
        self, request: Request[Any, Any, Any], env: EnvDep, data: JSONBody[Register]
    ) -> Response[Token | SecondFactorNeeded]:
        """Sign up, where the administrator allows it."""
        new = NewUser(username=data.username, password=data.password, email=data.email)
        return answer(request, env, await AuthService(env).register(new, client_of(request)))

    @post("/logout", operation_id="logout", status_code=200, opt=ANYONE)
    async def logout(
        self,
        request: Request[Any, Any, Any],
        env: EnvDep,
        caller: CallerDep,
        data: JSONBody[Logout | None] = None,
    ) -> Response[Message]:
        """End this session, or all of them."""
        await AuthService(env).sign_out(person(caller), everywhere=data is not None and data.all)
        response = Response(Message(message="You are signed out."))
        clear_cookies(response, request)
        return response

    @post(
        "/refresh", operation_id="refreshToken", status_code=200, opt={**PUBLIC, "rate": ("auth_refresh", 10)}
    )
    async def refresh(
        self, request: Request[Any, Any, Any], env: EnvDep, data: JSONBody[Refresh]
    ) -> Response[Token | SecondFactorNeeded]:
        """Get a new access token."""
        found = await AuthService(env).refresh(data.refresh_token, rotate=data.rotate)
        return answer(request, env, found)

    @get("/me", operation_id="getMe", opt=ANYONE)
    async def me(self, unit: UnitDep, own_id: UserId) -> UserRead:
        """Read your account."""
        return user_of(await UserService(unit).get(own_id))

    @delete(
        "/me", operation_id="deleteMe", status_code=202, opt={**ANYONE, "rate": ("auth_password_change", 5)}
    )
    async def delete_me(
        self, request: Request[Any, Any, Any], env: EnvDep, caller: CallerDep, data: JSONBody[PasswordConfirm]
    ) -> Response[AccountClosed]:
        """Delete your account; your files go to the trash."""
        job_id = await AuthService(env).close_account(person(caller), data.password)
        accepted = JobAccepted.of(job_id)
        response = Response(
            AccountClosed(message="Your account was deleted.", job_id=job_id, status_url=accepted.status_url)
        )
        clear_cookies(response, request)
        return response

    @post(
        "/change-password", operation_id="changePassword", status_code=200,
        opt={**ANYONE, "rate": ("auth_password_change", 5)},
    )  # fmt: skip
    async def change_password(
        self, env: EnvDep, caller: CallerDep, data: JSONBody[ChangePassword]
    ) -> Message:
        """Change your password; every other session ends."""
        await AuthService(env).change_password(person(caller), data.current_password, data.new_password)
        return Message(message="Your password was changed.")

    @post(
        "/confirm", operation_id="confirmSession", status_code=200,
        opt={**ANYONE, "rate": ("auth_confirm", 5)},
    )  # fmt: skip
    async def confirm(self, env: EnvDep, caller: CallerDep, data: JSONBody[Confirm]) -> Confirmed:
        """Show once more who you are, before something that cannot be undone."""
        until = await AuthService(env).prove(person(caller), data.password, data.code)
        return Confirmed(confirmed_until=until)

    @get("/sessions", operation_id="listSessions", opt=ANYONE)
    async def sessions(self, unit: UnitDep, caller: CallerDep) -> list[SessionRead]:
        """See where you are signed in."""
        user = await UserService(unit).get(caller.user_id)
        return [
            SessionRead(
                id=row.id, device_info=row.device_info, ip=row.ip, created_at=row.created_at,
                last_seen=row.last_seen_at, current=row.id == caller.session_id,
            )
            for row in await SessionService(unit).list(user.id, user.epoch)
        ]  # fmt: skip

    @delete("/sessions/{session_id:int}", operation_id="endSession", status_code=204, opt=ANYONE)
    async def end_session(self, env: EnvDep, caller: CallerDep, session_id: FromPath[int]) -> None:
        """Sign out somewhere else."""
        async with open_unit(env) as unit:
            await SessionService(unit).end(session_id, of_user=person(caller).user_id)
        AuthService(env).forget()


class BootstrapController(Controller):
    """The first paint."""

    path, tags = "/bootstrap", ("server",)

    @get("/", operation_id="getBootstrap", opt={"auth": "optional"})
    async def bootstrap(
        self, request: Request[Any, Any, Any], env: EnvDep, unit: UnitDep
    ) -> Response[Bootstrap]:
        """Everything the web UI needs before it shows anything."""
        caller: Caller | None = request.scope["state"].get("caller")
        users, language = UserService(unit), browser_language(request)
        row = await users.get(caller.user_id) if caller is not None else None
        settings = settings_of(row, language) if row is not None else None
        response = Response(
            Bootstrap(
                user=user_of(row) if row is not None else None,
                features={
                    "registration": env.part(AuthSettings).registration,
                    "password_reset": env.part(Mailer).works,
                    "local": is_local(request.scope),
                },
                settings=settings,
                language=settings.language if settings is not None else language,
                version=__version__,
                setup_required=row is None and not await users.has_admin(),
            )
        )
        secret = session_cookie(request.headers.get("cookie", ""), secure=request.scope["scheme"] == "https")
        if secret and caller is not None and caller.via == "cookie":
            set_cookies(response, request, env, secret)  # a session in use lives on, and so must its cookies
        return response


def client_of(request: Request[Any, Any, Any]) -> Client:
    """From where this request comes."""
    return Client(request.headers.get("user-agent", ""), client_address(request.scope))


def person(caller: Caller) -> Caller:
    """The caller, who signed in: programs with a token do not manage accounts' sign-ins.

    Raises:
        ForbiddenError: the caller is an API token.
    """
    if caller.scopes is not None:
        raise ForbiddenError("This needs a person who signed in, not a token.")
    return caller


def answer(
    request: Request[Any, Any, Any], env: Env, signed: SignedIn
) -> Response[Token | SecondFactorNeeded]:
    """A session as the client asked for it: tokens in the body, or cookies."""
    response: Response[Token | SecondFactorNeeded] = Response(
        Token(
            access_token=signed.access_token,
            token_type="cookie" if signed.cookie else "bearer",
            expires_in=signed.expires_in_s,
            refresh_token=signed.refresh_token,
            user=user_of(signed.user),
        )
    )
    if signed.cookie is not None:
        set_cookies(response, request, env, signed.cookie)
    return response
