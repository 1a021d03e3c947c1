"""An application on a real database whose requests come from chosen people; Ola, an operator, by default."""

import random
import string
from collections.abc import AsyncGenerator, Callable
from typing import Any

import httpx
import pytest
import pytest_asyncio

from balu.app import DOMAINS, Balu
from balu.kernel.caller import Authenticator, Caller
from balu.kernel.config import Config
from balu.kernel.domain import Domain
from balu.kernel.env import open_env
from balu.kernel.ratelimit import Limits
from balu.kernel.testing import FakeClock, NamedInHeader
from balu.kernel.unit import Env
from balu.operations.inventory.fields import clean_monitor
from balu.operations.inventory.words import DEVICE_TYPES, INTERFACES, MONITOR_TYPES, NETWORKS, POE
from tests.listening import app_on

VERA = Caller(user_id=1, username="vera", grade="viewer")
OLA = Caller(user_id=2, username="ola", grade="operator")
ADA = Caller(user_id=3, username="ada", grade="admin")


class NoLimits(Limits):
    """Rate limits have tests of their own; here a test may ask as often as it likes."""

    def take(self, who: str, name: str, per_minute: int) -> None:
        pass


def _parts(_config: Config) -> dict[type, Any]:
    return {Authenticator: NamedInHeader((VERA, OLA, ADA)), Limits: NoLimits()}


ALL = (*DOMAINS, Domain(name="people", parts=_parts))


@pytest_asyncio.fixture
async def env(config: Config, clock: FakeClock) -> AsyncGenerator[Env, None]:
    async with open_env(config, ALL, now=clock) as env:
        yield env


@pytest.fixture
def app(env: Env) -> Balu:
    return app_on(env, ALL)


@pytest_asyncio.fixture
async def client(app: Balu) -> AsyncGenerator[httpx.AsyncClient, None]:
    application: Any = app
    transport = httpx.ASGITransport(app=application)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://localhost/api/inventory", headers={"x-test-user": "ola"}
    ) as client:
        yield client


@pytest.fixture
def generated() -> Callable[[int, int], list[dict[str, Any]]]:
    """Makes that many devices from a seed."""
    return make_devices


NASTY = (
    "=1+1", "+49 30", "-5", "@home", "'quoted'", "'=x", '"double"', "a,b", "a;b", "a|b", "Ümläut ß",
    "日本", "🖥️ rack", "tab\there", "null", "true", "0", "#tag", "\\", "%", "_", "a / b", "<b>", "é", "é",
)  # fmt: skip
LETTERS = string.ascii_letters + string.digits + " .-_äöüß"


def make_devices(count: int, seed: int) -> list[dict[str, Any]]:
    """Elements of a JSON array for the import; names are unique, everything else is not."""
    chance = random.Random(seed)
    return [_device(chance, number) for number in range(count)]


def _device(chance: random.Random, number: int) -> dict[str, Any]:
    vendor = f"Vendor {chance.randrange(60)}" if chance.random() < 0.7 else None
    places = ["Home", "Work", "=Cellar", "Büro", "Rack 1", "U3"]
    device_type = chance.choice([kind for kind in DEVICE_TYPES if kind != "url"])
    return {
        "name": f"{_text(chance, 60).replace(chr(9), '')} {number}".strip(),
        "device_type": device_type,
        "ip_address": _address(chance),
        "function": _maybe(chance, _line(chance)),
        "vendor": vendor,
        "model": f"Model {chance.randrange(9)}" if vendor and chance.random() < 0.7 else None,
        "location": " / ".join(chance.sample(places, chance.randint(1, 4)))
        if chance.random() < 0.7
        else None,
        "serial_number": _maybe(chance, f"S{number // 2}"),
        "networks": chance.sample(NETWORKS, chance.randint(0, 3)),
        "interface_type": chance.sample(INTERFACES, chance.randint(0, 3)),
        "poe_powered": chance.random() < 0.3,
        "poe_standards": chance.sample(POE, chance.randint(0, 2)),
        "monitoring_enabled": chance.random() < 0.5,
        "tags": [f"tag {chance.randrange(20)}" for _ in range(chance.randint(0, 4))],
        "notes": _maybe(chance, f"{_line(chance)}\n\n{chance.choice(NASTY)}\tend"),
        "monitors": [_monitor(chance) for _ in range(chance.randint(0, 3))],
    }


def _monitor(chance: random.Random) -> dict[str, Any]:
    return clean_monitor(
        {"monitor_type": chance.choice(MONITOR_TYPES), "enabled": chance.random() < 0.8,
         "endpoint": chance.choice([None, "/metrics", 'https://x.example/?q="1";2', "=host"]),
         "port": chance.choice([None, 1, 8443, 65535]), "notes": _maybe(chance, 'say "hi";\nbye')}
    )  # fmt: skip


def _address(chance: random.Random) -> str | None:
    n = chance.randrange(9999)
    return chance.choice(
        [None, f"10.{chance.randrange(256)}.{chance.randrange(256)}.7", f"fd00::{n:x}",
         f"host-{chance.randrange(999)}.home.arpa", f"https://h{n}.example:8443/a;b,c?x='y'"]
    )  # fmt: skip


def _line(chance: random.Random) -> str:
    return chance.choice([*NASTY, _text(chance, 100)]).replace("\t", " ")


def _text(chance: random.Random, most: int) -> str:
    if chance.random() < 0.3:
        return chance.choice(NASTY)
    return "".join(chance.choice(LETTERS) for _ in range(chance.randint(1, most)))


def _maybe(chance: random.Random, value: Any) -> Any:
    return value if chance.random() < 0.6 else None
