"""Attacks on paths, at every door by which bytes come in or go out; numbers are those of the threat table."""

import asyncio
import base64
import hashlib
import itertools
import json
import os
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from balu.kernel.unit import Env
from balu.storage.files.recover import Recovery
from balu.storage.trash.recover import TrashRecovery
from balu_core import blake3_hex
from tests.storage.conftest import Place

RACES = int(os.environ.get("BALU_RACES", "100"))
LONGEST = int(os.environ.get("BALU_ATOMS", "3"))
TUS = {"tus-resumable": "1.0.0"}
Door = Callable[[httpx.AsyncClient, str, bytes], Awaitable[int]]


async def content(client: httpx.AsyncClient, path: str, body: bytes) -> int:
    where = f"/api/files/content/{quote(path, safe='/')}?parents=1"
    return (await client.put(where, content=body)).status_code


async def form(client: httpx.AsyncClient, path: str, body: bytes) -> int:
    folder, _, name = path.rpartition("/")
    files = [("path", (None, folder.encode())), ("file", (name or "x", body))]
    return (await client.post("/api/files/upload", files=files)).status_code


async def batch(client: httpx.AsyncClient, path: str, body: bytes) -> int:
    line = json.dumps([{"path": path, "size": len(body)}]).encode()
    kind = {"content-type": "application/vnd.balu.batch"}
    answer = await client.post("/api/uploads/batch", content=line + b"\n" + body, headers=kind)
    return int(answer.json()[0]["status"]) if answer.status_code == 200 else answer.status_code


async def tus(client: httpx.AsyncClient, path: str, body: bytes) -> int:
    folder, _, name = path.rpartition("/")
    pairs = {"path": folder, "filename": name}
    said = ",".join(f"{key} {base64.b64encode(text.encode()).decode()}" for key, text in pairs.items())
    headers = {**TUS, "upload-length": str(len(body)), "upload-metadata": said}
    headers["content-type"] = "application/offset+octet-stream"
    return (await client.post("/api/uploads", headers=headers, content=body)).status_code


async def trio(client: httpx.AsyncClient, path: str, body: bytes) -> int:
    folder, _, name = path.rpartition("/")
    base = "/api/files/upload/chunked"
    wanted = {"filename": name, "total_size": len(body), "target_path": folder}
    begun = await client.post(f"{base}/init", json=wanted)
    if begun.status_code != 200:
        return begun.status_code
    where = f"{base}/{begun.json()['upload_id']}"
    await client.post(f"{where}/chunk", params={"chunk_index": 0}, content=body)
    return (await client.post(f"{where}/complete")).status_code


async def single(client: httpx.AsyncClient, path: str, body: bytes) -> int:
    folder, _, name = path.rpartition("/")
    query: dict[str, Any] = {
        "upload_id": os.urandom(8).hex(), "chunk_index": 0, "total_size": len(body), "filename": name,
        "path": folder,
    }  # fmt: skip
    return (await client.post("/api/files/upload/chunk", params=query, content=body)).status_code


async def sync(client: httpx.AsyncClient, path: str, body: bytes) -> int:
    wanted = {"file_path": path, "file_name": path.rpartition("/")[2], "total_size": len(body)}
    begun = await client.post("/api/sync/upload/start", json=wanted)
    if begun.status_code != 200:
        return begun.status_code
    where = f"/api/sync/upload/{begun.json()['upload_id']}/chunk/0"
    digest = {"chunk_hash": hashlib.sha256(body).hexdigest()}
    return (await client.post(where, params=digest, files={"chunk_file": ("c", body)})).status_code


async def manifest(client: httpx.AsyncClient, path: str, body: bytes) -> int:
    wanted = {"path": path, "size": len(body), "chunks": [[len(body), blake3_hex(body)]]}
    begun = await client.post("/api/uploads/manifest", json=wanted)
    if begun.status_code != 201:
        return begun.status_code
    where = begun.headers["location"]
    await client.put(f"{where}/chunks/0", content=body)
    return (await client.post(f"{where}/commit")).status_code


DOORS: list[Door] = [content, form, batch, tus, trio, single, sync, manifest]
every_door = pytest.mark.parametrize("door", DOORS, ids=[door.__name__ for door in DOORS])


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A folder beside the volume with something in it, which has to stay as it is."""
    folder = tmp_path / "outside"
    folder.mkdir()
    for name in ("secret", "a.bin", "f0", "f1"):
        (folder / name).write_bytes(b"precious")
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@every_door
async def test_s01_one_path_means_one_place_at_every_door(
    client: httpx.AsyncClient, place: Place, door: Door
) -> None:
    await client.put("/api/files/content/s1/first?parents=1", content=b"makes the folder")
    for path in ("s1/a.bin", "s1/ä b%2f+.bin", "s1/\uff21.bin", "s1/a..bin", "s1/…"):
        assert await door(client, path, path.encode()) in {200, 201}, path
        assert (place.home / path).read_bytes() == path.encode()
        shown = await client.get(f"/api/files/download/{quote(path, safe='/')}")
        assert shown.content == path.encode()


@every_door
async def test_s03_dots_lead_nowhere(
    client: httpx.AsyncClient, place: Place, outside: Path, door: Door
) -> None:
    before = contents(outside)
    for path in (
        "../evil.bin", "../ben/evil.bin", "a/../../evil.bin", "../../../../outside/evil.bin", "..", ".",
        "a/..", "./../evil.bin", ".balu/../../evil.bin", str(outside / "evil.bin"), "",
    ):  # fmt: skip
        status = await door(client, path, b"evil")
        assert status in {200, 201, 400, 404, 405, 409, 422}, (path, status)
    evil = list(place.root.parent.parent.parent.rglob("evil.bin"))
    assert all(found.is_relative_to(place.home) for found in evil), evil
    assert contents(outside) == before


async def test_s03_no_encoding_of_dots_escapes(
    client: httpx.AsyncClient, place: Place, outside: Path
) -> None:
    (place.root / "ben").mkdir(exist_ok=True)
    (place.root / "ben" / "secret").write_bytes(b"precious")
    atoms = ("%", "25", "2e", "2f", ".", "/")
    tried = 0
    for length in range(1, LONGEST + 1):
        for parts in itertools.product(atoms, repeat=length):
            for base in ("/api/files/download/", "/"):
                url = f"{base}{''.join(parts)}/ben/secret"
                answer = await client.get(httpx.URL("http://localhost").copy_with(raw_path=url.encode()))
                assert b"precious" not in answer.content, url
                assert answer.status_code in {200, 400, 404, 409, 422, 307, 308}, (url, answer.status_code)
                tried += 1
    assert tried >= 500


@every_door
async def test_s06_links_on_the_way_are_refused(
    client: httpx.AsyncClient, place: Place, outside: Path, door: Door
) -> None:
    before = contents(outside)
    await client.put("/api/files/content/deep/er/first?parents=1", content=b"makes the home")
    (place.home / "link").symlink_to(outside)
    (place.home / "deep/er/link").symlink_to(outside)
    (place.home / "inner").symlink_to(place.home / "deep")
    for path in ("link/a.bin", "link/new.bin", "deep/er/link/a.bin", "link/sub/new.bin", "inner/er/a.bin"):
        assert await door(client, path, b"evil") in {400, 403, 404, 409, 422}, path
        assert (await client.get(f"/api/files/download/{path}")).status_code in {400, 403, 404, 409}
    assert contents(outside) == before
    assert place.private("staging") == [] or door not in {content, form, batch}, "others may be sent again"


@every_door
async def test_s07_a_dangling_link_is_not_written_through(
    client: httpx.AsyncClient, place: Place, outside: Path, door: Door
) -> None:
    await client.put("/api/files/content/first", content=b"makes the home")
    (place.home / "dangling.bin").symlink_to(outside / "target.bin")
    assert await door(client, "dangling.bin", b"evil") in {400, 403, 404, 409, 422}
    assert not (outside / "target.bin").exists()
    assert (place.home / "dangling.bin").is_symlink()


@every_door
async def test_s69_names_with_nul_or_line_breaks_are_refused(
    client: httpx.AsyncClient, place: Place, door: Door
) -> None:
    status = await door(client, "a\0b.bin", b"evil")
    assert status in {400, 404, 422} or place.below() == {"a%00b.bin"}, "a form writes %00 by itself"


@every_door
async def test_the_volume_s_own_folder_is_out_of_reach(
    client: httpx.AsyncClient, place: Place, door: Door
) -> None:
    before = sorted(path.name for path in (place.root / ".balu").iterdir())
    for path in ("../.balu/volume", "../.balu/staging/x", ".BALU/../../.balu/volume"):
        assert await door(client, path, b"evil") in {200, 201, 400, 404, 405, 409, 422}, path
    assert sorted(path.name for path in (place.root / ".balu").iterdir()) == before
    assert b"evil" not in (place.root / ".balu" / "volume").read_bytes()


@asynccontextmanager
async def swapping(folder: Path, outside: Path) -> AsyncGenerator[None, None]:
    """A thread that puts a link to *outside* in the place of *folder*, and the folder back, all the time."""
    stop, aside, link = threading.Event(), folder.with_name("aside"), folder.with_name("swap")

    def swap() -> None:
        while not stop.is_set():
            link.symlink_to(outside)
            folder.rename(aside)
            link.rename(folder)
            folder.unlink()
            aside.rename(folder)

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        await asyncio.to_thread(thread.join)


async def test_s08_whoever_cleans_up_follows_no_link(
    client: httpx.AsyncClient, env: Env, place: Place, outside: Path
) -> None:
    await client.put("/api/files/content/d/f0?parents=1", content=b"mine")
    before = contents(outside)
    wrong = {"repr-digest": f"blake3=:{base64.b64encode(bytes(32)).decode()}:"}

    async def fail(number: int) -> None:
        name = f"d/f{number % 4}"
        if number % 3 == 0:
            await client.put(f"/api/files/content/{name}", content=b"evil" * 9, headers=wrong)
        elif number % 3 == 1:
            said = {**TUS, "upload-length": "9", "upload-metadata": f"filename {_b64('f0')},path {_b64('d')}"}
            made = await client.post("/api/uploads", headers=said)
            if made.status_code == 201:
                await client.delete(made.headers["location"], headers=TUS)
        else:
            await client.delete(f"/api/files/{name}")
            await client.put(f"/api/files/content/{name}", content=b"new")

    async with swapping(place.home / "d", outside):
        for start in range(0, RACES, 5):
            await asyncio.gather(*(fail(start + number) for number in range(5)))
    # What the swap interrupted between two steps is settled by recovery, as every minute.
    await Recovery(env).run()
    await TrashRecovery(env).run()
    assert contents(outside) == before, "nothing outside was written or removed"
    assert place.private("staging") == []


@pytest.mark.parametrize("method", ["HEAD", "PATCH", "DELETE", "GET"])
@pytest.mark.parametrize("who", ["ben", "", "root"])
async def test_s52_an_upload_is_its_owner_s_alone(client: httpx.AsyncClient, method: str, who: str) -> None:
    said = {**TUS, "upload-length": "3", "upload-metadata": f"filename {_b64('a')}"}
    where = (await client.post("/api/uploads", headers=said)).headers["location"]
    headers = {**TUS, "x-test-user": who, "upload-offset": "0"}
    headers["content-type"] = "application/offset+octet-stream"
    answer = await client.request(
        method, where, headers=headers, content=b"" if method != "PATCH" else b"abc"
    )
    assert answer.status_code == (404 if who else 401)
    assert (await client.head(where, headers=TUS)).headers["upload-offset"] == "0"


def _b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
