"""The database is away for a moment while bytes flow: they go on, and whoever has begun keeps the upload."""

import asyncio
import secrets
import tempfile
from collections.abc import AsyncIterator, Generator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from structlog.testing import capture_logs

from balu.app import DOMAINS
from balu.kernel.errors import BaluError
from balu.kernel.testing import Cluster, Databases, FakeClock, postgresql_cluster, postgresql_programs
from balu.kernel.unit import Env, open_unit
from balu.storage.files import IntentRow, Intents, Writer, commit
from balu.storage.files.intents import LEASE
from balu.storage.files.recover import Recovery
from balu.storage.uploads.running import Running
from tests.storage.conftest import Place
from tests.storage.uploads.test_resumable import create, patch

MIB = 1 << 20
PATIENCE_S = 120


@pytest.fixture(scope="module")
def own() -> Generator[Cluster, None, None]:
    """A server of these tests alone: it is stopped while they run."""
    programs = postgresql_programs()
    if programs is None:
        pytest.skip("PostgreSQL IS NOT INSTALLED: apt-get install postgresql")
    with tempfile.TemporaryDirectory(prefix="balu-pg-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        with postgresql_cluster(programs, Path(folder) / "c") as running:
            yield running


@pytest.fixture(scope="module")
def its(own: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Databases:
    return Databases(tmp_path_factory.mktemp("templates"), own, DOMAINS)


@pytest.fixture
def database_url(its: Databases) -> Generator[str, None, None]:
    with its.postgresql() as url:
        yield url


async def test_an_append_outlives_it_and_its_turn_stays_watched(
    env: Env, client: httpx.AsyncClient, own: Cluster, place: Place
) -> None:
    body = secrets.token_bytes(3 * MIB)
    url = (await create(client, len(body))).headers["location"]
    running = env.part(Running)

    async def pieces() -> AsyncIterator[bytes]:
        yield body[:MIB]
        with capture_logs() as logs:
            away = own.away()
            await asyncio.to_thread(away.__enter__)
            try:
                async with asyncio.timeout(PATIENCE_S):  # until the row was looked for and not found
                    while not any("when the database answers again" in line["event"] for line in logs):
                        yield b""
                        await asyncio.sleep(0.05)
                yield body[MIB : 2 * MIB]
            finally:
                await asyncio.to_thread(away.__exit__, None, None, None)
        assert running._watch is not None
        assert not running._watch.done()
        yield body[2 * MIB :]

    headers = {
        "tus-resumable": "1.0.0", "upload-offset": "0", "content-type": "application/offset+octet-stream"
    }  # fmt: skip
    answer = await client.patch(url, headers=headers, content=pieces())
    assert (answer.status_code, answer.headers["upload-offset"]) == (204, str(len(body)))
    assert (place.home / "a.bin").read_bytes() == body


async def test_what_an_append_brought_is_there_when_the_database_is_not_at_its_end(
    client: httpx.AsyncClient, own: Cluster, place: Place
) -> None:
    body = secrets.token_bytes(2 * MIB)
    url = (await create(client, len(body))).headers["location"]
    away = own.away()

    async def pieces() -> AsyncIterator[bytes]:
        yield body
        await asyncio.to_thread(away.__enter__)

    headers = {
        "tus-resumable": "1.0.0", "upload-offset": "0", "content-type": "application/offset+octet-stream"
    }  # fmt: skip
    try:
        answer = await client.patch(url, headers=headers, content=pieces())
    finally:
        await asyncio.to_thread(away.__exit__, None, None, None)
    assert answer.status_code == 503, answer.text
    assert not (place.home / "a.bin").exists()
    told = await client.head(url, headers={"tus-resumable": "1.0.0"})
    offset = int(told.headers["upload-offset"])
    assert (await patch(client, url, offset, body[offset:])).status_code == 204
    assert (place.home / "a.bin").read_bytes() == body


async def test_a_lease_that_cannot_be_renewed_is_renewed_later(
    env: Env, own: Cluster, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commit, "BEAT_S", 0.05)
    op_id = secrets.token_hex(16)
    async with open_unit(env) as unit:
        await Intents(unit).open("put", op_id, [(1, 1, "slow.bin")], {})
    tried = asyncio.Event()

    async def slow() -> str:
        """What a disk may take; meanwhile the database comes and goes, and the lease would have ended."""
        away = own.away()
        await asyncio.to_thread(away.__enter__)
        try:
            async with asyncio.timeout(PATIENCE_S):
                await tried.wait()
        finally:
            await asyncio.to_thread(away.__exit__, None, None, None)
        clock.advance(seconds=LEASE.total_seconds() - 1)
        async with asyncio.timeout(PATIENCE_S):
            while await lease_left(env, op_id) < LEASE:  # noqa: ASYNC110  rows tell nobody
                await asyncio.sleep(0.05)
        return "done"

    original = Intents.renew

    async def renew(intents: Intents, renewed: str) -> None:
        try:
            await original(intents, renewed)
        except (SQLAlchemyError, BaluError):
            tried.set()
            raise

    monkeypatch.setattr(Intents, "renew", renew)
    assert await Writer(env)._beating(op_id, slow()) == "done"
    assert await Recovery(env).run() == 0
    assert await lease_left(env, op_id) == LEASE


async def lease_left(env: Env, op_id: str) -> timedelta:
    async with open_unit(env, writes=False) as unit:
        until = await unit.session.scalar(select(IntentRow.lease_until).where(IntentRow.op_id == op_id))
    assert until is not None
    return until - env.now()
