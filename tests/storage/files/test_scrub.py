import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from balu.kernel.testing import running_server
from balu.kernel.unit import Env
from balu.storage.files.scrub import Scrub
from tests.conformance.test_tus import sign_in


@pytest.fixture
async def stored(client: httpx.AsyncClient, place: Any) -> Any:
    for name in ("good", "rotten", "edited"):
        await client.put(f"/api/files/content/{name}", content=name.encode())
    return place.home


async def test_sound_files_are_sound(env: Env, stored: Any) -> None:
    found = await Scrub(env).run()
    assert (found.checked, found.bytes, found.rehashed, found.rotten) == (3, 16, 0, [])


async def test_rot_is_named_and_an_edit_is_none(env: Env, client: httpx.AsyncClient, stored: Any) -> None:
    before = (stored / "rotten").stat()
    with (stored / "rotten").open("r+b") as file:
        file.write(b"X")
    os.utime(stored / "rotten", ns=(before.st_atime_ns, before.st_mtime_ns))
    (stored / "edited").write_bytes(b"by hand")
    found = await Scrub(env).run()
    assert found.rotten == ["anna/rotten"]
    assert found.rehashed == 1
    (entry,) = [
        item for item in (await client.get("/api/files/list")).json()["files"] if item["name"] == "edited"
    ]
    assert entry["blake3"] is not None


async def test_what_is_gone_is_no_rot(env: Env, stored: Any) -> None:
    (stored / "good").unlink()
    found = await Scrub(env).run()
    assert (found.unread, found.rotten) == (1, [])


async def test_thirty_days_read_every_file_once(env: Env, stored: Any) -> None:
    scrub = Scrub(env)
    assert sum([(await scrub.run(slice_=day)).checked for day in range(30)]) == 3


def test_verify_prints_its_report_whatever_it_finds(tmp_path: Path) -> None:
    folder = tmp_path / "own"
    rotten = "a folder with a rather long name/" + "x" * 120

    def verify(*words: str) -> "subprocess.CompletedProcess[str]":
        line = [sys.executable, "-m", "balu", "verify", *words, "--data-dir", str(folder)]
        return subprocess.run(line, capture_output=True, text=True, check=False)

    with running_server(folder) as server:
        headers = sign_in(server)
        for name in ("good", rotten):
            url = f"/api/files/content/{name}?parents=1"
            assert server.client.put(url, content=b"bytes", headers=headers).status_code == 201
    sound = verify("--json")
    assert (sound.returncode, json.loads(sound.stdout)["checked"]) == (0, 2), sound.stderr
    path = folder / "volumes/main/anna" / rotten
    before = path.stat()
    with path.open("r+b") as file:
        file.write(b"X")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    found = verify("--json")
    report = json.loads(found.stdout)
    assert (found.returncode, report["checked"], report["rotten"]) == (1, 2, [f"anna/{rotten}"])
    plain = verify()
    assert (plain.returncode, "1 files have other bytes" in plain.stderr) == (1, True)
    assert f"anna/{rotten}".replace(" ", "") in "".join(plain.stdout.split())
