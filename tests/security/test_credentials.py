"""What is no sign-in, shown to every route there is; the number is that of the threat table."""

from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import pyotp
from litestar.testing import AsyncTestClient

from balu.app import Balu
from balu.operations.admin import setup_code

Http = AsyncTestClient[Any]
PASSWORD = "Regen5Tage"
OPEN = {"public", "optional"}


def closed_routes(app: Balu) -> Iterator[tuple[str, str]]:
    """Method and path of every route that wants somebody signed in, ``1`` for each parameter."""
    for raw in app.front.routes:
        if raw.auth not in OPEN and not raw.app_passwords:
            yield from ((method, raw.prefix if raw.exact else f"{raw.prefix}/1") for method in raw.methods)
    for route in app.routes:
        path = "/".join("1" if part.startswith("{") else part for part in route.path.split("/"))
        for handler in getattr(route, "route_handlers", ()):
            if handler.opt.get("auth") not in OPEN and route.path.startswith("/api/"):
                yield from ((method, path) for method in handler.http_methods if method != "OPTIONS")


async def test_s33_half_a_sign_in_and_secrets_of_other_purposes_open_nothing(client: Http, app: Balu) -> None:
    body = {"username": "owner", "password": PASSWORD, "setup_secret": await setup_code(app.state.env)}
    setup_token = (await client.post("/api/setup/admin", json=body)).json()["setup_token"]
    csrf = {"x-csrf": client.cookies["balu_csrf"]}
    drive = {"name": "drive", "scopes": ["files:read", "files:write", "pods"]}
    secret = (await client.post("/api/auth/app-passwords", json=drive, headers=csrf)).json()["secret"]
    begun = (await client.post("/api/auth/2fa/setup", headers=csrf)).json()
    code = {"code": pyotp.TOTP(begun["secret"]).now(), "secret": begun["secret"]}
    assert (await client.post("/api/auth/2fa/verify", json=code, headers=csrf)).status_code == 200
    client.cookies.clear()
    login = await client.post("/api/auth/login", json={"username": "owner", "password": PASSWORD})
    shown = {
        "pre-2fa": f"Bearer {login.json()['pending_token']}",
        "setup": f"Bearer {setup_token}",
        "app password": f"Basic {b64encode(f'owner:{secret}'.encode()).decode()}",
        "app password as a token": f"Bearer {secret}",
        "account password": f"Basic {b64encode(f'owner:{PASSWORD}'.encode()).decode()}",
    }
    routes = sorted(set(closed_routes(app)))
    assert len(routes) > 100
    opened = []
    for method, path in routes:
        for name, credential in shown.items():
            found = await client.request(method, path, headers={"authorization": credential})
            if found.status_code != 401:
                opened.append((method, path, name, found.status_code))
    assert opened == []
