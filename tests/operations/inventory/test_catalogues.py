"""Vendors, models and places: renamed, merged, kept while something uses them."""

from typing import Any

import httpx

SERVER: dict[str, Any] = {"device_type": "linux_server_physical"}


async def made(client: httpx.AsyncClient, path: str, **fields: Any) -> dict[str, Any]:
    answer = await client.post(path, json=fields)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_what_is_used_stays_and_says_by_whom(client: httpx.AsyncClient) -> None:
    vendor = await made(client, "/vendors", name="Dell")
    model = await made(client, "/models", name="R720", vendor_id=vendor["id"])
    place = await made(client, "/locations", name="Home")
    device = await made(
        client, "/devices", **SERVER, name="old", model_id=model["id"], location_id=place["id"]
    )
    for path, users in (
        (f"/vendors/{vendor['id']}", {"devices": ["old"], "models": ["R720"]}),
        (f"/models/{model['id']}", {"devices": ["old"]}),
        (f"/locations/{place['id']}", {"devices": ["old"]}),
    ):
        answer = await client.delete(path)
        assert (answer.status_code, answer.json()["code"]) == (409, "inventory-in-use")
        assert {noun: used["names"] for noun, used in answer.json()["used_by"].items()} == users
        assert "1 device (old)" in answer.json()["detail"]
    await client.delete(f"/devices/{device['id']}")
    for path in (f"/models/{model['id']}", f"/vendors/{vendor['id']}", f"/locations/{place['id']}"):
        assert (await client.delete(path)).status_code == 204, path
    back = (await client.post(f"/devices/{device['id']}/restore")).json()
    assert (back["vendor_id"], back["model_id"], back["location_id"]) == (None, None, None)


async def test_renames_are_seen_everywhere_and_names_are_unique(client: httpx.AsyncClient) -> None:
    vendor = await made(client, "/vendors", name="Ubiquity")
    await made(client, "/vendors", name="AVM")
    device = await made(client, "/devices", **SERVER, name="ap", vendor_id=vendor["id"])
    renamed = await client.put(f"/vendors/{vendor['id']}", json={"name": "Ubiquiti"})
    assert renamed.json() == {**vendor, "name": "Ubiquiti", "device_count": 1}
    assert (await client.get(f"/devices/{device['id']}")).json()["vendor_name"] == "Ubiquiti"
    assert (await client.put(f"/vendors/{vendor['id']}", json={"name": "avm"})).status_code == 409
    listed = (await client.get("/vendors", params={"q": "UBI"})).json()
    assert [one["name"] for one in listed["items"]] == ["Ubiquiti"]


async def test_merged_vendors_share_their_models(client: httpx.AsyncClient) -> None:
    wrong, right = (
        await made(client, "/vendors", name="tplink"),
        await made(client, "/vendors", name="TP-Link"),
    )
    double = await made(client, "/models", name="sg108", vendor_id=wrong["id"])
    twin = await made(client, "/models", name="SG108", vendor_id=right["id"])
    alone = await made(client, "/models", name="EAP", vendor_id=wrong["id"])
    first = await made(client, "/devices", **SERVER, name="a", model_id=double["id"])
    second = await made(client, "/devices", **SERVER, name="b", model_id=alone["id"])
    merged = await client.post(f"/vendors/{wrong['id']}/merge", json={"into_id": right["id"]})
    assert (merged.json()["device_count"], merged.json()["model_count"]) == (2, 2)
    a, b = [(await client.get(f"/devices/{one['id']}")).json() for one in (first, second)]
    assert (a["vendor_id"], a["model_id"], b["vendor_id"], b["model_id"]) == (
        right["id"], twin["id"], right["id"], alone["id"],
    )  # fmt: skip
    change = (await client.get(f"/devices/{first['id']}/history")).json()[0]
    assert change["diff"] == {
        "vendor": {"old": "tplink", "new": "TP-Link"}, "model": {"old": "sg108", "new": "SG108"},
    }  # fmt: skip
    assert (await client.get(f"/vendors/{wrong['id']}")).status_code == 404
    itself = await client.post(f"/vendors/{right['id']}/merge", json={"into_id": right["id"]})
    assert itself.status_code == 422


async def test_a_model_belongs_to_its_vendor(client: httpx.AsyncClient) -> None:
    one, two = await made(client, "/vendors", name="One"), await made(client, "/vendors", name="Two")
    model = await made(client, "/models", name="M", vendor_id=one["id"])
    twin = await made(client, "/models", name="M", vendor_id=two["id"])
    assert (await client.post("/models", json={"name": "m", "vendor_id": one["id"]})).status_code == 409
    assert (await client.post("/models", json={"name": "x", "vendor_id": 99})).status_code == 422
    wrong = await client.post(
        "/devices", json={**SERVER, "name": "d", "vendor_id": two["id"], "model_id": model["id"]}
    )
    assert list(wrong.json()["fields"]) == ["model_id"]
    device = await made(client, "/devices", **SERVER, name="d", model_id=model["id"])
    url = f"/devices/{device['id']}"
    alone = await client.put(url, json={"vendor_id": two["id"]})
    assert (alone.status_code, list(alone.json()["fields"])) == (422, ["model_id"])
    moved = await client.post(f"/models/{model['id']}/merge", json={"into_id": twin["id"]})
    assert moved.json()["device_count"] == 1
    assert (await client.get(url)).json()["vendor_name"] == "Two"
    only = (await client.get("/models", params={"vendor_id": one["id"]})).json()
    assert only["items"] == []


async def test_places_form_a_tree_that_moves_as_a_whole(client: httpx.AsyncClient) -> None:
    home, work = await made(client, "/locations", name="Home"), await made(client, "/locations", name="Work")
    cellar = await made(client, "/locations", name="Cellar", parent_id=home["id"])
    rack = await made(client, "/locations", name="Rack_1", parent_id=cellar["id"])
    await made(client, "/locations", name="RackX1", parent_id=home["id"], kind="rack")
    assert [one["kind"] for one in (home, cellar, rack)] == ["site", "room", "rack"]
    device = await made(client, "/devices", **SERVER, name="d", location_id=rack["id"])
    moved = await client.put(f"/locations/{cellar['id']}", json={"parent_id": work["id"], "name": "Attic"})
    assert moved.json()["path"] == "Work / Attic"
    assert (await client.get(f"/devices/{device['id']}")).json()["location_name"] == "Work / Attic / Rack_1"
    tree = {one["path"]: one for one in (await client.get("/locations")).json()["items"]}
    assert list(tree) == ["Home", "Home / RackX1", "Work", "Work / Attic", "Work / Attic / Rack_1"]
    assert [tree[path]["tree_device_count"] for path in tree] == [0, 0, 1, 1, 1]
    inside = await client.put(f"/locations/{work['id']}", json={"parent_id": rack["id"]})
    assert (inside.status_code, inside.json()["code"]) == (409, "inventory-cycle")
    too_small = await client.put(f"/locations/{work['id']}", json={"kind": "rack"})
    assert (too_small.status_code, list(too_small.json()["fields"])) == (422, ["kind"])
    unit = await made(client, "/locations", name="U3", parent_id=rack["id"])
    full = await client.post("/locations", json={"name": "slot", "parent_id": unit["id"]})
    assert full.status_code == 422
    assert (await client.post("/locations", json={"name": "a / b"})).status_code == 422
    assert (await client.post("/locations", json={"name": "home"})).status_code == 409


async def test_merged_places_share_what_is_inside(client: httpx.AsyncClient) -> None:
    one, two = await made(client, "/locations", name="One"), await made(client, "/locations", name="Two")
    a1 = await made(client, "/locations", name="A", parent_id=one["id"])
    a2 = await made(client, "/locations", name="a", parent_id=two["id"])
    b1 = await made(client, "/locations", name="B", parent_id=one["id"])
    first = await made(client, "/devices", **SERVER, name="first", location_id=a1["id"])
    second = await made(client, "/devices", **SERVER, name="second", location_id=b1["id"])
    merged = await client.post(f"/locations/{one['id']}/merge", json={"into_id": two["id"]})
    assert merged.json()["tree_device_count"] == 2
    places = [(await client.get(f"/devices/{d['id']}")).json()["location_name"] for d in (first, second)]
    assert places == ["Two / a", "Two / B"]
    listed = (await client.get("/locations")).json()["items"]
    assert [(place["id"], place["path"]) for place in listed] == [
        (two["id"], "Two"), (a2["id"], "Two / a"), (b1["id"], "Two / B"),
    ]  # fmt: skip
