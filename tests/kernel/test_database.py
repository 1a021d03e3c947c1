import asyncio
import logging
import random
import sqlite3
import subprocess
import sys
import uuid
from contextlib import AsyncExitStack, closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from advanced_alchemy.base import UUIDv7Base
from litestar import post
from litestar.di import NamedDependency
from litestar.testing import AsyncTestClient
from sqlalchemy import func, select, text, update

from balu.app import DOMAINS, build
from balu.kernel.config import Config
from balu.kernel.db import explain, is_sqlite, sqlite_engine
from balu.kernel.domain import Domain
from balu.kernel.env import open_env
from balu.kernel.http import PUBLIC
from balu.kernel.jobs import ScheduleRow
from balu.kernel.lookup import Lookup
from balu.kernel.outbox import OutboxRow
from balu.kernel.problems import problem
from balu.kernel.testing import FakeClock
from balu.kernel.unit import Env, Unit, open_unit

COUNT = """
import asyncio, sys
from pathlib import Path
from sqlalchemy import select, update
from balu.app import DOMAINS
from balu.kernel.env import open_env
from balu.kernel.outbox import OutboxRow
from balu.kernel.sqlite import check
from balu.kernel.testing import make_config
from balu.kernel.unit import open_unit

async def main():
    check()
    async with open_env(make_config(Path(sys.argv[1]), DOMAINS, database_url=sys.argv[2]), DOMAINS) as env:
        async def often():
            for _ in range(25):
                async with open_unit(env) as unit:
                    query = select(OutboxRow).where(OutboxRow.name == "counter").with_for_update()
                    row = (await unit.session.scalars(query)).one()
                    await asyncio.sleep(0)
                    row.attempts += 1
        await asyncio.gather(*(often() for _ in range(4)))

asyncio.run(main())
"""


def schedule(clock: FakeClock, name: str) -> ScheduleRow:
    return ScheduleRow(
        name=name, kind="none", cron="0 0 1 1 *", enabled=False, next_at=clock(), created_at=clock()
    )


async def test_two_processes_that_read_and_write_lose_nothing(
    env: Env, clock: FakeClock, config: Config, data_dir: Path
) -> None:
    async with open_unit(env) as unit:
        far = clock.instant.replace(year=2999)
        unit.session.add(
            OutboxRow(name="counter", payload=b"{}", created_at=far, lease_until=far, attempts=0)
        )
    command = [sys.executable, "-c", COUNT, str(data_dir), config.database_url]
    both = [await asyncio.create_subprocess_exec(*command) for _ in range(2)]
    assert [await process.wait() for process in both] == [0, 0]
    async with open_unit(env, writes=False) as unit:
        found = await unit.session.scalar(select(OutboxRow.attempts).where(OutboxRow.name == "counter"))
    assert found == 2 * 4 * 25


async def test_a_commit_that_fails_is_no_success(config: Config) -> None:
    """Deferred references are only looked at by the COMMIT."""

    @post("/api/broken", opt=PUBLIC, include_in_schema=False)
    async def broken(unit: NamedDependency[Unit]) -> str:
        connection = await unit.session.connection()
        await connection.exec_driver_sql(
            "CREATE TABLE broken (id INTEGER PRIMARY KEY, other INTEGER "
            "REFERENCES broken (id) DEFERRABLE INITIALLY DEFERRED)"
        )
        await connection.exec_driver_sql("INSERT INTO broken VALUES (1, 99)")
        return "done"

    app = build(config, DOMAINS)
    app.register(broken)
    async with AsyncTestClient(app, base_url="http://127.0.0.1") as client:
        answer = await client.post("/api/broken")
    assert answer.status_code >= 400
    assert answer.status_code != 201


async def test_a_duplicate_is_a_conflict(env: Env, clock: FakeClock) -> None:
    async with open_unit(env) as unit:
        unit.session.add(schedule(clock, "twice"))
    with pytest.raises(Exception, match=r"(?i)unique") as caught:
        async with open_unit(env) as unit:
            unit.session.add(schedule(clock, "twice"))
    refusal = explain(caught.value)
    assert refusal is not None
    assert refusal.status == 409


async def test_a_locked_database_asks_to_try_again(
    env: Env, clock: FakeClock, config: Config, data_dir: Path
) -> None:
    if not is_sqlite(config.database_url):
        pytest.skip("PostgreSQL locks rows, not the database")
    with closing(sqlite3.connect(data_dir / "balu.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Exception, match="locked") as caught:  # noqa: PT012  the whole transaction
            async with open_unit(env) as unit:
                unit.session.add(schedule(clock, "late"))
                await unit.session.flush()
        other.rollback()
    refusal = explain(caught.value)
    assert refusal is not None
    assert refusal.status == 503
    assert "retry-after" in refusal.headers


async def test_a_database_that_recovers_asks_to_try_again(config: Config, clock: FakeClock) -> None:
    """As after a kill, when the first process that comes back has it to itself."""
    if not is_sqlite(config.database_url):
        pytest.skip("the embedded database only")
    async with open_env(config, DOMAINS, now=clock):
        pass
    with closing(sqlite3.connect(config.data_dir / "balu.db")) as alone:
        alone.execute("PRAGMA locking_mode=EXCLUSIVE")
        alone.execute("BEGIN EXCLUSIVE")
        lookup = Lookup(sqlite_engine(config.database_url, writes=False))
        with pytest.raises(sqlite3.OperationalError) as caught:
            await lookup.rows("SELECT 1 FROM outbox", {})
        await lookup.aclose()
    assert problem(caught.value, "")[0] == 503


async def test_who_waits_too_long_for_the_writer_is_to_try_again(env: Env) -> None:
    engine = env.write.kw["bind"]
    engine.pool._timeout = 0.1
    async with AsyncExitStack() as stack:
        with pytest.raises(Exception, match="QueuePool limit") as caught:  # noqa: PT012  some connections fit
            while True:
                await stack.enter_async_context(engine.connect())
    assert problem(caught.value, "")[0] == 503


async def test_a_request_before_the_start_is_done_is_to_try_again(config: Config) -> None:
    application: Any = build(config, DOMAINS)
    transport = httpx.ASGITransport(app=application)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        for address in ("/api/files/list", "/api/auth/me", "/"):
            answer = await client.get(address, headers={"authorization": "Bearer as good as any"})
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "2"), answer.text


async def test_a_full_disk_is_no_conflict(env: Env, clock: FakeClock, config: Config) -> None:
    if not is_sqlite(config.database_url):
        pytest.skip("the server of the test session shares its disk with everybody")
    with pytest.raises(Exception, match="full") as caught:  # noqa: PT012  the whole transaction
        async with open_unit(env) as unit:
            pages = await unit.session.scalar(text("PRAGMA page_count"))
            await unit.session.execute(text(f"PRAGMA max_page_count = {pages}"))
            far = clock()
            unit.session.add(OutboxRow(name="big", payload=bytes(2**20), created_at=far, lease_until=far))
    refusal = explain(caught.value)
    assert refusal is not None
    assert refusal.status == 507


async def test_reading_units_cannot_write(env: Env) -> None:
    with pytest.raises(Exception, match=r"(?i)read.?only"):
        async with open_unit(env, writes=False) as unit:
            await unit.session.execute(update(ScheduleRow).values(enabled=False))


async def test_nothing_is_stored_when_a_unit_fails(env: Env, clock: FakeClock) -> None:
    with pytest.raises(LookupError):  # noqa: PT012  the whole transaction
        async with open_unit(env) as unit:
            unit.session.add(schedule(clock, "never"))
            await unit.session.flush()
            raise LookupError
    async with open_unit(env, writes=False) as unit:
        assert await unit.session.scalar(select(func.count()).where(ScheduleRow.name == "never")) == 0


async def test_who_goes_away_in_the_middle_leaves_no_transaction_behind(
    env: Env, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    chance = random.Random(20261121)
    async with open_unit(env) as unit:
        unit.session.add(schedule(clock, "counted"))

    async def work(*, writes: bool) -> None:
        async with open_unit(env, writes=writes) as unit:
            for _ in range(3):
                await unit.session.scalar(select(func.count()).select_from(ScheduleRow))
            if writes:
                counted = update(ScheduleRow).where(ScheduleRow.name == "counted")
                await unit.session.execute(counted.values(cron="0 0 1 1 *"))

    async def begin_and_leave() -> None:
        task = asyncio.create_task(work(writes=chance.random() < 0.3))
        for _ in range(chance.randrange(3)):
            await asyncio.sleep(chance.random() * 0.01)
            task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    for _ in range(20):
        await asyncio.gather(*(begin_and_leave() for _ in range(12)))
    await asyncio.gather(*(work(writes=writes) for writes in (True, False) * 8))
    # PostgreSQL's driver leaves connections to the garbage collector that are cancelled twice.
    wrong = [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
    assert not wrong or "postgresql" in str(env.write.kw["bind"].url)


def test_uuid_keys_are_of_version_seven() -> None:
    class Sample(UUIDv7Base):
        __tablename__ = "sample_of_a_test"

    table = Sample.metadata.tables["sample_of_a_test"]
    try:
        default: Any = table.c.id.default
        assert uuid.UUID(str(default.arg(None))).version == 7
    finally:
        Sample.metadata.remove(table)


def test_the_program_loads_one_modern_sqlite() -> None:
    code = (
        "import balu.app, alembic, huey, aiosqlite, sqlite3\n"
        "from balu.kernel import sqlite\n"
        "sqlite.check(); sqlite3.connect(':memory:'); print(len(sqlite.loaded_copies()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "1"


def test_domains_have_different_names() -> None:
    assert all(isinstance(domain, Domain) for domain in DOMAINS)
    assert len({domain.name for domain in DOMAINS}) == len(DOMAINS)
