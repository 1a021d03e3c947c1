"""/api/api-keys."""

from typing import Any

from litestar import Controller, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from balu.identity.auth.apikeys import ApiKeyService
from balu.identity.auth.controller import EnvDep
from balu.identity.auth.models import ApiKeyRow
from balu.identity.auth.schemas import ApiKeyCreate, ApiKeyCreated, ApiKeyRead
from balu.identity.auth.service import AuthService
from balu.kernel.http import CallerDep, provide
from balu.kernel.unit import open_unit

ApiKeys = NamedDependency[ApiKeyService]
ADMIN = {"auth": "admin"}
CHANGE = {**ADMIN, "rate": ("api_key_operations", 30)}


class ApiKeyController(Controller):
    """Tokens for programs."""

    path, tags = "/api-keys", ("auth",)
    dependencies = {"api_keys": provide(ApiKeyService)}

    @get("/", operation_id="listApiKeys", opt=ADMIN)
    async def list(self, api_keys: ApiKeys) -> list[ApiKeyRead]:
        """List every token, without its text."""
        return [ApiKeyRead(**_fields(row)) for row in await api_keys.list()]

    @post("/", operation_id="createApiKey", status_code=201, opt=CHANGE)
    async def create(
        self, api_keys: ApiKeys, caller: CallerDep, data: JSONBody[ApiKeyCreate]
    ) -> ApiKeyCreated:
        """Make a token; its text is shown once."""
        target = caller.user_id if data.target_user_id is None else data.target_user_id
        row, key = await api_keys.create(caller, data.name, target, data.scopes, data.expires_at)
        return ApiKeyCreated(**_fields(row), key=key)

    @get("/{key_id:int}", operation_id="getApiKey", opt=ADMIN)
    async def read(self, api_keys: ApiKeys, key_id: FromPath[int]) -> ApiKeyRead:
        """Read one token's rights."""
        return ApiKeyRead(**_fields(await api_keys.get(key_id)))

    @delete("/{key_id:int}", operation_id="deleteApiKey", status_code=204, opt=CHANGE)
    async def revoke(self, env: EnvDep, key_id: FromPath[int]) -> None:
        """End a token at once."""
        async with open_unit(env) as unit:
            await ApiKeyService(unit).revoke(key_id)
        AuthService(env).forget()


def _fields(row: ApiKeyRow) -> dict[str, Any]:
    return {
        "id": row.id, "name": row.name, "target_user_id": row.user_id, "created_by": row.created_by,
        "scopes": list(row.scopes), "hint": row.hint, "created_at": row.created_at,
        "expires_at": row.expires_at, "last_used_at": row.last_used_at,
    }  # fmt: skip
