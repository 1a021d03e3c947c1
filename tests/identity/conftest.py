"""People for tests of identity, and a whole application on a clock that is moved by hand."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pyotp
import pytest
import pytest_asyncio
from sqlalchemy import select

from balu.app import DOMAINS, Balu, build
from balu.identity.auth.totp import SecondFactorService
from balu.identity.users import NewUser, UserRow, UserService
from balu.kernel.caller import Caller, Grade
from balu.kernel.config import Config
from balu.kernel.domain import Domain
from balu.kernel.events import Dispatcher
from balu.kernel.jobs.models import QUEUED, JobRow
from balu.kernel.jobs.run import work
from balu.kernel.testing import FakeClock, make_config
from balu.kernel.unit import Env, open_unit

PASSWORD = "Regen5Tage"
MakeUser = Callable[..., Awaitable[UserRow]]


async def add_user(env: Env, username: str, grade: Grade = "user", email: str | None = None) -> UserRow:
    async with open_unit(env) as unit:
        new = NewUser(username=username, password=PASSWORD, grade=grade, email=email)
        return await UserService(unit).create(new)


@pytest.fixture
def make_user(env: Env) -> MakeUser:
    """Makes an account called *username* with the password ``Regen5Tage``."""

    async def make(username: str = "anna", grade: Grade = "user") -> UserRow:
        return await add_user(env, username, grade)

    return make


@pytest.fixture
def caller_of() -> Callable[[UserRow], Caller]:
    return lambda row: Caller(row.id, row.username, row.grade)


@dataclass(slots=True)
class House:
    """The application as it is reached from several addresses, and its clock."""

    app: Balu
    clock: FakeClock
    clients: AsyncExitStack
    _open: dict[str, httpx.AsyncClient] = field(default_factory=dict)

    @property
    def env(self) -> Env:
        env: Env = self.app.state.env
        return env

    async def at(self, address: str = "192.0.2.1") -> httpx.AsyncClient:
        """A client at this address, without credentials; always the same one."""
        if address not in self._open:
            transport = httpx.ASGITransport(app=self.app, client=(address, 40_000))  # type: ignore[arg-type]
            client = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1")
            self._open[address] = await self.clients.enter_async_context(client)
        return self._open[address]

    async def add(self, username: str, grade: Grade = "user", email: str | None = None) -> UserRow:
        return await add_user(self.env, username, grade, email)

    async def add_factor(self, user: UserRow) -> tuple[pyotp.TOTP, list[str]]:
        """Turn the second factor on; returns the app and the recovery codes."""
        async with open_unit(self.env) as unit:
            factor = SecondFactorService(unit)
            totp = pyotp.TOTP((await factor.begin(user.id, user.username)).secret)
            codes = await factor.enable(user.id, totp.at(self.clock()), None)
        self.clock.advance(seconds=90)
        return totp, codes

    async def sign_in(
        self, username: str, password: str = PASSWORD, address: str = "192.0.2.1"
    ) -> dict[str, str]:
        """Headers of a fresh session."""
        found = await (await self.at(address)).post(
            "/api/auth/login", json={"username": username, "password": password}
        )
        assert found.status_code == 200, found.text
        return {"authorization": f"Bearer {found.json()['access_token']}"}

    async def work(self) -> None:
        """Do what waits: jobs, then the events they published."""
        async with open_unit(self.env, writes=False) as unit:
            waiting = (await unit.session.scalars(select(JobRow.id).where(JobRow.state == QUEUED))).all()
        for job_id in waiting:
            await work(self.env, job_id)
        await self.env.part(Dispatcher).deliver(self.env)

    async def jobs(self, kind: str) -> Sequence[JobRow]:
        async with open_unit(self.env, writes=False) as unit:
            return (await unit.session.scalars(select(JobRow).where(JobRow.kind == kind))).all()


@pytest.fixture
def sections() -> Mapping[str, Mapping[str, Any]]:
    """Settings besides the defaults; modules replace it."""
    return {}


@pytest.fixture
def extra() -> tuple[Domain, ...]:
    """Domains besides Balu's own; modules replace it."""
    return ()


@pytest.fixture
def config(data_dir: Path, database_url: str, sections: Mapping[str, Mapping[str, Any]]) -> Config:
    return make_config(data_dir, DOMAINS, database_url=database_url, **sections)


@pytest_asyncio.fixture
async def house(config: Config, clock: FakeClock, extra: tuple[Domain, ...]) -> AsyncGenerator[House, None]:
    app = build(config, (*DOMAINS, *extra), now=clock)
    started, ended = asyncio.Event(), asyncio.Event()

    async def live() -> None:
        # One task from beginning to end, which the two halves of a fixture are not.
        async with app.lifespan():
            started.set()
            await ended.wait()

    life = asyncio.create_task(live())
    await asyncio.wait({life, asyncio.create_task(started.wait())}, return_when=asyncio.FIRST_COMPLETED)
    async with AsyncExitStack() as clients:
        yield House(app, clock, clients)
    ended.set()
    await life
