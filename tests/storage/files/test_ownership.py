"""Files that get another owner by an administrator's hand."""

from typing import Any

import httpx

from balu.kernel.unit import Env, open_unit
from balu.storage.trash.recover import count
from balu.storage.volumes import QuotaService

Client = httpx.AsyncClient
BEN, ROOT = {"x-test-user": "ben"}, {"x-test-user": "root"}


async def put(client: Client, path: str, body: bytes, **headers: str) -> int:
    params = {"parents": "1"}
    answer = await client.put(f"/api/files/content/{path}", content=body, params=params, headers=headers)
    assert answer.is_success, answer.text
    return int(answer.json()["file_id"])


async def transfer(client: Client, status: int = 200, **wish: Any) -> Any:
    body = {"owner_id": 1, "new_owner_id": 2, **wish}
    answer = await client.post("/api/files/transfer-ownership", json=body, headers=ROOT)
    assert answer.status_code == status, answer.text
    return answer.json()


async def live(env: Env, *owners: int) -> list[int]:
    found = []
    async with open_unit(env, writes=False) as unit:
        for owner_id in owners:
            usage, counted = await QuotaService(unit).usage(owner_id), await count(unit, owner_id)
            told, rows = (
                (usage.live, usage.trash, usage.versions),
                (counted.live, counted.trash, counted.versions),
            )
            assert (told, usage.reserved) == (rows, 0)
            found.append(usage.live)
    return found


async def test_a_tree_with_versions_and_shares_changes_hands(client: Client, env: Env, place: Any) -> None:
    await put(client, "team/plan", b"former")
    plan = await put(client, "team/plan", b"present")
    await put(client, "team/deep/x", b"xx")
    await client.post(f"/api/files/{plan}/permissions", json={"username": "root", "can_edit": True})
    await client.post(f"/api/files/{plan}/permissions", json={"username": "ben"})
    done = await transfer(client, path="team")
    assert (done["transferred"], done["file"]["path"], done["file"]["owner_id"]) == (1, "team", "2")
    assert (place.root / "ben/team/deep/x").read_bytes() == b"xx"
    assert await live(env, 1, 2) == [0, len(b"presentxx")]
    assert (await client.get(f"/api/files/{plan}")).status_code == 404
    former = await client.get(f"/api/files/download/{plan}?version=1", headers=BEN)
    assert former.content == b"former"
    people = (await client.get(f"/api/files/{plan}/permissions", headers=BEN)).json()["permissions"]
    assert [(one["username"], one["can_edit"]) for one in people] == [("ben", True), ("root", True)]
    assert (await client.get(f"/api/files/{plan}", headers=ROOT)).json()["can_write"] is True


async def test_who_was_given_something_by_both_keeps_the_sum(client: Client, env: Env) -> None:
    plan = await put(client, "plan", b"plan")
    address = f"/api/files/{plan}/permissions"
    await client.post(address, json={"username": "ben", "can_edit": True, "can_share": True})
    await client.post(address, json={"username": "root"})
    onwards = await client.post(address, json={"username": "root", "can_edit": True}, headers=BEN)
    assert onwards.status_code == 200, onwards.text
    await transfer(client, path="plan")
    rules = (await client.get(address, headers=BEN)).json()["rules"]
    assert [(rule["user_id"], rule["can_view"], rule["can_edit"]) for rule in rules] == [(3, True, True)]
    assert await live(env, 1, 2) == [0, 4]


async def test_what_is_in_the_way(client: Client, env: Env, place: Any) -> None:
    for name in ("a", "b", "c"):
        await put(client, name, b"anna's")
        await put(client, name, b"ben's", **BEN)
    assert (await transfer(client, path="a", conflict_strategy="skip"))["skipped"] == 1
    assert (await transfer(client, path="b"))["file"]["path"] == "b (1)"
    done = await transfer(client, path="c", conflict_strategy="overwrite")
    assert (place.root / "ben/c").read_bytes() == b"anna's"
    back = await client.post(
        f"/api/trash/{done['replaced'][0]}/restore", json={"on_conflict": "rename"}, headers=BEN
    )
    assert back.json()["file"]["path"] == "c (1)"
    await live(env, 1, 2)


async def test_what_is_refused(client: Client, env: Env) -> None:
    await put(client, "d/x", b"x")
    await transfer(client, 409, path="d", recursive=False)
    await transfer(client, 404, path="nothing")
    await transfer(client, 404, path="d", new_owner_id=77)
    await transfer(client, 422, path="")
    await transfer(client, 422, path="d", new_owner_id=1)
    wish = {"path": "d", "new_owner_id": 2}
    assert (await client.post("/api/files/transfer-ownership", json=wish)).status_code == 403
    assert await live(env, 1) == [1]
