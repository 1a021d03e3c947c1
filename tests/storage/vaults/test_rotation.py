"""A new lock for the keys of files: all headers change and nothing else, and all can be read all the time."""

import base64
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import delete, select, update

from balu.kernel.jobs.run import work
from balu.kernel.testing import FakeClock
from balu.kernel.unit import Env, open_unit
from balu.storage.files import INO_MASK, FileRow, FileRows, IntentRow, JournalRow
from balu.storage.files.fsck import Fsck
from balu.storage.files.scan import scan_volume
from balu.storage.files.scrub import Scrub
from balu.storage.files.seals import Seals
from balu.storage.files.upkeep import Upkeep
from balu.storage.vaults import record as records
from balu.storage.vaults.models import VaultRow
from balu.storage.vaults.opened import OpenVaults
from balu.storage.vaults.rewrap import HeaderPlan, Rewrapper, recover_headers
from balu.storage.vaults.rotation import Rotated, Rotation, erase_former
from balu.storage.vaults.sweep import Sealed, Sweep
from balu.storage.volumes import Volumes
from balu_core import Volume
from tests.storage.vaults.conftest import BODY, SECRET, Vault
from tests.storage.vaults.test_vault import metadata

TUS = {"Tus-Resumable": "1.0.0"}
PART = {**TUS, "Content-Type": "application/offset+octet-stream"}


def headers(vault: Vault) -> dict[Path, int]:
    """Which lock every encrypted file of the volume has, wherever it lies."""
    found = {}
    for path in vault.place.root.rglob("*"):
        head = path.read_bytes()[:44] if path.is_file() else b""
        if head.startswith(b"baluvlt\x01"):
            found[path] = int.from_bytes(head[40:44], "big")
    return found


def facts(paths: Mapping[Path, int]) -> dict[Path, tuple[int, int, int, bytes]]:
    """What must stay: inode, size, time, and every byte after the header."""
    return {
        path: (stat.st_ino, stat.st_size, stat.st_mtime_ns, path.read_bytes()[4096:])
        for path, stat in ((path, path.stat()) for path in paths)
    }


async def ask(vault: Vault) -> int:
    answer = await vault.client.post(f"{vault.url}/rotate")
    assert answer.status_code == 202, answer.text
    return int(answer.json()["job_id"])


async def rotate(vault: Vault, env: Env) -> dict[str, Any]:
    """Ask for a new lock and see the job through; how it ended."""
    job_id = await ask(vault)
    await work(env, job_id)
    job: dict[str, Any] = (await vault.client.get(f"/api/jobs/{job_id}")).json()
    return job


async def seen(vault: Vault) -> dict[str, Any]:
    (one,) = (await vault.client.get("/api/vaults")).json()
    return {"key_version": one["key_version"], "rotating": one["rotating"]}


async def row_of(env: Env) -> VaultRow:
    async with open_unit(env, writes=False) as unit:
        return (await unit.session.scalars(select(VaultRow))).one()


async def begun(vault: Vault, env: Env, name: str) -> tuple[Volume, Rewrapper, Sealed, HeaderPlan]:
    """One file whose next header is written down, and on the disk not yet."""
    await ask(vault)
    row, opened = await row_of(env), env.part(Seals)
    assert isinstance(opened, OpenVaults)
    keys = await opened.keys(row.uid, row.owner_id)
    assert keys is not None
    core = (await env.part(Volumes).get(row.volume_id)).core
    rewrapper = Rewrapper(env, row, core, keys)
    disk = "anna/Papers.vault/" + "/".join(keys.seal_name(part) for part in name.split("/"))
    entry, header, known = core.header("files", disk)
    assert known is not None
    file = Sealed("files", disk, entry, header, known[1])
    await rewrapper.plan([file])
    async with open_unit(env, writes=False) as unit:
        (intent,) = (await unit.session.scalars(select(IntentRow))).all()
    return core, rewrapper, file, msgspec.convert(intent.plan, HeaderPlan)


async def filled(vault: Vault) -> tuple[dict[str, str], str]:
    """Seven files in every place a file can be; ETags by name, and an upload that is half way."""
    client, etags = vault.client, dict[str, str]()
    former = await vault.put("versions.txt", b"former")
    for name, body in ((SECRET, BODY), ("deep/er/empty", b""), ("versions.txt", b"now")):
        etags[name] = (await vault.put(name, body)).headers["etag"]
    etags["versions.txt?version=1"] = former.headers["etag"]
    for name in ("gone.txt", "tree/gone.txt"):
        await vault.put(name, name.encode())
    for path in ("gone.txt", "tree"):
        assert (await client.delete(f"/api/files/Papers.vault/{path}")).is_success
    create = {**TUS, "Upload-Length": str(len(BODY)), "Upload-Metadata": metadata("later.bin")}
    upload = (await client.post("/api/uploads", headers=create)).headers["location"]
    sent = await client.patch(upload, content=BODY[:50_000], headers={**PART, "Upload-Offset": "0"})
    assert sent.status_code == 204
    return etags, upload


async def test_every_header_changes_and_nothing_else(vault: Vault, env: Env) -> None:
    client = vault.client
    etags, upload = await filled(vault)
    await Upkeep(env).rehash(seconds=60)
    async with open_unit(env, writes=False) as unit:
        changes = (await unit.session.scalars(select(JournalRow.id))).all()
    listed = (await client.get("/api/files/list", params={"path": "Papers.vault"})).json()
    before = headers(vault)
    assert (len(before), set(before.values())) == (7, {1})
    kept = facts(before)

    job_id = await ask(vault)
    assert await seen(vault) == {"key_version": 2, "rotating": True}
    await vault.put("new.txt", b"new")
    assert sorted(headers(vault).values()) == [1] * 7 + [2]
    await work(env, job_id)

    done = (await client.get(f"/api/jobs/{job_id}")).json()
    assert (done["status"], done["result"]) == ("completed", {"version": 2, "rewrapped": 7}), done
    assert await seen(vault) == {"key_version": 2, "rotating": False}
    assert set(headers(vault).values()) == {2}
    assert facts(before) == kept
    assert (await scan_volume(env, None)).changed == 0
    after = (await client.get("/api/files/list", params={"path": "Papers.vault"})).json()
    assert [item for item in after["files"] if item["name"] != "new.txt"] == listed["files"]
    assert {name: (await vault.get(name)).headers["etag"] for name in etags} == etags
    async with open_unit(env, writes=False) as unit:
        told = (await unit.session.scalars(select(JournalRow.id))).all()
    assert len(told) == len(changes) + 1  # new.txt
    assert (await Scrub(env).run()).rotten == []
    await Upkeep(env).rehash(seconds=60)
    assert (await Scrub(env).run()).rotten == []

    rest = await client.patch(upload, content=BODY[50_000:], headers={**PART, "Upload-Offset": "50000"})
    assert rest.status_code == 204, rest.text
    assert (await vault.get("versions.txt?version=1")).content == b"former"
    for item in (await client.get("/api/trash")).json()["items"]:
        assert (await client.post(f"/api/trash/{item['id']}/restore", json={})).is_success
    assert vault.tree() == {
        SECRET: BODY, "deep/er/empty": b"", "versions.txt": b"now", "new.txt": b"new", "later.bin": BODY,
        "gone.txt": b"gone.txt", "tree/gone.txt": b"tree/gone.txt",
    }  # fmt: skip
    assert (await Fsck(env).run(None)).total == 0


async def test_the_former_lock_is_erased_when_nothing_can_need_it(
    vault: Vault, env: Env, clock: FakeClock
) -> None:
    await vault.put(SECRET)
    assert (await rotate(vault, env))["status"] == "completed"

    def locks() -> list[int]:
        (keyfile,) = (vault.place.root / ".balu" / "vaults").iterdir()
        return [kek.version for kek in records.decode(keyfile.read_bytes()).keks]

    clock.advance(days=6)
    assert (await erase_former(env), locks()) == (0, [1, 2])
    clock.advance(days=2)
    assert (await erase_former(env), locks()) == (1, [2])
    assert [kek.version for kek in records.decode((await row_of(env)).record).keks] == [2]
    assert vault.tree() == {SECRET: BODY}
    await vault.unlock()
    assert (await vault.get(SECRET)).content == BODY
    assert await erase_former(env) == 0
    assert (await rotate(vault, env))["result"] == {"version": 3, "rewrapped": 1}
    assert vault.tree() == {SECRET: BODY}


async def test_a_file_that_needs_the_former_lock_keeps_it(vault: Vault, env: Env, clock: FakeClock) -> None:
    await vault.put(SECRET)
    (path,) = headers(vault)
    shutil.copy(path, vault.place.root / "aside")
    assert (await rotate(vault, env))["status"] == "completed"
    (vault.place.root / "aside").rename(path)  # from a backup, say
    clock.advance(days=8)
    assert await erase_former(env) == 0
    assert await seen(vault) == {"key_version": 2, "rotating": True}
    await vault.unlock()
    assert (await rotate(vault, env))["result"] == {"version": 2, "rewrapped": 1}
    assert await erase_former(env) == 1
    assert vault.tree() == {SECRET: BODY}


async def test_while_locked_nothing_is_rotated_and_what_was_begun_goes_on(vault: Vault, env: Env) -> None:
    await vault.put(SECRET)
    await vault.lock()
    refused = await vault.client.post(f"{vault.url}/rotate")
    assert (refused.status_code, refused.json()["code"]) == (423, "vault-locked")
    await vault.unlock()
    job_id = await ask(vault)
    await vault.lock()
    await work(env, job_id)
    job = (await vault.client.get(f"/api/jobs/{job_id}")).json()
    assert job["status"] == "failed"
    assert "Unlock it and start again" in job["error"]
    assert set(headers(vault).values()) == {1}
    assert await seen(vault) == {"key_version": 2, "rotating": True}
    await vault.unlock()
    assert (await vault.get(SECRET)).content == BODY
    assert (await rotate(vault, env))["result"] == {"version": 2, "rewrapped": 1}
    assert vault.tree() == {SECRET: BODY}


async def test_a_rotation_that_is_cancelled_is_readable_and_goes_on(vault: Vault, env: Env) -> None:
    names = {f"{number}.txt": f"{number}".encode() for number in range(40)}
    for name, body in names.items():
        await vault.put(name, body)
    await ask(vault)

    async def enough(_found: Rotated, _percent: float) -> bool:
        return False

    stopped = await Rotation(env, vault.made["id"]).run(enough)
    assert 0 < stopped.rewrapped < 40
    assert set(headers(vault).values()) == {1, 2}
    assert vault.tree() == names
    assert [(await vault.get(name)).content for name in names] == list(names.values())
    await vault.lock()
    await vault.unlock()
    assert (await rotate(vault, env))["result"] == {"version": 2, "rewrapped": 40 - stopped.rewrapped}
    assert vault.tree() == names


async def test_a_file_that_is_being_sent_is_waited_for_and_then_said(vault: Vault, env: Env) -> None:
    create = {**TUS, "Upload-Length": "100000", "Upload-Metadata": metadata("later.bin")}
    upload = (await vault.client.post("/api/uploads", headers=create)).headers["location"]
    row = await row_of(env)
    core = (await env.part(Volumes).get(row.volume_id)).core
    (staged,) = vault.place.private("staging")
    held = core.part(staged, offset=0, length=16, whole=100_000)  # somebody writes, for as long as we look
    try:
        job = await rotate(vault, env)
    finally:
        held.halt()
        del held
    assert job["status"] == "queued"  # to be tried again
    assert "1 files are being written" in job["error"]
    assert await seen(vault) == {"key_version": 2, "rotating": True}
    assert (await rotate(vault, env))["result"] == {"version": 2, "rewrapped": 1}
    sent = await vault.client.patch(upload, content=BODY, headers={**PART, "Upload-Offset": "0"})
    assert sent.status_code == 204
    assert vault.tree() == {"later.bin": BODY}


@pytest.mark.parametrize("torn", [0, 1, 44, 2048, 4095, 4096])
async def test_a_header_that_was_being_written_is_written_again(vault: Vault, env: Env, torn: int) -> None:
    await vault.put(f"Sub/{SECRET}")
    core, _, file, plan = await begun(vault, env, f"Sub/{SECRET}")
    path, header = vault.place.root / file.name, base64.b64decode(plan.header)
    with path.open("r+b") as raw:  # as far as the disk had come when the power went
        raw.write(header[:torn])
    if torn == 2048:  # whoever renames the folder before anybody looks
        rename = {"old_path": "Papers.vault/Sub", "new_name": "Other"}
        assert (await vault.client.put("/api/files/rename", json=rename)).status_code == 200
    async with open_unit(env) as unit:
        long_ago = unit.now().replace(year=2000)
        await unit.session.execute(update(IntentRow).values(worker="gone/0/1/1", lease_until=long_ago))
    assert await recover_headers(env) == 1
    async with open_unit(env, writes=False) as unit:
        assert (await unit.session.scalars(select(IntentRow))).all() == []
    (found,) = headers(vault)
    assert (found.read_bytes()[:4096], found.stat().st_mtime_ns) == (header, plan.mtime_ns)
    assert found.stat().st_ino == file.entry.ino == plan.ino
    (body,) = vault.tree().values()
    assert body == BODY
    assert (await scan_volume(env, None)).changed == 0
    again = str(found.relative_to(vault.place.root))
    core.put_header("files", again, header, ino=plan.ino, mtime_ns=plan.mtime_ns)


async def test_recovery_writes_into_no_other_file(vault: Vault, env: Env) -> None:
    await vault.put(SECRET)
    _, _, file, plan = await begun(vault, env, SECRET)
    path = vault.place.root / file.name
    other = path.with_name("other")
    other.write_bytes(b"something else" * 1000)
    other.rename(path)
    async with open_unit(env) as unit:
        long_ago = unit.now().replace(year=2000)
        await unit.session.execute(update(IntentRow).values(worker="gone/0/1/1", lease_until=long_ago))
    assert await recover_headers(env) == 1
    assert path.read_bytes() == b"something else" * 1000
    assert plan.ino == file.entry.ino


async def test_the_moment_in_which_a_header_is_written_is_no_change_of_the_file(
    vault: Vault, env: Env
) -> None:
    etag = (await vault.put(SECRET)).headers["etag"]
    core, _, file, plan = await begun(vault, env, SECRET)
    path = vault.place.root / file.name
    os.utime(path, ns=(0, plan.mtime_ns + 10**9))  # what the write does, before the time is put back
    passing = core.stat(file.name)
    for _ in range(2):
        assert (await vault.get(SECRET)).headers["etag"] == etag
        (item,) = (await vault.client.get("/api/files/list", params={"path": "Papers.vault"})).json()["files"]
        assert item["etag"] == etag
    await scan_volume(env, None)
    os.utime(path, ns=(0, plan.mtime_ns))
    async with open_unit(env) as unit:
        await unit.session.execute(delete(IntentRow))
    async with open_unit(env, writes=False) as unit:
        query = select(FileRow).where(FileRow.ino == plan.ino & INO_MASK)
        row = (await unit.session.scalars(query)).one()
    assert row.etag == etag
    assert row.parent_id is not None
    async with open_unit(env) as unit:  # somebody who saw that moment, and is late
        adopted = await FileRows(unit).adopt(row.volume_id, row.owner_id, row.parent_id, [passing])
        assert adopted[row.name].etag == etag
    os.utime(path, ns=(0, plan.mtime_ns + 10**9))  # and this lasts
    assert (await vault.get(SECRET)).headers["etag"] != etag


async def test_other_people_rotate_nothing(vault: Vault) -> None:
    answer = await vault.client.post(f"{vault.url}/rotate", headers={"x-test-user": "ben"})
    assert answer.status_code == 404
    assert await seen(vault) == {"key_version": 1, "rotating": False}


async def test_a_sweep_meets_every_file_of_its_vault_and_no_other(vault: Vault, env: Env) -> None:
    made = await vault.client.post(
        "/api/vaults", json={"name": "Other", "passphrase": "correct horse battery"}
    )
    assert made.status_code == 201
    for folder in ("Papers.vault", "Other.vault"):
        for name in ("one", "two/three"):
            put = f"/api/files/content/{folder}/{name}?parents=1"
            assert (await vault.client.put(put, content=b"x")).status_code == 201
    await vault.client.delete(vault.url)  # in the trash as a whole
    async with open_unit(env, writes=False) as unit:
        rows = (await unit.session.scalars(select(VaultRow).order_by(VaultRow.id))).all()
    for row, store in zip(rows, ("trash", "files"), strict=True):
        sweep, found = Sweep(env, row), list[str]()
        async for files, _ in sweep.files():
            found += [file.store for file in files]
            sweep.seen |= {file.entry.ino for file in files}
        assert (found, sweep.unread) == ([store, store], 0)
