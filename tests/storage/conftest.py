"""An Env on a real database and a real directory, and a client whose requests come from chosen users."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from balu.app import DOMAINS, Balu
from balu.identity.users import NewUser, UserService
from balu.kernel.caller import Authenticator, Caller
from balu.kernel.config import Config
from balu.kernel.domain import Domain
from balu.kernel.env import open_env
from balu.kernel.jobs import run_startup
from balu.kernel.testing import FakeClock, NamedInHeader
from balu.kernel.unit import Env, open_unit
from balu.storage.files.service import FileService
from tests.listening import app_on

ANNA = Caller(user_id=1, username="anna", grade="user")
BEN = Caller(user_id=2, username="ben", grade="user")
ROOT = Caller(user_id=3, username="root", grade="admin")
PEOPLE = (ANNA, BEN, ROOT)


ALL = (
    *DOMAINS,
    Domain(name="people", parts=lambda _config: {Authenticator: NamedInHeader(PEOPLE)}),
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a test's bytes end up."""

    root: Path
    """The default volume."""

    @property
    def home(self) -> Path:
        """Anna's folder on the disk."""
        return self.root / "anna"

    def below(self) -> set[str]:
        """Everything in Anna's folder."""
        return {str(path.relative_to(self.home)) for path in self.home.rglob("*")}

    def private(self, folder: str) -> list[str]:
        """Names in one of the volume's own folders."""
        return sorted(path.name for path in (self.root / ".balu" / folder).iterdir())


async def add_people(env: Env) -> None:
    async with open_unit(env) as unit:
        for person in PEOPLE:
            row = await UserService(unit).create_hashed(NewUser(username=person.username, password=""), "")
            assert row.id == person.user_id


async def set_quota(env: Env, quota_bytes: int | None) -> None:
    """Limit Anna."""
    async with open_unit(env) as unit:
        (await UserService(unit).get(ANNA.user_id)).quota_bytes = quota_bytes


@pytest_asyncio.fixture
async def env(config: Config, clock: FakeClock) -> AsyncGenerator[Env, None]:
    async with open_env(config, ALL, now=clock) as env:
        await add_people(env)
        await run_startup(env, [job for domain in ALL for job in domain.startup])
        yield env


@pytest.fixture
def place(env: Env, config: Config) -> Place:
    return Place(config.data_dir / "volumes" / "main")


@pytest.fixture
def files(env: Env) -> FileService:
    return FileService(env, ANNA)


@pytest.fixture
def app(env: Env) -> Balu:
    return app_on(env, ALL)


@pytest_asyncio.fixture
async def client(app: Balu) -> AsyncGenerator[httpx.AsyncClient, None]:
    application: Any = app
    transport = httpx.ASGITransport(app=application)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://localhost", headers={"x-test-user": "anna"}
    ) as client:
        yield client
