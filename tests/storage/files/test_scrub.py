import os
from typing import Any

import httpx
import pytest

from balu.kernel.unit import Env
from balu.storage.files.errors import BitRotError
from balu.storage.files.jobs import verify
from balu.storage.files.scrub import Scrub


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
    with pytest.raises(BitRotError, match="anna/rotten"):
        await verify.run(env, repair="no")


async def test_what_is_gone_is_no_rot(env: Env, stored: Any) -> None:
    (stored / "good").unlink()
    found = await Scrub(env).run()
    assert (found.unread, found.rotten) == (1, [])


async def test_thirty_days_read_every_file_once(env: Env, stored: Any) -> None:
    scrub = Scrub(env)
    assert sum([(await scrub.run(slice_=day)).checked for day in range(30)]) == 3
