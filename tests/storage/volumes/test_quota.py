import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select, update

from balu.identity.users import UserService
from balu.kernel.config import Config
from balu.kernel.unit import Env, open_unit
from balu.storage.files import FileRow, FileRows, Intents
from balu.storage.trash.recover import recount
from balu.storage.volumes import QuotaExceededError, QuotaRow, QuotaService


async def set_quota(env: Env, quota_bytes: int | None) -> None:
    async with open_unit(env) as unit:
        (await UserService(unit).get(1)).quota_bytes = quota_bytes


async def test_what_does_not_fit_is_507_and_leaves_nothing(
    client: httpx.AsyncClient, env: Env, place: Any
) -> None:
    await set_quota(env, 1000)
    assert (await client.put("/api/files/content/a", content=b"x" * 600)).status_code == 201
    for body in (b"y" * 401, b"y" * (2 << 20)):
        answer = await client.put("/api/files/content/b", content=body)
        assert (answer.status_code, answer.json()["code"]) == (507, "no-space")
        assert answer.json()["available_bytes"] == 400
    form = await client.post("/api/files/upload", files=[("file", ("b", b"z" * 500))])
    assert form.status_code == 507
    copied = await client.post("/api/files/copy", json={"source_path": "a", "target_path": "b"})
    assert copied.status_code == 507
    assert place.below() == {"a"}
    assert place.private("staging") == []
    assert (await client.put("/api/files/content/b", content=b"y" * 400)).status_code == 201
    available = (await client.get("/api/files/storage/available")).json()
    assert (available["available_bytes"], available["used_bytes"], available["quota_bytes"]) == (
        0,
        1000,
        1000,
    )


async def test_the_trash_counts_and_versions_do_not(client: httpx.AsyncClient, env: Env) -> None:
    await set_quota(env, 1000)
    await client.put("/api/files/content/a", content=b"x" * 400)
    await client.put("/api/files/content/a", content=b"y" * 500)
    await client.delete("/api/files/a")
    assert (await client.put("/api/files/content/b", content=b"x" * 501)).status_code == 507
    await client.delete("/api/trash")
    assert (await client.put("/api/files/content/b", content=b"x" * 501)).status_code == 201


async def test_many_at_once_never_take_more_than_there_is(client: httpx.AsyncClient, env: Env) -> None:
    await set_quota(env, 10_000)
    bodies = [client.put(f"/api/files/content/{number}", content=b"x" * 1000) for number in range(25)]
    statuses = [answer.status_code for answer in await asyncio.gather(*bodies)]
    assert statuses.count(201) == 10
    assert statuses.count(507) == 15
    usage = (await client.get("/api/files/user/root-usage")).json()
    assert (usage["live_bytes"], usage["reserved_bytes"]) == (10_000, 0)


async def test_reservations_are_taken_whole_or_not_at_all(env: Env) -> None:
    await set_quota(env, 100)
    async with open_unit(env) as unit:
        await QuotaService(unit).reserve(1, 60)
    with pytest.raises(QuotaExceededError):
        async with open_unit(env) as unit:
            await QuotaService(unit).reserve(1, 41)
    async with open_unit(env) as unit:
        await QuotaService(unit).reserve(1, 40)
        assert (await QuotaService(unit).usage(1)).reserved == 100


async def test_a_recount_corrects_the_ledger(client: httpx.AsyncClient, env: Env) -> None:
    await client.put("/api/files/content/a", content=b"x" * 400)
    await client.put("/api/files/content/a", content=b"y" * 500)
    await client.put("/api/files/content/b", content=b"y" * 7)
    await client.delete("/api/files/b")
    assert await recount(env) == 0
    async with open_unit(env) as unit:
        await unit.session.execute(update(QuotaRow).values(live_bytes=1, trash_bytes=2, version_bytes=3))
    assert await recount(env) == 1
    usage = (await client.get("/api/files/user/root-usage")).json()
    assert (usage["live_bytes"], usage["trash_bytes"], usage["version_bytes"]) == (500, 7, 400)


async def test_volumes_are_added_by_administrators(
    client: httpx.AsyncClient, env: Env, tmp_path: Path, place: Any
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    wish = {"name": "archive", "path": str(disk)}
    root = {"x-test-user": "root"}
    assert (await client.post("/api/volumes", json=wish)).status_code == 403
    for path in ("relative", str(tmp_path / "missing"), str(place.root / "anna"), str(place.root.parent)):
        (place.root / "anna").mkdir(exist_ok=True)
        refused = await client.post("/api/volumes", json={"name": "x", "path": path}, headers=root)
        assert refused.status_code == 422, path
    around = {"name": "x", "path": str(env.part(Config).data_dir)}
    refused = await client.post("/api/volumes", json=around, headers=root)
    assert refused.status_code == 422
    assert "database and keys" in refused.text
    made = await client.post("/api/volumes", json=wish, headers=root)
    assert (made.status_code, made.json()["state"]) == (201, "online")
    volume_id = made.json()["id"]
    sent = await client.put("/api/files/content/a.txt", content=b"x", params={"mount": volume_id})
    assert sent.status_code == 201
    assert (disk / "anna/a.txt").read_bytes() == b"x"
    assert (await client.get("/api/files/list", params={"mount": volume_id})).json()["total"] == 1
    assert (await client.get("/api/files/list")).json()["total"] == 0
    assert (await client.get("/api/files/list", params={"mount": 99})).status_code == 404
    changed = await client.patch(f"/api/volumes/{volume_id}", json={"is_default": True}, headers=root)
    assert changed.json()["is_default"]
    assert (await client.delete(f"/api/volumes/{volume_id}", headers=root)).status_code == 409
    points = (await client.get("/api/files/mountpoints")).json()
    assert points["default_mountpoint"] == str(volume_id)


async def test_what_is_published_and_not_recorded_yet_counts_once(
    client: httpx.AsyncClient, env: Env, place: Any
) -> None:
    listing = (await client.get("/api/files/list")).json()
    place.home.joinpath("a").write_bytes(b"x" * 700)
    plan = {"staged_ino": place.home.joinpath("a").stat().st_ino}
    name = (1, listing["folder_id"], "a")
    for op_id, more in (("of its own", {}), ("of a group", {"paid_by": "of its own"})):
        async with open_unit(env) as unit:
            await Intents(unit).reserve(1, 1, "of its own", 1000)
            await Intents(unit).open("put", op_id, [name], {**plan, **more})
        assert (await client.get("/api/files/list")).status_code == 200
        async with open_unit(env) as unit:
            usage = await QuotaService(unit).usage(1)
            assert (usage.live, usage.reserved) == (700, 300), "a reader has adopted it"
            await Intents(unit).close(op_id)
            await Intents(unit).release("of its own")
            assert (await QuotaService(unit).usage(1)).used == 700
            row = await unit.session.scalar(select(FileRow).where(FileRow.name == "a"))
            assert row is not None
            await FileRows(unit).drop([row.id])
            await QuotaService(unit).move(1, live=-700)
    assert await recount(env) == 0
