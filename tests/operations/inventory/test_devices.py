"""Devices: checked, counted, undone; two people at once."""

import asyncio
from typing import Any

import httpx
import pytest

from balu.operations.inventory.faults import CODES

NAS: dict[str, Any] = {"name": "nas", "device_type": "linux_server_physical", "ip_address": "192.168.1.20"}


async def made(client: httpx.AsyncClient, path: str, **fields: Any) -> dict[str, Any]:
    answer = await client.post(path, json=fields)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_device_comes_back_as_it_was_sent(client: httpx.AsyncClient) -> None:
    vendor = await made(client, "/vendors", name="Synology")
    model = await made(client, "/models", name="DS920+", vendor_id=vendor["id"])
    site = await made(client, "/locations", name="Home")
    room = await made(client, "/locations", name="Cellar", parent_id=site["id"])
    sent = {
        **NAS, "deviceFunction": "Backups", "model_id": model["id"], "location_id": room["id"],
        "serial_number": "2040QRS", "networks": ["DMZ", "LAN"],
        "interface_type": ["10GBase-T (10GbE)", "1000Base-T (1GbE)"], "poe_powered": False,
        "poe_standards": [], "monitoring_enabled": True, "tags": ["rack", "Backup"], "notes": "two\nlines",
        "monitors": [{"monitor_type": "node_exporter"}, {"monitor_type": "icmp", "enabled": False}],
    }  # fmt: skip
    device = await made(client, "/devices", **sent)
    assert device["vendor_name"] == "Synology", "a model brings its vendor along"
    assert (device["model_name"], device["location_name"]) == ("DS920+", "Home / Cellar")
    assert device["networks"] == ["LAN", "DMZ"]
    assert device["interface_type"] == ["1000Base-T (1GbE)", "10GBase-T (10GbE)"]
    assert device["tags"] == ["Backup", "rack"]
    assert [(one["monitor_type"], one["port"]) for one in device["monitors"]] == [
        ("node_exporter", 9100), ("icmp", None),
    ]  # fmt: skip
    again = await client.get(f"/devices/{device['id']}")
    assert again.json() == device
    assert again.headers["etag"] == '"1"'
    page = (await client.get("/devices", params={"type": "linux_server_physical"})).json()
    assert (page["items"], page["total"], page["next"]) == ([device], 1, None)
    assert (await client.get("/devices", params={"type": "url"})).json()["items"] == []


@pytest.mark.parametrize(
    ("address", "stored"),
    [
        pytest.param("192.168.1.20", "192.168.1.20", id="ipv4"),
        pytest.param("FD00:0:0:0::20", "fd00::20", id="ipv6"),
        pytest.param("[fd00::20]", "fd00::20", id="ipv6-in-brackets"),
        pytest.param("Nas.Home.arpa.", "nas.home.arpa", id="host"),
        pytest.param("_dmarc.example.org", "_dmarc.example.org", id="record"),
        pytest.param("HTTPS://Nas.home:8443/Status?x=1#y", "https://nas.home:8443/Status?x=1#y", id="url"),
        pytest.param("rtsp://[fd00::1]:554/live", "rtsp://[fd00::1]:554/live", id="stream"),
        pytest.param("", None, id="none"),
    ],
)
async def test_addresses_have_one_spelling(
    client: httpx.AsyncClient, address: str, stored: str | None
) -> None:
    assert (await made(client, "/devices", **{**NAS, "ip_address": address}))["ip_address"] == stored


@pytest.mark.parametrize(
    ("fields", "field", "hint"),
    [
        pytest.param({"ip_address": "192.168.1.300"}, "ip_address", "0 to 255", id="octet"),
        pytest.param({"ip_address": "192.168.1.0/24"}, "ip_address", "192.168.1.0", id="network"),
        pytest.param({"ip_address": "fd00::zz"}, "ip_address", "IPv6", id="ipv6"),
        pytest.param({"ip_address": "nas home"}, "ip_address", "host name", id="blank"),
        pytest.param({"ip_address": "büro.home"}, "ip_address", "xn--", id="umlaut"),
        pytest.param({"ip_address": "ftp://nas"}, "ip_address", "http", id="scheme"),
        pytest.param({"ip_address": "http://me:secret@nas"}, "ip_address", "password", id="password"),
        pytest.param({"ip_address": "http://nas:99999"}, "ip_address", "not a URL", id="url-port"),
        pytest.param({"ip_address": "nas/status"}, "ip_address", "http://nas/status", id="url-scheme"),
        pytest.param({"device_type": "toaster"}, "device_type", "toaster", id="type"),
        pytest.param({"device_type": "url"}, "ip_address", "https://192.168.1.20", id="url-without-url"),
        pytest.param({"name": "  "}, "name", "1 to 100", id="no-name"),
        pytest.param({"name": "n" * 101}, "name", "100", id="long-name"),
        pytest.param({"name": "a\nb"}, "name", "one line", id="line-break"),
        pytest.param({"networks": ["WAN"]}, "networks", "WAN", id="network-name"),
        pytest.param({"tags": ["a,b"]}, "tags", "commas", id="tag"),
        pytest.param({"monitors": [{"monitor_type": "http", "port": 0}]}, "port", "1", id="port"),
        pytest.param({"vendor_id": 99}, "vendor_id", "no such vendor", id="vendor"),
        pytest.param({"location_id": 99}, "location_id", "no such location", id="location"),
    ],
)
async def test_what_does_not_fit_is_named_with_a_way_out(
    client: httpx.AsyncClient, fields: dict[str, Any], field: str, hint: str
) -> None:
    answer = await client.post("/devices", json={**NAS, **fields})
    assert answer.status_code == 422, answer.text
    (name,) = answer.json()["fields"]
    assert field in name
    assert hint in str(answer.json()["fields"])
    if field == "ip_address":
        (fault,) = answer.json()["faults"]
        assert (fault["field"], fault["code"] in CODES) == (field, True)
    assert (await client.get("/devices")).json()["total"] == 0


async def test_limits_of_a_field_are_told_with_codes(client: httpx.AsyncClient) -> None:
    answer = await client.post("/devices", json={**NAS, "tags": ["t" * 51]})
    assert answer.json()["faults"] == [
        {"field": "tags[0]", "code": "longer-than", "parameters": {"most": 50}}
    ]
    answer = await client.post("/devices", json={**NAS, "name": ""})
    assert answer.json()["faults"] == [{"field": "name", "code": "shorter-than", "parameters": {"least": 1}}]


async def test_two_devices_cannot_share_a_name_in_any_case(client: httpx.AsyncClient) -> None:
    device = await made(client, "/devices", **NAS)
    answer = await client.post("/devices", json={**NAS, "name": "NAS"})
    assert (answer.status_code, answer.json()["code"]) == (409, "inventory-exists")
    assert answer.json()["device_id"] == device["id"]


async def test_a_name_that_two_want_at_once_goes_to_one(client: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(*(client.post("/devices", json=NAS) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]


async def test_whoever_saves_second_sees_both_versions(client: httpx.AsyncClient) -> None:
    device = await made(client, "/devices", **NAS)
    url, seen = f"/devices/{device['id']}", {"if-match": '"1"'}
    first, second = await asyncio.gather(
        client.put(url, json={"function": "one"}, headers=seen),
        client.put(url, json={"function": "two", "ip_address": "FD00::0"}, headers=seen),
    )
    won, lost = (first, second) if first.is_success else (second, first)
    assert (won.status_code, lost.status_code) == (200, 412)
    told = lost.json()
    assert told["code"] == "precondition-failed"
    assert told["current"] == won.json()
    assert told["yours"]["function"] != told["current"]["deviceFunction"]
    again = await client.put(
        url, json={"function": told["yours"]["function"]}, headers={"if-match": lost.headers["etag"]}
    )
    assert (again.status_code, again.json()["version"]) == (200, 3)
    assert (await client.delete(url, headers=seen)).status_code == 412


async def test_every_change_is_kept_with_its_fields_and_its_author(client: httpx.AsyncClient) -> None:
    device = await made(client, "/devices", **NAS)
    url = f"/devices/{device['id']}"
    await client.put(url, json={"deviceFunction": "Media", "tags": ["a"]}, headers={"x-test-user": "ada"})
    await client.put(url, json={"deviceFunction": "Media"})
    monitor = await made(client, f"{url}/monitors", monitor_type="https")
    await client.put(f"/monitors/{monitor['id']}", json={"monitor_type": "http"})
    await client.delete(f"/monitors/{monitor['id']}")
    await client.delete(url)
    changes = (await client.get(f"{url}/history")).json()
    assert [(one["change_type"], one["user"]) for one in changes] == [
        ("delete", "ola"), ("update", "ola"), ("update", "ola"), ("update", "ola"), ("update", "ada"),
        ("create", "ola"),
    ], "an update that changes nothing is none"  # fmt: skip
    assert changes[4]["diff"] == {
        "function": {"old": None, "new": "Media"}, "tags": {"old": [], "new": ["a"]},
    }  # fmt: skip
    assert [one["diff"]["monitors"]["new"] for one in changes[1:4]] == [
        [],
        [{"monitor_type": "http", "endpoint": None, "port": 80, "enabled": True, "notes": None}],
        [{"monitor_type": "https", "endpoint": None, "port": 443, "enabled": True, "notes": None}],
    ]
    assert changes == (await client.get("/devices/history")).json()
    never = await client.get("/devices/999999/history")
    assert (never.status_code, never.json()["code"]) == (404, "inventory-not-found")
    older = (await client.get("/devices/history", params={"before": changes[1]["id"], "limit": 2})).json()
    assert older == changes[2:4]


async def test_a_delete_is_undone_with_everything(client: httpx.AsyncClient) -> None:
    device = await made(client, "/devices", **NAS, tags=["x"], monitors=[{"monitor_type": "icmp"}])
    url = f"/devices/{device['id']}"
    assert (await client.delete(url)).status_code == 204
    assert (await client.get(url)).status_code == 404
    assert (await client.get("/devices")).json()["total"] == 0
    back = (await client.post(f"{url}/restore")).json()
    assert {**back, "version": 1, "updated_at": device["updated_at"]} == device
    await client.delete(url)
    await made(client, "/devices", **NAS)
    assert (await client.post(f"{url}/restore")).json()["code"] == "inventory-exists"


async def test_many_are_deleted_and_brought_back(client: httpx.AsyncClient) -> None:
    ids = [(await made(client, "/devices", **{**NAS, "name": f"n{n}"}))["id"] for n in range(3)]
    done = (await client.post("/bulk/devices/delete", json={"device_ids": [*ids[:2], 999]})).json()
    assert done == {"status": "partial", "deleted": 2, "failed": 1, "failed_ids": [999]}
    undone = (await client.post("/bulk/devices/restore", json={"device_ids": ids[:2]})).json()
    assert undone == {
        "status": "completed", "restored": 2, "failed": 0, "failed_ids": [], "taken_ids": [],
    }  # fmt: skip
    assert (await client.get("/devices")).json()["total"] == 3
    too_many = await client.post("/bulk/devices/delete", json={"device_ids": list(range(101))})
    assert too_many.status_code == 422


async def test_a_copy_has_its_own_name_and_no_serial_number(client: httpx.AsyncClient) -> None:
    device = await made(
        client, "/devices", **NAS, serial_number="S1", monitors=[{"monitor_type": "http", "port": 81}]
    )
    url = f"/devices/{device['id']}/clone"
    copy, named = await made(client, url), await made(client, url, name="spare", ip_address="192.168.1.21")
    assert (copy["name"], copy["serial_number"], copy["ip_address"]) == ("nas (2)", None, None)
    assert (named["name"], named["ip_address"]) == ("spare", "192.168.1.21")
    assert copy["monitors"][0]["port"] == 81
    assert (await made(client, url))["name"] == "nas (3)"


async def test_a_template_fills_what_a_device_leaves_out(client: httpx.AsyncClient) -> None:
    vendor = await made(client, "/vendors", name="Raspberry Pi")
    template = await made(
        client, "/templates", name="Pi",
        fields={"device_type": "linux_server_physical", "networks": ["LAN"], "vendor_name": "raspberry pi"},
        monitors=[{"monitor_type": "node_exporter"}],
    )  # fmt: skip
    device = await made(client, "/devices", name="pi1", template_id=template["id"], networks=["IoT"])
    assert (device["vendor_id"], device["networks"]) == (vendor["id"], ["IoT"])
    assert [one["port"] for one in device["monitors"]] == [9100]
    refused = await client.post("/templates", json={"name": "x", "fields": {"name": "y"}})
    assert (refused.status_code, list(refused.json()["fields"])) == (422, ["fields"])
    assert (await client.post("/templates", json={"name": "pi", "fields": {}})).status_code == 409
    for preset in (await client.get("/presets")).json():
        sent = {"name": preset["name"], "fields": preset["fields"], "monitors": preset["monitors"]}
        assert (await made(client, "/templates", **sent))["fields"] == preset["fields"]


async def test_viewers_look_and_operators_change(client: httpx.AsyncClient) -> None:
    device = await made(client, "/devices", **NAS)
    viewer = {"x-test-user": "vera"}
    assert (await client.get(f"/devices/{device['id']}", headers=viewer)).status_code == 200
    for method, path in (
        ("POST", "/devices"), ("PUT", f"/devices/{device['id']}"), ("DELETE", f"/devices/{device['id']}"),
        ("POST", "/bulk/devices/delete"), ("POST", "/vendors"), ("POST", f"/devices/{device['id']}/clone"),
    ):  # fmt: skip
        answer = await client.request(method, path, json={}, headers=viewer)
        assert answer.status_code == 403, (method, path)
    assert (await client.get("/devices", headers={"x-test-user": "nobody"})).status_code == 401
