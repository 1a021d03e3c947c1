"""What a setup assistant does after the owner's account: other people, file access, the end."""

from typing import Any

import pytest
from litestar.testing import AsyncTestClient

from balu.app import Balu, build
from balu.kernel.config import Config
from balu.kernel.testing import FakeClock
from balu.operations.admin import setup_code

PASSWORD = "Regen5Tage"
Http = AsyncTestClient[Any]


@pytest.fixture
def app(config: Config, clock: FakeClock) -> Balu:
    return build(config, now=clock)


@pytest.fixture
async def bearer(client: Http, app: Balu) -> dict[str, str]:
    """The owner's setup token; the cookies of the claim are thrown away."""
    body = {"username": "owner", "password": PASSWORD, "setup_secret": await setup_code(app.state.env)}
    made = await client.post("/api/setup/admin", json=body)
    client.cookies.clear()
    return {"authorization": f"Bearer {made.json()['setup_token']}"}


async def steps(client: Http) -> list[str]:
    found: list[str] = (await client.get("/api/setup/status")).json()["completed_steps"]
    return found


async def test_the_steps_are_done_in_any_number_and_end_for_ever(
    client: Http, bearer: dict[str, str]
) -> None:
    assert await steps(client) == ["admin"]
    for name in ("bert", "carla"):
        made = await client.post(
            "/api/setup/users", headers=bearer, json={"username": name, "password": PASSWORD}
        )
        assert (made.status_code, made.json()["username"]) == (201, name)
    taken = await client.post(
        "/api/setup/users", headers=bearer, json={"username": "Bert", "password": PASSWORD}
    )
    assert (taken.status_code, taken.json()["code"]) == (409, "user-exists")
    opened = await client.post("/api/setup/file-access", headers=bearer, json={"samba": True, "webdav": True})
    assert opened.json()["samba"] is True
    assert len(opened.json()["app_password"]) == 35
    assert await steps(client) == ["admin", "users", "file-access"]
    done = await client.post("/api/setup/complete", headers=bearer)
    assert done.json() == {"success": True, "completed_steps": ["admin", "users", "file-access", "complete"]}

    body = {"username": "dora", "password": PASSWORD}
    for path, json in (("users", body), ("file-access", {}), ("complete", None)):
        over = await client.post(f"/api/setup/{path}", headers=bearer, json=json)
        assert (over.status_code, over.json()["code"]) == (404, "not-found")
    login = await client.post("/api/auth/login", json={"username": "owner", "password": PASSWORD})
    headers = {"authorization": f"Bearer {login.json()['access_token']}"}
    users = (await client.get("/api/users/", headers=headers)).json()["users"]
    assert [(one["username"], one["grade"], one["smb_enabled"]) for one in users] == [
        ("bert", "user", False), ("carla", "user", False), ("owner", "superadmin", True),
    ]  # fmt: skip


async def test_only_the_owners_fresh_setup_token_opens_them(
    client: Http, bearer: dict[str, str], clock: FakeClock
) -> None:
    login = await client.post("/api/auth/login", json={"username": "owner", "password": PASSWORD})
    access = {"authorization": f"Bearer {login.json()['access_token']}"}
    for headers in ({}, {"authorization": "Bearer x"}, access):
        refused = await client.post("/api/setup/complete", headers=headers)
        assert refused.status_code == 403
    assert (await client.get("/api/auth/me", headers=bearer)).status_code == 401
    clock.advance(seconds=1799)
    assert (await client.post("/api/setup/file-access", headers=bearer, json={})).status_code == 200
    clock.advance(seconds=1)
    assert (await client.post("/api/setup/complete", headers=bearer)).status_code == 403
    assert await steps(client) == ["admin", "file-access"]
