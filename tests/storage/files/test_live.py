"""Which folders a person's browsers are told to look at again."""

import httpx
import msgspec
from sqlalchemy import select

from balu.kernel.live import LiveRow
from balu.kernel.unit import Env, open_unit


async def told(env: Env) -> list[tuple[int | None, int]]:
    """For whom and for which folder, in order; what was told is forgotten."""
    async with open_unit(env) as unit:
        rows = (await unit.session.scalars(select(LiveRow).order_by(LiveRow.id))).all()
        for row in rows:
            await unit.session.delete(row)
    return [(row.user_id, msgspec.json.decode(row.data)["folder"]) for row in rows if row.topic == "files"]


async def folder(client: httpx.AsyncClient, path: str) -> int:
    """The folder's number, from its listing."""
    return int((await client.get("/api/files/list", params={"path": path})).json()["folder_id"])


async def test_every_folder_that_changed_is_told_to_its_owner(client: httpx.AsyncClient, env: Env) -> None:
    for name in ("from", "to"):
        await client.post("/api/files/folder", json={"path": "", "name": name})
    home, source, target = [await folder(client, path) for path in ("", "from", "to")]
    assert set(await told(env)) == {(1, home)}
    assert len({home, source, target}) == 3

    await client.put("/api/files/content/from/a.txt", content=b"a")
    assert await told(env) == [(1, source)]
    await client.put("/api/files/rename", json={"old_path": "from/a.txt", "new_name": "b.txt"})
    assert await told(env) == [(1, source)]
    await client.put("/api/files/move", json={"source_path": "from/b.txt", "target_path": "to/b.txt"})
    assert sorted(await told(env)) == sorted([(1, source), (1, target)])
    trash_id = (await client.delete("/api/files/to/b.txt")).json()["trash_id"]
    assert await told(env) == [(1, target)]
    await client.post(f"/api/trash/{trash_id}/restore", json={})
    assert await told(env) == [(1, target)]


async def test_many_new_files_of_a_folder_are_told_once(client: httpx.AsyncClient, env: Env) -> None:
    await client.post("/api/files/folder", json={"path": "", "name": "many"})
    many = await folder(client, "many")
    await told(env)
    line = [{"path": f"many/{n}.txt", "size": 1} for n in range(30)]
    body = msgspec.json.encode(line) + b"\n" + b"x" * 30
    headers = {"content-type": "application/vnd.balu.batch"}
    answer = await client.post("/api/uploads/batch", content=body, headers=headers)
    assert [item["status"] for item in answer.json()] == [201] * 30
    assert await told(env) == [(1, many)]
