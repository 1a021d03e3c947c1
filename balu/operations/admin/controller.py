"""/api/setup."""

from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from balu.identity.auth import check_own_page, client_of, set_cookies
from balu.identity.users import NewUser
from balu.kernel.http import PUBLIC
from balu.kernel.unit import Env, Unit
from balu.operations.admin.schemas import SetupAdmin, SetupClaimed, SetupStatus
from balu.operations.admin.service import claim, setup_required


class SetupController(Controller):
    """The first run."""

    path, tags = "/setup", ("setup",)

    @get("/status", operation_id="getSetupStatus", opt=PUBLIC)
    async def status(self, unit: NamedDependency[Unit]) -> SetupStatus:
        """Say whether Balu still has no owner."""
        required = await setup_required(unit)
        return SetupStatus(setup_required=required, completed_steps=[] if required else ["admin"])

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
