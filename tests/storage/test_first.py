from pathlib import Path

import httpx
from blake3 import blake3


async def test_a_file_goes_in_and_comes_out(client: httpx.AsyncClient, place) -> None:
    body = b"hello world" * 1000
    answer = await client.put("/api/files/content/a.txt", content=body)
    assert answer.status_code == 201, answer.text
    print(answer.json(), answer.headers)
    assert (place.home / "a.txt").read_bytes() == body
    assert answer.json()["blake3"] == blake3(body).hexdigest()
    got = await client.get("/api/files/download/a.txt")
    assert got.content == body and got.headers["etag"] == answer.headers["etag"]
    got = await client.get("/api/files/download/a.txt", headers={"range": "bytes=2-4"})
    assert got.status_code == 206 and got.content == body[2:5]
    listed = await client.get("/api/files/list")
    print(listed.text, listed.headers)
    assert listed.json()["total"] == 1
    again = await client.get("/api/files/list", headers={"if-none-match": listed.headers["etag"]})
    assert again.status_code == 304
    made = await client.post("/api/files/folder", json={"path": "", "name": "docs"})
    assert made.status_code == 200, made.text
    answer = await client.put("/api/files/content/docs/b.bin", content=b"x" * (3 << 20))
    assert answer.status_code == 201, answer.text
    second = await client.put("/api/files/content/a.txt", content=b"new")
    assert second.status_code == 200, second.text
    assert second.headers["etag"] != got.headers["etag"]
    same = await client.put("/api/files/content/a.txt", content=b"new")
    assert same.headers["etag"] == second.headers["etag"]
    old = await client.get("/api/files/download/a.txt?version=1")
    assert old.content == body
    moved = await client.put("/api/files/move", json={"source_path": "a.txt", "target_path": "docs/c.txt"})
    assert moved.status_code == 200, moved.text
    gone = await client.delete("/api/files/docs")
    assert gone.status_code == 200, gone.text
    assert not (place.home / "docs").exists()
    trash = await client.get("/api/trash")
    print(trash.json())
    usage = await client.get("/api/files/user/root-usage")
    print(usage.json())
    back = await client.post(f"/api/trash/{gone.json()['trash_id']}/restore")
    assert back.status_code in (200, 201), back.text
    got = await client.get("/api/files/download/docs/c.txt")
    assert got.content == b"new" and got.headers["etag"] == second.headers["etag"]
    usage = await client.get("/api/files/user/root-usage")
    print(usage.json())
    assert (await client.delete("/api/files/?path=docs")).status_code == 200
    assert (await client.delete("/api/trash")).json()["purged"] == 1
    print((await client.get("/api/files/user/root-usage")).json())
    print((await client.get("/api/files/mountpoints")).json())
