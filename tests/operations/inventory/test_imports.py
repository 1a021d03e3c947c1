"""Imports and exports: nothing lost, nothing twice, nothing half."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from balu.kernel.unit import Env, open_unit
from balu.operations.inventory.bulk_controller import MAX_BYTES
from balu.operations.inventory.devices import DeviceService
from balu.operations.inventory.drafts import Sheet
from balu.operations.inventory.faults import CODES, WORDS
from balu.operations.inventory.history import Author
from balu.operations.inventory.models import (
    ChangeRow,
    DeviceRow,
    LocationRow,
    ModelRow,
    MonitorRow,
    VendorRow,
)
from balu.operations.inventory.tables import MAX_ROWS, _cell, _uncell, read_table
from balu.operations.inventory.words import DEVICE_TYPES, USUAL_MONITORS

Generated = Callable[[int, int], list[dict[str, Any]]]


async def send(client: httpx.AsyncClient, data: Any, **query: Any) -> httpx.Response:
    if not isinstance(data, (str, bytes)):
        data = msgspec.json.encode(data)
    return await client.post("/bulk/devices/import", content=data, params=query, timeout=120)


async def counts(env: Env) -> list[int]:
    tables = (DeviceRow, MonitorRow, VendorRow, ModelRow, LocationRow, ChangeRow)
    async with open_unit(env, writes=False) as unit:
        return [await unit.session.scalar(select(func.count()).select_from(table)) or 0 for table in tables]


async def test_what_was_exported_comes_back_without_a_difference(
    client: httpx.AsyncClient, env: Env, generated: Generated
) -> None:
    first = await send(client, generated(10_000, 1))
    assert first.status_code == 201, first.text[:2000]
    assert (first.json()["created"], first.json()["failed"]) == (10_000, 0)
    before = await counts(env)
    assert before[0] == 10_000
    for file_format in ("csv", "json"):
        file = await client.get("/bulk/devices/export", params={"format": file_format}, timeout=120)
        assert file.headers["content-disposition"].endswith(f'.{file_format}"')
        again = await send(client, file.content)
        assert again.status_code == 200, again.text[:2000]
        report = again.json()
        told = {name: report[name] for name in ("created", "updated", "unchanged", "failed", "status")}
        assert told == {"created": 0, "updated": 0, "unchanged": 10_000, "failed": 0, "status": "completed"}
    assert await counts(env) == before


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_cell_is_read_back_as_it_was_written(text: str) -> None:
    written = _cell(text)
    assert _uncell(written) == text
    assert not written.startswith(("=", "+", "-", "@")), "a spreadsheet would run it"


async def test_one_bad_row_among_ten_thousand_leaves_everything_as_it_was(
    client: httpx.AsyncClient, env: Env
) -> None:
    rows = [f"host-{n},linux_server_virtual,10.{n >> 8}.{n & 255}.1,V{n}" for n in range(10_000)]
    rows[7_421 - 2] = "host-bad,linux_server_virtual,10.0.0.256,Brand new"
    await send(client, "name,device_type,ip_address,vendor\nold,url,https://a.example,\n", on_error="abort")
    before = await counts(env)
    answer = await send(client, "name,device_type,ip_address,vendor\n" + "\n".join(rows))
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (400, "inventory-import-refused")
    (failed,) = problem["failed_devices"]
    assert (failed["row"], failed["index"], failed["name"]) == (7_421, 7_419, "host-bad")
    assert failed["issues"] == [
        {"field": "ip_address", "error": "10.0.0.256 is not an IP address.",
         "fix": "IPv4 has four numbers from 0 to 255, such as 192.168.1.20; IPv6 looks like fd00::20.",
         "code": "no-ip", "parameters": {"text": "10.0.0.256"}, "value": "10.0.0.256"}
    ]  # fmt: skip
    assert "Row 7421" in problem["detail"]
    assert await counts(env) == before
    skipped = (await send(client, "name,device_type,ip_address\n" + "\n".join(
        row.rpartition(",")[0] for row in rows[7_400:7_440]), on_error="skip")).json()  # fmt: skip
    assert (skipped["status"], skipped["created"], skipped["failed"]) == ("partial", 39, 1)


async def test_every_fault_of_a_row_is_named_at_once(client: httpx.AsyncClient) -> None:
    text = (
        "Name;Device_Type;IP_Address;Networks;PoE_Powered;Vendor;Model;Location;Monitors\n"
        "a;linux_server_fysical;192.168.1.5/24;WAN;perhaps;;;;\n"
        "A;icmp_only;;;;;;;\n"
        "b;icmp_only;;;;;Nameless;;\n"
        "c;icmp_only;;;yes?;;;1 / 2 / 3 / 4 / 5;\n"
        ";icmp_only;;;;;;;\n"
        "d;;;;;;;;\n"
        "e;url;nas.home;;;;;;\n"
        "f;icmp_only;;;;;;;{}\n"
        "a;icmp_only;;;;;;;\n"
    )
    report = (await send(client, text, dry_run=True)).json()
    faults = {
        (one["row"], issue["field"]): issue["fix"]
        for one in report["failed_devices"]
        for issue in one["issues"]
    }
    assert set(faults) == {
        (2, "device_type"), (2, "ip_address"), (2, "networks"), (2, "poe_powered"), (4, "vendor"),
        (5, "poe_powered"), (5, "location"), (6, "name"), (7, "device_type"), (8, "ip_address"),
        (9, "monitors"), (10, "name"),
    }  # fmt: skip
    assert faults[2, "device_type"] == "Did you mean linux_server_physical?"
    codes = {issue["code"] for one in report["failed_devices"] for issue in one["issues"]}
    assert codes == {
        "unknown-word-like", "network-for-address", "no-flag", "model-without-vendor", "place-too-deep",
        "name-empty", "type-missing", "needs-url", "no-monitors", "twice-in-file",
    }  # fmt: skip
    assert "192.168.1.5" in faults[2, "ip_address"]
    assert (report["status"], report["created"]) == ("partial", 1)
    assert (report["new_vendors"], report["new_locations"]) == ([], []), "a wrong row brings nothing along"


async def test_a_dry_run_shows_what_would_change_and_changes_nothing(
    client: httpx.AsyncClient, env: Env
) -> None:
    await send(
        client, "name,device_type,function,tags\nnas,linux_server_physical,Files,a\nap,wireless_ap,,\n"
    )
    before = await counts(env)
    text = (
        "name,device_type,function,vendor,location\n"
        "NAS,,Backups,Dell,Home / Cellar\nap,wireless_ap,,,\nnew,url,,,\n"
    )
    answer = await send(client, text, dry_run=True)
    report = answer.json()
    assert answer.status_code == 200
    assert await counts(env) == before
    nas, new = report["rows"]
    assert (nas["row"], nas["action"], nas["diff"]) == (
        2, "update",
        {"name": {"old": "nas", "new": "NAS"}, "function": {"old": "Files", "new": "Backups"},
         "vendor": {"old": None, "new": "Dell"}, "location": {"old": None, "new": "Home / Cellar"}},
    )  # fmt: skip
    assert (new["row"], new["action"], list(new["diff"])) == (4, "create", ["name", "device_type"])
    assert (report["unchanged"], report["new_locations"]) == (1, ["Home", "Home / Cellar"])
    done = (await send(client, text)).json()
    assert (done["created"], done["updated"], done["unchanged"]) == (1, 1, 1)
    device = (await client.get(f"/devices/{nas['device_id']}")).json()
    assert (device["tags"], device["version"]) == (["a"], 2), "a missing column leaves its field alone"
    history = (await client.get(f"/devices/{nas['device_id']}/history")).json()
    assert (history[0]["change_type"], history[0]["diff"]) == ("bulk_import", nas["diff"])
    assert (await send(client, text)).json()["unchanged"] == 3


async def test_a_serial_number_tells_a_renamed_device(client: httpx.AsyncClient) -> None:
    head = "name,device_type,serial_number\n"
    await send(client, head + "old,icmp_only,S1\nx,icmp_only,Default string\ny,icmp_only,Default string\n")
    report = (await send(client, head + "new,icmp_only,S1\nz,icmp_only,Default string\n")).json()
    assert (report["created"], report["updated"]) == (1, 1), "a number of many devices names none"
    assert [one["name"] for one in report["created_devices"]] == ["z"]
    assert (await send(client, head + "new,icmp_only,S1\nold,icmp_only,S1\n")).json()["created"] == 1


NETBOX = """Name,Status,Tenant,Site,Location,Rack,Position,Role,Manufacturer,Type,Serial,IP Address,Tags,Comments
core-sw,Active,,Home,Cellar,R1,12.0,Core Switch,MikroTik,CRS326,HD1,10.0.0.2/24,"net,core",keep
hv1,Active,,Home,,,,Hypervisor,Dell,R630,,fd00::5/64,,
"""  # noqa: E501  a file is as wide as it is
SNIPE = """Asset Name,Asset Tag,Serial,Model,Model No.,Category,Manufacturer,Location,Purchase Cost
Door cam,A-0001,C1,RLC-810A,x,IP Camera,Reolink,Garden,79.99
,A-0002,,Eaton 5E,,UPS,Eaton,Cellar,120
"""


NETBOX_TAGGED = """\
Name,Status,Site,Location,Rack,Position,Role,Manufacturer,Type,Serial number,Asset tag,IPv4 Address,Tags
core-sw,Active,Home,Cellar,R1,12.0,Core Switch,MikroTik,CRS326,HD1,A-7,10.0.0.2/24,"net,core"
hv1,Active,Home,,,,Hypervisor,Dell,R630,,,10.0.0.5/24,
"""


@pytest.mark.parametrize(
    ("text", "dialect", "expected"),
    [
        pytest.param(NETBOX, "netbox", {
            "core-sw": ("network_switch", "10.0.0.2", "MikroTik", "CRS326",
                "Home / Cellar / R1 / U12", "HD1"),
            "hv1": ("linux_server_physical", "fd00::5", "Dell", "R630", "Home", None)}, id="netbox"),
        pytest.param(NETBOX_TAGGED, "netbox", {
            "core-sw": ("network_switch", "10.0.0.2", "MikroTik", "CRS326",
                "Home / Cellar / R1 / U12", "HD1"),
            "hv1": ("linux_server_physical", "10.0.0.5", "Dell", "R630", "Home", None)}, id="netbox-tagged"),
        pytest.param(SNIPE, "snipe-it", {
            "Door cam": ("ip_camera", None, "Reolink", "RLC-810A", "Garden", "C1"),
            "A-0002": ("ups_nut", None, "Eaton", "Eaton 5E", "Cellar", None)}, id="snipe-it"),
    ],
)  # fmt: skip
async def test_files_of_other_inventories_are_understood(
    client: httpx.AsyncClient, text: str, dialect: str, expected: dict[str, tuple[Any, ...]]
) -> None:
    form = {"file": ("export.csv", b"\xef\xbb\xbf" + text.encode(), "text/csv")}
    report = (await client.post("/bulk/devices/import", files=form)).json()
    assert (report["dialect"], report["created"], report["failed_devices"]) == (dialect, 2, [])
    keys = ("device_type", "ip_address", "vendor_name", "model_name", "location_name", "serial_number")
    found = (await client.get("/devices")).json()["items"]
    assert {one["name"]: tuple(one[key] for key in keys) for one in found} == expected
    stickers = [f"asset {tag}" for tag in ("A-0001", "A-0002", "A-7") if tag in text]
    assert sorted(tag for one in found for tag in one["tags"] if tag.startswith("asset")) == stickers
    changed = await client.put(f"/devices/{found[0]['id']}", json={"device_type": "iot_device"})
    assert changed.status_code == 200
    again = (await send(client, text)).json()
    assert (again["created"], again["updated"], again["unchanged"]) == (0, 0, 2), "a guess never overrules"


async def test_a_cell_with_a_separator_is_no_silent_loss(client: httpx.AsyncClient, env: Env) -> None:
    text = (
        "name,device_type,function,,\n"  # as spreadsheets write empty columns at the end
        "ok,icmp_only,Lab,,\nxc,icmp_only,Lab, room 2\nwide,icmp_only,Lab,,,,\nshort,icmp_only\n"
    )
    report = (await send(client, text, dry_run=True)).json()
    (failed,) = report["failed_devices"]
    assert (report["created"], failed["row"], failed["name"]) == (3, 3, "xc")
    assert [(one["field"], one["code"]) for one in failed["issues"]] == [("", "too-many-cells")]
    assert failed["issues"][0]["parameters"] == {"text": "room 2"}
    assert failed["error"].startswith("Row 3: This row has more cells than there are columns: “room 2”")
    before = await counts(env)
    assert (await send(client, text)).status_code == 400
    assert await counts(env) == before
    quoted = text.replace("Lab, room 2", '"Lab, room 2"')
    assert (await send(client, quoted)).json()["created"] == 4
    found = {one["name"]: one["deviceFunction"] for one in (await client.get("/devices")).json()["items"]}
    assert found == {"ok": "Lab", "xc": "Lab, room 2", "wide": "Lab", "short": None}


async def test_of_two_columns_that_mean_the_same_the_first_counts(client: httpx.AsyncClient) -> None:
    text = "name,device_type,name,Serial,serial_number\nfirst,icmp_only,second,S1,S2\n"
    report = (await send(client, text)).json()
    assert [one["name"] for one in report["created_devices"]] == ["first"]
    assert report["ignored_columns"] == ["name", "serial_number"]
    (device,) = (await client.get("/devices")).json()["items"]
    assert device["serial_number"] == "S1"


@pytest.mark.parametrize(
    ("data", "hint", "fault"),
    [
        pytest.param(b"a,b\n1,2\n", "called name", "no-name-column", id="no-name-column"),
        pytest.param(b"name\n\xff\xfe\xfa", "UTF-8", "no-utf8", id="encoding"),
        pytest.param(b'[{"name": "x"', "JSON", "no-json", id="json"),
        pytest.param(b'[{"name": "x",}]', "JSON", "no-json", id="json-inside"),
        pytest.param(b'{"x": 1}', "JSON array", "no-array", id="no-array"),
        pytest.param(b'[{"name": "x"}, 2]', "JSON array", "no-array", id="no-object"),
        pytest.param(b'name\n"x"y\n', "Line 2", "damaged-line", id="quotes"),
        pytest.param(b"", "called name", "no-name-column", id="empty"),
    ],
)
async def test_files_that_cannot_be_read_say_why(
    client: httpx.AsyncClient, data: bytes, hint: str, fault: str
) -> None:
    answer = await send(client, data)
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (400, "inventory-import-refused")
    assert hint in problem["detail"]
    assert [one["code"] for one in problem["faults"]] == [fault]


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"name\n" + b"x\n" * (MAX_ROWS + 1), id="csv"),
        pytest.param(b"[" + b"{}," * MAX_ROWS + b"{}]", id="json"),
    ],
)
async def test_more_rows_than_one_import_takes_are_refused(client: httpx.AsyncClient, data: bytes) -> None:
    problem = (await send(client, data)).json()
    assert (problem["status"], problem["code"]) == (413, "inventory-import-too-large")
    assert problem["detail"] == "The file has more than 100000 rows. Import it in several parts."


async def test_more_bytes_than_one_import_takes_are_refused(client: httpx.AsyncClient) -> None:
    data = bytes(MAX_BYTES + 1)
    for sent in ({"content": data}, {"files": {"file": ("big.csv", data)}}):
        answer = await client.post("/bulk/devices/import", timeout=120, **sent)
        assert (answer.status_code, answer.json()["code"]) == (413, "too-large")


def test_every_fault_has_words() -> None:
    assert set(WORDS) == set(CODES)
    assert all(problem.strip() and fix.strip() for problem, fix in WORDS.values())


async def test_an_export_holds_what_the_search_finds(client: httpx.AsyncClient) -> None:
    await send(client, [{"name": "a", "device_type": "url"}, {"name": "b", "device_type": "icmp_only"}])
    file = await client.get("/bulk/devices/export", params={"format": "json", "type": "url"})
    assert [one["name"] for one in file.json()] == ["a"]
    nothing = await client.get("/bulk/devices/export", params={"format": "json", "q": "zzz"})
    assert nothing.json() == []
    viewer = {"x-test-user": "vera"}
    assert (await client.get("/bulk/devices/export", headers=viewer)).status_code == 200
    assert (await client.post("/bulk/devices/import", content=b"[]", headers=viewer)).status_code == 403


async def test_a_monitored_device_is_watched_the_usual_way(client: httpx.AsyncClient) -> None:
    place = {"url": "https://a.example"}
    rows = [f"{kind},{kind},{place.get(kind, '10.0.0.7')},yes" for kind in USUAL_MONITORS]
    text = "\n".join(["name,device_type,ip_address,monitoring_enabled", *rows, "off,icmp_only,10.0.0.8,no"])
    seen = (await send(client, text, dry_run=True)).json()["rows"]
    told = {row["name"]: [one["monitor_type"] for one in row["diff"]["monitors"]["new"]]
            for row in seen if "monitors" in row["diff"]}  # fmt: skip
    assert told == {kind: [monitor] for kind, monitor in USUAL_MONITORS.items()}
    assert set(told) == set(DEVICE_TYPES)
    await send(client, text)
    targets = (await client.get("/prometheus/targets")).json()
    assert {one["labels"]["device_name"]: one["labels"]["monitor_type"] for one in targets} == USUAL_MONITORS
    assert (await send(client, text)).json()["unchanged"] == len(rows) + 1
    # Whoever takes the monitor away, or says that there is none, has it so.
    head = "name,device_type,monitoring_enabled,monitors\n"
    await send(client, head + "ip_camera,ip_camera,yes,\nbare,icmp_only,yes,[]\n")
    assert (await send(client, text)).json()["unchanged"] == len(rows) + 1
    devices = (await client.get("/devices", params={"limit": 200})).json()["items"]
    assert {one["name"] for one in devices if not one["monitors"]} == {"off", "bare", "ip_camera"}


def test_rows_are_numbered_as_a_spreadsheet_shows_them() -> None:
    sheet = Sheet(read_table(b'name,notes\na,"two\nlines"\n\nb,\n'))
    (drafts,) = sheet.drafts.batches()
    assert [(one.index, one.row, one.name) for one in drafts] == [(0, 2, "a"), (1, 4, "b")]


async def test_an_import_builds_on_what_was_changed_while_it_began(
    client: httpx.AsyncClient, env: Env
) -> None:
    made = (
        await client.post("/devices", json={"name": "nas", "device_type": "linux_server_physical"})
    ).json()
    async with open_unit(env) as unit:
        await DeviceService(unit).update(Author(2, "ola"), made["id"], {"notes": "in the cellar"})
        importing = asyncio.create_task(send(client, [{"name": "nas", "serial_number": "S1"}]))
        await asyncio.wait({importing}, timeout=1)
        assert not importing.done()
    report = await importing
    assert (report.status_code, report.json()["updated"]) == (200, 1), report.text
    device = (await client.get(f"/devices/{made['id']}")).json()
    assert (device["notes"], device["serial_number"], device["version"]) == ("in the cellar", "S1", 3)


async def test_mistakes_are_mended_beside_the_file(client: httpx.AsyncClient, env: Env) -> None:
    file = b"name,device_type,ip_address\nnas,linux_server_physical,192.168.1.999\nnas,network_swich,\n"

    async def form(corrections: dict[int, dict[str, str]], **query: Any) -> httpx.Response:
        parts = {"corrections": msgspec.json.encode(corrections).decode()}
        address = "/bulk/devices/import"
        return await client.post(address, files={"file": ("x.csv", file)}, data=parts, params=query)

    before = await counts(env)
    report = (await form({}, dry_run=True)).json()
    told = {
        (row["row"], issue["field"], issue["value"])
        for row in report["failed_devices"]
        for issue in row["issues"]
    }
    assert told == {(2, "ip_address", "192.168.1.999"), (3, "device_type", "network_swich")}
    mended = {2: {"ip_address": "192.168.1.9"}, 3: {"device_type": "network_switch"}}
    report = (await form(mended, dry_run=True)).json()
    assert [issue["field"] for issue in report["failed_devices"][0]["issues"]] == ["name"]
    assert await counts(env) == before
    done = await form({**mended, 3: {**mended[3], "name": "switch"}})
    assert (done.status_code, done.json()["created"]) == (201, 2), done.text
    for wrong in ({9: {"name": "x"}}, {2: {"colour": "blue"}}):
        refused = await form(wrong)
        assert refused.status_code == 400, refused.text
