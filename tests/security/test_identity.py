"""Attacks on sign-in that happened to others; the numbers are those of the threat table."""

import base64
import os
from pathlib import Path
from typing import Any

import jwt
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar.testing import AsyncTestClient

from balu.app import Balu
from balu.identity.auth.apikeys import SCOPES, check_scopes
from balu.identity.auth.errors import ScopeTooWideError
from balu.identity.auth.keys import Keys, load_keys
from balu.identity.auth.settings import AuthSettings
from balu.identity.users.schemas import UserCreate, Username
from balu.kernel.config import ConfigError
from balu.operations.admin import setup_code

Http = AsyncTestClient[Any]
PASSWORD = "Regen5Tage"


def part(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(value)).decode().rstrip("=")


async def test_s29_no_other_algorithm_key_or_purpose_is_believed(client: Http, app: Balu) -> None:
    code = await setup_code(app.state.env)
    body = {"username": "owner", "password": PASSWORD, "setup_secret": code}
    setup_token = (await client.post("/api/setup/admin", json=body)).json()["setup_token"]
    client.cookies.clear()
    found = await client.post("/api/auth/login", json={"username": "owner", "password": PASSWORD})
    token = found.json()["access_token"]
    header, claims = jwt.get_unverified_header(token), jwt.decode(token, options={"verify_signature": False})
    signature = token.rsplit(".", 1)[1]
    forged = [
        f"{part({'alg': 'none', 'kid': header['kid']})}.{part(claims)}.",
        f"{part({'alg': 'none', 'kid': header['kid']})}.{part(claims)}.{signature}",
        f"{part(header)}.{part({**claims, 'sub': '2'})}.{signature}",
        jwt.encode(claims, "\0" * 32, algorithm="HS256", headers={"kid": header["kid"]}),
        jwt.encode(claims, "x" * 64, algorithm="HS256", headers={"kid": header["kid"]}),
        jwt.encode(claims, "x" * 64, algorithm="HS512", headers={"kid": "../../dev/null"}),
        jwt.encode(claims, "x" * 64, algorithm="HS256", headers={"jku": "https://evil.example/keys"}),
        setup_token,
        token[:-2],
    ]
    headers = {"authorization": f"Bearer {token}"}
    assert (await client.get("/api/auth/me", headers=headers)).status_code == 200
    for text in forged:
        headers = {"authorization": f"Bearer {text}"}
        assert (await client.get("/api/auth/me", headers=headers)).status_code == 401, text


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(base64.b64encode(os.urandom(31)), id="31-bytes"),
        pytest.param(base64.b64encode(b"\0" * 32), id="zeros"),
        pytest.param(b"change-me-please-change-me-please-change", id="from-the-docs"),
        pytest.param(b"", id="empty"),
    ],
)
def test_s30_a_weak_server_key_refuses_to_start(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "secret.key"
    path.write_bytes(text)
    path.chmod(0o600)
    with pytest.raises(ConfigError):
        load_keys(tmp_path)


def test_s30_two_installations_never_share_a_key(tmp_path: Path) -> None:
    for name in ("one", "two"):
        load_keys(tmp_path / name)
        assert (tmp_path / name / "secret.key").stat().st_mode & 0o777 == 0o600
    one, two = (load_keys(tmp_path / name).derive("jwt v1") for name in ("one", "two"))
    assert one != two
    assert one == load_keys(tmp_path / "one").derive("jwt v1")
    (tmp_path / "one" / "secret.key").chmod(0o644)
    with pytest.raises(ConfigError):
        load_keys(tmp_path / "one")


def test_a_sealed_secret_opens_for_its_own_row_only() -> None:
    keys = Keys(os.urandom(32))
    sealed = keys.seal("totp v1", "1", b"secret")
    assert keys.open("totp v1", "1", sealed) == b"secret"
    for purpose, row in (("totp v1", "2"), ("other", "1")):
        with pytest.raises(ConfigError):
            keys.open(purpose, row, sealed)


@given(held=st.frozensets(st.sampled_from(SCOPES)), wanted=st.lists(st.sampled_from(SCOPES), min_size=1))
def test_s32_a_token_never_makes_a_wider_one(held: frozenset[str], wanted: list[str]) -> None:
    try:
        check_scopes(held, wanted)
    except ScopeTooWideError:
        assert not set(wanted) <= held
        return
    assert set(wanted) <= held or "admin" in held


async def test_s36_a_rotating_forwarded_address_does_not_open_the_limit(client: Http) -> None:
    told = []
    for number in range(8):
        headers = {"x-forwarded-for": f"198.51.100.{number}", "x-real-ip": f"198.51.100.{number}"}
        body = {"username": "nobody", "password": "wrong"}
        told.append((await client.post("/api/auth/login", json=body, headers=headers)).status_code)
    assert told[:5] == [401] * 5
    assert set(told[5:]) == {429}


def test_s45_nothing_a_stranger_sends_makes_an_administrator() -> None:
    assert AuthSettings().registration is False
    assert UserCreate(username="eve", password=PASSWORD).role == "user"


async def test_s46_a_fresh_install_knows_nobody(client: Http) -> None:
    for name, password in (("admin", "admin"), ("root", "root"), ("admin", "password"), ("balu", "balu")):
        found = await client.post("/api/auth/login", json={"username": name, "password": password})
        assert found.status_code == 401


@pytest.mark.parametrize("mark", ["\0", "\r", "\n"])
async def test_s69_no_string_holds_nul_or_line_breaks(client: Http, mark: str) -> None:
    login = await client.post("/api/auth/login", json={"username": f"a{mark}b", "password": PASSWORD})
    body = {"username": "owner", "password": PASSWORD, "setup_secret": f"x{mark}", "email": "a@b.example"}
    setup = await client.post("/api/setup/admin", json=body)
    assert [login.status_code, setup.status_code] == [400, 400]


@given(name=st.text(min_size=1, max_size=40))
def test_s70_names_that_could_collide_are_refused(name: str) -> None:
    try:
        msgspec.convert(name, Username)
    except msgspec.ValidationError:
        return
    assert name.isascii()
    assert 3 <= len(name) <= 32
    assert all(letter.isalnum() or letter in "_-" for letter in name)


async def test_s28_every_change_by_cookie_needs_our_own_page(client: Http, app: Balu) -> None:
    code = await setup_code(app.state.env)
    body = {"username": "owner", "password": PASSWORD, "setup_secret": code}
    assert (await client.post("/api/setup/admin", json=body)).status_code == 201
    token = client.cookies["balu_csrf"]
    cases: list[dict[str, str]] = [
        {},
        {"x-csrf": "0" * 32},
        {"x-csrf": token, "sec-fetch-site": "same-site"},
        {"x-csrf": token, "origin": "http://localhost.evil.example"},
        {"x-csrf": token, "origin": "null"},
        {"content-type": "application/x-www-form-urlencoded"},
    ]
    routes = [
        (method, route.path)
        for route in app.routes
        for handler in getattr(route, "route_handlers", ())
        for method in handler.http_methods
        if method in {"POST", "PUT", "PATCH", "DELETE"}
        and handler.opt.get("auth") not in {"public", "optional"}
        and "{" not in route.path
        and route.path.startswith("/api/")
    ]
    assert len(routes) > 10
    for method, path in routes:
        for headers in cases:
            found = await client.request(method, path, headers=headers)
            assert (found.status_code, found.json()["code"]) == (403, "csrf-failed"), (method, path, headers)
