"""Deleted devices: found again with who and when, put back in spite of their name, gone in the end."""

from typing import Any

import httpx
import pytest

from balu.kernel.testing import FakeClock
from balu.kernel.unit import Env, open_unit
from balu.operations.inventory.commands import restore, show
from balu.operations.inventory.deleted import DeletedService
from balu.operations.inventory.errors import InventoryExistsError
from tests.operations.inventory.test_devices import NAS, made


async def named(client: httpx.AsyncClient, *names: str) -> list[int]:
    return [(await made(client, "/devices", **{**NAS, "name": name}))["id"] for name in names]


async def shown(client: httpx.AsyncClient, **query: Any) -> dict[str, Any]:
    answer = await client.get("/devices/deleted", params=query)
    assert answer.status_code == 200, answer.text
    page: dict[str, Any] = answer.json()
    return page


async def test_deleted_devices_are_found_with_who_and_when(
    client: httpx.AsyncClient, clock: FakeClock
) -> None:
    assert await shown(client) == {"items": [], "total": 0, "next": None, "retention_days": 30}
    vendor = await made(client, "/vendors", name="Synology")
    nas = await made(client, "/devices", **NAS, vendor_id=vendor["id"], monitors=[{"monitor_type": "icmp"}])
    others = await named(client, "ap", "cam")
    await client.delete(f"/devices/{nas['id']}", headers={"x-test-user": "ada"})
    first = clock()
    clock.advance(days=1)
    await client.post("/bulk/devices/delete", json={"device_ids": others})
    page = await shown(client)
    assert [(one["name"], one["deleted_by"]) for one in page["items"]] == [
        ("cam", "ola"), ("ap", "ola"), ("nas", "ada"),
    ], "the last delete first"  # fmt: skip
    found = page["items"][2]
    for field in ("ip_address", "vendor_name", "monitors", "created_at"):
        assert found[field] == nas[field]
    assert found["deleted_at"] == first.isoformat().replace("+00:00", "Z")
    clock.instant = first
    clock.advance(days=30)
    assert found["expires_at"] == clock().isoformat().replace("+00:00", "Z")
    assert [one["name"] for one in (await shown(client, q="SYNOLOGY nas"))["items"]] == ["nas"]
    rest = await shown(client, limit=2, cursor=(await shown(client, limit=2))["next"])
    assert ([one["name"] for one in rest["items"]], rest["total"], rest["next"]) == (["nas"], 3, None)
    assert (await client.get("/devices/deleted", headers={"x-test-user": "vera"})).status_code == 200


async def test_whoever_deleted_it_last_is_named(client: httpx.AsyncClient) -> None:
    (device_id,) = await named(client, "nas")
    for user in ("ola", "ada"):
        await client.post(f"/devices/{device_id}/restore")
        await client.delete(f"/devices/{device_id}", headers={"x-test-user": user})
    assert [one["deleted_by"] for one in (await shown(client))["items"]] == ["ada"]
    await client.post(f"/devices/{device_id}/restore")
    assert (await shown(client))["total"] == 0


async def test_one_whose_name_was_given_away_comes_back_under_another(client: httpx.AsyncClient) -> None:
    old, other = await named(client, "nas", "ap")
    await client.post("/bulk/devices/delete", json={"device_ids": [old, other]})
    (new,) = await named(client, "NAS")
    assert {one["id"]: one["name_taken_by"] for one in (await shown(client))["items"]} == {
        old: new, other: None,
    }  # fmt: skip
    refused = await client.post(f"/devices/{old}/restore")
    assert (refused.status_code, refused.json()["code"]) == (409, "inventory-exists")
    assert refused.json()["device_id"] == new
    part = (await client.post("/bulk/devices/restore", json={"device_ids": [old, other, 999]})).json()
    assert part == {
        "status": "partial", "restored": 1, "failed": 2, "failed_ids": [old, 999], "taken_ids": [old],
    }  # fmt: skip
    for name, status in (("ap", 409), (" ", 422), ("nas, the old one", 200)):
        answer = await client.post(f"/devices/{old}/restore", json={"name": name})
        assert answer.status_code == status, answer.text
    assert answer.json()["name"] == "nas, the old one"
    found = (await client.get("/search/devices", params={"q": "the old one"})).json()
    assert [one["id"] for one in found["results"]] == [old]
    changes = (await client.get(f"/devices/{old}/history")).json()
    assert (changes[0]["change_type"], changes[0]["diff"]["name"]) == (
        "restore", {"old": None, "new": "nas, the old one"},
    )  # fmt: skip
    again = await client.post(f"/devices/{old}/restore", json={"name": "something else"})
    assert (again.status_code, again.json()["name"]) == (200, "nas, the old one"), "it is there already"


async def test_of_two_deleted_ones_of_a_name_one_comes_back(client: httpx.AsyncClient) -> None:
    ids = []
    for _ in range(2):
        ids += await named(client, "nas")
        await client.delete(f"/devices/{ids[-1]}")
    done = (await client.post("/bulk/devices/restore", json={"device_ids": ids})).json()
    assert (done["restored"], done["taken_ids"]) == (1, ids[1:])


async def test_after_their_time_they_are_gone_and_their_history_stays(
    client: httpx.AsyncClient, env: Env, clock: FakeClock
) -> None:
    (old,) = await named(client, "nas")
    await client.delete(f"/devices/{old}")
    clock.advance(days=29)
    (young,) = await named(client, "ap")
    await client.delete(f"/devices/{young}")
    clock.advance(days=1, seconds=1)
    async with open_unit(env) as unit:
        deleted = DeletedService(unit)
        assert await deleted.purge(unit.now() - deleted.keep) == 1
    assert [one["id"] for one in (await shown(client))["items"]] == [young]
    assert (await client.post(f"/devices/{old}/restore")).status_code == 404
    history = (await client.get(f"/devices/{old}/history")).json()
    assert [one["change_type"] for one in history] == ["delete", "create"]


async def test_the_command_line_lists_them_and_puts_them_back(client: httpx.AsyncClient, env: Env) -> None:
    old, other = await named(client, "nas", "ap")
    await client.post("/bulk/devices/delete", json={"device_ids": [old, other]})
    await named(client, "nas")
    listed = await show.run(env, words=("NAS",), device_type=None, limit=9, deleted=True, offset=0)
    assert [(one["id"], one["deleted_by"]) for one in listed] == [(old, "ola")]
    with pytest.raises(InventoryExistsError):
        await restore.run(env, numbers=(other, old), name=None)
    assert (await shown(client))["total"] == 2, "all of them or none"
    back = await restore.run(env, numbers=(old,), name="nas 2")
    back += await restore.run(env, numbers=(other,), name=None)
    assert [one["name"] for one in back] == ["nas 2", "ap"]
    assert await show.run(env, words=(), device_type=None, limit=9, deleted=True, offset=0) == []
