"""/api/auth/app-passwords."""

from typing import Any

from litestar import Controller, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from balu.identity.auth.app_passwords import AppPasswordService
from balu.identity.auth.controller import ANYONE, EnvDep, person
from balu.identity.auth.models import AppPasswordRow
from balu.identity.auth.schemas import AppPasswordCreate, AppPasswordCreated, AppPasswordRead
from balu.identity.auth.service import AuthService
from balu.kernel.http import CallerDep, provide
from balu.kernel.unit import open_unit

AppPasswords = NamedDependency[AppPasswordService]
CHANGE = {**ANYONE, "rate": ("api_key_operations", 30)}


class AppPasswordController(Controller):
    """Secrets for network drives."""

    path, tags = "/auth/app-passwords", ("auth",)
    dependencies = {"app_passwords": provide(AppPasswordService)}

    @get("/", operation_id="listAppPasswords", opt=ANYONE)
    async def list(self, app_passwords: AppPasswords, caller: CallerDep) -> list[AppPasswordRead]:
        """List your app passwords, without their text."""
        rows = await app_passwords.list(person(caller).user_id)
        return [AppPasswordRead(**_fields(row)) for row in rows]

    @post("/", operation_id="createAppPassword", status_code=201, opt=CHANGE)
    async def create(
        self, app_passwords: AppPasswords, caller: CallerDep, data: JSONBody[AppPasswordCreate]
    ) -> AppPasswordCreated:
        """Make one; its text is shown once."""
        user_id = person(caller).user_id
        row, secret = await app_passwords.create(user_id, data.name, data.scopes, data.expires_at)
        return AppPasswordCreated(**_fields(row), secret=secret)

    @delete("/{row_id:int}", operation_id="deleteAppPassword", status_code=204, opt=CHANGE)
    async def revoke(self, env: EnvDep, caller: CallerDep, row_id: FromPath[int]) -> None:
        """End one at once."""
        async with open_unit(env) as unit:
            await AppPasswordService(unit).revoke(row_id, person(caller).user_id)
        AuthService(env).forget()


def _fields(row: AppPasswordRow) -> dict[str, Any]:
    names = ("id", "name", "scopes", "created_at", "expires_at", "last_used_at")
    return {name: getattr(row, name) for name in names}
