"""Many files at once, and a database that gives up at their rows: the ledger never says too little."""

import asyncio
import json
import random
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select, text

from balu.kernel.unit import Env, open_unit
from balu.storage.files import IntentRow, ReservationRow
from balu.storage.files.recover import Recovery
from balu.storage.trash.recover import count
from balu.storage.volumes import QuotaService
from tests.storage.conftest import ANNA, Place

REFUSE = {
    "sqlite": [
        "CREATE TRIGGER give_up BEFORE INSERT ON journal BEGIN SELECT RAISE(ABORT, 'disk I/O error'); END"
    ],
    "postgresql": [
        (
            "CREATE FUNCTION give_up() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'disk I/O error' USING ERRCODE = 'io_error'; END $$"
        ),
        "CREATE TRIGGER give_up BEFORE INSERT ON journal FOR EACH ROW EXECUTE FUNCTION give_up()",
    ],
}
TAKE = {"sqlite": "DROP TRIGGER give_up", "postgresql": "DROP FUNCTION give_up CASCADE"}


@asynccontextmanager
async def rows_refused(env: Env) -> AsyncGenerator[None, None]:
    """From here on the database takes intents and no rows of finished writes."""
    async with open_unit(env) as unit:
        kind = unit.session.get_bind().dialect.name
        for statement in REFUSE[kind]:
            await unit.session.execute(text(statement))
    try:
        yield
    finally:
        async with open_unit(env) as unit:
            await unit.session.execute(text(TAKE[kind]))


def visible(home: Path) -> int:
    return sum(path.stat().st_size for path in home.rglob("*") if path.is_file())


async def together(client: httpx.AsyncClient, files: dict[str, bytes], *, batch: bool) -> set[int]:
    """Store them as one group; the statuses."""
    if not batch:
        answers = await asyncio.gather(
            *(client.put(f"/api/files/content/{path}", content=body) for path, body in files.items())
        )
        return {answer.status_code for answer in answers}
    line = json.dumps([{"path": path, "size": len(body)} for path, body in files.items()]).encode() + b"\n"
    kind = {"content-type": "application/vnd.balu.batch"}
    answer = await client.post("/api/uploads/batch", content=line + b"".join(files.values()), headers=kind)
    return {item["status"] for item in answer.json()} if answer.is_success else {answer.status_code}


@pytest.mark.parametrize("seed", range(3))
async def test_what_is_visible_is_counted_whatever_the_database_does(
    env: Env, client: httpx.AsyncClient, place: Place, seed: int
) -> None:
    dice = random.Random(seed)
    for round_ in range(4):
        files = {
            f"{dice.choice(['new', 'old'])}-{round_ if dice.random() < 0.7 else 0}-{number}": dice.randbytes(
                dice.randrange(1, 5000)
            )
            for number in range(dice.randrange(2, 9))
        }
        is_batch, fails = dice.random() < 0.5, dice.random() < 0.7
        if fails:
            async with rows_refused(env):
                codes = await together(client, files, batch=is_batch)
            assert all(code >= 500 for code in codes), codes
        else:
            assert await together(client, files, batch=is_batch) <= {200, 201}
        async with open_unit(env, writes=False) as unit:
            usage = await QuotaService(unit).usage(ANNA.user_id)
        assert usage.live + usage.reserved >= visible(place.home), (round_, fails)
        if dice.random() < 0.6:
            await settled(env, place)
    await settled(env, place)


async def settled(env: Env, place: Place) -> None:
    """After recovery ledger, rows and disk agree, and nothing is reserved."""
    await Recovery(env).run()
    async with open_unit(env, writes=False) as unit:
        usage, counted = await QuotaService(unit).usage(ANNA.user_id), await count(unit, ANNA.user_id)
        assert (await unit.session.scalars(select(IntentRow))).all() == []
        assert (await unit.session.scalars(select(ReservationRow))).all() == []
    assert (usage.live, usage.versions, usage.reserved) == (counted.live, counted.versions, 0)
    assert usage.live == visible(place.home)
