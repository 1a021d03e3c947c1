"""Runs inside forked children: a vault whose lock changes with a fault at one step, and what is left."""

import asyncio
import json
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from balu.kernel.env import open_env
from balu.kernel.jobs.models import QUEUED, JobRow
from balu.kernel.jobs.run import work
from balu.kernel.jobs.tick import recover_lost
from balu.kernel.testing import make_config
from balu.kernel.unit import Env, open_unit
from balu.storage.files.scan import scan_volume
from balu.storage.vaults import record as records
from balu.storage.vaults.models import VaultRow
from balu.storage.vaults.rotation import rotate_vault
from tests.core.vault_reader import VaultReader
from tests.storage.conftest import ALL, add_people
from tests.torture.harness.steps import NEW, OLD, Client, Faults, opened, settled

PASSPHRASE = "correct horse battery"
FILES = {"one": OLD, "deep/two": NEW, "deep/three": b""}
MAGIC = b"baluvlt\x01"


def locks(root: Path) -> dict[str, tuple[int, int, int]]:
    """Lock, inode and time of every encrypted file, wherever it lies."""
    found = {}
    for path in root.rglob("*"):
        head = path.read_bytes()[:44] if path.is_file() else b""
        if head.startswith(MAGIC):
            stat = path.stat()
            place = str(path.relative_to(root))
            found[place] = (int.from_bytes(head[40:44], "big"), stat.st_ino, stat.st_mtime_ns)
    return found


async def _populate(client: Client) -> None:
    made = await client.post("/api/vaults", json={"name": "Papers", "passphrase": PASSPHRASE})
    assert made.status_code == 201, made.text
    for body in (b"former", None):
        for path, data in FILES.items():
            put = f"/api/files/content/Papers.vault/{path}?parents=1"
            assert (await client.put(put, content=body or data)).is_success
    put = "/api/files/content/Papers.vault/gone"
    assert (await client.put(put, content=b"gone")).is_success
    assert (await client.delete("/api/files/Papers.vault/gone")).is_success


async def _rotate(env: Env, client: Client) -> str:
    """How far it came: the status of the answer, or of the job."""
    asked = await client.post("/api/vaults/1/rotate")
    if asked.status_code != 202:
        return str(asked.status_code)
    job_id = asked.json()["job_id"]
    await work(env, job_id)
    return str((await client.get(f"/api/jobs/{job_id}")).json()["status"])


def operate(folder: str, name: str, wanted: str = "", met: str = "") -> str:
    """Make a vault and change its lock with faults."""

    async def work_through() -> str:
        assert name == "rotate"
        faults, place = Faults(), Path(folder)
        async with open_env(make_config(place, ALL), ALL) as env:
            await add_people(env)
        async with opened(place) as (env, client):
            await _populate(client)
            (place / "before").write_text(json.dumps(locks(place / "volumes" / "main")))
            faults.begin(wanted, Path(met) if met else None)
            try:
                return await _rotate(env, client)
            except Exception as error:  # noqa: BLE001  a job worker would have written it into its log
                return type(error).__name__
            finally:
                faults.end()

    return asyncio.run(work_through())


def recover(folder: str, name: str = "") -> dict[str, Any]:
    """Start again, read everything with the key file alone, go on with the rotation, and read it again."""

    async def work_through() -> dict[str, Any]:
        place = Path(folder)
        async with opened(place, timedelta(hours=2)) as (env, client):
            first = await _look(env, place)
            unlocked = await client.post("/api/vaults/1/unlock", json={"passphrase": PASSPHRASE})
            assert unlocked.status_code == 200, unlocked.text
            etags = await _etags(client)
            await _go_on(env)
            status = await _rotate(env, client)
            assert await _etags(client) == etags
            return {"name": name, "first": first, "status": status, "second": await _look(env, place)}

    return asyncio.run(work_through())


async def _go_on(env: Env) -> None:
    """What a worker does with the runs of one that was lost."""
    await recover_lost(env)
    async with open_unit(env, writes=False) as unit:
        waiting = select(JobRow.id).where(JobRow.kind == rotate_vault.name, JobRow.state == QUEUED)
        ids = (await unit.session.scalars(waiting.order_by(JobRow.id))).all()
    for job_id in ids:
        await work(env, job_id)


async def _etags(client: Client) -> dict[str, str]:
    found = {}
    for path, data in FILES.items():
        got = await client.get(f"/api/files/download/Papers.vault/{path}")
        assert got.content == data, path
        former = await client.get(f"/api/files/download/Papers.vault/{path}?version=1")
        assert former.content == b"former", path
        found[path] = got.headers["etag"]
    return found


async def _look(env: Env, place: Path) -> dict[str, Any]:
    root = place / "volumes" / "main"
    before = {path: tuple(was) for path, was in json.loads((place / "before").read_text()).items()}
    now = locks(root)
    wrong = [f"{path}: {was} is {now.get(path)}" for path, was in before.items() if was[1:] != now[path][1:]]
    async with open_unit(env, writes=False) as unit:
        row = (await unit.session.scalars(select(VaultRow))).one()
    keyfile = (root / ".balu" / "vaults" / f"{row.uid}.keys").read_bytes()
    secrets = records.open_with_passphrase(records.decode(keyfile), PASSPHRASE)
    reader = VaultReader(secrets.root, keyfile)
    if (there := reader.tree(root / "anna" / "Papers.vault")) != FILES:
        wrong.append(f"contents: {sorted(there)}")
    wrong += [f"not in the key file: {path}" for path, was in now.items() if was[0] > len(secrets.keks)]
    if changed := (await scan_volume(env, None)).changed:
        wrong.append(f"{changed} files look as if somebody had changed them")
    seen = asdict(await settled(env))
    return {"wrong": [*wrong, *seen["wrong"]], "locks": sorted(was[0] for was in now.values())}
