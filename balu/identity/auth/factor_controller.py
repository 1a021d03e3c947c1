"""/api/auth/2fa and /api/auth/recovery-codes."""

from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.params import JSONBody

from balu.identity.auth.controller import ANYONE, EnvDep, UnitDep, answer, client_of, person
from balu.identity.auth.cookies import check_own_page
from balu.identity.auth.pins import PinService
from balu.identity.auth.schemas import (
    BackupCodes,
    FactorConfirm,
    FactorSetup,
    FactorStatus,
    FactorVerify,
    Message,
    SecondFactorNeeded,
    Token,
)
from balu.identity.auth.service import AuthService
from balu.identity.auth.totp import SecondFactorService
from balu.kernel.caller import Caller
from balu.kernel.errors import UnauthorizedError
from balu.kernel.http import CallerDep, spelled
from balu.kernel.unit import open_unit

VERIFY_ID = spelled("verifySecondFactor", "/verify-2fa", "/2fa/verify-setup")
RENEW_ID = spelled("renewBackupCodes", "/recovery-codes")
STATUS_ID = spelled("getSecondFactor", "/recovery-codes/status")
SETUP = {**ANYONE, "rate": ("auth_2fa_setup", 5)}
VERIFY_RATE = ("auth_2fa_verify", 5)


class SecondFactorController(Controller):
    """The second factor."""

    path, tags = "/auth", ("auth",)

    @post("/2fa/setup", operation_id="setupSecondFactor", status_code=200, opt=SETUP)
    async def setup(self, unit: UnitDep, caller: CallerDep) -> FactorSetup:
        """Begin: show this to an authenticator app."""
        made = await SecondFactorService(unit).begin(person(caller).user_id, caller.username)
        return FactorSetup(qr_code=made.qr_code, provisioning_uri=made.provisioning_uri, secret=made.secret)

    @post(
        ["/2fa/verify", "/verify-2fa", "/2fa/verify-setup"], operation_id=VERIFY_ID,
        status_code=200, opt={"auth": "optional", "rate": VERIFY_RATE},
    )  # fmt: skip
    async def verify(
        self, request: Request[Any, Any, Any], env: EnvDep, data: JSONBody[FactorVerify]
    ) -> Response[Token | SecondFactorNeeded | BackupCodes]:
        """Finish a sign-in, or turn the second factor on."""
        service = AuthService(env)
        if data.pending_token is not None:
            cookie = data.session == "cookie"
            check_own_page(request)
            signed = await service.second_factor(
                data.pending_token, data.code, client_of(request), cookie=cookie
            )
            return answer(request, env, signed)  # type: ignore[return-value]
        caller: Caller | None = request.scope["state"].get("caller")
        if caller is None:
            raise UnauthorizedError("Sign in first.", headers={"www-authenticate": "Bearer"})
        codes = await service.enable_second_factor(person(caller), data.code, data.secret)
        return Response(BackupCodes(backup_codes=codes))

    @post("/2fa/disable", operation_id="disableSecondFactor", status_code=200, opt=SETUP)
    async def disable(self, env: EnvDep, caller: CallerDep, data: JSONBody[FactorConfirm]) -> Message:
        """Turn it off, and with it the PIN, which stands for it."""
        async with open_unit(env, writes=False) as unit:
            await SecondFactorService(unit).require(caller.user_id)
        await AuthService(env).confirm_all(person(caller), data.password, data.code)
        async with open_unit(env) as unit:
            await SecondFactorService(unit).disable(caller.user_id)
            await PinService(unit).remove(caller.user_id)
        return Message(message="The second factor is off.")

    @post(
        ["/2fa/backup-codes", "/recovery-codes"],
        operation_id=RENEW_ID,
        status_code=200,
        opt=SETUP,
    )
    async def renew(self, env: EnvDep, caller: CallerDep, data: JSONBody[FactorConfirm]) -> BackupCodes:
        """Replace the recovery codes."""
        await AuthService(env).confirm_all(person(caller), data.password, data.code)
        async with open_unit(env) as unit:
            codes = await SecondFactorService(unit).renew_codes(caller.user_id)
        return BackupCodes(backup_codes=codes)

    @get(
        ["/2fa/status", "/recovery-codes/status"],
        operation_id=STATUS_ID,
        opt=ANYONE,
    )
    async def status(self, unit: UnitDep, caller: CallerDep) -> FactorStatus:
        """Say whether it is on."""
        factor = SecondFactorService(unit)
        since = await factor.enabled_at(caller.user_id)
        left = await factor.codes_left(caller.user_id)
        return FactorStatus(enabled=since is not None, enabled_at=since, backup_codes_remaining=left)
