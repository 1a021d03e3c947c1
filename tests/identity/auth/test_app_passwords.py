"""App passwords: made by people, good for drives, good for nothing else."""

from base64 import b64encode

import pytest

from balu.identity.auth import AuthService
from balu.identity.users import UserService
from balu.kernel.caller import Caller
from balu.kernel.domain import Domain
from balu.kernel.raw import Exchange, RawRoute
from balu.kernel.unit import open_unit
from tests.identity.conftest import PASSWORD, House

LIST = "/api/auth/app-passwords"
DRIVE = "/drive/a"
BODY = {"name": "Laptop", "scopes": ["files:read"]}


async def show(exchange: Exchange) -> None:
    await exchange.json(200, {"user": exchange.user.username, "via": exchange.user.via})


@pytest.fixture
def extra() -> tuple[Domain, ...]:
    read = RawRoute("/drive", frozenset({"GET"}), show, scope="files:read", app_passwords=True)
    write = RawRoute("/drive", frozenset({"PUT"}), show, scope="files:write", app_passwords=True)
    closed = RawRoute("/closed", frozenset({"GET"}), show, scope="files:read")
    return (Domain(name="drive", raw=(read, write, closed)),)


def basic(name: str, secret: str) -> dict[str, str]:
    return {"authorization": f"Basic {b64encode(f'{name}:{secret}'.encode()).decode()}"}


async def test_the_secret_is_shown_once_and_opens_the_drive_for_its_scopes(house: House) -> None:
    await house.add("anna")
    client, headers = await house.at(), await house.sign_in("anna")
    made = await client.post(LIST, headers=headers, json=BODY)
    assert made.status_code == 201, made.text
    secret = made.json()["secret"]
    listed = await client.get(LIST, headers=headers)
    assert [one["name"] for one in listed.json()] == ["Laptop"]
    assert secret not in listed.text

    opened = await client.get(DRIVE, headers=basic("Anna", secret.upper().replace("-", " ")))
    assert opened.json() == {"user": "anna", "via": "app_password"}
    assert (await client.put(DRIVE, headers=basic("anna", secret))).status_code == 403
    (used,) = (await client.get(LIST, headers=headers)).json()
    assert used["last_used_at"] is not None

    refused = [
        await client.get(DRIVE, headers=basic(name, text))
        for name, text in (("anna", PASSWORD), ("bert", secret), ("anna", secret[:-1]), ("anna", ""))
    ]
    refused.append(await client.get(DRIVE, headers={"authorization": "Basic %%%"}))
    refused.append(await client.get(DRIVE))
    assert {answer.status_code for answer in refused} == {401}
    assert {answer.headers["www-authenticate"][:5] for answer in refused} == {"Basic"}
    assert len({answer.json()["detail"] for answer in refused[:5]}) == 1


async def test_it_opens_nothing_else(house: House) -> None:
    await house.add("anna")
    client, headers = await house.at(), await house.sign_in("anna")
    secret = (await client.post(LIST, headers=headers, json=BODY)).json()["secret"]
    for path in ("/api/auth/me", LIST, "/closed/a", "/api/files/list?path="):
        for shown in (basic("anna", secret), {"authorization": f"Bearer {secret}"}):
            assert (await client.get(path, headers=shown)).status_code == 401, path
    login = {"username": "anna", "password": secret}
    assert (await client.post("/api/auth/login", json=login)).status_code == 401


async def test_it_ends_when_it_is_deleted_when_its_time_is_over_and_with_the_account(house: House) -> None:
    owner, user = await house.add("owner", "admin"), await house.add("anna")
    await house.add("bert")
    client, headers = await house.at(), await house.sign_in("anna")
    end = "2026-01-03T03:04:05Z"
    made = [
        (await client.post(LIST, headers=headers, json=body)).json()
        for body in (BODY, {**BODY, "expires_at": end}, {**BODY, "name": "kept"})
    ]
    assert made[0]["expires_at"] == "2027-01-02T03:04:05Z"

    async def opens(number: int) -> bool:
        AuthService(house.env).forget()
        shown = basic("anna", made[number]["secret"])
        return (await client.get(DRIVE, headers=shown)).status_code == 200

    other = await house.sign_in("bert")
    foreign = await client.delete(f"{LIST}/{made[0]['id']}", headers=other)
    assert (foreign.status_code, foreign.json()["code"]) == (404, "app-password-not-found")
    assert [await opens(number) for number in range(3)] == [True, True, True]
    assert (await client.delete(f"{LIST}/{made[0]['id']}", headers=headers)).status_code == 204
    house.clock.advance(days=1)
    assert [await opens(number) for number in range(3)] == [False, False, True]

    by = Caller(owner.id, owner.username, owner.grade)
    async with open_unit(house.env) as unit:
        await UserService(unit).update(user.id, by, {"is_active": False})
    assert not await opens(2)
    async with open_unit(house.env) as unit:
        await UserService(unit).delete(user.id, by)
    await house.work()
    assert not await opens(2)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"scopes": []}, id="no-scope"),
        pytest.param({"scopes": ["admin"]}, id="too-wide"),
        pytest.param({"name": ""}, id="no-name"),
        pytest.param({"expires_at": "2025-01-01T00:00:00Z"}, id="past"),
    ],
)
async def test_what_makes_no_sense_is_refused(house: House, change: dict[str, object]) -> None:
    await house.add("anna")
    client, headers = await house.at(), await house.sign_in("anna")
    assert (await client.post(LIST, headers=headers, json={**BODY, **change})).status_code == 422
