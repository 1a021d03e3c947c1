from typing import Any

import httpx

from balu.kernel.jobs import run_now
from balu.kernel.jobs.run import work
from balu.kernel.unit import Env
from balu.storage.trash.batch import batch_files


async def make(client: httpx.AsyncClient, *paths: str) -> list[int]:
    sent = [
        await client.put(f"/api/files/content/{path}", content=b"x", params={"parents": "1"})
        for path in paths
    ]
    return [answer.json()["file_id"] for answer in sent]


async def act(env: Env, **wish: Any) -> dict[str, Any]:
    found: dict[str, Any] = await run_now(env, batch_files, owner_id=1, wish=wish)
    return found


async def test_a_batch_is_a_job(client: httpx.AsyncClient) -> None:
    ids = await make(client, "a", "b")
    answer = await client.post("/api/files/batch", json={"action": "delete", "ids": ids})
    assert answer.status_code == 202
    assert answer.json()["status_url"] == f"/api/jobs/{answer.json()['job_id']}"
    for wrong in ({"action": "move", "ids": ids}, {"action": "delete"}, {"action": "burn", "ids": ids}):
        assert (await client.post("/api/files/batch", json=wrong)).status_code == 422


async def test_what_cannot_be_done_does_not_stop_the_rest(
    client: httpx.AsyncClient, env: Env, place: Any
) -> None:
    ids = await make(client, "a", "b", "c")
    done = await act(env, action="delete", ids=[*ids, 99_999], exclude=[ids[1]])
    assert (done["done"], done["failed"], done["total"]) == (2, 1, 3)
    assert done["failures"][0]["code"] == "not-found"
    assert place.below() == {"b"}
    back = await act(env, action="restore", ids=done["trash_ids"])
    assert back["done"] == 2
    assert place.below() == {"a", "b", "c"}


async def test_a_filter_stands_for_everything_it_finds(
    client: httpx.AsyncClient, env: Env, place: Any
) -> None:
    await make(client, "d/one.jpg", "d/two.JPG", "d/note.txt", "into/one.jpg")
    done = await act(env, action="move", filter={"path": "d", "pattern": "*.jpg"}, target_path="into")
    assert done["done"] == 2
    assert place.below() == {"d", "d/note.txt", "into", "into/one.jpg", "into/one (1).jpg", "into/two.JPG"}


async def test_nobody_reaches_other_peoples_files(client: httpx.AsyncClient, env: Env, place: Any) -> None:
    ids = await make(client, "a")
    done: dict[str, Any] = await run_now(env, batch_files, owner_id=2, wish={"action": "delete", "ids": ids})
    assert (done["done"], done["failed"]) == (0, 1)
    assert place.below() == {"a"}


async def start(client: httpx.AsyncClient, env: Env, **wish: Any) -> tuple[int, dict[str, Any]]:
    """Through the address, and then as a worker would run it."""
    answer = await client.post("/api/files/batch", json=wish)
    assert answer.status_code == 202, answer.text
    job_id = answer.json()["job_id"]
    await work(env, job_id)
    found = (await client.get(f"/api/jobs/{job_id}")).json()
    assert found["status"] == "completed", found
    return job_id, found["result"]


async def test_a_batch_is_undone_by_its_number(client: httpx.AsyncClient, env: Env, place: Any) -> None:
    ids = await make(client, "a", "d/b", "into/a")
    before = place.below()
    moved, done = await start(
        client, env, action="move", ids=ids[:2], target_path="into", on_conflict="replace"
    )
    assert place.below() == {"d", "into", "into/a", "into/b"}
    assert [(item["was"], item["path"]) for item in done["items"]] == [("a", "into/a"), ("d/b", "into/b")]
    assert len(done["trash_ids"]) == 1
    copied, _ = await start(client, env, action="copy", ids=[ids[0]], target_path="")
    assert "a" in place.below()
    deleted, _ = await start(client, env, action="delete", paths=["into"])
    for job_id in (deleted, copied, moved):
        _, result = await start(client, env, action="undo", job_id=job_id)
        assert result["failed"] == 0, result
    assert place.below() == before
    assert (await client.get(f"/api/files/{ids[2]}")).json()["path"] == "into/a"


async def test_only_an_own_batch_can_be_undone(client: httpx.AsyncClient, env: Env) -> None:
    job_id, _ = await start(client, env, action="delete", paths=["nothing"])
    wish = {"action": "undo", "job_id": job_id}
    assert (await client.post("/api/files/batch", json={"action": "undo"})).status_code == 422
    foreign = await client.post("/api/files/batch", json=wish, headers={"x-test-user": "ben"})
    assert foreign.status_code == 404


async def test_replace_keeps_what_it_replaces(client: httpx.AsyncClient, place: Any) -> None:
    ids = await make(client, "a", "b", "d/x", "e/y")
    answer = await client.put(
        "/api/files/move", json={"source_path": "a", "target_path": "b", "on_conflict": "replace"}
    )
    assert answer.status_code == 200, answer.text
    assert (answer.json()["file"]["file_id"], len(answer.json()["replaced"])) == (ids[0], 1)
    copied = await client.post(
        "/api/files/copy", json={"source_path": "d", "target_path": "e", "on_conflict": "replace"}
    )
    assert copied.status_code == 201, copied.text
    assert place.below() == {"b", "d", "d/x", "e", "e/x"}
    for trash_id in (*answer.json()["replaced"], *copied.json()["replaced"]):
        back = await client.post(f"/api/trash/{trash_id}/restore", json={"on_conflict": "rename"})
        assert back.status_code == 200
    assert place.below() == {"b", "b (1)", "d", "d/x", "e", "e/x", "e (1)", "e (1)/y"}
    for wish in (
        {"source_path": "d/x", "target_path": "d", "on_conflict": "replace"},
        {"source_path": "d", "target_path": "d/x", "on_conflict": "replace"},
    ):
        for method, address in (("PUT", "move"), ("POST", "copy")):
            refused = await client.request(method, f"/api/files/{address}", json=wish)
            assert refused.status_code == 409, refused.text
    assert (place.home / "d/x").exists()


async def test_numbers_that_no_column_holds_are_refused(client: httpx.AsyncClient) -> None:
    huge = 99999999999999999999
    for query in (f"offset={huge}", f"limit={huge}"):
        assert (await client.get(f"/api/files/list?{query}")).is_client_error, query
    assert (await client.get(f"/api/trash?cursor={huge}")).is_client_error
    for wish in ({"ids": [huge]}, {"include": [huge]}, {"filter": {"folder_id": huge}}):
        answer = await client.post("/api/files/batch", json={"action": "delete", **wish})
        assert answer.is_client_error, wish
