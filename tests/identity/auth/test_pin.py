"""PINs and recovery codes at the machine itself, and nowhere else."""

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from balu.identity.auth.pins import check_pin
from balu.kernel.errors import InvalidError
from tests.identity.conftest import PASSWORD, House

HERE = "127.0.0.1"
NEW = "Sonne7Tage"


@pytest.fixture
def sections() -> Mapping[str, Mapping[str, Any]]:
    return {"server": {"loopback_is_local": "true"}}


async def login(client: httpx.AsyncClient, username: str, pin: str) -> httpx.Response:
    return await client.post("/api/auth/login-pin", json={"username": username, "pin": pin})


@pytest.mark.parametrize(
    "pin", ["123", "123456789", "0000", "1234", "9876", "8901", "12a4", "\uff11\uff12\uff13\uff14", ""]
)
def test_a_pin_that_is_guessed_first_is_refused(pin: str) -> None:
    with pytest.raises(InvalidError):
        check_pin(pin)


@pytest.mark.parametrize("pin", ["2580", "1357", "31415926", "1123"])
def test_other_pins_are_fine(pin: str) -> None:
    check_pin(pin)


async def test_a_pin_needs_the_second_factor_and_signs_in_without_it(house: House) -> None:
    user = await house.add("anna")
    client, headers = await house.at(HERE), await house.sign_in("anna", address=HERE)
    none = await client.post("/api/auth/pin", headers=headers, json={"pin": "2580", "code": "123456"})
    assert none.status_code == 409
    totp, _ = await house.add_factor(user)
    wrong = await client.post("/api/auth/pin", headers=headers, json={"pin": "2580", "code": "000000"})
    assert wrong.status_code == 401
    code = totp.at(house.clock())
    made = await client.post("/api/auth/pin", headers=headers, json={"pin": "2580", "code": code})
    assert made.json() == {"pin_enabled": True}
    assert (await client.get("/api/auth/pin", headers=headers)).json() == {"pin_enabled": True}

    found = await login(client, "Anna", "2580")
    assert found.status_code == 200, found.text
    by_pin = {"authorization": f"Bearer {found.json()['access_token']}"}
    assert (await client.get("/api/auth/me", headers=by_pin)).json()["username"] == "anna"
    gone = await client.delete("/api/auth/pin", headers=headers)
    assert gone.json() == {"pin_enabled": False}
    assert (await login(client, "anna", "2580")).status_code == 401


async def test_away_from_the_machine_there_are_no_pins_and_no_recovery(house: House) -> None:
    await house.add("anna")
    away, here = await house.at("192.0.2.7"), await house.at(HERE)
    headers = await house.sign_in("anna")
    recovery = {"username": "anna", "recovery_code": "abcde-fghij", "new_password": NEW}
    asked = [
        await login(away, "anna", "2580"),
        await away.get("/api/auth/pin", headers=headers),
        await away.post("/api/auth/pin", headers=headers, json={"pin": "2580", "code": "123456"}),
        await away.delete("/api/auth/pin", headers=headers),
        await away.post("/api/auth/recovery-reset", json=recovery),
        # A proxy on this machine comes from loopback, too.
        await here.post(
            "/api/auth/login-pin", json={"username": "anna", "pin": "2580"},
            headers={"x-forwarded-for": "127.0.0.1"},
        ),
    ]  # fmt: skip
    assert {(answer.status_code, answer.json()["code"]) for answer in asked} == {(403, "local-only")}
    assert (await away.get("/api/bootstrap")).json()["features"]["local"] is False
    assert (await here.get("/api/bootstrap")).json()["features"]["local"] is True


async def test_wrong_pins_pause_the_name_and_never_say_whether_it_exists(house: House) -> None:
    user = await house.add("anna")
    await house.add("bert")
    totp, _ = await house.add_factor(user)
    client, headers = await house.at(HERE), {}
    answer = await client.post("/api/auth/login", json={"username": "anna", "password": PASSWORD})
    pending = answer.json()["pending_token"]
    code = totp.at(house.clock())
    done = await client.post("/api/auth/2fa/verify", json={"pending_token": pending, "code": code})
    headers = {"authorization": f"Bearer {done.json()['access_token']}"}
    house.clock.advance(seconds=60)
    code = totp.at(house.clock())
    await client.post("/api/auth/pin", headers=headers, json={"pin": "2580", "code": code})

    local = [await house.at(f"127.0.0.{number}") for number in range(2, 9)]
    told = [
        await login(client, name, "1357")
        for client, name in zip(local[:3], ("anna", "bert", "nobody"), strict=True)
    ]
    assert len({(one.status_code, one.json()["code"], one.json()["detail"]) for one in told}) == 1
    for number in range(4):
        assert (await login(local[3 + number], "anna", "1357")).status_code == 401
    paused = await login(local[0], "anna", "2580")
    assert (paused.status_code, paused.json()["code"]) == (429, "rate-limited")
    house.clock.advance(minutes=15)
    assert (await login(local[0], "anna", "2580")).status_code == 200


async def test_a_recovery_code_sets_a_new_password_once(house: House) -> None:
    await house.add("anna")
    client, headers = await house.at(HERE), await house.sign_in("anna", address=HERE)
    wrong = await client.post("/api/auth/recovery-codes", headers=headers, json={"password": "Wrong5Tage"})
    assert wrong.status_code == 401
    made = await client.post("/api/auth/recovery-codes", headers=headers, json={"password": PASSWORD})
    codes = made.json()["backup_codes"]
    status = await client.get("/api/auth/recovery-codes/status", headers=headers)
    assert status.json()["backup_codes_remaining"] == 10

    def body(code: str, new: str = NEW, username: str = "anna") -> dict[str, str]:
        return {"username": username, "recovery_code": code, "new_password": new}

    weak = await client.post("/api/auth/recovery-reset", json=body(codes[0], "short"))
    assert (weak.status_code, "new_password" in weak.json()["fields"]) == (422, True)
    strangers = [await house.at(f"127.0.0.{number}") for number in range(10, 20)]
    refused = [
        await strangers[0].post("/api/auth/recovery-reset", json=body("aaaaa-bbbbb")),
        await strangers[1].post("/api/auth/recovery-reset", json=body(codes[0], username="nobody")),
    ]
    assert len({(one.status_code, one.json()["detail"]) for one in refused}) == 1
    told = await asyncio.gather(
        *(one.post("/api/auth/recovery-reset", json=body(codes[0])) for one in strangers[2:6])
    )
    assert sorted(one.status_code for one in told) == [200, 401, 401, 401]
    assert (await client.get("/api/auth/me", headers=headers)).status_code == 401
    headers = await house.sign_in("anna", NEW)
    status = await client.get("/api/auth/recovery-codes/status", headers=headers)
    assert status.json()["backup_codes_remaining"] == 9


async def test_guessing_recovery_codes_is_paused(house: House) -> None:
    body = {"username": "anna", "recovery_code": "aaaaa-bbbbb", "new_password": NEW}
    client = await house.at(HERE)
    told = [(await client.post("/api/auth/recovery-reset", json=body)).status_code for _ in range(6)]
    assert told == [401] * 5 + [429]
