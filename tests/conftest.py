"""Fixtures for every test: real databases, an Env over all domains, an application, a server."""

import tempfile
from collections.abc import AsyncGenerator, Generator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from litestar.testing import AsyncTestClient

from balu.app import DOMAINS, Balu, build
from balu.kernel.config import Config
from balu.kernel.env import open_env
from balu.kernel.testing import (
    Cluster,
    Databases,
    FakeClock,
    Server,
    make_config,
    postgresql_cluster,
    postgresql_programs,
    running_server,
)
from balu.kernel.unit import Env, Unit, open_unit
from tests.torture.harness.needs import closing_line


@pytest.fixture(scope="session")
def cluster() -> Generator[Cluster | None, None, None]:
    """PostgreSQL for this session, None where it is not installed."""
    programs = postgresql_programs()
    if programs is None:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="balu-pg-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        with postgresql_cluster(programs, Path(folder) / "c") as running:
            yield running


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory, cluster: Cluster | None) -> Databases:
    return Databases(tmp_path_factory.mktemp("templates"), cluster, DOMAINS)


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(
    request: pytest.FixtureRequest, databases: Databases, cluster: Cluster | None, data_dir: Path
) -> Generator[str, None, None]:
    """Address of a fresh database with all migrations applied; every test that uses it runs on both kinds."""
    if request.param == "sqlite":
        yield databases.sqlite(data_dir / "balu.db")
    elif cluster is None:
        pytest.skip("PostgreSQL IS NOT INSTALLED: apt-get install postgresql; half of the tests did not run")
    else:
        with databases.postgresql() as url:
            yield url


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def config(data_dir: Path, database_url: str) -> Config:
    return make_config(data_dir, DOMAINS, database_url=database_url)


@pytest_asyncio.fixture
async def env(config: Config, clock: FakeClock) -> AsyncGenerator[Env, None]:
    """An Env over every domain, with a fresh database and a clock that stands still."""
    async with open_env(config, DOMAINS, now=clock) as opened:
        yield opened


@pytest_asyncio.fixture
async def unit(env: Env) -> AsyncGenerator[Unit, None]:
    """One open transaction; it commits when the test ends."""
    async with open_unit(env) as opened:
        yield opened


@pytest.fixture
def app(config: Config) -> Balu:
    """The whole application on the real clock."""
    return build(config)


@pytest_asyncio.fixture
async def client(app: Balu) -> AsyncGenerator[AsyncTestClient[Any], None]:
    async with AsyncTestClient(app, base_url="http://127.0.0.1") as opened:
        yield opened


@pytest.fixture
def server(tmp_path: Path) -> Generator[Server, None, None]:
    """A real `balu serve` of this test's own."""
    with running_server(tmp_path / "served") as running:
        yield running


@pytest.fixture(scope="module")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server, None, None]:
    """A real `balu serve` for all tests of a module."""
    with running_server(tmp_path_factory.mktemp("served")) as running:
        yield running


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many fault tests ran, also when several processes ran them."""
    told = {name: terminalreporter.stats.get(name, []) for name in ("passed", "skipped")}
    mine = {name: [one for one in all_ if "tests/torture/" in one.nodeid] for name, all_ in told.items()}
    if any(mine.values()):
        passed = sum(report.when == "call" for report in mine["passed"])
        terminalreporter.write_line(closing_line(passed, [str(one.longrepr) for one in mine["skipped"]]))
