"""What one person lets another do, on every way to a file."""

import io
import json
import zipfile
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest_asyncio

Client = httpx.AsyncClient
SHARED = "Shared with me"


@pytest_asyncio.fixture
async def ben(client: Client) -> AsyncIterator[Client]:
    headers = {"x-test-user": "ben"}
    async with Client(transport=client._transport, base_url="http://localhost", headers=headers) as ben:
        yield ben


async def put(who: Client, path: str, body: bytes = b"x", status: int = 201) -> Any:
    answer = await who.put(f"/api/files/content/{path}", content=body, params={"parents": "1"})
    assert answer.status_code == status, answer.text
    return answer.json()


async def id_of(who: Client, path: str) -> int:
    folder, _, name = path.rpartition("/")
    listed = (await who.get("/api/files/list", params={"path": folder})).json()
    return {item["name"]: int(item["file_id"]) for item in listed["files"]}[name]


async def give(who: Client, file_id: int, to: str = "ben", status: int = 200, **rights: bool) -> Any:
    answer = await who.post(f"/api/files/{file_id}/permissions", json={"username": to, **rights})
    assert answer.status_code == status, answer.text
    return answer.json()


@pytest_asyncio.fixture
async def docs(client: Client) -> int:
    """A folder of Anna's with something below it."""
    await put(client, "docs/a.txt", b"hello")
    await put(client, "docs/sub/b.txt", b"below")
    await put(client, "private.txt", b"secret")
    return await id_of(client, "docs")


async def test_nothing_is_there_before_it_is_given(client: Client, ben: Client, docs: int) -> None:
    a = await id_of(client, "docs/a.txt")
    answers = [
        await ben.get(f"/api/files/{a}"),
        await ben.get(f"/api/files/download/{a}"),
        await ben.get("/api/files/list", params={"folder_id": docs}),
        await ben.get(f"/api/files/{a}/permissions"),
        await ben.post(f"/api/files/{a}/permissions", json={"username": "root"}),
        await ben.delete(f"/api/files/{a}/permissions/ben"),
        await ben.put("/api/files/rename", json={"file_id": a, "new_name": "mine"}),
        await ben.put("/api/files/move", json={"file_id": a, "new_path": "mine"}),
        await ben.post("/api/files/copy", json={"file_id": a, "target_path": "mine"}),
        await ben.delete(f"/api/folders/{docs}"),
        await ben.get(f"/api/files/download/{SHARED}/docs/a.txt"),
        await ben.put(f"/api/files/content/{SHARED}/docs/new", content=b"x"),
    ]
    assert [answer.status_code for answer in answers] == [404] * len(answers)
    assert (await ben.delete(f"/api/files/{a}")).json()["trash_id"] is None
    assert (await ben.get("/api/files/list", params={"path": SHARED})).json()["files"] == []
    assert (await client.get("/api/files/download/docs/a.txt")).content == b"hello"


async def test_what_was_given_to_look_at(client: Client, ben: Client, docs: int) -> None:
    await give(client, docs)
    listed = (await ben.get("/api/files/list", params={"path": SHARED})).json()["files"]
    assert [(item["path"], item["owner_name"], item["can_write"], item["can_delete"]) for item in listed] == [
        (f"{SHARED}/docs", "anna", False, False)
    ]
    inside = (await ben.get("/api/files/list", params={"path": f"{SHARED}/docs/sub"})).json()["files"]
    assert [item["path"] for item in inside] == [f"{SHARED}/docs/sub/b.txt"]
    b = inside[0]["file_id"]
    assert (await ben.get(f"/api/files/{b}")).json()["path"] == f"{SHARED}/docs/sub/b.txt"
    assert (await ben.get(f"/api/files/download/{SHARED}/docs/sub/b.txt")).content == b"below"
    assert (await ben.get(f"/api/files/download/{b}")).content == b"below"
    packed = await ben.get("/api/files/archive", params={"path": f"{SHARED}/docs"})
    assert zipfile.ZipFile(io.BytesIO(packed.content)).read("docs/sub/b.txt") == b"below"
    copied = await ben.post("/api/files/copy", json={"file_id": b, "target_path": "mine.txt"})
    assert copied.status_code == 201, copied.text
    assert (await ben.get("/api/files/download/mine.txt")).content == b"below"
    private = await id_of(client, "private.txt")
    assert (await ben.get(f"/api/files/{private}")).status_code == 404
    assert (await ben.get(f"/api/files/download/{SHARED}/docs/../private.txt")).status_code in {400, 404}


async def test_looking_is_not_changing(client: Client, ben: Client, docs: int) -> None:
    await give(client, docs)
    a, sub = await id_of(client, "docs/a.txt"), await id_of(client, "docs/sub")
    here = f"{SHARED}/docs"
    line = json.dumps([{"path": f"{here}/n", "size": 1}]).encode() + b"\nx"
    batch = await ben.post(
        "/api/uploads/batch", content=line, headers={"content-type": "application/vnd.balu.batch"}
    )
    assert [one["status"] for one in batch.json()] == [403]
    form = {"files": ("n.txt", b"x")}
    answers = [
        await ben.put(f"/api/files/content/{here}/a.txt", content=b"changed"),
        await ben.put(f"/api/files/content/{here}/new/deep.txt", content=b"x", params={"parents": "1"}),
        await ben.post("/api/files/upload", params={"path": here}, files=form),
        await ben.post("/api/files/folder", json={"path": here, "name": "n"}),
        await ben.put("/api/files/rename", json={"file_id": a, "new_name": "n"}),
        await ben.put("/api/files/move", json={"file_id": a, "new_path": "n"}),
        await ben.post("/api/files/copy", json={"file_id": a, "target_path": f"{here}/n"}),
        await ben.delete(f"/api/files/{here}/a.txt"),
        await ben.delete(f"/api/folders/{sub}", params={"recursive": True}),
        await ben.post("/api/files/delete", json={"path": f"{here}/a.txt"}),
        await ben.post(f"/api/files/{a}/permissions", json={"username": "root"}),
        await ben.put("/api/files/permissions", json={"path": here, "rules": []}),
        await ben.post(
            "/api/uploads/manifest", json={"path": f"{here}/m", "size": 1, "chunks": [[1, "0" * 64]]}
        ),
        await ben.post(
            "/api/files/upload/chunked/init",
            json={"filename": "t", "total_size": 1, "target_path": here},
        ),
    ]
    assert [answer.status_code for answer in answers] == [403] * len(answers), [one.text for one in answers]
    listed = (await client.get("/api/files/list", params={"path": "docs"})).json()["files"]
    assert sorted(item["name"] for item in listed) == ["a.txt", "sub"]


async def test_editing_charges_the_owner(client: Client, ben: Client, docs: int) -> None:
    await give(client, docs, can_edit=True)
    await put(ben, f"{SHARED}/docs/a.txt", b"changed", status=200)
    made = await put(ben, f"{SHARED}/docs/new/n.txt", b"12345")
    assert made["path"] == f"{SHARED}/docs/new/n.txt"
    assert (await client.get("/api/files/download/docs/new/n.txt")).content == b"12345"
    assert (await client.get("/api/files/download/docs/a.txt?version=1")).content == b"hello"
    usage = [(await who.get("/api/files/user/root-usage")).json()["live_bytes"] for who in (client, ben)]
    assert usage == [len(b"changed12345belowsecret"), 0]
    moved = await ben.put(
        "/api/files/move", json={"file_id": made["file_id"], "new_path": f"{SHARED}/docs/moved.txt"}
    )
    assert moved.status_code == 200, moved.text
    assert (await ben.delete(f"/api/files/{SHARED}/docs/moved.txt")).status_code == 403
    for answer in (
        await ben.put("/api/files/move", json={"file_id": made["file_id"], "new_path": "taken.txt"}),
        await ben.put("/api/files/rename", json={"file_id": docs, "new_name": "other"}),
        await ben.put("/api/files/move", json={"file_id": docs, "new_path": "taken"}),
    ):
        assert answer.status_code == 403, answer.text


async def test_what_may_be_deleted_goes_to_the_owners_trash(client: Client, ben: Client, docs: int) -> None:
    await give(client, docs, can_edit=True, can_delete=True)
    deleted = (await ben.delete(f"/api/files/{SHARED}/docs/a.txt")).json()
    assert (await ben.get("/api/trash")).json()["items"] == []
    item = (await client.get("/api/trash")).json()["items"][0]
    assert (item["id"], item["original_path"]) == (deleted["trash_id"], "docs/a.txt")
    await client.post(f"/api/trash/{item['id']}/restore")
    assert (await client.get("/api/files/download/docs/a.txt")).content == b"hello"


async def test_what_moves_to_another_home_belongs_there(client: Client, ben: Client, docs: int) -> None:
    await give(client, docs, can_edit=True, can_delete=True)
    b = await id_of(client, "docs/sub/b.txt")
    taken = await ben.put("/api/files/move", json={"file_id": b, "new_path": "b.txt"})
    assert (taken.status_code, taken.json()["file"]["owner_id"]) == (200, "2"), taken.text
    await put(ben, "mine/m.txt", b"1234567")
    given = await ben.put(
        "/api/files/move", json={"source_path": "mine", "target_path": f"{SHARED}/docs/from ben"}
    )
    assert given.status_code == 200, given.text
    assert (await client.get("/api/files/download/docs/from ben/m.txt")).content == b"1234567"
    usage = [(await who.get("/api/files/user/root-usage")).json()["live_bytes"] for who in (client, ben)]
    assert usage == [len(b"hellosecret") + 7, len(b"below")]
    assert (await client.get(f"/api/files/{b}")).status_code == 404


async def test_rights_add_up_on_the_way_down_and_end_when_taken(
    client: Client, ben: Client, docs: int
) -> None:
    sub = await id_of(client, "docs/sub")
    await give(client, docs)
    await give(client, sub, can_edit=True)
    await put(ben, f"{SHARED}/docs/sub/b.txt", b"mine", status=200)
    assert (await ben.put(f"/api/files/content/{SHARED}/docs/a.txt", content=b"x")).status_code == 403
    shown = (await client.get(f"/api/files/{sub}/permissions")).json()
    assert [(one["username"], one["can_edit"], one["is_inherited"]) for one in shown["permissions"]] == [
        ("anna", True, False),
        ("ben", True, False),
    ]
    a = await id_of(client, "docs/a.txt")
    inherited = (await client.get(f"/api/files/{a}/permissions")).json()["permissions"][1]
    assert (inherited["username"], inherited["is_inherited"]) == ("ben", True)
    await client.put("/api/files/move", json={"source_path": "docs/a.txt", "target_path": "out.txt"})
    assert (await ben.get(f"/api/files/{a}")).status_code == 404
    assert (await client.delete(f"/api/files/{docs}/permissions/ben")).status_code == 200
    assert (await ben.get("/api/files/list", params={"folder_id": docs})).status_code == 404
    assert (await ben.get(f"/api/files/download/{SHARED}/sub/b.txt")).content == b"mine"


async def test_nobody_gives_more_than_they_hold(client: Client, ben: Client, docs: int) -> None:
    await give(client, docs, can_edit=True)
    await give(ben, docs, to="root", status=403)
    await give(client, docs, can_edit=True, can_share=True)
    await give(ben, docs, to="root", status=403, can_delete=True)
    await give(ben, docs, to="root", can_edit=True)
    root = {"x-test-user": "root"}
    a = await id_of(client, "docs/a.txt")
    assert (await client.get(f"/api/files/{a}", headers=root)).json()["can_write"] is True
    await give(client, docs, can_share=True)  # narrowed: what was given on shrinks with it
    assert (await client.get(f"/api/files/{a}", headers=root)).json()["can_write"] is False
    await client.delete(f"/api/files/{docs}/permissions/ben")
    assert (await client.get(f"/api/files/{a}", headers=root)).status_code == 404


async def test_rules_by_path(client: Client, ben: Client, docs: int) -> None:
    rules = [{"user_id": 2, "can_view": True, "can_edit": True, "can_delete": False}]
    answer = await client.put("/api/files/permissions", json={"path": "docs", "owner_id": 1, "rules": rules})
    assert answer.status_code == 200, answer.text
    found = (await client.get("/api/files/permissions", params={"path": "docs"})).json()
    assert (found["path"], found["owner_id"]) == ("docs", 1)
    assert [(one["user_id"], one["can_edit"]) for one in found["rules"]] == [(2, True)]
    await put(ben, f"{SHARED}/docs/a.txt", b"x", status=200)
    await client.put("/api/files/permissions", json={"path": "docs", "rules": []})
    assert (await ben.get("/api/files/list", params={"folder_id": docs})).status_code == 404
    for bad in (
        {"path": "docs", "owner_id": 2, "rules": []},
        {"path": "docs", "rules": [{"user_id": 1}]},
        {"path": "docs", "rules": [{"user_id": 2, "can_view": False, "can_edit": True}]},
    ):
        assert (await client.put("/api/files/permissions", json=bad)).status_code == 422
    unknown = await client.put("/api/files/permissions", json={"path": "docs", "rules": [{"user_id": 77}]})
    assert unknown.status_code == 404


async def test_who_shares_on_sets_only_what_they_gave(client: Client, ben: Client, docs: int) -> None:
    await give(client, docs, can_share=True)
    await give(client, docs, to="root")
    for rules in ([{"user_id": 3, "can_view": True}], []):
        answer = await ben.put("/api/files/permissions", json={"path": f"{SHARED}/docs", "rules": rules})
        assert answer.status_code == 200, answer.text
        mine = [(one["user_id"], one["can_share"]) for one in answer.json()["rules"]]
        assert mine == [(2, True), *((one["user_id"], False) for one in rules)]
    owners = (await client.get("/api/files/permissions", params={"path": "docs"})).json()["rules"]
    assert [one["user_id"] for one in owners] == [2, 3]


async def test_one_file_shows_nothing_beside_it(client: Client, ben: Client, docs: int) -> None:
    a = await id_of(client, "docs/a.txt")
    await give(client, a, can_edit=True, can_delete=True)
    await put(ben, f"{SHARED}/a.txt", b"changed", status=200)
    assert (await ben.get(f"/api/files/download/{SHARED}/a.txt")).content == b"changed"
    numbered = await ben.put(
        f"/api/files/content/{SHARED}/a.txt", content=b"beside", params={"on_conflict": "rename"}
    )
    assert numbered.status_code == 403, numbered.text
    assert (await ben.get("/api/files/list", params={"folder_id": docs})).status_code == 404
    listed = (await client.get("/api/files/list", params={"path": "docs"})).json()["files"]
    assert sorted(item["name"] for item in listed) == ["a.txt", "sub"]
    assert (await ben.delete(f"/api/files/{SHARED}/a.txt")).json()["trash_id"] is not None


async def test_two_shares_of_one_name_have_two_names(client: Client, ben: Client, docs: int) -> None:
    await put(client, "other/docs/c.txt", b"c")
    await give(client, docs)
    await give(client, await id_of(client, "other/docs"))
    listed = (await ben.get("/api/files/list", params={"path": SHARED})).json()["files"]
    assert sorted(item["path"] for item in listed) == [f"{SHARED}/docs", f"{SHARED}/docs (2)"]
    assert (await ben.get(f"/api/files/download/{SHARED}/docs (2)/c.txt")).content == b"c"


async def test_every_way_of_uploading_leads_into_a_shared_folder(
    client: Client, ben: Client, docs: int
) -> None:
    await give(client, docs, can_edit=True)
    here = f"{SHARED}/docs"
    form = await ben.post("/api/files/upload", params={"path": here}, files={"files": ("form", b"1")})
    assert form.status_code == 201, form.text
    line = json.dumps([{"path": f"{here}/batch", "size": 1}, {"path": "own", "size": 1}]).encode()
    batch = await ben.post(
        "/api/uploads/batch", content=line + b"\n12", headers={"content-type": "application/vnd.balu.batch"}
    )
    assert [one["status"] for one in batch.json()] == [201, 201]
    trio = await ben.post(
        "/api/files/upload/chunked/init", json={"filename": "trio", "total_size": 1, "target_path": here}
    )
    address = f"/api/files/upload/chunked/{trio.json()['upload_id']}"
    await ben.post(f"{address}/chunk", params={"chunk_index": 0}, content=b"1")
    done = await ben.post(f"{address}/complete")
    assert (done.status_code, done.json()["path"]) == (200, f"{here}/trio"), done.text
    listed = (await client.get("/api/files/list", params={"path": "docs"})).json()["files"]
    assert sorted(item["name"] for item in listed) == ["a.txt", "batch", "form", "sub", "trio"]
    assert (await ben.get("/api/files/download/own")).content == b"2"
    usage = [(await who.get("/api/files/user/root-usage")).json() for who in (client, ben)]
    assert [one["live_bytes"] for one in usage] == [len(b"hellobelowsecret") + 3, 1]
    assert [one["reserved_bytes"] for one in usage] == [0, 0]


async def test_an_upload_ends_where_the_right_ends(client: Client, ben: Client, docs: int) -> None:
    await give(client, docs, can_edit=True)
    trio = await ben.post(
        "/api/files/upload/chunked/init",
        json={"filename": "late", "total_size": 1, "target_path": f"{SHARED}/docs"},
    )
    address = f"/api/files/upload/chunked/{trio.json()['upload_id']}"
    await ben.post(f"{address}/chunk", params={"chunk_index": 0}, content=b"1")
    assert (await client.get("/api/files/user/root-usage")).json()["reserved_bytes"] == 1
    await client.delete(f"/api/files/{docs}/permissions/ben")
    assert (await ben.post(f"{address}/complete")).status_code == 404
    await ben.delete(address)
    assert (await client.get("/api/files/user/root-usage")).json()["reserved_bytes"] == 0
    listed = (await client.get("/api/files/list", params={"path": "docs"})).json()["files"]
    assert sorted(item["name"] for item in listed) == ["a.txt", "sub"]


async def test_the_trash_is_no_way_into_a_shared_folder(client: Client, ben: Client, docs: int) -> None:
    await give(client, docs)
    await put(ben, "mine", b"x")
    trash_id = (await ben.delete("/api/files/mine")).json()["trash_id"]
    answer = await ben.post(f"/api/trash/{trash_id}/restore", json={"target_path": f"{SHARED}/docs/mine"})
    assert answer.status_code == 422, answer.text
    listed = (await client.get("/api/files/list", params={"path": "docs"})).json()["files"]
    assert sorted(item["name"] for item in listed) == ["a.txt", "sub"]


async def test_the_name_of_the_list_is_taken(client: Client, docs: int) -> None:
    answers = [
        await client.post("/api/files/folder", json={"path": "", "name": SHARED}),
        await client.post("/api/folders", json={"name": SHARED}),
        await client.put("/api/files/rename", json={"file_id": docs, "new_name": SHARED}),
        await client.put("/api/files/move", json={"file_id": docs, "new_path": SHARED}),
        await client.post("/api/files/copy", json={"file_id": docs, "target_path": SHARED}),
        await client.put(f"/api/files/content/{SHARED}", content=b"x"),
    ]
    assert [answer.status_code for answer in answers] == [409] * len(answers)
