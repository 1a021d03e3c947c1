"""Listings: written by the native half, item for item what the rest of the API says."""

import os
from typing import Any

import httpx
import pytest

NAMES = (
    b"plain.txt", b"no suffix", b"UPPER.JPG", b"archive.tar.gz", b"r\xc3\xa4tsel \xe2\x98\x83.mp4",
    b'quote".md', b"back\\slash", b"tab\there.csv", b"bell\x07", b"100%.txt", b"raw \xff\xfe%.bin",
    b"cut \xe2\x98.png", b".hidden",
)  # fmt: skip
TIMES_NS = (
    0,
    -1,
    1_600_000_000_123_456_789,
    1_700_000_000_000_000_999,
    -2_000_000_000_500_000_000,
    951_782_400 * 10**9,
)


@pytest.mark.parametrize("path", ["", "fold ü%er"])
async def test_a_listing_says_of_each_item_what_asking_for_it_says(
    client: httpx.AsyncClient, place: Any, path: str
) -> None:
    await client.post("/api/files/folder", json={"path": "", "name": "fold ü%er"})
    folder = place.home / path
    for index, name in enumerate(NAMES):
        file = folder / os.fsdecode(name)
        file.write_bytes(b"x" * index)
        os.utime(file, ns=(0, TIMES_NS[index % len(TIMES_NS)]))
    (folder / "sub.dir").mkdir()
    (folder / "link.txt").symlink_to("plain.txt")
    os.mkfifo(folder / "pipe.txt")
    await client.put(f"/api/files/content/{path + '/' if path else ''}hashed.pdf", content=b"bytes")
    for query in ({"path": path}, {"path": path, "filter": ""}, {"path": path, "limit": "500"}):
        answer = await client.get("/api/files/list", params=query)
        items = answer.json()["files"]
        assert len(items) == len(NAMES) + 4 + (path == "")
        assert answer.json()["etag"] == answer.headers["etag"]
        for item in items:
            alone = await client.get(f"/api/files/{item['file_id']}")
            assert alone.json() == item


@pytest.mark.parametrize(
    ("query", "status"),
    [("limit=0", 422), ("offset=-1", 422), ("offset=x", 422), ("order=up", 422), ("path=no", 404),
     ("path=a%2F..%2Fb", 400), ("mount=99", 404), ("mount=x", 422), ("path=file.txt", 409)],
)  # fmt: skip
async def test_what_cannot_be_listed_is_refused_with_a_reason(
    client: httpx.AsyncClient, query: str, status: int
) -> None:
    await client.put("/api/files/content/file.txt", content=b"x")
    answer = await client.get(f"/api/files/list?{query}")
    assert answer.status_code == status, answer.text
    assert answer.json()["detail"]


async def test_a_large_folder_is_listed_whole_and_follows_changes_from_outside(
    client: httpx.AsyncClient, place: Any
) -> None:
    many = place.home / "many"
    await client.post("/api/files/folder", json={"path": "", "name": "many"})
    for number in range(1200):
        (many / f"{number}.txt").write_bytes(b"x")
    first = (await client.get("/api/files/list?path=many")).json()
    assert [item["name"] for item in first["files"]] == [f"{number}.txt" for number in range(1200)]
    (many / "7.txt").write_bytes(b"longer")
    (many / "8.txt").unlink()
    (many / "8.txt").mkdir()
    (many / "9.txt").unlink()
    second = (await client.get("/api/files/list?path=many")).json()
    before = {item["name"]: item for item in first["files"]}
    after = {item["name"]: item for item in second["files"]}
    assert second["total"] == 1199
    assert after["7.txt"]["size"] == 6
    assert after["7.txt"]["etag"] != before["7.txt"]["etag"]
    assert after["8.txt"]["type"] == "directory"
    assert "9.txt" not in after
    assert after["10.txt"] == before["10.txt"]
