"""The chunk trio and single-call chunks, and progress, over both databases."""

import os
from typing import Any

import httpx

BASE = "/api/files/upload/chunked"


async def begin(client: httpx.AsyncClient, size: int) -> str:
    wanted = {"filename": "a.bin", "total_size": size, "target_path": "x"}
    answer = await client.post(f"{BASE}/init", json=wanted)
    assert answer.status_code == 200, answer.text
    assert answer.json()["chunk_size"] == 32 << 20
    return str(answer.json()["upload_id"])


async def send(client: httpx.AsyncClient, upload: str, index: int, body: bytes) -> httpx.Response:
    return await client.post(f"{BASE}/{upload}/chunk", params={"chunk_index": index}, content=body)


async def test_chunks_in_order_make_a_file_and_a_repeat_changes_nothing(
    client: httpx.AsyncClient, place: Any
) -> None:
    body = os.urandom((32 << 20) + 5)
    upload = await begin(client, len(body))
    assert (await send(client, upload, 1, body[32 << 20 :])).status_code == 400
    assert (await client.post(f"{BASE}/{upload}/complete")).status_code == 409
    for _ in range(2):
        answer = await send(client, upload, 0, body[: 32 << 20])
        assert answer.json() == {"received_bytes": 32 << 20}
    progress = (await client.get(f"/api/files/upload-progress/{upload}")).json()
    assert (progress["status"], progress["uploaded_bytes"]) == ("uploading", 32 << 20)
    assert progress["progress_percentage"] == 99.99
    assert (await send(client, upload, 1, body[32 << 20 :])).json() == {"received_bytes": len(body)}
    for _ in range(2):
        answer = await client.post(f"{BASE}/{upload}/complete")
        assert answer.json() == {"path": "x/a.bin", "size": len(body)}
    assert (place.home / "x/a.bin").read_bytes() == body


async def test_other_bytes_for_a_chunk_that_is_there_are_refused(
    client: httpx.AsyncClient, place: Any
) -> None:
    body = os.urandom((32 << 20) + 5)
    upload = await begin(client, len(body))
    await send(client, upload, 0, body[: 32 << 20])
    changed = bytearray(body[: 32 << 20])
    changed[20 << 20] ^= 1
    answer = await send(client, upload, 0, bytes(changed))
    assert (answer.status_code, answer.json()["code"]) == (409, "upload-differs")
    assert (await send(client, upload, 0, body[:1000])).json() == {"received_bytes": 32 << 20}
    assert (await send(client, upload, 1, body[32 << 20 : -2])).json() == {"received_bytes": len(body) - 2}
    assert (await send(client, upload, 1, body[32 << 20 :])).json() == {"received_bytes": len(body)}
    assert (await client.post(f"{BASE}/{upload}/complete")).status_code == 200
    assert (place.home / "x/a.bin").read_bytes() == body


async def test_an_empty_file_needs_no_chunk_and_an_aborted_one_leaves_nothing(
    client: httpx.AsyncClient, place: Any
) -> None:
    assert (await client.post(f"{BASE}/{await begin(client, 0)}/complete")).status_code == 200
    assert (place.home / "x/a.bin").read_bytes() == b""
    upload = await begin(client, 10)
    assert (await client.delete(f"{BASE}/{upload}")).json() == {"message": "Upload cancelled"}
    assert (await send(client, upload, 0, b"x")).status_code == 410
    assert place.private("staging") == []


async def test_single_calls_begin_and_finish_by_themselves(client: httpx.AsyncClient, place: Any) -> None:
    query: dict[str, Any] = {"upload_id": "mine", "total_size": 6, "filename": "b", "path": ""}
    for index, (body, complete) in enumerate(((b"one", False), (b"two", True))):
        answer = await client.post(
            "/api/files/upload/chunk", params={**query, "chunk_index": index}, content=body
        )
        assert answer.json()["complete"] is complete
    assert answer.json()["file"]["path"] == "b"
    assert (place.home / "b").read_bytes() == b"onetwo"


async def test_a_single_call_s_id_stays_with_its_file_and_its_bytes(
    client: httpx.AsyncClient, place: Any
) -> None:
    async def call(body: bytes, index: int = 0, **changes: Any) -> httpx.Response:
        query: dict[str, Any] = {"upload_id": "fixed", "total_size": 6, "filename": "one", "path": "x"}
        query["chunk_index"] = index
        return await client.post("/api/files/upload/chunk", params=query | changes, content=body)

    def told(answer: httpx.Response) -> tuple[int, str]:
        return answer.status_code, answer.json()["code"]

    assert (await call(b"abc")).json()["complete"] is False
    for changes in ({"filename": "two"}, {"path": "y"}, {"total_size": 5}):
        assert told(await call(b"abc", **changes)) == (409, "upload-differs")
    assert told(await call(b"new")) == (409, "upload-differs")
    for _ in range(2):
        assert (await call(b"def", 1)).json()["complete"] is True
        assert (await call(b"abc")).json()["file"]["path"] == "x/one"
    assert told(await call(b"hello", filename="two", total_size=5)) == (409, "upload-differs")
    assert told(await call(b"new")) == (409, "upload-differs")
    assert told(await call(b"new", 1)) == (409, "upload-differs")
    assert (await call(b"defg", 1)).status_code == 413
    assert place.below() == {"x", "x/one"}
    assert (place.home / "x/one").read_bytes() == b"abcdef"
    await client.delete("/api/files/x/one")
    assert told(await call(b"def", 1)) == (409, "upload-differs")


async def test_progress_streams_to_whoever_holds_a_token(client: httpx.AsyncClient) -> None:
    upload = await begin(client, 0)
    await client.post(f"{BASE}/{upload}/complete")
    token = (await client.post(f"/api/files/progress-token/{upload}")).json()["token"]
    stream = await client.get(f"/api/files/progress/{upload}", params={"token": token})
    assert stream.headers["content-type"] == "text/event-stream"
    assert "event: progress" in stream.text
    assert (await client.get(f"/api/files/progress/{upload}", params={"token": "1.x"})).status_code == 401
