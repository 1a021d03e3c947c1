"""``/api/inventory/prometheus``: targets as files, over HTTP, with a ready configuration."""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from litestar import Controller, Request, Response, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from balu.kernel.caller import Caller
from balu.kernel.config import Config, Server
from balu.kernel.errors import ForbiddenError, UnauthorizedError
from balu.kernel.http import provide
from balu.kernel.threads import Threads
from balu.kernel.unit import Env, open_unit
from balu.operations.inventory.bulk_controller import EXPORT, EnvDep
from balu.operations.inventory.controller import READ, WRITE
from balu.operations.inventory.prometheus import ALERTS, http_config
from balu.operations.inventory.schemas import Name
from balu.operations.inventory.target_files import Exported, Format, render, zipped
from balu.operations.inventory.target_service import all_targets, write_targets
from balu.operations.inventory.targets import TargetGroup
from balu.operations.inventory.tokens import TokenService
from balu.operations.inventory.words import MonitorType

Tokens = NamedDependency[TokenService]
FileFormat = Annotated[Format, QueryParameter(name="format")]
WRITE_FILES: dict[str, Any] = {**WRITE, "rate": ("inventory_export", 10)}
SCRAPED: dict[str, Any] = {"auth": "optional", "rate": ("inventory_targets", 600)}
"""Prometheus asks once a minute for every job."""


class TokenRead(msgspec.Struct, kw_only=True):
    """A token that reads targets."""

    id: int
    name: str
    created_at: datetime


class TokenCreated(TokenRead, kw_only=True):
    """The same with its text."""

    token: str
    """Shown once; afterwards only its digest is known."""


class TokenWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What the token is for."""

    name: Name


Groups = list[TargetGroup]
TokenList = list[TokenRead]


class TargetController(Controller):
    """What Prometheus needs to know."""

    path, tags = "/inventory/prometheus", ("inventory",)
    dependencies: Any = {"tokens": provide(TokenService)}

    @get("/targets", operation_id="listTargets", opt=SCRAPED)
    async def targets(
        self,
        request: Request[Any, Any, Any],
        env: EnvDep,
        directory: FromQuery[str | None] = None,
        monitor_type: FromQuery[MonitorType | None] = None,
    ) -> Groups:
        """Targets for http_sd, of one scrape job or of all; for its own tokens and whoever may read."""
        await _admit(env, request)
        found = await all_targets(env)
        return [
            group
            for (folder, _), groups in sorted(found.items())
            for group in groups
            if directory in {None, folder} and monitor_type in {None, group.labels["monitor_type"]}
        ]

    @get("/export", operation_id="downloadTargets", opt=EXPORT)
    async def download(
        self,
        env: EnvDep,
        mode: FromQuery[Literal["download"]] = "download",  # noqa: ARG002  the only one; POST writes
        file_format: FileFormat = "yaml",
    ) -> Response[bytes]:
        """Every file in a ZIP: targets, configuration and rules."""
        files = render(await all_targets(env), file_format)
        return Response(
            await env.part(Threads).run(zipped, files),
            media_type="application/zip",
            headers={"content-disposition": 'attachment; filename="balu-prometheus.zip"'},
        )

    @post("/export", operation_id="writeTargets", status_code=200, opt=WRITE_FILES)
    async def write(self, env: EnvDep, file_format: FileFormat = "yaml") -> Exported:
        """Write the files where Prometheus reads them; only what differs, and old ones go."""
        return await write_targets(env, file_format)

    @get("/config", operation_id="getPrometheusConfig", opt=READ, media_type="text/yaml")
    async def config(self, request: Request[Any, Any, Any], env: EnvDep) -> str:
        """A ready ``prometheus.yml`` that asks this server; put a token into ``balu-token`` beside it."""
        base = env.part(Config).of(Server).base_url or str(request.base_url)
        return http_config(base.rstrip("/"))

    @get("/rules", operation_id="getPrometheusRules", opt=READ, media_type="text/yaml")
    async def rules(self) -> str:
        """Ready alert rules, ``alerts.yml``."""
        return ALERTS

    @get("/tokens", operation_id="listTargetTokens", opt=WRITE)
    async def tokens(self, tokens: Tokens) -> TokenList:
        """Tokens that read targets, without their text."""
        return [TokenRead(id=row.id, name=row.name, created_at=row.created_at) for row in await tokens.list()]

    @post("/tokens", operation_id="createTargetToken", status_code=201, opt=WRITE)
    async def create_token(self, tokens: Tokens, data: JSONBody[TokenWrite]) -> TokenCreated:
        """Make a token that reads targets and nothing else; its text is shown once."""
        row, token = await tokens.create(data.name)
        return TokenCreated(id=row.id, name=row.name, created_at=row.created_at, token=token)

    @delete("/tokens/{token_id:int}", operation_id="deleteTargetToken", status_code=204, opt=WRITE)
    async def remove_token(self, tokens: Tokens, token_id: FromPath[int]) -> None:
        """End a token at once."""
        await tokens.delete(token_id)


async def _admit(env: Env, request: Request[Any, Any, Any]) -> None:
    caller: Caller | None = request.scope["state"].get("caller")
    if caller is not None:
        if caller.scopes is not None and not {"inventory:read", "admin"} & caller.scopes:
            raise ForbiddenError("This token lacks the scope inventory:read.")
        return
    token = request.headers.get("authorization", "").partition(" ")[2].strip()
    async with open_unit(env, writes=False) as unit:
        if not await TokenService(unit).is_live(token):
            raise UnauthorizedError(
                "Use a token made at /api/inventory/prometheus/tokens.",
                headers={"www-authenticate": "Bearer"},
            )
