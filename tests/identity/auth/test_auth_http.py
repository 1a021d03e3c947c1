"""The web UI's session, tokens of programs, and how fast everything ends, over HTTP."""

import asyncio
from typing import Any

import pytest
from litestar.testing import AsyncTestClient

from balu.app import Balu
from balu.operations.admin import setup_code

PASSWORD = "Regen5Tage"
Http = AsyncTestClient[Any]


@pytest.fixture
async def owner(client: Http, app: Balu) -> dict[str, str]:
    """The owner made by the setup; the client keeps the cookies. Returns the CSRF header."""
    code = await setup_code(app.state.env)
    found = await client.post(
        "/api/setup/admin", json={"username": "owner", "password": PASSWORD, "setup_secret": code}
    )
    assert found.status_code == 201, found.text
    return {"X-CSRF": client.cookies["balu_csrf"]}


async def sign_in(client: Http, username: str = "owner") -> dict[str, str]:
    found = await client.post("/api/auth/login", json={"username": username, "password": PASSWORD})
    assert found.status_code == 200, found.text
    return {"authorization": f"Bearer {found.json()['access_token']}"}


async def test_a_cookie_session_needs_the_header_for_every_change(
    client: Http, owner: dict[str, str]
) -> None:
    assert (await client.get("/api/auth/me")).json()["username"] == "owner"
    body = {"username": "bert", "password": PASSWORD}
    for headers in ({}, {"X-CSRF": "wrong"}, {**owner, "Sec-Fetch-Site": "cross-site"}):
        refused = await client.post("/api/users/", json=body, headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (403, "csrf-failed")
    foreign = {**owner, "Origin": "https://evil.example"}
    assert (await client.post("/api/users/", json=body, headers=foreign)).status_code == 403
    assert (await client.post("/api/users/", json=body, headers=owner)).status_code == 201


async def test_another_site_cannot_sign_somebody_in(client: Http, owner: dict[str, str]) -> None:
    body = {"username": "owner", "password": PASSWORD, "session": "cookie"}
    refused = await client.post("/api/auth/login", json=body, headers={"Sec-Fetch-Site": "cross-site"})
    assert refused.status_code == 403


async def test_signing_out_ends_the_session_at_once(client: Http, owner: dict[str, str]) -> None:
    before = client.cookies["balu_session"]
    assert (await client.post("/api/auth/logout", headers=owner)).status_code == 200
    client.cookies.clear()
    assert (await client.get("/api/auth/me", headers={"cookie": f"balu_session={before}"})).status_code == 401

    headers = await sign_in(client)
    assert (await client.post("/api/auth/logout", headers=headers, json={"all": True})).status_code == 200
    assert (await client.get("/api/auth/me", headers=headers)).status_code == 401


async def test_sessions_are_listed_and_ended_one_by_one(client: Http, owner: dict[str, str]) -> None:
    other = await sign_in(client)
    listed = (await client.get("/api/auth/sessions")).json()
    assert sorted(one["current"] for one in listed) == [False, True]
    (session,) = [one for one in listed if not one["current"]]
    gone = await client.delete(f"/api/auth/sessions/{session['id']}", headers=owner)
    assert gone.status_code == 204
    client.cookies.clear()
    assert (await client.get("/api/auth/me", headers=other)).status_code == 401


async def test_registration_is_off(client: Http, owner: dict[str, str]) -> None:
    body = {"username": "eve", "email": "eve@example.org", "password": PASSWORD}
    assert (await client.post("/api/auth/register", json=body)).status_code == 403


async def test_an_api_token_does_what_its_scopes_say(client: Http, owner: dict[str, str]) -> None:
    made = await client.post(
        "/api/api-keys/", json={"name": "backup", "scopes": ["files:read"]}, headers=owner
    )
    assert made.status_code == 201, made.text
    key = made.json()
    assert key["key"] not in (await client.get("/api/api-keys/")).text
    client.cookies.clear()
    headers = {"authorization": f"Bearer {key['key']}"}
    assert (await client.get("/api/users/", headers=headers)).status_code == 403
    headers = {"authorization": f"Bearer {key['key'][:-1]}x"}
    assert (await client.get("/api/users/", headers=headers)).status_code == 401


async def test_settings_are_kept_and_reset(client: Http, owner: dict[str, str]) -> None:
    assert (await client.get("/api/settings", headers={"accept-language": "de-DE"})).json() == {
        "theme": "system", "language": "de", "notifications_enabled": True, "storage_limit": None,
    }  # fmt: skip
    await client.put("/api/settings", json={"theme": "dark", "language": "en"}, headers=owner)
    boot = (await client.get("/api/bootstrap", headers={"accept-language": "de"})).json()
    assert (boot["settings"]["theme"], boot["language"], boot["setup_required"]) == ("dark", "en", False)
    assert (await client.delete("/api/settings", headers=owner)).json()["theme"] == "system"


async def test_users_see_themselves_only(client: Http, owner: dict[str, str]) -> None:
    await client.post("/api/users/", json={"username": "bert", "password": PASSWORD}, headers=owner)
    client.cookies.clear()
    headers = await sign_in(client, "bert")
    assert (await client.get("/api/users/", headers=headers)).status_code == 403
    assert (await client.get("/api/users/1", headers=headers)).status_code == 404
    assert (await client.get("/api/users/2", headers=headers)).json()["username"] == "bert"
    mine = await client.put("/api/users/2", json={"email": "b@example.org"}, headers=headers)
    assert mine.json()["email"] == "b@example.org"
    refused = await client.put("/api/users/2", json={"role": "admin"}, headers=headers)
    assert refused.status_code == 403


async def test_a_disabled_account_is_dead_within_a_second(client: Http, owner: dict[str, str]) -> None:
    await client.post("/api/users/", json={"username": "bert", "password": PASSWORD}, headers=owner)
    session = dict(client.cookies)
    client.cookies.clear()
    headers = await sign_in(client, "bert")
    assert (await client.get("/api/auth/me", headers=headers)).status_code == 200
    client.cookies.update(session)
    await client.put("/api/users/2", json={"is_active": False}, headers=owner)
    client.cookies.clear()
    await asyncio.sleep(1.0)
    assert (await client.get("/api/auth/me", headers=headers)).status_code == 401
