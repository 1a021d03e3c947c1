import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import msgspec
import pytest
from sqlalchemy import select

from balu.identity.users import UserService
from balu.kernel.events import Dispatcher
from balu.kernel.testing import FakeClock
from balu.kernel.unit import Env, open_unit
from balu.storage.files import FileRow, Intents, begin
from balu.storage.files.fsck import Fsck
from balu.storage.trash.record import RestorePlan
from balu.storage.trash.service import TrashService
from balu.storage.volumes import QuotaService
from tests.storage.conftest import ANNA, ROOT


async def make(client: httpx.AsyncClient, path: str, body: bytes = b"x") -> httpx.Response:
    answer = await client.put(f"/api/files/content/{path}", content=body, params={"parents": "1"})
    assert answer.status_code == 201
    return answer


async def usage(client: httpx.AsyncClient) -> dict[str, int]:
    answer: dict[str, int] = (await client.get("/api/files/user/root-usage")).json()
    return answer


async def test_every_spelling_of_a_delete_moves_to_the_trash(client: httpx.AsyncClient, place: Any) -> None:
    spellings: tuple[Callable[[], Awaitable[httpx.Response]], ...] = (
        lambda: client.delete("/api/files/list"),
        lambda: client.delete("/api/files/raw/list"),
        lambda: client.delete("/api/files/delete?path=list"),
        lambda: client.delete("/api/files?path=list"),
        lambda: client.delete("/api/files/?path=/list"),
        lambda: client.post("/api/files/delete", json={"path": "list"}),
    )
    for spelling in spellings:
        await make(client, "list")
        answer = await spelling()
        assert answer.status_code == 200
        assert answer.json()["trash_id"] is not None
        assert place.below() == set()
    assert (await client.get("/api/trash")).json()["total"] == 6


async def test_deleting_what_is_not_there_is_fine_and_the_home_stays(
    client: httpx.AsyncClient, place: Any
) -> None:
    absent = await client.delete("/api/files/nothing")
    assert (absent.status_code, absent.json()["trash_id"]) == (200, None)
    for address in ("/api/files", "/api/files/", "/api/files/raw/", "/api/files?path="):
        assert (await client.delete(address)).status_code == 400
    assert place.home.is_dir()


async def test_a_deleted_tree_comes_back_with_its_ids_and_bytes(
    client: httpx.AsyncClient, place: Any
) -> None:
    before = await make(client, "d/e/f.txt", b"deep")
    (place.home / "d/unseen").write_bytes(b"12345")
    trash_id = (await client.delete("/api/files/d")).json()["trash_id"]
    assert await usage(client) | {} == {
        "used_bytes": 9, "live_bytes": 0, "reserved_bytes": 0, "trash_bytes": 9, "version_bytes": 0,
    }  # fmt: skip
    assert (await client.get(f"/api/files/{before.json()['file_id']}")).status_code == 404
    back = await client.post(f"/api/trash/{trash_id}/restore")
    assert back.status_code == 200
    assert place.below() == {"d", "d/e", "d/e/f.txt", "d/unseen"}
    after = await client.get(f"/api/files/{before.json()['file_id']}")
    assert after.json()["etag"] == before.headers["etag"]
    assert (await usage(client))["trash_bytes"] == 0
    assert (await client.post(f"/api/trash/{trash_id}/restore")).status_code == 404


async def test_restore_never_replaces(client: httpx.AsyncClient, place: Any) -> None:
    await make(client, "a.txt", b"old")
    trash_id = (await client.delete("/api/files/a.txt")).json()["trash_id"]
    await make(client, "a.txt", b"new")
    assert (await client.post(f"/api/trash/{trash_id}/restore")).status_code == 409
    back = await client.post(f"/api/trash/{trash_id}/restore", json={"on_conflict": "rename"})
    assert back.json()["file"]["path"] == "a (1).txt"
    assert (place.home / "a.txt").read_bytes() == b"new"
    assert (place.home / "a (1).txt").read_bytes() == b"old"


async def test_restore_makes_missing_folders_or_takes_another_place(
    client: httpx.AsyncClient, place: Any
) -> None:
    await make(client, "d/a.txt")
    first = (await client.delete("/api/files/d/a.txt")).json()["trash_id"]
    await client.delete("/api/files/d")
    assert (await client.post(f"/api/trash/{first}/restore")).status_code == 200
    assert place.below() == {"d", "d/a.txt"}
    again = (await client.delete("/api/files/d/a.txt")).json()["trash_id"]
    moved = await client.post(f"/api/trash/{again}/restore", json={"target_path": "b.txt"})
    assert moved.json()["file"]["path"] == "b.txt"


async def test_a_purge_frees_versions_too(client: httpx.AsyncClient, place: Any) -> None:
    await make(client, "a.txt", b"one")
    await client.put("/api/files/content/a.txt", content=b"three")
    assert (await usage(client))["version_bytes"] == 3
    trash_id = (await client.delete("/api/files/a.txt")).json()["trash_id"]
    assert (await client.delete(f"/api/trash/{trash_id}", headers={"x-test-user": "ben"})).status_code == 404
    assert (await client.delete(f"/api/trash/{trash_id}")).status_code == 204
    assert place.private("trash") == []
    assert set((await usage(client)).values()) == {0}
    assert not any((place.root / ".balu/versions").rglob("*/*"))


async def test_what_is_being_put_back_is_not_purged(client: httpx.AsyncClient, env: Env, place: Any) -> None:
    file_id = (await make(client, "a.txt", b"one")).json()["file_id"]
    await client.put("/api/files/content/a.txt", content=b"three")
    trash_id = (await client.delete("/api/files/a.txt")).json()["trash_id"]
    (uid,) = place.private("trash")
    async with open_unit(env, writes=False) as unit:
        home_id = (await unit.session.scalars(select(FileRow.id).where(FileRow.name == "anna"))).one()
    plan = RestorePlan(uid=uid, volume_id=1, owner_id=1, file_id=file_id, parent_id=home_id, name="a.txt")
    op_id = "a restore that has just begun"
    await begin(env, "restore", op_id, [(1, home_id, "a.txt")], msgspec.to_builtins(plan))
    again = await client.post(f"/api/trash/{trash_id}/restore", json={"target_path": "b.txt"})
    assert (again.status_code, again.json()["code"]) == (409, "busy"), again.text
    refused = await client.delete(f"/api/trash/{trash_id}")
    assert (refused.status_code, refused.json()["code"]) == (409, "busy"), refused.text
    assert (await client.delete("/api/trash")).json()["purged"] == 0
    async with open_unit(env) as unit:
        await Intents(unit).close(op_id)
    assert (await client.post(f"/api/trash/{trash_id}/restore")).status_code == 200
    assert (await client.get(f"/api/files/download/{file_id}?version=1")).content == b"one"


async def test_a_purge_and_a_restore_at_once_leave_all_or_nothing(
    client: httpx.AsyncClient, env: Env, place: Any
) -> None:
    for number in range(8):
        path = f"{number}/a.txt"
        file_id = (await make(client, path, b"one")).json()["file_id"]
        await client.put(f"/api/files/content/{path}", content=b"three")
        trash_id = (await client.delete(f"/api/files/{number}")).json()["trash_id"]
        restore, purge = (
            client.post(f"/api/trash/{trash_id}/restore"),
            client.delete(f"/api/trash/{trash_id}"),
        )
        acts = (restore, purge) if number % 2 else (purge, restore)
        answers = await asyncio.gather(*acts)
        back, _ = answers if number % 2 else reversed(answers)
        if back.status_code == 200:
            assert (place.home / path).read_bytes() == b"three"
            assert (await client.get(f"/api/files/download/{file_id}?version=1")).content == b"one"
        else:
            assert not (place.home / path).exists()
    report = await Fsck(env).run()
    assert report.total == 0, report.findings


@pytest.mark.parametrize("act", ["move", "copy"])
async def test_what_was_to_be_replaced_stays_when_nothing_comes_in_its_place(
    client: httpx.AsyncClient, env: Env, place: Any, act: str
) -> None:
    await make(client, "mine/new", b"n" * 4000)
    ben = {"x-test-user": "ben"}
    made = await client.put(
        "/api/files/content/his/mine/old", content=b"o", params={"parents": "1"}, headers=ben
    )
    assert made.status_code == 201
    folder = (await client.get("/api/files/list", headers=ben)).json()["files"][0]["file_id"]
    given = {"username": "anna", "can_edit": True, "can_delete": True}
    answer = await client.post(f"/api/files/{folder}/permissions", json=given, headers=ben)
    assert answer.is_success, answer.text
    async with open_unit(env) as unit:
        (await UserService(unit).get(2)).quota_bytes = 100
    wish = {"source_path": "mine", "target_path": "Shared with me/his/mine", "on_conflict": "replace"}
    refused = await client.request("PUT" if act == "move" else "POST", f"/api/files/{act}", json=wish)
    assert refused.status_code == 507, refused.text
    assert (place.root / "ben/his/mine/old").read_bytes() == b"o"
    assert place.below() == {"mine", "mine/new"}
    assert (await client.get("/api/trash", headers=ben)).json()["total"] == 0
    report = await Fsck(env).run()
    assert report.total == 0, report.findings


async def test_only_what_is_old_enough_is_purged_by_itself(
    client: httpx.AsyncClient, env: Env, clock: FakeClock
) -> None:
    await make(client, "old")
    await client.delete("/api/files/old")
    clock.advance(days=29)
    await make(client, "young")
    await client.delete("/api/files/young")
    clock.advance(hours=23)
    assert (await TrashService(env).purge_expired()).items == 0
    clock.advance(hours=1)
    assert (await TrashService(env).purge_expired()).items == 1
    assert [item["name"] for item in (await client.get("/api/trash")).json()["items"]] == ["young"]


async def test_the_trash_is_listed_page_by_page(client: httpx.AsyncClient) -> None:
    for number in range(5):
        await make(client, f"{number}")
        await client.delete(f"/api/files/{number}")
    first = (await client.get("/api/trash?limit=3")).json()
    second = (await client.get(f"/api/trash?limit=3&cursor={first['next']}")).json()
    assert [item["name"] for item in (*first["items"], *second["items"])] == ["4", "3", "2", "1", "0"]
    assert (first["total"], second["next"]) == (5, None)


async def test_folders_with_something_in_them_need_recursive(client: httpx.AsyncClient, place: Any) -> None:
    await make(client, "d/a.txt")
    folder = (await client.get("/api/files/list")).json()["files"][0]["file_id"]
    refused = await client.delete(f"/api/folders/{folder}")
    assert (refused.status_code, refused.json()["code"]) == (409, "folder-not-empty")
    assert (await client.delete(f"/api/folders/{folder}?recursive=true")).status_code == 200
    assert place.below() == set()


async def delete_anna(env: Env) -> None:
    async with open_unit(env) as unit:
        await UserService(unit).delete(ANNA.user_id, ROOT)
    await env.part(Dispatcher).deliver(env)


async def test_what_a_deleted_account_leaves_is_put_back_by_an_administrator(
    client: httpx.AsyncClient, env: Env, place: Any
) -> None:
    root, ben = {"x-test-user": "root"}, {"x-test-user": "ben"}
    await make(client, "letters/first.txt", b"one")
    await client.put("/api/files/content/letters/first.txt", content=b"second")
    await make(client, "old.txt", b"old")
    await client.delete("/api/files/old.txt")
    await client.put("/api/files/content/mine.txt", content=b"root's", headers=root)
    await client.delete("/api/files/mine.txt", headers=root)
    assert (await client.get("/api/trash", headers=root)).json()["total"] == 1

    await delete_anna(env)
    seen = (await client.get("/api/trash", headers=root)).json()
    assert [(item["name"], item["of_deleted_account"]) for item in seen["items"]] == [
        ("anna", True), ("mine.txt", False), ("old.txt", True),
    ]  # fmt: skip
    assert (seen["total"], seen["size"], seen["own_total"], seen["own_size"]) == (3, 15, 1, 6)
    home, _, old = (item["id"] for item in seen["items"])
    assert (await client.get("/api/trash", headers=ben)).json()["total"] == 0
    for refused in (
        await client.post(f"/api/trash/{home}/restore", headers=ben),
        await client.delete(f"/api/trash/{home}", headers=ben),
    ):
        assert refused.status_code == 404

    back = await client.post(f"/api/trash/{home}/restore", headers=root)
    assert (back.status_code, back.json()["file"]["path"]) == (200, "anna"), back.text
    assert (place.root / "root/anna/letters/first.txt").read_bytes() == b"second"
    found = await client.get("/api/files/download/anna/letters/first.txt", headers=root)
    assert found.content == b"second"
    assert (await client.get("/api/files/user/root-usage", headers=root)).json() | {} == {
        "used_bytes": 12, "live_bytes": 6, "reserved_bytes": 0, "trash_bytes": 6, "version_bytes": 3,
    }  # fmt: skip
    emptied = await client.delete("/api/trash", headers=root)
    assert emptied.json() == {"purged": 1, "freed_bytes": 6}
    back = await client.post(
        f"/api/trash/{old}/restore", headers=root, json={"target_path": "anna/from the trash/old.txt"}
    )
    assert back.status_code == 200, back.text
    assert (place.root / "root/anna/from the trash/old.txt").read_bytes() == b"old"
    assert (await client.get("/api/trash", headers=root)).json()["total"] == 0
    report = await Fsck(env).run()
    assert report.total == 0, report.findings
    async with open_unit(env, writes=False) as unit:
        assert (await QuotaService(unit).usage(ANNA.user_id)).used == 0


async def test_what_a_deleted_account_leaves_is_removed_one_by_one(
    client: httpx.AsyncClient, env: Env, place: Any
) -> None:
    root = {"x-test-user": "root"}
    await make(client, "letters/first.txt", b"one")
    await delete_anna(env)
    await client.put("/api/files/content/anna", content=b"in the way", headers=root)
    [item] = (await client.get("/api/trash", headers=root)).json()["items"]
    assert (await client.post(f"/api/trash/{item['id']}/restore", headers=root)).status_code == 409
    assert (await client.delete("/api/trash", headers=root)).json()["purged"] == 0
    assert (await client.delete(f"/api/trash/{item['id']}", headers=root)).status_code == 204
    assert (await client.get("/api/trash", headers=root)).json()["total"] == 0
    assert place.private("trash") == []
