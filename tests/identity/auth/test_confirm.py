"""Routes that ask an administrator who they are once more."""

import pytest
from litestar import Controller, post

from balu.kernel.domain import Domain
from balu.kernel.http import CallerDep
from tests.identity.conftest import PASSWORD, House

ADDRESS = "/api/probe/"


class Probe(Controller):
    path = "/probe"

    @post("/", status_code=200, opt={"auth": "admin+"})
    async def act(self, caller: CallerDep) -> dict[str, str]:
        return {"done_by": caller.username}


@pytest.fixture
def extra() -> tuple[Domain, ...]:
    return (Domain(name="probe", controllers=(Probe,)),)


async def test_a_fresh_sign_in_counts_for_five_minutes_then_a_password_or_a_code_does(house: House) -> None:
    user = await house.add("owner", "admin")
    client, headers = await house.at(), await house.sign_in("owner")
    assert (await client.post(ADDRESS, headers=headers)).json() == {"done_by": "owner"}
    house.clock.advance(seconds=299)
    assert (await client.post(ADDRESS, headers=headers)).status_code == 200
    house.clock.advance(seconds=1)
    refused = await client.post(ADDRESS, headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (403, "confirmation-required")

    wrong = await client.post("/api/auth/confirm", headers=headers, json={"password": "Wrong5Tage"})
    assert wrong.status_code == 401
    assert (await client.post(ADDRESS, headers=headers)).status_code == 403
    right = await client.post("/api/auth/confirm", headers=headers, json={"password": PASSWORD})
    assert right.status_code == 200, right.text
    assert right.json()["confirmed_until"] == "2026-01-02T03:14:05Z"
    assert (await client.post(ADDRESS, headers=headers)).status_code == 200

    house.clock.advance(minutes=4)
    totp, recovery = await house.add_factor(user)
    house.clock.advance(minutes=1)
    assert (await client.post(ADDRESS, headers=headers)).status_code == 403
    code = totp.at(house.clock())
    no_recovery = await client.post("/api/auth/confirm", headers=headers, json={"code": recovery[0]})
    assert no_recovery.status_code == 401
    assert (await client.post("/api/auth/confirm", headers=headers, json={"code": code})).status_code == 200
    assert (await client.post(ADDRESS, headers=headers)).status_code == 200
    again = await client.post("/api/auth/confirm", headers=headers, json={"code": code})
    assert again.status_code == 401


async def test_a_proof_is_of_one_session_and_of_people(house: House) -> None:
    await house.add("owner", "admin")
    await house.add("anna")
    client = await house.at()
    first, second = await house.sign_in("owner"), await house.sign_in("owner")
    made = await client.post("/api/api-keys/", headers=first, json={"name": "backup", "scopes": ["admin"]})
    token = {"authorization": f"Bearer {made.json()['key']}"}
    house.clock.advance(minutes=6)
    confirmed = await client.post("/api/auth/confirm", headers=first, json={"password": PASSWORD})
    assert confirmed.status_code == 200
    told = [(await client.post(ADDRESS, headers=headers)) for headers in (first, second, token)]
    assert [answer.status_code for answer in told] == [200, 403, 403]
    assert [answer.json()["code"] for answer in told[1:]] == ["confirmation-required", "forbidden"]
    refused = await client.post("/api/auth/confirm", headers=token, json={"password": PASSWORD})
    assert refused.status_code == 403
    plain = await house.sign_in("anna")
    assert (await client.post(ADDRESS, headers=plain)).json()["code"] == "forbidden"
    assert (await client.post(ADDRESS)).status_code == 401


async def test_guessing_is_paused_and_both_or_neither_is_refused(house: House) -> None:
    await house.add("owner", "admin")
    client, headers = await house.at(), await house.sign_in("owner")
    for body in ({}, {"password": PASSWORD, "code": "123456"}):
        assert (await client.post("/api/auth/confirm", headers=headers, json=body)).status_code == 422
    told = [
        (await client.post("/api/auth/confirm", headers=headers, json={"password": "Wrong5Tage"})).status_code
        for _ in range(4)
    ]
    assert told == [401, 401, 401, 429]


async def test_a_cookie_session_confirms_with_the_header_only(house: House) -> None:
    await house.add("owner", "admin")
    client = await house.at()
    body = {"username": "owner", "password": PASSWORD}
    await client.post("/api/auth/login", json={**body, "session": "cookie"})
    house.clock.advance(minutes=6)
    proof, csrf = {"password": PASSWORD}, {"x-csrf": client.cookies["balu_csrf"]}
    for path in ("/api/auth/confirm", ADDRESS):
        assert (await client.post(path, json=proof)).json()["code"] == "csrf-failed"
    assert (await client.post(ADDRESS, headers=csrf)).json()["code"] == "confirmation-required"
    assert (await client.post("/api/auth/confirm", json=proof, headers=csrf)).status_code == 200
    assert (await client.post(ADDRESS, headers=csrf)).status_code == 200


async def test_a_new_address_of_your_own_wants_a_proof_and_other_changes_do_not(house: House) -> None:
    owner, anna = await house.add("owner", "admin"), await house.add("anna", email="anna@example.org")
    client = await house.at()
    mine, admin = await house.sign_in("anna"), await house.sign_in("owner")
    house.clock.advance(minutes=5)
    address, body = f"/api/users/{anna.id}", {"email": "eve@example.org"}
    refused = await client.put(address, headers=mine, json=body)
    assert (refused.status_code, refused.json()["code"]) == (403, "confirmation-required")
    assert (await client.get("/api/auth/me", headers=mine)).json()["email"] == "anna@example.org"
    assert (await client.put(address, headers=admin, json={"email": "a@example.org"})).status_code == 200
    own = await client.put(f"/api/users/{owner.id}", headers=admin, json={"smb_enabled": True})
    assert own.status_code == 200, own.text
    await client.post("/api/auth/confirm", headers=mine, json={"password": PASSWORD})
    assert (await client.put(address, headers=mine, json=body)).json()["email"] == "eve@example.org"
