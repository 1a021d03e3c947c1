import io
import os
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import httpx
import pytest
import zstandard

from balu.storage.files.archive import Item, escaped, walked
from balu.storage.files.service import FileService


async def get(client: httpx.AsyncClient, *paths: str, kind: str = "zip", **more: Any) -> httpx.Response:
    params: list[tuple[str, str | int | float | bool | None]] = [("path", path) for path in paths]
    return await client.get("/api/files/archive", params=[*params, ("format", kind)], **more)


def plant(home: Path) -> dict[str, bytes]:
    tree = {f"a/{n}.bin": bytes([n]) * n * 1000 for n in range(40)}
    tree |= {"a/b/c.txt": b"deep", "d.txt": b"top", "a/large": os.urandom(3_000_000), "a/ü ß.txt": b"odd"}
    for path, content in tree.items():
        (home / path).parent.mkdir(parents=True, exist_ok=True)
        (home / path).write_bytes(content)
    (home / "a/empty").mkdir()
    (home / "a/link").symlink_to("/etc/passwd")
    return tree


@pytest.fixture
async def tree(client: httpx.AsyncClient, place: Any) -> dict[str, bytes]:
    await client.get("/api/files/list")
    return plant(place.home)


async def test_what_is_removed_meanwhile_hides_nothing_else(files: FileService, place: Any) -> None:
    found = await files.find("", None)
    names = [f"{number:04}" for number in range(1200)]
    (place.home / "d").mkdir()
    for name in names:
        (place.home / "d" / name).touch()
    core, top = found.spot.home.core, "anna/d"
    seen = []
    for item in walked([Item(core, top, "d", core.stat(top))]):
        seen.append(item.name)
        if item.name == "d/0500":
            for name in names[:400]:
                (place.home / "d" / name).unlink()
    assert seen == ["d", *(f"d/{name}" for name in names)]


async def test_a_zip_holds_every_file_and_no_link(client: httpx.AsyncClient, tree: dict[str, bytes]) -> None:
    answer = await get(client, "a", "d.txt")
    assert answer.headers["content-type"] == "application/zip"
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert archive.testzip() is None
    files = {info.filename: archive.read(info) for info in archive.infolist() if not info.is_dir()}
    assert files == tree
    assert "a/empty/" in archive.namelist()
    assert all(info.compress_type == zipfile.ZIP_STORED for info in archive.infolist())


async def test_a_tar_holds_the_same(client: httpx.AsyncClient, tree: dict[str, bytes]) -> None:
    answer = await get(client, "a", "d.txt", kind="tar.zst")
    plain = zstandard.ZstdDecompressor().decompressobj().decompress(answer.content)
    with tarfile.open(fileobj=io.BytesIO(plain)) as archive:
        found = {info.name: archive.extractfile(info) for info in archive.getmembers() if info.isfile()}
        assert {name: file.read() if file else b"" for name, file in found.items()} == tree


async def test_the_home_and_names_that_clash(client: httpx.AsyncClient, tree: dict[str, bytes]) -> None:
    whole = zipfile.ZipFile(io.BytesIO((await get(client, "")).content))
    assert set(tree) <= set(whole.namelist())
    await client.put("/api/files/content/x/d.txt", content=b"other", params={"parents": "1"})
    both = zipfile.ZipFile(io.BytesIO((await get(client, "d.txt", "x/d.txt")).content))
    assert {name: both.read(name) for name in both.namelist()} == {"d.txt": b"top", "d (2).txt": b"other"}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("a\\..\\b", "a_.._b", id="backslash"),
        pytest.param("C:evil", "C_evil", id="drive"),
        pytest.param("new\nline", "new_line", id="line-break"),
        pytest.param("a/../b", "a/_/b", id="dots"),
        pytest.param("a/.hidden", "a/.hidden", id="hidden"),
    ],
)
def test_names_in_a_zip_stay_inside(name: str, expected: str) -> None:
    assert escaped(name) == expected


async def test_each_item_is_checked(client: httpx.AsyncClient, tree: dict[str, bytes]) -> None:
    assert (await get(client, "d.txt", "../ben")).status_code == 400
    assert (await get(client, "d.txt", "missing")).status_code == 404
    assert (await get(client)).status_code == 422
    assert (await get(client, "d.txt", kind="rar")).status_code == 422
    assert (await get(client, "a", headers={"x-test-user": "ben"})).status_code == 404
    assert (await get(client, "a", headers={"x-test-user": "nobody"})).status_code == 401


async def test_the_address_of_an_archive_is_told_for_what_is_there(
    client: httpx.AsyncClient, tree: dict[str, bytes]
) -> None:
    made = await client.post("/api/files/archive", json={"paths": ["a", "d.txt"]})
    assert made.status_code == 201, made.text
    packed = await client.get(made.json()["url"])
    names = set(zipfile.ZipFile(io.BytesIO(packed.content)).namelist())
    assert set(tree) - {"a/link"} <= names
    missing = await client.post("/api/files/archive", json={"paths": ["a", "gone.txt"]})
    assert (missing.status_code, missing.json()["code"]) == (404, "not-found")
    none = await client.post("/api/files/archive", json={"paths": []})
    assert none.status_code == 422
    many = await client.post("/api/files/archive", json={"paths": ["d.txt"] * 999 + ["a"]})
    assert (many.status_code, many.json()["code"]) == (413, "too-large")
