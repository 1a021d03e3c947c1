"""Every route against every kind of caller. Who may call what is written down by hand in ``routes.toml``."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from litestar.routes import HTTPRoute
from litestar.testing import AsyncTestClient

from balu.app import Balu
from balu.identity.auth.service import AuthService
from balu.identity.auth.sessions import Client
from balu.identity.users import NewUser, UserService
from balu.kernel.caller import SAFE_METHODS, Grade
from balu.kernel.unit import Env, open_unit
from tools.app import unopened_app

WRITTEN: dict[str, str] = tomllib.loads(Path(__file__).with_name("routes.toml").read_text())
GRADES: tuple[Grade, ...] = ("viewer", "user", "operator", "admin")
NOBODY = "999999"
NO_UPLOAD = "00000000-0000-4000-8000-000000000000"
TAILS = {
    "POST /api/files/upload/chunked/…": "/complete",
    "POST /api/uploads/…": "/commit",
    "PUT /api/uploads/…": "/chunks/0",
    "POST /api/sync/upload/…": "/resume",
    "GET /api/sync/upload/…": "/progress",
}
"""What follows the number of an upload."""
LAST = ("POST /api/auth/logout", "DELETE /api/auth/me")
"""They end the caller, so nobody is asked to succeed with them here."""


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one address, who may call it, and the scope a token needs (empty: no token may)."""

    method: str
    template: str
    level: str
    scope: str

    @property
    def name(self) -> str:
        """As it is written down."""
        return f"{self.method} {self.template}"

    @property
    def path(self) -> str:
        """An address of nothing that exists."""
        if self.level == "own":
            return self.template.replace("…", NO_UPLOAD) + TAILS.get(self.name, "")
        parts = self.template.replace("…", "nothing-here").split("/")
        return "/".join(NOBODY if part.startswith("{") else part for part in parts)


ROUTES = [
    Route(method, template, level, scope)
    for name, text in WRITTEN.items()
    for method, _, template in [name.partition(" ")]
    for level, _, scope in [text.partition(" ")]
]


def served(app: Balu) -> Iterator[str]:
    for raw in app.front.routes:
        for method in raw.methods - {"OPTIONS"}:
            yield f"{method} {raw.prefix}{'' if raw.exact else '/…'}"
    for route in app.routes:
        if isinstance(route, HTTPRoute) and not route.path.startswith("/api/schema"):
            for handler in route.route_handlers:
                for method in {str(one) for one in handler.http_methods} - {"OPTIONS"}:
                    yield f"{method} {route.path_format}"


def test_every_route_says_who_may_call_it_and_nothing_else_is_written_down() -> None:
    with unopened_app() as app:
        assert sorted(set(served(app)) ^ set(WRITTEN)) == []


@pytest.fixture
async def bearers(client: AsyncTestClient[Any], app: Balu) -> dict[str, str]:
    """A credential for each kind of caller that shows one."""
    env: Env = app.state.env
    found = {"forged": "eyJhbGciOiJub25lIn0.e30.", "half": "balu_0123456789abcdef"}
    auth = AuthService(env)
    async with open_unit(env) as unit:
        for grade in GRADES:
            person = NewUser(username=f"a-{grade}", password="Regen5Tage", grade=grade)
            row = await UserService(unit).create(person)
            signed = await auth.begin(unit, row, Client("127.0.0.1", "matrix"), cookie=False)
            found[grade] = str(signed.access_token)
    headers = {"authorization": f"Bearer {found['admin']}"}
    scopes = sorted({route.scope for route in ROUTES} - {""})
    for scope in scopes:
        made = await client.post("/api/api-keys/", json={"name": scope, "scopes": [scope]}, headers=headers)
        assert made.status_code == 201, made.text
        found[scope] = made.json()["key"]
    mine = {"authorization": f"Bearer {found['user']}"}
    secret = (await client.post("/api/auth/2fa/setup", headers=mine)).json()["secret"]
    await _turn_on(client, mine, secret)
    login = {"username": "a-user", "password": "Regen5Tage"}
    found["pending"] = (await client.post("/api/auth/login", json=login)).json()["pending_token"]
    client.cookies.clear()
    return found


async def _turn_on(client: AsyncTestClient[Any], headers: dict[str, str], secret: str) -> None:
    import pyotp  # noqa: PLC0415  only here

    body = {"secret": secret, "code": pyotp.TOTP(secret).now()}
    done = await client.post("/api/auth/2fa/verify", json=body, headers=headers)
    assert done.status_code == 200, done.text


def refusal(route: Route, who: str) -> int:
    """The status that must turn *who* away, 0 when the route lets them in."""
    if who in {"anonymous", "forged", "half", "pending"}:
        return 401
    if route.level == "own":
        return 0
    if who not in GRADES:
        return 0 if route.scope == who else 403
    rank, needed = GRADES.index(who), route.level.removesuffix("+")
    if needed == "user":
        return 403 if who == "viewer" and route.method not in SAFE_METHODS else 0
    if GRADES.index(needed) > rank:
        return 403
    return 403 if route.level.endswith("+") else 0


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_s33_every_route_turns_away_whoever_may_not_call_it(
    client: AsyncTestClient[Any], bearers: dict[str, str]
) -> None:
    wrong = []
    for route in ROUTES:
        for who in ("anonymous", *bearers):
            wanted = 0 if route.level in {"public", "optional"} else refusal(route, who)
            if wanted == 0 and route.name in LAST:
                continue
            headers = {"tus-resumable": "1.0.0", "upload-offset": "0"}
            if route.template == "/api/uploads/…":
                headers["content-type"] = "application/offset+octet-stream"
            if who in bearers:
                headers["authorization"] = f"Bearer {bearers[who]}"
            body: dict[str, str] | None = {} if route.method in {"POST", "PUT", "PATCH"} else None
            answer = await client.request(route.method, route.path, headers=headers, json=body)
            status = answer.status_code
            if route.level in {"public", "optional"}:
                right = status < 500
            elif wanted:
                right = status == wanted
            else:
                right = (status < 500 and status not in {401, 403}) or '"local-only"' in answer.text
                right = right or (route.level == "own" and status == 403)  # a viewer, or a token for reading
            if not right:
                wrong.append(
                    f"{route.name} as {who}: {status} instead of {wanted or 'an answer'}: {answer.text}"
                )
    assert wrong == []
