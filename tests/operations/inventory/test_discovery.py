"""Discovery: in a network of the test's own, at a bounded rate, cancelled, added to the inventory."""

import asyncio
import json
import os
import random
import shutil
import subprocess
import sys
import textwrap
import time
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from balu.kernel.config import Config
from balu.kernel.jobs import JobRow, JobService, enqueue, run_now
from balu.kernel.jobs.run import work
from balu.kernel.jobs.tick import begin_due
from balu.kernel.testing import FakeClock
from balu.kernel.unit import Env, open_unit
from balu.operations.inventory.discovery import AT_ONCE
from balu.operations.inventory.errors import DiscoveryTargetError
from balu.operations.inventory.jobs import check_reachability, discover_network
from balu.operations.inventory.lookups import pointer_in, vendor_of
from balu.operations.inventory.networks import hosts_of
from balu.operations.inventory.settings import InventorySettings

ADA = {"x-test-user": "ada"}
RESPONDER = textwrap.dedent('''
    """Answers reverse questions of DNS for .2 and of mDNS for .5, as two hosts of a home network would."""
    import select, socket, struct, sys

    mine = sys.argv[1]
    dns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    dns.bind((f"{mine}.2", 53))
    mdns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    mdns.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    mdns.bind(("", 5353))
    group = socket.inet_aton("224.0.0.251") + socket.inet_aton(f"{mine}.2")
    mdns.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group)
    names = {dns: ("2", "nas.home.arpa"), mdns: ("5", "printer.local")}
    print("ready", flush=True)
    while True:
        for sock in select.select([dns, mdns], [], [])[0]:
            data, sender = sock.recvfrom(2000)
            last, name = names[sock]
            label = data[13 : 13 + data[12]].decode()
            found = label == last
            answer = data[:2] + struct.pack("!5H", 0x8400, 1, int(found), 0, 0) + data[12:]
            if found:
                wire = b"".join(bytes([len(part)]) + part.encode() for part in name.split(".")) + b"\\0"
                answer += struct.pack("!3HIH", 0xC00C, 12, 1, 60, len(wire)) + wire
            if found or sock is dns:
                sock.sendto(answer, sender)
''')


@dataclass(frozen=True, slots=True)
class Lab:
    """Two namespaces joined by a cable: ours, and one with hosts .2, .5 and .9."""

    ours: str
    prefix: str

    def balu(self, data_dir: Path, *arguments: str) -> Any:
        command = ["ip", "netns", "exec", self.ours, sys.executable, "-m", "balu", *arguments]
        command += ["--data-dir", str(data_dir), "--json"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


@pytest.fixture
def lab() -> Generator[Lab, None, None]:
    if os.geteuid() != 0 or shutil.which("ip") is None:
        pytest.skip("DISCOVERY NEEDS ROOT AND iproute2 for a network namespace; it was not tried for real")
    mark = f"{random.SystemRandom().randrange(16**6):06x}"
    ours, theirs, prefix = f"balu-a-{mark}", f"balu-b-{mark}", f"10.{mark_of(mark)}.7"
    try:
        ip("netns", "add", ours)
    except subprocess.CalledProcessError as error:
        pytest.skip(f"NO NETWORK NAMESPACES HERE: {error.stderr!r}; discovery was not tried for real")
    resolvers = Path("/etc/netns") / ours
    responder: subprocess.Popen[str] | None = None
    try:
        ip("netns", "add", theirs)
        ip(
            "link",
            "add",
            f"va{mark}",
            "netns",
            ours,
            "type",
            "veth",
            "peer",
            "name",
            f"vb{mark}",
            "netns",
            theirs,
        )
        ip("-n", theirs, "link", "set", f"vb{mark}", "address", "b8:27:eb:01:02:03")
        for host in (2, 5, 9):
            ip("-n", theirs, "addr", "add", f"{prefix}.{host}/24", "dev", f"vb{mark}")
        ip("-n", ours, "addr", "add", f"{prefix}.1/24", "dev", f"va{mark}")
        for space, link in ((ours, f"va{mark}"), (theirs, f"vb{mark}")):
            ip("-n", space, "link", "set", "lo", "up")
            ip("-n", space, "link", "set", link, "up")
        ip("-n", ours, "route", "add", "224.0.0.0/4", "dev", f"va{mark}")
        resolvers.mkdir(parents=True)
        (resolvers / "resolv.conf").write_text(f"nameserver {prefix}.2\n")
        command = ["ip", "netns", "exec", theirs, sys.executable, "-c", RESPONDER, prefix]
        responder = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert responder.stdout is not None
        assert responder.stdout.readline().strip() == "ready"
        yield Lab(ours, prefix)
    finally:
        if responder is not None:
            responder.kill()
            responder.wait()
        shutil.rmtree(resolvers, ignore_errors=True)
        for space in (ours, theirs):
            subprocess.run(["ip", "netns", "del", space], check=False, capture_output=True)


def mark_of(mark: str) -> int:
    return int(mark[:2], 16)


@pytest.mark.parametrize("probe", ["icmp", "tcp"])
def test_hosts_of_a_network_are_found_with_name_and_maker(lab: Lab, tmp_path: Path, probe: str) -> None:
    found = lab.balu(tmp_path, "inventory", "discover", f"{lab.prefix}.0/28", "--probe", probe)
    seen = {row["ip"].rpartition(".")[2]: row for row in found}
    assert set(seen) == {"1", "2", "5", "9"}
    assert [seen[host]["hostname"] for host in ("2", "5", "9")] == ["nas.home.arpa", "printer.local", None]
    assert {seen[host]["mac_vendor"] for host in ("2", "5", "9")} == {"Raspberry Pi"}
    assert seen["2"]["mac"] == "b8:27:eb:01:02:03"
    assert all(row["rtt_ms"] >= 0 for row in found)


def hurry(env: Env, per_second: int) -> None:
    parts: Any = env.parts
    parts[InventorySettings] = InventorySettings(discovery_per_second=per_second)


def loopback(count: int) -> list[tuple[str, str]]:
    """Hosts that answer at once: nobody listens there, and the kernel says so."""
    return [(f"127.0.1.{n}", f"127.0.1.{n}") for n in range(1, count + 1)]


async def test_no_more_is_asked_in_a_second_than_was_set(env: Env) -> None:
    hurry(env, 20)
    begun = time.monotonic()
    result = await run_now(env, discover_network, hosts=loopback(21), probe="tcp", ports=[9])
    assert time.monotonic() - begun >= 1.0
    assert result["summary"] == {"asked": 21, "total": 21, "reachable": 21, "failed": 0, "probe": "tcp"}
    assert [one["ip"] for one in result["results"]] == [ip for _, ip in loopback(21)]


async def test_a_discovery_ends_when_it_is_cancelled_and_keeps_what_it_found(env: Env) -> None:
    hurry(env, 2)
    async with open_unit(env) as unit:
        job_id = await enqueue(
            unit, discover_network, owner_id=2, hosts=loopback(200), probe="tcp", ports=[9]
        )
    working = asyncio.create_task(work(env, job_id))
    while True:
        async with open_unit(env, writes=False) as unit:
            row = await unit.session.get_one(JobRow, job_id)
        if row.message:
            break
        await asyncio.sleep(0.05)
    async with open_unit(env) as unit:
        await JobService(unit).cancel(job_id, 2)
    await working
    async with open_unit(env, writes=False) as unit:
        row = await unit.session.get_one(JobRow, job_id)
    assert row.state == "cancelled"
    # Not even those are waited for that stood in line already.
    assert 0 < row.result["summary"]["asked"] < AT_ONCE


async def test_what_was_found_is_added_in_one_go(client: httpx.AsyncClient, env: Env) -> None:
    await client.post("/devices", json={"name": "127.0.1.2", "device_type": "url"})
    await client.post("/devices", json={"name": "x", "device_type": "icmp_only", "ip_address": "127.0.1.3"})
    wish = {"range": "127.0.1.1-4", "probe": "tcp", "ports": [9], "allow_public": True}
    started = await client.post("/discovery", json=wish, headers=ADA)
    assert started.status_code == 202, started.text
    url = f"/discovery/{started.json()['job_id']}"
    waiting = (await client.get(url, headers=ADA)).json()
    assert (waiting["status"], waiting["summary"], waiting["results"]) == ("queued", None, [])
    await work(env, started.json()["job_id"])
    done = (await client.get(url, headers=ADA)).json()
    assert (done["status"], done["summary"]["reachable"]) == ("completed", 4)
    assert [one["device_name"] for one in done["results"]] == [None, None, "x", None]
    assert (await client.get(url)).status_code == 404, "somebody else's"
    one = {"hosts": [{"ip": "127.0.1.1", "name": "router", "device_type": "network_switch"}], "tags": ["new"]}
    added = (await client.post(f"{url}/devices", json=one, headers=ADA)).json()
    assert [device["name"] for device in added["created_devices"]] == ["router"]
    rest = (await client.post(f"{url}/devices", json={"monitoring_enabled": True}, headers=ADA)).json()
    assert (rest["created"], rest["skipped"], rest["failed_devices"]) == (2, 2, [])
    assert [device["name"] for device in rest["created_devices"]] == ["127.0.1.2 (2)", "127.0.1.4"]
    again = (await client.post(f"{url}/devices", json={}, headers=ADA)).json()
    assert (again["created"], again["skipped"]) == (0, 4)
    strange = await client.post(f"{url}/devices", json={"hosts": [{"ip": "10.9.9.9"}]}, headers=ADA)
    assert strange.status_code == 422
    device = (await client.get("/search/devices", params={"q": "router"})).json()["results"][0]
    assert (device["tags"], device["monitors"][0]["monitor_type"]) == (["new"], "icmp")


@pytest.mark.parametrize(
    ("wish", "status", "hint"),
    [
        pytest.param({"cidr": "8.8.8.0/24"}, 422, "administrator", id="public"),
        pytest.param({"targets": ["127.0.0.1"]}, 422, "private", id="this-machine"),
        pytest.param(
            {"cidr": "8.8.8.0/24", "allow_public": True}, 403, "administrator", id="not-for-operators"
        ),
        pytest.param({"cidr": "10.0.0.0/21"}, 422, "1024", id="too-large"),
        pytest.param({"cidr": "fd00::/64"}, 422, "1024", id="too-large-v6"),
        pytest.param({"range": "10.0.0.9-10.0.0.1"}, 422, "lower", id="backwards"),
        pytest.param({"cidr": "10.0.0.0/33"}, 422, "192.168.1.0/24", id="no-network"),
        pytest.param({"targets": ["nas"]}, 422, "192.168.1.20", id="no-address"),
        pytest.param({}, 422, "Name hosts", id="nothing"),
    ],
)  # fmt: skip
async def test_what_may_not_be_searched_is_refused(
    client: httpx.AsyncClient, wish: dict[str, Any], status: int, hint: str
) -> None:
    answer = await client.post("/discovery", json=wish)
    assert answer.status_code == status, answer.text
    assert hint in answer.text


def test_hosts_are_spelled_out_once_and_in_order() -> None:
    hosts = hosts_of(["10.0.0.2"], "10.0.0.1-3", "10.0.0.0/30", allow_public=False)
    assert [ip for _, ip in hosts] == ["10.0.0.2", "10.0.0.1", "10.0.0.3"]
    assert len(hosts_of([], None, "10.0.0.0/22", allow_public=False)) == 1022
    with pytest.raises(DiscoveryTargetError):
        hosts_of([], "10.0.0.0-10.0.4.0", None, allow_public=False)


async def test_reachability_is_off_until_it_is_wanted(
    client: httpx.AsyncClient, env: Env, clock: FakeClock
) -> None:
    assert (await client.get("/reachability")).json() == {"enabled": False, "every_minutes": 5}
    here = {"name": "here", "device_type": "icmp_only", "ip_address": "127.0.0.1"}
    device = (await client.post("/devices", json=here)).json()
    clock.advance(minutes=30)
    assert await begin_due(env) == []
    on = await client.put("/reachability", json={"enabled": True, "every_minutes": 10})
    assert on.json() == (await client.get("/reachability")).json() == {"enabled": True, "every_minutes": 10}
    clock.advance(minutes=10)
    (job_id,) = await begin_due(env)
    await work(env, job_id)
    seen = (await client.get(f"/devices/{device['id']}")).json()
    assert seen["rtt_ms"] is not None
    assert seen["last_seen_at"] == seen["checked_at"] != None  # noqa: E711
    assert (seen["version"], seen["updated_at"]) == (1, device["updated_at"]), "being seen is no change"
    assert len((await client.get(f"/devices/{device['id']}/history")).json()) == 1
    assert (await client.get("/stats")).json()["reachable_devices"] == 1
    assert (await run_now(env, check_reachability))["asked"] == 1
    assert (await client.put("/reachability", json={"enabled": False})).json()["enabled"] is False


def test_made_up_and_unknown_cards_have_no_maker() -> None:
    assert vendor_of("b8:27:eb:00:00:01") == "Raspberry Pi"
    assert vendor_of("02:00:00:00:00:01") is None


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\0\x07\x84\0\0\1\0\1\0\0\0\0\xc0\x0c", id="points-at-itself"),
        pytest.param(b"\0\x07\x84\0\0\0\xff\xff\0\0\0\0\x3fabc", id="cut-short"),
        pytest.param(b"\0\x08\x84\0\0\0\0\0\0\0\0\0", id="other-question"),
        pytest.param(b"\0\x07\x84\0\0\0\0\1\0\0\0\0\x01\xff\0\0\x0c\0\1\0\0\0\0\0\0", id="not-ascii"),
    ],
)
def test_damaged_answers_are_no_answers(data: bytes) -> None:
    assert pointer_in(data, "1.0.0.10.in-addr.arpa", 7) is None


def test_limits_in_the_settings_hold(config: Config) -> None:
    assert config.of(InventorySettings).discovery_per_second == 100
