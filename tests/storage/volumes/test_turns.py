"""On PostgreSQL the writers of one owner's files take turns; those of another owner do not wait for them."""

import asyncio
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from sqlalchemy import event, text

from balu.kernel.unit import Env, Unit, open_unit
from balu.storage.volumes import has_turn, take_turn
from tests.storage.conftest import ANNA, BEN

CHANGES = re.compile(r"\s*(INSERT INTO|UPDATE|DELETE FROM) (file|file_version|quota|reservation)\s")
WAITING = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")


def is_postgresql(env: Env) -> bool:
    """Whether several may write at once."""
    dialect: str = env.write.kw["bind"].dialect.name
    return dialect == "postgresql"


async def take(env: Env, *owner_ids: int) -> None:
    async with open_unit(env) as unit:
        await take_turn(unit, *owner_ids)


async def until_somebody_waits(unit: Unit) -> None:
    while not await unit.session.scalar(WAITING):  # noqa: ASYNC110  the database tells nobody
        await asyncio.sleep(0.01)


async def test_one_owner_is_one_turn_and_another_owner_another(env: Env) -> None:
    if not is_postgresql(env):
        pytest.skip("SQLite has one writer anyway")
    async with open_unit(env) as unit:
        assert not has_turn(unit)
        await take_turn(unit, ANNA.user_id)
        assert has_turn(unit)
        await take(env, BEN.user_id)
        second = asyncio.create_task(take(env, BEN.user_id, ANNA.user_id))
        await until_somebody_waits(unit)
        assert not second.done()
    await second


async def test_two_owners_in_either_order_never_wait_in_a_circle(env: Env) -> None:
    pairs = [(ANNA.user_id, BEN.user_id), (BEN.user_id, ANNA.user_id)] * 20
    await asyncio.gather(*(take(env, *pair) for pair in pairs))


@asynccontextmanager
async def watched(env: Env) -> AsyncGenerator[list[str], None]:
    """Statements that change what is counted, in transactions that have no turn."""
    engine, out_of_turn = env.write.kw["bind"].sync_engine, list[str]()

    def begin(connection: Any) -> None:
        connection.info["has_turn"] = False

    def execute(connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "pg_advisory_xact_lock" in statement:
            connection.info["has_turn"] = True
        elif CHANGES.match(statement) and not connection.info["has_turn"]:
            out_of_turn.append(statement)

    listeners = (("begin", begin), ("before_cursor_execute", execute))
    for name, listener in listeners:
        event.listen(engine, name, listener)
    try:
        yield out_of_turn
    finally:
        for name, listener in listeners:
            event.remove(engine, name, listener)


async def test_everything_that_is_counted_is_changed_in_turn(env: Env, client: httpx.AsyncClient) -> None:
    if not is_postgresql(env):
        pytest.skip("SQLite has one writer anyway")
    assert (await client.get("/api/files/list")).status_code == 200
    async with watched(env) as out_of_turn:
        for body in (b"one", b"other"):
            assert (await client.put("/api/files/content/a.txt", content=body)).status_code in {200, 201}
        wanted = {"source_path": "a.txt", "target_path": "b.txt"}
        assert (await client.post("/api/files/copy", json=wanted)).status_code == 201
        wanted = {"old_path": "b.txt", "new_name": "c.txt"}
        assert (await client.put("/api/files/rename", json=wanted)).status_code == 200
        assert (await client.delete("/api/files/c.txt")).status_code in {200, 204}
        item = (await client.get("/api/trash")).json()["items"][0]["id"]
        assert (await client.post(f"/api/trash/{item}/restore", json={})).status_code == 200
        assert (await client.delete("/api/files/c.txt")).status_code in {200, 204}
        item = (await client.get("/api/trash")).json()["items"][0]["id"]
        assert (await client.delete(f"/api/trash/{item}")).status_code in {200, 204}
    assert out_of_turn == []
