"""An application on a real database whose requests come from chosen people; Ola, an operator, by default."""

from collections.abc import AsyncGenerator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from balu.app import DOMAINS, Balu, build
from balu.kernel.caller import Authenticator, Caller
from balu.kernel.config import Config
from balu.kernel.domain import Domain
from balu.kernel.env import open_env
from balu.kernel.ratelimit import Limits
from balu.kernel.testing import FakeClock, NamedInHeader
from balu.kernel.unit import Env

VERA = Caller(user_id=1, username="vera", grade="viewer")
OLA = Caller(user_id=2, username="ola", grade="operator")
ADA = Caller(user_id=3, username="ada", grade="admin")


class NoLimits(Limits):
    """Rate limits have tests of their own; here a test may ask as often as it likes."""

    def take(self, who: str, name: str, per_minute: int) -> None:
        pass


def _parts(_config: Config) -> dict[type, Any]:
    return {Authenticator: NamedInHeader((VERA, OLA, ADA)), Limits: NoLimits()}


ALL = (*DOMAINS, Domain(name="people", parts=_parts))


@pytest_asyncio.fixture
async def env(config: Config, clock: FakeClock) -> AsyncGenerator[Env, None]:
    async with open_env(config, ALL, now=clock) as env:
        yield env


@pytest.fixture
def app(env: Env, config: Config) -> Balu:
    app = build(config, ALL)
    app.state.env = app.front.env = env
    return app


@pytest_asyncio.fixture
async def client(app: Balu) -> AsyncGenerator[httpx.AsyncClient, None]:
    application: Any = app
    transport = httpx.ASGITransport(app=application)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://localhost/api/inventory", headers={"x-test-user": "ola"}
    ) as client:
        yield client
