"""Edits on the disk from outside: what a scan makes of them, and what a check says before."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import select

from balu.kernel.jobs.run import work
from balu.kernel.testing import FakeClock, running_server
from balu.kernel.unit import Env, open_unit
from balu.storage.files import FileRow, JournalRow, VersionRow
from balu.storage.files.fsck import Fsck
from balu.storage.files.upkeep import Upkeep

Client = httpx.AsyncClient
ROOT = {"x-test-user": "root"}


async def put(client: Client, path: str, body: bytes = b"x") -> int:
    answer = await client.put(f"/api/files/content/{path}", content=body, params={"parents": "1"})
    assert answer.is_success, answer.text
    return int(answer.json()["file_id"])


async def job(client: Client, env: Env, act: str, **wish: Any) -> dict[str, Any]:
    answer = await client.post(f"/api/volumes/1/{act}", json=wish or None, headers=ROOT)
    assert answer.status_code == 202, answer.text
    await work(env, answer.json()["job_id"])
    done = (await client.get(answer.json()["status_url"], headers=ROOT)).json()
    assert done["status"] == "completed", done
    found: dict[str, Any] = done["result"]
    return found


async def used(client: Client) -> int:
    return int((await client.get("/api/files/user/root-usage")).json()["live_bytes"])


async def test_a_scan_finds_what_others_did(client: Client, env: Env, place: Any) -> None:
    gone = await put(client, "d/gone", b"12345")
    moved = await put(client, "d/old", b"moved")
    tree = await put(client, "tree/s/a", b"in a tree")
    await put(client, "edited", b"one")
    (place.home / "d/gone").unlink()
    (place.home / "d/old").rename(place.home / "new")
    (place.home / "tree").rename(place.home / "d/wood")
    (place.home / "edited").write_bytes(b"three")
    (place.home / "added").mkdir()
    (place.home / "added/x").write_bytes(b"xx")
    found = await job(client, env, "scan")
    assert (found["deleted"], found["moved"], found["changed"], found["held_back"]) == (1, 2, 1, 0), found
    assert await used(client) == len(b"movedin a treethreexx")
    assert (await client.get(f"/api/files/{moved}")).json()["path"] == "new"
    assert (await client.get(f"/api/files/{tree}")).json()["path"] == "d/wood/s/a"
    assert (await client.get(f"/api/files/{gone}")).status_code == 404
    async with open_unit(env, writes=False) as unit:
        told = (await unit.session.scalars(select(JournalRow.op).where(JournalRow.file_id == gone))).all()
    assert told[-1] == "delete"
    again = await job(client, env, "scan")
    assert {again[key] for key in ("added", "changed", "moved", "deleted", "held_back")} == {0}
    assert (await job(client, env, "check"))["findings"] == []


async def test_what_was_seen_before_the_scan_is_moved_and_not_added(
    client: Client, env: Env, place: Any
) -> None:
    await put(client, "old", b"moved")
    await put(client, "older", b"moved too")
    (place.home / "old").rename(place.home / "new")
    assert "new" in [item["name"] for item in (await client.get("/api/files/list")).json()["files"]]
    (place.home / "older").rename(place.home / "newer")
    (place.home / "added").write_bytes(b"x")
    found = await job(client, env, "scan")
    assert (found["added"], found["moved"], found["deleted"]) == (1, 2, 0), found


async def test_a_missing_disk_deletes_nothing(client: Client, env: Env, place: Any) -> None:
    await put(client, "d/a", b"12345")
    away = place.root.with_name("away")
    place.root.rename(away)
    place.root.mkdir()  # as an empty mount point
    for act in ("scan", "check"):
        answer = await client.post(f"/api/volumes/1/{act}", headers=ROOT)
        assert (answer.status_code, answer.json()["code"]) == (503, "volume-offline")
    place.root.rmdir()
    away.rename(place.root)
    assert (await job(client, env, "scan"))["deleted"] == 0
    assert await used(client) == 5


async def test_very_much_at_once_is_asked_about(client: Client, env: Env, place: Any) -> None:
    (place.home).mkdir(exist_ok=True)
    await put(client, "kept")
    for number in range(60):
        (place.home / f"n{number}").write_bytes(b"x")
    assert (await job(client, env, "scan"))["added"] == 60
    for number in range(60):
        (place.home / f"n{number}").unlink()
    found = await job(client, env, "scan")
    assert (found["deleted"], found["held_back"]) == (0, 60)
    assert await used(client) == 61
    assert (await job(client, env, "scan", accept_deletes=True))["deleted"] == 60
    assert await used(client) == 1


async def test_versions_of_what_was_removed_outside_stay_a_while(
    client: Client, env: Env, place: Any, clock: FakeClock
) -> None:
    await put(client, "a", b"former")
    file_id = await put(client, "a", b"present")
    (place.home / "a").unlink()
    await job(client, env, "scan")
    assert await Upkeep(env).forget_retired() == 0
    clock.advance(days=31)
    assert await Upkeep(env).forget_retired() == len(b"former")
    async with open_unit(env, writes=False) as unit:
        assert await unit.session.get(FileRow, file_id) is None
        assert (await unit.session.scalars(select(VersionRow))).all() == []
    assert (await client.get("/api/files/user/root-usage")).json()["version_bytes"] == 0


async def test_only_administrators_scan(client: Client) -> None:
    for act in ("scan", "check"):
        assert (await client.post(f"/api/volumes/1/{act}")).status_code == 403
        assert (await client.post(f"/api/volumes/99/{act}", headers=ROOT)).status_code == 404


async def test_a_check_names_what_does_not_agree(client: Client, env: Env, place: Any) -> None:
    await put(client, "changed", b"aaaa")
    await put(client, "rotten", b"bbbb")
    await put(client, "gone", b"c")
    versioned = await put(client, "v", b"one")
    await put(client, "v", b"two")
    await put(client, "deleted", b"d")
    await client.delete("/api/files/deleted")
    report = await Fsck(env).run()
    assert (report.total, report.files, report.offline) == (0, 4, []), report
    stat = (place.home / "rotten").stat()
    (place.home / "rotten").write_bytes(b"BBBB")
    os.utime(place.home / "rotten", ns=(stat.st_atime_ns, stat.st_mtime_ns))
    (place.home / "changed").write_bytes(b"longer")
    (place.home / "gone").unlink()
    (place.home / "unknown").write_bytes(b"u")
    (place.root / f".balu/versions/{versioned}/1").unlink()
    shutil.rmtree(next((place.root / ".balu/trash").iterdir()))
    report = await Fsck(env).run()
    found = {(one.invariant, one.path or one.file_id) for one in report.findings}
    assert found == {
        ("I1", "anna/rotten"), ("I7", "anna/changed"), ("I7", "anna/gone"), ("I7", "anna/unknown"),
        ("I6", versioned), ("I6", "deleted"),
    }, report.findings  # fmt: skip
    quick = await Fsck(env, reads=False).run(1)
    assert "I1" not in {one.invariant for one in quick.findings}


def test_fsck_tells_by_its_exit_code(tmp_path: Path) -> None:
    folder = tmp_path / "own"

    def balu(*words: str) -> tuple[int, Any]:
        line = [sys.executable, "-m", "balu", *words, "--json", "--data-dir", str(folder)]
        done = subprocess.run(line, capture_output=True, text=True, check=False)
        return done.returncode, json.loads(done.stdout)

    with running_server(folder):
        pass
    code, report = balu("fsck", "--read-only")
    assert (code, report["total"], report["volumes"]) == (0, 0, 1), report
    root = folder / "volumes/main"
    unknown = root / ".balu/trash/0123"
    unknown.mkdir()
    (unknown / "item").write_bytes(b"x")
    code, report = balu("fsck", "--read-only")
    assert (code, [one["invariant"] for one in report["findings"]]) == (1, ["I7"]), report
    line = [sys.executable, "-m", "balu", "fsck", "--quick", "--data-dir", str(folder)]
    told = subprocess.run(line, capture_output=True, text=True, check=False).stdout
    assert "{" not in told, told
    assert {"invariant", "I7", "volume", "main"} <= set(told.split()), told
    (root / ".balu/volume").rename(root / ".balu/away")
    code, report = balu("fsck", "--quick")
    assert (code, report["offline"]) == (4, ["main"]), report
