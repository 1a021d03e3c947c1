"""/api/setup."""

from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from balu.identity.auth import check_own_page, client_of, set_cookies
from balu.identity.users import NewUser
from balu.kernel.http import PUBLIC
from balu.kernel.unit import Env, Unit
from balu.operations.admin.schemas import (
    SetupAdmin,
    SetupClaimed,
    SetupComplete,
    SetupFileAccess,
    SetupFileAccessMade,
    SetupStatus,
    SetupUser,
    SetupUserMade,
)
from balu.operations.admin.service import (
    add_user,
    claim,
    complete,
    completed_steps,
    open_file_access,
    setup_required,
)

STEP = {**PUBLIC, "rate": ("setup_step", 30)}
"""The proof is the setup token in ``Authorization: Bearer``."""


class SetupController(Controller):
    """The first run."""

    path, tags = "/setup", ("setup",)

    @get("/status", operation_id="getSetupStatus", opt=PUBLIC)
    async def status(self, unit: NamedDependency[Unit]) -> SetupStatus:
        """Say whether Balu still has no owner."""
        required, steps = await setup_required(unit), await completed_steps(unit)
        return SetupStatus(setup_required=required, completed_steps=steps)

    @post("/admin", operation_id="claimSetup", status_code=201, opt={**PUBLIC, "rate": ("setup_admin", 3)})
    async def admin(
        self, request: Request[Any, Any, Any], env: NamedDependency[Env], data: JSONBody[SetupAdmin]
    ) -> Response[SetupClaimed]:
        """Make the owner's account with the one-time code; works once."""
        check_own_page(request)
        new = NewUser(username=data.username, password=data.password, email=data.email, grade="superadmin")
        claimed = await claim(env, new, data.setup_secret, client_of(request))
        user = claimed.signed.user
        response = Response(
            SetupClaimed(
                success=True, setup_token=claimed.setup_token, user_id=user.id, username=user.username
            )
        )
        if claimed.signed.cookie is not None:
            set_cookies(response, request, env, claimed.signed.cookie)
        return response

    @post("/users", operation_id="addSetupUser", status_code=201, opt=STEP)
    async def users(
        self, request: Request[Any, Any, Any], env: NamedDependency[Env], data: JSONBody[SetupUser]
    ) -> SetupUserMade:
        """Make an ordinary account."""
        new = NewUser(username=data.username, password=data.password, email=data.email)
        row = await add_user(env, _token(request), new)
        return SetupUserMade(success=True, user_id=row.id, username=row.username)

    @post("/file-access", operation_id="setFileAccess", status_code=200, opt=STEP)
    async def file_access(
        self, request: Request[Any, Any, Any], unit: NamedDependency[Unit], data: JSONBody[SetupFileAccess]
    ) -> SetupFileAccessMade:
        """Choose how the owner reaches the files besides the browser."""
        secret = await open_file_access(unit, _token(request), samba=data.samba, webdav=data.webdav)
        return SetupFileAccessMade(success=True, samba=data.samba, app_password=secret)

    @post("/complete", operation_id="completeSetup", status_code=200, opt=STEP)
    async def complete(self, request: Request[Any, Any, Any], unit: NamedDependency[Unit]) -> SetupComplete:
        """End the setup."""
        return SetupComplete(success=True, completed_steps=await complete(unit, _token(request)))


def _token(request: Request[Any, Any, Any]) -> str:
    return request.headers.get("authorization", "").removeprefix("Bearer ").strip()
