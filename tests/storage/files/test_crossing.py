"""From one volume to another: files, trees, their rows and ledger, jobs, and what a crash leaves."""

import os
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import pytest_asyncio
from sqlalchemy import func, select, update

from balu.kernel.jobs.run import work
from balu.kernel.testing import FakeClock
from balu.kernel.unit import Env, open_unit
from balu.storage.files import BusyNameError, FileService, IntentRow, ReservationRow
from balu.storage.files.crossing import Crossing, CrossPlan, Settling, StoppedError
from balu.storage.files.intents import Intents
from balu.storage.files.recover import Recovery
from balu.storage.trash.recover import count
from balu.storage.volumes import QuotaService

Client = httpx.AsyncClient


@pytest_asyncio.fixture
async def other(client: Client, tmp_path: Path) -> Path:
    """A second volume, number 2."""
    root = tmp_path / "other"
    root.mkdir()
    answer = await client.post(
        "/api/volumes", json={"name": "other", "path": str(root)}, headers={"x-test-user": "root"}
    )
    assert (answer.status_code, answer.json()["id"]) == (201, 2), answer.text
    return root


async def put(client: Client, path: str, body: bytes = b"x") -> dict[str, Any]:
    answer = await client.put(f"/api/files/content/{path}", content=body, params={"parents": "1"})
    assert answer.is_success, answer.text
    found: dict[str, Any] = answer.json()
    return found


def below(root: Path) -> set[str]:
    return {str(path.relative_to(root)) for path in root.rglob("*")}


async def tidy(env: Env, *roots: Path) -> None:
    """Nothing is open, nothing is left over, and the ledger agrees with the rows."""
    async with open_unit(env, writes=False) as unit:
        for table in (IntentRow, ReservationRow):
            assert (await unit.session.scalar(select(func.count()).select_from(table))) == 0
        usage, counted = await QuotaService(unit).usage(1), await count(unit, 1)
    assert (usage.live, usage.trash, usage.versions) == (counted.live, counted.trash, counted.versions)
    assert usage.reserved == 0
    for root in roots:
        for folder in ("staging", "trash"):
            assert list((root / ".balu" / folder).iterdir()) == []


async def test_a_file_keeps_everything_but_its_place(
    client: Client, env: Env, place: Any, other: Path
) -> None:
    await put(client, "d/a.txt", b"former")
    file = await put(client, "d/a.txt", b"hello")
    await client.post(f"/api/files/{file['file_id']}/permissions", json={"username": "ben"})
    wish = {"source_path": "d/a.txt", "target_path": "new.txt", "target_mount": 2}
    answer = await client.put("/api/files/move", json=wish)
    assert answer.status_code == 200, answer.text
    moved = answer.json()["file"]
    assert (moved["file_id"], moved["etag"], moved["blake3"]) == (
        file["file_id"], file["etag"], file["blake3"],
    )  # fmt: skip
    assert (other / "anna/new.txt").read_bytes() == b"hello"
    assert place.below() == {"d"}
    assert (await client.get(f"/api/files/download/{file['file_id']}")).content == b"hello"
    assert (await client.get(f"/api/files/download/{file['file_id']}?version=1")).content == b"former"
    ben = {"x-test-user": "ben"}
    assert (await client.get("/api/files/download/Shared with me/new.txt", headers=ben)).content == b"hello"
    await tidy(env, place.root, other)
    back = {"file_id": file["file_id"], "new_path": "d/a.txt", "target_mount": 1}
    assert (await client.put("/api/files/move", json=back)).json()["file"]["etag"] == file["etag"]
    await client.delete("/api/files/d")
    assert (await client.delete("/api/trash")).json()["purged"] == 1
    await tidy(env, place.root, other)
    assert (await client.get("/api/files/user/root-usage")).json()["used_bytes"] == 0


async def test_a_tree_moves_and_copies_as_a_whole(client: Client, env: Env, place: Any, other: Path) -> None:
    ids = [(await put(client, f"d/{name}", name.encode()))["file_id"] for name in ("a", "s/b", "s/t/c")]
    (place.home / "d/link").symlink_to("a")
    os.utime(place.home / "d/s/b", ns=(10**18, 10**18))
    wish = {"source_path": "d", "target_path": "e", "target_mount": 2}
    copied = await client.post("/api/files/copy", json=wish)
    assert copied.status_code == 201, copied.text
    everything = {"e", "e/a", "e/link", "e/s", "e/s/b", "e/s/t", "e/s/t/c"}
    assert below(other / "anna") == everything
    assert (await client.post("/api/files/copy", json=wish)).status_code == 409
    moved = await client.put("/api/files/move", json={**wish, "target_path": "f"})
    assert moved.status_code == 200, moved.text
    assert place.below() == set()
    assert below(other / "anna/f") == {path[2:] for path in everything if path != "e"}
    assert (other / "anna/f/s/b").stat().st_mtime_ns == 10**18
    assert (other / "anna/f/link").readlink() == Path("a")
    for file_id, path in zip(ids, ("f/a", "f/s/b", "f/s/t/c"), strict=True):
        assert (await client.get(f"/api/files/{file_id}")).json()["path"] == path
    await tidy(env, place.root, other)
    assert (await client.get("/api/files/user/root-usage")).json()["live_bytes"] == 2 * len("as/bs/t/c")


async def test_replace_and_rename_work_there_as_well(client: Client, env: Env, other: Path) -> None:
    await put(client, "a", b"new")
    wish = {"source_path": "a", "target_path": "b", "target_mount": 2}
    await client.post("/api/files/copy", json=wish)
    numbered = await client.post("/api/files/copy", json={**wish, "on_conflict": "rename"})
    assert numbered.json()["file"]["path"] == "b (1)"
    assert (await client.put("/api/files/move", json=wish)).status_code == 409
    replaced = await client.put("/api/files/move", json={**wish, "on_conflict": "replace"})
    assert len(replaced.json()["replaced"]) == 1, replaced.text
    assert below(other / "anna") == {"b", "b (1)"}
    await client.delete("/api/trash")
    await tidy(env, other)


async def test_much_is_a_job(client: Client, env: Env, place: Any, other: Path) -> None:
    await put(client, "d/small", b"small")
    with (place.home / "d/big").open("wb") as file:
        file.truncate(65 << 20)
    wish = {"source_path": "d", "target_path": "d", "target_mount": 2}
    for method, address in (("POST", "copy"), ("PUT", "move")):
        body = wish if address == "copy" else {**wish, "target_path": "moved"}
        answer = await client.request(method, f"/api/files/{address}", json=body)
        assert answer.status_code == 202, answer.text
        assert answer.json()["status_url"] == f"/api/jobs/{answer.json()['job_id']}"
        await work(env, answer.json()["job_id"])
        done = (await client.get(answer.json()["status_url"])).json()
        assert (done["status"], done["result"]["file"]["path"]) == ("completed", body["target_path"]), done
    assert place.below() == set()
    assert (other / "anna/moved/big").stat().st_size == 65 << 20
    await tidy(env, place.root, other)


async def test_a_stopped_move_leaves_everything_as_it_was(
    env: Env, files: FileService, place: Any, other: Path
) -> None:
    await files.spot("")
    with (place.home / "big").open("wb") as file:
        file.truncate(4 << 30)

    async def stop(_percent: float) -> bool:
        return False

    with pytest.raises(StoppedError):
        await files.move(await files.find("big", None), await files.spot("big", 2), watch=stop)
    assert place.below() == {"big"}
    assert below(other / "anna") == set()
    await tidy(env, place.root, other)


async def test_what_a_stopped_move_would_have_replaced_stays(
    client: Client, env: Env, files: FileService, place: Any, other: Path
) -> None:
    file_id = (await put(client, "a", b"old"))["file_id"]
    moved = await client.put("/api/files/move", json={"file_id": file_id, "new_path": "a", "target_mount": 2})
    assert moved.status_code == 200, moved.text
    with (place.home / "big").open("wb") as file:
        file.truncate(4 << 30)
    there = set[bytes]()

    async def stop(_percent: float) -> bool:
        there.add((other / "anna/a").read_bytes())
        return False

    source, target = await files.find("big", None), await files.spot("a", 2)
    for act in (files.move, files.copy):
        with pytest.raises(StoppedError):
            await act(source, target, on_conflict="replace", watch=stop)
    assert there == {b"old"}
    assert below(other / "anna") == {"a"}
    await tidy(env, place.root, other)


class Halted:
    """A move of ``d`` that stops after one of its steps, as if its worker had died."""

    def __init__(self, env: Env, files: FileService) -> None:
        self.env, self.files = env, files

    async def until(self, step: str) -> Settling:
        source, goal = await self.files.find("d", None), await self.files.spot("moved", 2)
        parent = await self.files.find("", None, 2)
        staged, self.before = await Crossing(self.env).stage(source, goal.home)
        plan = CrossPlan(
            file_id=source.row.id, ino=source.entry.ino, from_volume_id=1,
            from_parent_id=source.row.parent_id or 0, from_name="d", volume_id=2, parent_id=parent.row.id,
            name="moved", owner_id=1, staged_ino=staged.entry.ino, keeps_grants=False,
        )  # fmt: skip
        names = [(2, plan.parent_id, "moved"), (1, plan.from_parent_id, "d")]
        async with open_unit(self.env) as unit:
            await Intents(unit).open("cross", staged.id, names, msgspec.to_builtins(plan))
        here, there = source.spot.home.core, goal.home.core
        settling = Settling(self.env, staged.id, plan, here, there)
        if step != "staged":
            there.publish(staged.id, goal.disk)
        if step in {"hidden", "recorded"}:
            here.trash(source.spot.disk, staged.id, origin=b"{}")
        if step == "recorded":
            await settling._record(goal.disk)
        return settling


async def everybody_dies(env: Env, clock: FakeClock) -> None:
    async with open_unit(env) as unit:
        for table in (IntentRow, ReservationRow):
            await unit.session.execute(update(table).values(worker="another-boot/1/1/1"))
    clock.advance(days=2)
    await Recovery(env).run()


@pytest.mark.parametrize("step", ["staged", "published", "hidden", "recorded"])
async def test_a_crash_leaves_one_whole_tree(
    client: Client, env: Env, files: FileService, place: Any, other: Path, clock: FakeClock, step: str
) -> None:
    ids = [(await put(client, f"d/{name}", name.encode()))["file_id"] for name in ("a", "s/b")]
    await Halted(env, files).until(step)
    await everybody_dies(env, clock)
    whole = {"a", "s", "s/b"}
    if step == "staged":
        assert (below(place.home / "d"), below(other / "anna")) == (whole, set())
    else:
        assert (place.below(), below(other / "anna/moved")) == (set(), whole)
    top = "d" if step == "staged" else "moved"
    for file_id, name in zip(ids, ("a", "s/b"), strict=True):
        found = (await client.get(f"/api/files/{file_id}")).json()
        assert (found["path"], found["etag"]) == (f"{top}/{name}", f'"{file_id}.1"')
    await tidy(env, place.root, other)


@pytest.mark.parametrize("knows", [True, False], ids=["mover", "recovery"])
async def test_what_is_written_into_the_source_meanwhile_is_not_lost(
    client: Client, env: Env, files: FileService, place: Any, other: Path, clock: FakeClock, knows: bool
) -> None:
    await put(client, "d/a", b"before")
    halted = Halted(env, files)
    settling = await halted.until("published")
    await put(client, "d/a", b"written while it moved")
    if knows:
        with pytest.raises(BusyNameError):
            await settling.finish("anna/d", "anna/moved", halted.before)
        assert below(other / "anna") == set()
    else:
        await everybody_dies(env, clock)
        assert (other / "anna/moved/a").read_bytes() == b"before"
        await client.get("/api/files/list", params={"path": "moved", "mount": 2})
    assert (place.home / "d/a").read_bytes() == b"written while it moved"
    await tidy(env, place.root, other)


@pytest.mark.parametrize("knows", [True, False], ids=["mover", "recovery"])
async def test_a_source_whose_name_was_taken_comes_back_beside_it(
    client: Client, env: Env, files: FileService, place: Any, other: Path, clock: FakeClock, knows: bool
) -> None:
    await put(client, "d/a", b"before")
    halted = Halted(env, files)
    settling = await halted.until("published")
    (place.home / "d/b").write_bytes(b"written while it moved")
    settling._origin.trash("anna/d", settling._op_id, origin=b"{}")
    (place.home / "d").mkdir()
    (place.home / "d/c").write_bytes(b"by somebody else")
    if knows:
        with pytest.raises(BusyNameError, match=r"It is now 'anna/d \(1\)'"):
            await settling.finish("anna/d", "anna/moved", halted.before)
        assert below(other / "anna") == set()
    else:
        await everybody_dies(env, clock)
    assert place.below() == {"d", "d/c", "d (1)", "d (1)/a", "d (1)/b"}
    assert (place.home / "d (1)/b").read_bytes() == b"written while it moved"
    await client.get("/api/files/list")
    await tidy(env, place.root, other)


async def test_an_offline_volume_decides_nothing(
    client: Client, env: Env, files: FileService, place: Any, other: Path, clock: FakeClock
) -> None:
    await put(client, "d/a", b"a")
    await Halted(env, files).until("hidden")
    marker = other / ".balu/volume"
    marker.rename(other / ".balu/away")
    await everybody_dies(env, clock)
    async with open_unit(env, writes=False) as unit:
        assert (await unit.session.scalar(select(func.count()).select_from(IntentRow))) == 2
    (other / ".balu/away").rename(marker)
    await everybody_dies(env, clock)
    assert below(other / "anna/moved") == {"a"}
    await tidy(env, place.root, other)
