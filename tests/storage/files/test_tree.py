"""Folders, names and places over HTTP."""

from typing import Any

import httpx
import pytest


async def make(client: httpx.AsyncClient, path: str, body: bytes = b"x") -> httpx.Response:
    answer = await client.put(f"/api/files/content/{path}", content=body, params={"parents": "1"})
    assert answer.status_code == 201, answer.text
    return answer


async def names(client: httpx.AsyncClient, **query: Any) -> list[str]:
    answer = await client.get("/api/files/list", params=query)
    assert answer.status_code == 200, answer.text
    return [item["name"] for item in answer.json()["files"]]


async def test_a_listing_is_sorted_windowed_and_counted(client: httpx.AsyncClient) -> None:
    for name, size in (("a10", 1), ("a2", 3), ("B", 2)):
        await make(client, name, b"x" * size)
    await client.post("/api/files/folder", json={"path": "", "name": "z"})
    assert await names(client) == ["z", "a2", "a10", "B"]
    assert await names(client, order="desc") == ["z", "B", "a10", "a2"]
    assert await names(client, sort="size") == ["z", "a10", "B", "a2"]
    assert await names(client, offset=1, limit=2) == ["a2", "a10"]
    assert await names(client, filter="A") == ["a2", "a10"]
    answer = await client.get("/api/files/list", params={"limit": 1})
    assert answer.json()["total"] == 4
    assert (await client.get("/api/files/list", params={"sort": "colour"})).status_code == 422


async def test_an_unchanged_listing_is_not_sent_again(client: httpx.AsyncClient, place: Any) -> None:
    await make(client, "a.txt")
    etag = (await client.get("/api/files/list")).headers["etag"]
    same = await client.get("/api/files/list", headers={"if-none-match": etag})
    assert (same.status_code, same.content) == (304, b"")
    (place.home / "a.txt").write_bytes(b"changed in place")
    assert (await client.get("/api/files/list", headers={"if-none-match": etag})).status_code == 200


async def test_folders_are_made_once(client: httpx.AsyncClient, place: Any) -> None:
    first = await client.post("/api/files/folder", json={"path": "", "name": "Docs"})
    assert first.status_code == 200
    for name in ("Docs", "docs"):
        again = await client.post("/api/files/mkdir", json={"path": "", "name": name})
        assert (again.status_code, again.json()["code"]) == (409, "file-exists")
    assert (await client.post("/api/files/folder", json={"path": "no", "name": "x"})).status_code == 404
    for name in ("..", "a/b", "", "x" * 256):
        assert (await client.post("/api/files/folder", json={"path": "", "name": name})).status_code in {
            400,
            422,
        }
    inside = await client.get("/api/files/list", params={"folder_id": first.json()["folder_id"]})
    assert inside.json()["total"] == 0
    assert place.below() == {"Docs"}


async def test_a_rename_keeps_the_id(client: httpx.AsyncClient, place: Any) -> None:
    file_id = (await make(client, "a.txt")).json()["file_id"]
    answer = await client.put("/api/files/rename", json={"old_path": "a.txt", "new_name": "A.TXT"})
    assert (answer.status_code, answer.json()["file"]["path"]) == (200, "A.TXT")
    answer = await client.put("/api/files/rename", json={"file_id": file_id, "new_name": "b.txt"})
    assert answer.json()["file"]["file_id"] == file_id
    assert place.below() == {"b.txt"}
    for wrong in ({"new_name": "x"}, {"file_id": file_id, "old_path": "b.txt", "new_name": "x"}):
        assert (await client.put("/api/files/rename", json=wrong)).status_code == 422
    assert (
        await client.put("/api/files/rename", json={"file_id": file_id, "new_name": "a/b"})
    ).status_code == 400


async def test_a_folder_moves_with_everything_in_it(client: httpx.AsyncClient, place: Any) -> None:
    inner = (await make(client, "d/e/f.txt")).json()["file_id"]
    await client.post("/api/files/folder", json={"path": "", "name": "x"})
    moved = await client.put("/api/files/move", json={"source_path": "d", "target_path": "x/d2"})
    assert moved.status_code == 200
    assert place.below() == {"x", "x/d2", "x/d2/e", "x/d2/e/f.txt"}
    assert (await client.get(f"/api/files/{inner}")).json()["path"] == "x/d2/e/f.txt"
    cycle = await client.put("/api/files/move", json={"source_path": "x", "target_path": "x/d2/x"})
    assert (cycle.status_code, cycle.json()["code"]) == (409, "folder-cycle")
    assert (
        await client.put("/api/files/move", json={"source_path": "", "target_path": "y"})
    ).status_code == 409


async def test_a_move_never_replaces(client: httpx.AsyncClient, place: Any) -> None:
    await make(client, "a", b"1")
    await make(client, "b", b"2")
    refused = await client.put("/api/files/move", json={"source_path": "a", "target_path": "b"})
    assert (refused.status_code, refused.json()["code"]) == (409, "file-exists")
    wish = {"source_path": "a", "target_path": "b", "on_conflict": "rename"}
    assert (await client.put("/api/files/move", json=wish)).json()["file"]["path"] == "b (1)"
    assert (place.home / "b").read_bytes() == b"2"
    missing = await client.put("/api/files/move", json={"source_path": "no", "target_path": "x"})
    assert missing.status_code == 404


async def test_a_copied_tree_is_independent_and_counted(client: httpx.AsyncClient, place: Any) -> None:
    await make(client, "d/a.txt", b"12345")
    await make(client, "d/e/b.txt", b"123")
    answer = await client.post("/api/files/copy", json={"source_path": "d", "target_path": "d2"})
    assert answer.status_code == 201, answer.text
    assert (place.home / "d2/e/b.txt").read_bytes() == b"123"
    assert (await client.get("/api/files/user/root-usage")).json()["used_bytes"] == 16
    await client.put("/api/files/content/d2/a.txt", content=b"changed")
    assert (place.home / "d/a.txt").read_bytes() == b"12345"
    assert (
        await client.post("/api/files/copy", json={"source_path": "d", "target_path": "d2"})
    ).status_code == 409
    into_itself = await client.post("/api/files/copy", json={"source_path": "d", "target_path": "d/x"})
    assert into_itself.status_code == 409
    assert place.private("staging") == []


async def test_names_can_be_checked_before_an_upload(client: httpx.AsyncClient) -> None:
    await make(client, "d/a.txt", b"123")
    answer = await client.post(
        "/api/files/check-exists",
        json={"filenames": ["a.txt", "b.txt", "x/y", "a\nb", "../x"], "target_path": "d"},
    )
    (hit,) = answer.json()["duplicates"]
    assert (hit["filename"], hit["size_bytes"]) == ("a.txt", 3)


async def test_folders_by_id(client: httpx.AsyncClient, place: Any) -> None:
    top = (await client.post("/api/folders", json={"name": "top"})).json()
    inner = await client.post("/api/folders", json={"name": "inner", "parent_id": top["id"]})
    assert (inner.status_code, inner.json()["path"]) == (201, "top/inner")
    listed = (await client.get(f"/api/folders?parent_id={top['id']}")).json()
    assert [item["name"] for item in listed["items"]] == ["inner"]
    moved = await client.patch(f"/api/folders/{inner.json()['id']}", json={"name": "out", "parent_id": None})
    assert moved.json()["path"] == "out"
    cycle = await client.patch(f"/api/folders/{top['id']}", json={"parent_id": top["id"]})
    assert cycle.status_code == 409
    assert place.below() == {"top", "out"}
    assert (await client.get(f"/api/folders/{top['id']}", headers={"x-test-user": "ben"})).status_code == 404


async def test_permissions_name_the_owner(client: httpx.AsyncClient) -> None:
    file_id = (await make(client, "a")).json()["file_id"]
    for address in (f"/api/files/{file_id}/permissions", "/api/files/permissions?path=a"):
        answer = (await client.get(address)).json()
        assert [one["username"] for one in answer["permissions"]] == ["anna"]


async def test_totals(client: httpx.AsyncClient) -> None:
    await make(client, "a.png", b"12345")
    await make(client, "d/b.txt", b"1")
    found = (await client.get("/api/files/stats")).json()
    assert (found["total_files"], found["total_folders"], found["total_size"]) == (2, 1, 6)
    assert [item["path"] for item in found["top_files"]] == ["a.png", "d/b.txt"]
    assert {one["type"]: one["size"] for one in found["by_type"]} == {"image": 5, "text": 1}


@pytest.mark.parametrize("method", ["get", "put"])
@pytest.mark.parametrize("path", ["link/x", "link", "d/up/x", "loop/loop/x"])
async def test_links_lead_nowhere(client: httpx.AsyncClient, place: Any, method: str, path: str) -> None:
    outside = place.root.parent / "outside"
    outside.mkdir()
    (outside / "x").write_bytes(b"secret")
    await make(client, "d/a")
    (place.home / "link").symlink_to(outside)
    (place.home / "d/up").symlink_to("../../ben")
    (place.home / "loop").symlink_to("loop")
    (place.root / "ben").mkdir()
    if method == "get":
        answer = await client.get(f"/api/files/download/{path}")
    else:
        answer = await client.put(f"/api/files/content/{path}", content=b"evil", params={"parents": "1"})
    assert 400 <= answer.status_code < 500, answer.text
    assert b"secret" not in answer.content
    assert (outside / "x").read_bytes() == b"secret"
    assert [path.name for path in outside.iterdir()] == ["x"]
    assert list((place.root / "ben").iterdir()) == []
    assert place.private("staging") == []


async def test_a_dangling_link_is_not_written_through(client: httpx.AsyncClient, place: Any) -> None:
    await make(client, "a")
    (place.home / "gone").symlink_to(place.root.parent / "target")
    answer = await client.put("/api/files/content/gone", content=b"x")
    assert answer.status_code == 409
    assert not (place.root.parent / "target").exists()
    assert "gone" in await names(client)
    assert (await client.delete("/api/files/gone")).status_code == 200
    assert not (place.home / "gone").is_symlink()


@pytest.mark.parametrize(
    "path",
    [
        "..",
        "../ben",
        "%2e%2e/ben",
        "..%2fben",
        "%2e%2e%2fben",
        "a/../../ben",
        "./ben",
        "..%00/ben",
        "%2e%2e%5cben/..",
    ],
)
async def test_no_spelling_leaves_the_home(client: httpx.AsyncClient, place: Any, path: str) -> None:
    (place.root / "ben").mkdir(exist_ok=True)
    (place.root / "ben" / "x").write_bytes(b"secret")
    for answer in (
        await client.get(f"http://localhost/api/files/download/{path}/x"),
        await client.get("/api/files/list", params={"path": path.replace("%2e", ".").replace("%2f", "/")}),
        await client.delete(f"/api/files/raw/{path}/x"),
    ):
        assert answer.status_code in {400, 404} or (answer.status_code == 200 and b"null" in answer.content)
        assert b"secret" not in answer.content
    assert (place.root / "ben" / "x").exists()


async def test_a_home_name_on_the_disk_belongs_to_whoever_was_first(
    client: httpx.AsyncClient, place: Any
) -> None:
    (place.root / "ben").mkdir()
    (place.root / "ben" / "old.txt").write_bytes(b"somebody else's")
    ben = {"x-test-user": "ben"}
    assert (await client.get("/api/files/list", headers=ben)).json()["total"] == 0
    await client.put("/api/files/content/new.txt", content=b"x", headers=ben)
    assert (place.root / "ben (1)" / "new.txt").exists() or (place.root / "ben (2)" / "new.txt").exists()


async def test_edits_on_the_disk_are_seen(client: httpx.AsyncClient, place: Any) -> None:
    first = await make(client, "d/a.txt", b"one")
    (place.home / "d/a.txt").write_bytes(b"edited elsewhere")
    (place.home / "d/new.txt").write_bytes(b"dropped in")
    (place.home / "d/sub").mkdir()
    answer = await client.get("/api/files/download/d/a.txt")
    assert answer.content == b"edited elsewhere"
    assert answer.headers["etag"] != first.headers["etag"]
    assert "repr-digest" not in answer.headers
    assert await names(client, path="d") == ["sub", "a.txt", "new.txt"]
    assert (await client.get("/api/files/user/root-usage")).json()["used_bytes"] == 26
    guarded = await client.put(
        "/api/files/content/d/a.txt", content=b"mine", headers={"if-match": first.headers["etag"]}
    )
    assert guarded.status_code == 412
    replaced = await client.put("/api/files/content/d/a.txt", content=b"mine")
    assert replaced.status_code == 200
    former = await client.get("/api/files/download/d/a.txt", params={"version": 2})
    assert former.content == b"edited elsewhere"
    (place.home / "d/new.txt").unlink()
    assert (await client.get("/api/files/download/d/new.txt")).status_code == 404


async def test_a_volume_without_its_marker_is_offline_and_not_empty(
    client: httpx.AsyncClient, place: Any
) -> None:
    await make(client, "a.txt")
    marker = place.root / ".balu" / "volume"
    kept = marker.read_bytes()
    marker.unlink()
    for answer in (
        await client.get("/api/files/list"),
        await client.get("/api/files/download/a.txt"),
        await client.put("/api/files/content/b.txt", content=b"x"),
        await client.delete("/api/files/a.txt"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (503, "volume-offline")
    assert (await client.get("/api/files/mountpoints")).json()["mountpoints"][0]["status"] == "offline"
    marker.write_bytes(kept)
    assert await names(client) == ["a.txt"]
