"""An Env on a real database and a real directory, and a client whose requests come from chosen users."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from litestar.types import Scope

from balu.app import Balu, build, settings_of
from balu.identity.users import NewUser, UserService
from balu.identity.users.domain import USERS
from balu.kernel.caller import Authenticator, Caller
from balu.kernel.config import Config, load_config
from balu.kernel.db import metadata
from balu.kernel.domain import Domain
from balu.kernel.env import open_env
from balu.kernel.http import scope_headers
from balu.kernel.jobs import JOBS, run_startup
from balu.kernel.unit import Env, open_unit
from balu.storage.files.domain import FILES
from balu.storage.files.service import FileService
from balu.storage.trash.domain import TRASH
from balu.storage.uploads.domain import UPLOADS
from balu.storage.volumes.domain import VOLUMES

ANNA = Caller(user_id=1, username="anna", grade="user")
BEN = Caller(user_id=2, username="ben", grade="user")
ROOT = Caller(user_id=3, username="root", grade="admin")
PEOPLE = {person.username: person for person in (ANNA, BEN, ROOT)}


class NamedInHeader(Authenticator):
    """Takes the caller's name from ``X-Test-User``; sign-in itself is tested elsewhere."""

    async def authenticate(self, scope: Scope) -> Caller | None:
        return PEOPLE.get(scope_headers(scope).get("x-test-user", ""))


PEOPLE_DOMAIN = Domain(name="people", parts=lambda _config: {Authenticator: NamedInHeader()})
DOMAINS = (JOBS, USERS, PEOPLE_DOMAIN, VOLUMES, FILES, UPLOADS, TRASH)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a test's bytes end up."""

    env: Env
    root: Path
    """The default volume."""

    @property
    def home(self) -> Path:
        """Anna's folder on the disk."""
        return self.root / "anna"


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return load_config(tmp_path / "data", settings_of(DOMAINS), environ={})


@pytest.fixture
async def env(config: Config) -> AsyncGenerator[Env, None]:
    config.data_dir.mkdir(parents=True)
    async with open_env(config, DOMAINS) as env:
        async with env.write().bind.connect() as connection:
            await connection.run_sync(metadata().create_all)
            await connection.commit()
        async with open_unit(env) as unit:
            for person in PEOPLE.values():
                row = await UserService(unit).create_hashed(
                    NewUser(username=person.username, password=""), ""
                )
                assert row.id == person.user_id
        await run_startup(env, [job for domain in DOMAINS for job in domain.startup])
        yield env


@pytest.fixture
def place(env: Env, config: Config) -> Place:
    return Place(env, config.data_dir / "volumes" / "main")


@pytest.fixture
def files(env: Env) -> FileService:
    return FileService(env, ANNA)


@pytest.fixture
def app(env: Env, config: Config) -> Balu:
    app = build(config, DOMAINS)
    app.state.env = app.front.env = env
    return app


@pytest.fixture
async def client(app: Balu) -> AsyncGenerator[httpx.AsyncClient, None]:
    transport: Any = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://localhost", headers={"x-test-user": "anna"}
    ) as client:
        yield client
