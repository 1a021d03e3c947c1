"""Imports compare before they write: what others do in between counts, and nobody waits for a comparison."""

from typing import Any

import httpx
import msgspec
import pytest

from balu.kernel.unit import Env, open_unit
from balu.operations.inventory.devices import DeviceService
from balu.operations.inventory.drafts import Sheet
from balu.operations.inventory.errors import ImportRefusedError
from balu.operations.inventory.history import CONSOLE
from balu.operations.inventory.imports import Importer, carry_out, planned
from balu.operations.inventory.packing import BATCH, Packed
from balu.operations.inventory.plans import Plan
from balu.operations.inventory.tables import PIECE, read_table


class Item(msgspec.Struct):
    """Something to keep."""

    number: int
    words: list[str]


@pytest.mark.parametrize("count", [0, 1, BATCH - 1, BATCH, 2 * BATCH + 1])
def test_what_is_packed_comes_back_in_its_order_as_often_as_it_is_asked_for(count: int) -> None:
    packed = Packed(Item)
    items = [Item(number, ["ä", str(number)]) for number in range(count)]
    for item in items:
        packed.add(item)
    for _ in range(2):
        found = list(packed.batches())
        assert [item for batch in found for item in batch] == items
        assert all(0 < len(batch) <= BATCH for batch in found)


def sheet_of(text: str) -> Sheet:
    return Sheet(read_table(text.encode()))


async def finished(env: Env, sheet: Sheet, plan: Plan) -> tuple[int, int, int]:
    async with open_unit(env) as unit:
        report = await Importer(unit).run(CONSOLE, sheet, on_error="abort", plan=plan)
    return report.created, report.updated, report.unchanged


async def device(client: httpx.AsyncClient, name: str) -> dict[str, Any]:
    found = (await client.get("/search/devices", params={"q": name})).json()["results"]
    (one,) = [one for one in found if one["name"] == name]
    return dict(one)


async def test_a_comparison_waits_for_no_writer(client: httpx.AsyncClient, env: Env) -> None:
    await carry_out(env, CONSOLE, sheet_of("name,device_type\nnas,url\n"), "abort")
    nas = await device(client, "nas")
    async with open_unit(env) as unit:
        await DeviceService(unit).update(CONSOLE, nas["id"], {"notes": "mine"})
        plan = await planned(env, sheet_of("name,notes\nnas,yours\nap,\n"))
        assert plan.versions == {nas["id"]: 1}


async def test_a_device_changed_since_the_comparison_keeps_that_change(
    client: httpx.AsyncClient, env: Env
) -> None:
    await carry_out(env, CONSOLE, sheet_of("name,device_type\nnas,url\n"), "abort")
    sheet = sheet_of("name,device_type,serial_number\nnas,url,S1\n")
    plan = await planned(env, sheet)
    nas = await device(client, "nas")
    await client.put(f"/devices/{nas['id']}", json={"notes": "in the cellar"})
    assert await finished(env, sheet, plan) == (0, 1, 0)
    nas = await device(client, "nas")
    assert (nas["notes"], nas["serial_number"], nas["version"]) == ("in the cellar", "S1", 3)
    changes = (await client.get(f"/devices/{nas['id']}/history")).json()
    assert changes[0]["diff"] == {"serial_number": {"old": None, "new": "S1"}}


async def test_a_name_given_away_since_the_comparison_means_that_device(
    client: httpx.AsyncClient, env: Env
) -> None:
    sheet = sheet_of("name,device_type,function\nnas,url,Files\nap,url,\n")
    plan = await planned(env, sheet)
    assert (plan.created, plan.versions) == (2, {})
    made = await client.post("/devices", json={"name": "NAS", "device_type": "url"})
    assert await finished(env, sheet, plan) == (1, 1, 0)
    nas = await device(client, "nas")
    assert (nas["id"], nas["deviceFunction"]) == (made.json()["id"], "Files")


async def test_a_vendor_renamed_since_the_comparison_is_not_made_twice(
    client: httpx.AsyncClient, env: Env
) -> None:
    vendor = (await client.post("/vendors", json={"name": "Del"})).json()
    sheet = sheet_of("name,device_type,vendor\nnas,url,Dell\n")
    plan = await planned(env, sheet)
    await client.put(f"/vendors/{vendor['id']}", json={"name": "Dell"})
    assert await finished(env, sheet, plan) == (1, 0, 0)
    assert (await device(client, "nas"))["vendor_id"] == vendor["id"]
    assert (await client.get("/vendors")).json()["total"] == 1


async def test_a_device_deleted_since_the_comparison_is_made_anew(
    client: httpx.AsyncClient, env: Env
) -> None:
    await carry_out(env, CONSOLE, sheet_of("name,device_type\nnas,url\n"), "abort")
    sheet = sheet_of("name,function\nnas,Files\n")
    plan = await planned(env, sheet)
    await client.delete(f"/devices/{(await device(client, 'nas'))['id']}")
    with pytest.raises(ImportRefusedError, match="type"):
        await finished(env, sheet, plan)
    assert (await client.get("/devices")).json()["total"] == 0


async def test_rows_of_one_file_are_one_however_many_batches_they_fill(
    client: httpx.AsyncClient, env: Env
) -> None:
    head = "name,device_type,serial_number\n"
    await carry_out(env, CONSOLE, sheet_of(f"{head}old,url,S1\n"), "abort")
    rows = "".join(f"n{number},url,\n" for number in range(BATCH))
    # The serial number means the device, but far below a row has its name.
    report = await carry_out(env, CONSOLE, sheet_of(f"{head}new,url,S1\n{rows}old,url,S1\n"), "abort")
    assert (report.created, report.unchanged) == (BATCH + 1, 1)
    with pytest.raises(ImportRefusedError, match=f"Row {BATCH + 3}:"):
        await carry_out(env, CONSOLE, sheet_of(f"{head}again,url,\n{rows}bad,toaster,\n"), "abort")
    assert (await client.get("/devices")).json()["total"] == BATCH + 2


def test_a_letter_may_lie_across_two_pieces_and_a_bad_byte_is_counted_from_the_start() -> None:
    line = b"x" * 1023 + b"\n"
    head = b"name\n" + line * (PIECE // len(line) - 1)
    head += b"y" * (PIECE - 1 - len(head))
    *_, last = read_table(head + "ä\n".encode()).rows
    assert last.cells["name"].endswith("yä")
    with pytest.raises(ImportRefusedError) as refused:
        read_table(head + "ä\n".encode() + b"\xff")
    assert refused.value.extra["faults"][0]["parameters"] == {"byte": PIECE + 2}
