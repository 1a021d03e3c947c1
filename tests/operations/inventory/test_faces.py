"""The inventory's other faces: live events, rate limits, the command line."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from balu.app import DOMAINS, build
from balu.kernel.caller import Authenticator, Caller
from balu.kernel.config import Config
from balu.kernel.domain import Domain
from balu.kernel.ratelimit import Limits
from balu.kernel.testing import NamedInHeader
from balu.kernel.unit import Env
from tests.listening import listening, started

OLA = Caller(user_id=2, username="ola", grade="operator")
PEOPLE = Domain(name="people", parts=lambda _config: {Authenticator: NamedInHeader((OLA,))})
NAS = {"name": "nas", "device_type": "linux_server_physical", "ip_address": "192.168.1.20"}


async def test_other_browsers_hear_of_every_change(config: Config) -> None:
    headers = {"x-test-user": "ola"}
    app = build(config, (*DOMAINS, PEOPLE))
    async with started(app) as client, listening(app, headers) as ear:
        ear.wish("inventory", since=0)
        made = await client.post("/api/inventory/devices", json=NAS, headers=headers)
        device_id = made.json()["id"]
        await client.post("/api/inventory/vendors", json={"name": "Dell"}, headers=headers)
        await client.delete(f"/api/inventory/devices/{device_id}", headers=headers)
        heard = [await ear.hear() for _ in range(3)]
    assert [event["data"]["change"] for event in heard] == ["create", "vendor", "delete"]
    assert heard[0]["data"] == {"change": "create", "device_ids": [device_id], "count": 1, "user": "ola"}


@pytest.mark.parametrize(
    ("method", "path", "most"),
    [
        pytest.param("POST", "/devices", 20, id="write"),
        pytest.param("POST", "/vendors", 30, id="catalogue"),
        pytest.param("POST", "/bulk/devices/delete", 5, id="delete"),
        pytest.param("POST", "/bulk/devices/import", 10, id="import"),
        pytest.param("POST", "/discovery", 20, id="discovery"),
        pytest.param("GET", "/search/devices", 60, id="search"),
    ],
)
async def test_each_class_of_requests_has_its_limit(
    client: httpx.AsyncClient, env: Env, method: str, path: str, most: int
) -> None:
    parts: Any = env.parts
    parts[Limits] = Limits(clock=lambda: 0.0)  # a minute that does not pass
    answers = [await client.request(method, path, json={}) for _ in range(most + 1)]
    assert [answer.status_code for answer in answers].count(429) == 1
    assert answers[-1].json()["code"] == "rate-limited"


def heard(data_dir: Path, *arguments: str) -> str:
    """What a command that succeeds says on standard error, logs aside."""
    command = [sys.executable, "-m", "balu", "inventory", *arguments, "--data-dir", str(data_dir)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stderr


def balu(data_dir: Path, *arguments: str, fails: bool = False) -> Any:
    command = [sys.executable, "-m", "balu", "inventory", *arguments, "--data-dir", str(data_dir)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode != 0) == fails, done.stdout + done.stderr
    return done.stderr if fails else done.stdout


def test_the_command_line_does_what_the_pages_do(tmp_path: Path) -> None:
    balu(tmp_path, "add", "nas", "--type", "linux_server_physical", "--address", "10.0.0.20",
         "--vendor", "Dell", "--model", "R1", "--location", "Home / Cellar",
         "--monitor", "node_exporter")  # fmt: skip
    assert "exists already" in balu(tmp_path, "add", "NAS", "--type", "url", fails=True)
    (listed,) = json.loads(balu(tmp_path, "list", "dell", "--json"))
    assert (listed["name"], listed["location_name"]) == ("nas", "Home / Cellar")
    balu(tmp_path, "export", "--output", str(tmp_path / "all.csv"))
    same = json.loads(balu(tmp_path, "import", str(tmp_path / "all.csv"), "--json"))
    assert (same["created"], same["updated"], same["unchanged"]) == (0, 0, 1)
    nowhere = balu(tmp_path, "export", "--output", str(tmp_path / "no" / "all.csv"), fails=True)
    assert "no/all.csv cannot be written: No such file or directory" in nowhere.replace("\n", " ")
    assert "Traceback" not in nowhere
    bad = "name,device_type,function,poe_powered\nok,url,Blog,yes\nbad,toaster,,\n,icmp_only,,\n"
    (tmp_path / "bad.csv").write_text(bad)
    for dry in ([], ["--dry-run"]):
        told = balu(tmp_path, "import", str(tmp_path / "bad.csv"), *dry, fails=True)
        assert "Row 3: device_type: toaster" in told, "every wrong row is named"
        assert "Row 4: name: The name is empty." in told, "every wrong row is named"
    assert "row 2: create ok (name: ok, device_type: url, function: Blog, poe_powered: yes)" in told
    wrong = balu(tmp_path, "add", "x", "--type", "url", "--monitor", "dockr", fails=True)
    assert "dockr is not known here. Did you mean docker?" in " ".join(wrong.split())
    assert "Row" not in wrong
    assert "imported" not in wrong
    assert json.loads(balu(tmp_path, "list", "--json"))[0]["name"] == "nas"
    part = json.loads(balu(tmp_path, "import", str(tmp_path / "bad.csv"), "--skip-bad", "--json"))
    assert (part["created"], part["failed"]) == (1, 2)
    (tmp_path / "more.csv").write_text("name,function\nok,\n")
    assert "function: Blog -> nothing" in heard(tmp_path, "import", str(tmp_path / "more.csv"), "--dry-run")
    assert "1 of 2 devices; --offset 1 shows more." in heard(tmp_path, "list", "--limit", "1")
    (second,) = json.loads(balu(tmp_path, "list", "--limit", "1", "--offset", "1", "--json"))
    assert second["name"] == "ok"
    assert "devices;" not in heard(tmp_path, "list")
    written = json.loads(balu(tmp_path, "targets", "--json"))
    assert written["written"] == 4
    assert (Path(written["directory"]) / "linux_node_exporter" / "linux_server_physical.yml").exists()
    assert "private" in balu(tmp_path, "discover", "8.8.8.8", fails=True)
