"""/api/auth/login-pin and /api/auth/pin, on the local channel."""

from typing import Any

from litestar import Controller, Request, Response, delete, get, post
from litestar.params import JSONBody

from balu.identity.auth.controller import ANYONE, EnvDep, UnitDep, answer, client_of, person
from balu.identity.auth.cookies import check_own_page
from balu.identity.auth.pins import PinService, PinSignIn
from balu.identity.auth.schemas import PinLogin, PinSet, PinStatus, SecondFactorNeeded, Token
from balu.kernel.http import PUBLIC, CallerDep

LOCAL = {**ANYONE, "local": True}
CHANGE = {**LOCAL, "rate": ("auth_pin", 5)}
SIGN_IN = {**PUBLIC, "local": True, "rate": ("auth_pin_login", 5)}


class PinController(Controller):
    """PINs."""

    path, tags = "/auth", ("auth",)

    @post("/login-pin", operation_id="loginByPin", status_code=200, opt=SIGN_IN)
    async def login(
        self, request: Request[Any, Any, Any], env: EnvDep, data: JSONBody[PinLogin]
    ) -> Response[Token | SecondFactorNeeded]:
        """Sign in with name and PIN at the machine itself."""
        cookie = data.session == "cookie"
        check_own_page(request)
        client = client_of(request)
        return answer(
            request, env, await PinSignIn(env).sign_in(data.username, data.pin, client, cookie=cookie)
        )

    @get("/pin", operation_id="getPin", opt=LOCAL)
    async def read(self, unit: UnitDep, caller: CallerDep) -> PinStatus:
        """Say whether you have a PIN."""
        return PinStatus(pin_enabled=await PinService(unit).hash_of(caller.user_id) is not None)

    @post("/pin", operation_id="setPin", status_code=200, opt=CHANGE)
    async def set(self, env: EnvDep, caller: CallerDep, data: JSONBody[PinSet]) -> PinStatus:
        """Choose a PIN; needs a code of the second factor."""
        await PinSignIn(env).set(person(caller), data.pin, data.code)
        return PinStatus(pin_enabled=True)

    @delete("/pin", operation_id="deletePin", status_code=200, opt=CHANGE)
    async def remove(self, unit: UnitDep, caller: CallerDep) -> PinStatus:
        """Give the PIN up."""
        await PinService(unit).remove(person(caller).user_id)
        return PinStatus(pin_enabled=False)
