"""/api/auth/password-reset and /api/auth/recovery-reset."""

from typing import Any

from litestar import Controller, Request, get, post
from litestar.params import FromPath, JSONBody

from balu.identity.auth.controller import EnvDep, client_of
from balu.identity.auth.resets import Resets
from balu.identity.auth.schemas import Message, RecoveryReset, ResetAsk, ResetRead, ResetSet
from balu.identity.users import browser_language
from balu.kernel.http import PUBLIC

ASK = {**PUBLIC, "rate": ("auth_password_reset", 5)}
CHECK = {**PUBLIC, "rate": ("auth_password_reset_check", 5)}
SET = {**PUBLIC, "rate": ("auth_password_reset_set", 5)}
RECOVER = {**PUBLIC, "local": True, "rate": ("auth_recovery_reset", 5)}


class ResetController(Controller):
    """New passwords for lost ones."""

    path, tags = "/auth", ("auth",)

    @post("/password-reset", operation_id="askPasswordReset", status_code=202, opt=ASK)
    async def ask(self, request: Request[Any, Any, Any], env: EnvDep, data: JSONBody[ResetAsk]) -> Message:
        """Have a link sent; the answer is the same for every address."""
        await Resets(env).ask(data.email, client_of(request), browser_language(request))
        return Message(message="If an account has this address, a link is on its way.")

    @get("/password-reset/{token:str}", operation_id="checkPasswordReset", opt=CHECK)
    async def check(self, env: EnvDep, token: FromPath[str]) -> ResetRead:
        """Say until when a link works; 410 when it does not."""
        return ResetRead(valid=True, expires_at=await Resets(env).check(token))

    @post("/password-reset/{token:str}", operation_id="resetPassword", status_code=200, opt=SET)
    async def set(self, env: EnvDep, token: FromPath[str], data: JSONBody[ResetSet]) -> Message:
        """Set a new password by a link, once; every session ends."""
        await Resets(env).set_password(token, data.new_password)
        return Message(message="Your password was set. Sign in with it.")

    @post("/recovery-reset", operation_id="recoverPassword", status_code=200, opt=RECOVER)
    async def recover(
        self, request: Request[Any, Any, Any], env: EnvDep, data: JSONBody[RecoveryReset]
    ) -> Message:
        """Set a new password by a recovery code, at the machine itself; every session ends."""
        client = client_of(request)
        await Resets(env).recover(data.username, data.recovery_code, data.new_password, client)
        return Message(message="Your password was set. Sign in with it.")
