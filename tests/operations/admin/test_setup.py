"""The first run: one code, one owner."""

import asyncio
from pathlib import Path
from typing import Any

from litestar.testing import AsyncTestClient

from balu.identity.auth import Client
from balu.identity.users import NewUser, UserService
from balu.kernel.errors import BaluError
from balu.kernel.unit import Env, open_unit
from balu.operations.admin import setup_code
from balu.operations.admin.service import claim, code_path

HERE = Client("test", "192.0.2.1")


async def test_s44_of_fifty_claims_at_once_exactly_one_wins(env: Env) -> None:
    code = await setup_code(env)
    assert code is not None

    async def attempt(number: int) -> str:
        new = NewUser(username=f"owner{number}", password="Regen5Tage", grade="superadmin")
        try:
            await claim(env, new, code, HERE)
        except BaluError as error:
            return error.code
        return "done"

    told = await asyncio.gather(*(attempt(number) for number in range(50)))
    assert told.count("done") == 1
    assert set(told) == {"done", "not-found"}
    async with open_unit(env, writes=False) as unit:
        assert (await UserService(unit).counts()).total == 1


async def test_the_code_is_made_once_and_readable_by_the_owner_only(env: Env) -> None:
    code = await setup_code(env)
    assert code is not None
    assert code == await setup_code(env)
    assert code_path(env).stat().st_mode & 0o777 == 0o600
    code_path(env).unlink()
    assert await setup_code(env) not in {None, code}


async def test_over_http_setup_signs_in_and_is_gone_for_ever(
    client: AsyncTestClient[Any], data_dir: Path
) -> None:
    assert (await client.get("/api/setup/status")).json() == {"setup_required": True, "completed_steps": []}
    code = (data_dir / "run" / "setup-code").read_text().strip()
    body = {"username": "owner", "password": "Regen5Tage", "setup_secret": "guess"}
    assert (await client.post("/api/setup/admin", json=body)).status_code == 403
    made = await client.post("/api/setup/admin", json={**body, "setup_secret": code})
    assert made.status_code == 201
    assert made.json()["username"] == "owner"
    assert (await client.get("/api/bootstrap")).json()["user"]["grade"] == "superadmin"
    client.cookies.clear()
    again = await client.post("/api/setup/admin", json={**body, "setup_secret": code, "username": "eve"})
    assert again.status_code == 404
    assert not (data_dir / "run" / "setup-code").exists()
    assert (await client.get("/api/setup/status")).json()["setup_required"] is False
