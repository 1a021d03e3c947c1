from typing import Any

import httpx

from balu.kernel.jobs import run_now
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
