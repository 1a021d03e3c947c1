"""Sync uploads over both databases: any order, SHA-256, resuming, the last chunk, refusals, expiry."""

import asyncio
import hashlib
import os
from typing import Any

import httpx
import pytest

from balu.kernel.testing import FakeClock
from balu.kernel.unit import Env
from balu.storage.uploads import UploadService
from balu_core import blake3_hex
from tests.storage.conftest import set_quota

BASE = "/api/sync/upload"
KIB = 1 << 10


async def begin(client: httpx.AsyncClient, size: int, chunk_size: int = 256 * KIB, **more: Any) -> Any:
    wanted = {"file_path": "docs/a.bin", "file_name": "a.bin", "total_size": size, "chunk_size": chunk_size}
    return await client.post(f"{BASE}/start", params={"device_id": "laptop"}, json=wanted | more)


async def send(
    client: httpx.AsyncClient, upload: str, number: int, body: bytes, digest: str | None = None, **more: Any
) -> httpx.Response:
    query = {"chunk_hash": digest or hashlib.sha256(body).hexdigest()}
    return await client.post(
        f"{BASE}/{upload}/chunk/{number}", params=query, files={"chunk_file": ("chunk", body)}, **more
    )


async def test_chunks_in_any_order_make_the_file(client: httpx.AsyncClient, place: Any) -> None:
    body = os.urandom(256 * KIB * 3 + 17)
    pieces = [body[start : start + 256 * KIB] for start in range(0, len(body), 256 * KIB)]
    begun = (await begin(client, len(body))).json()
    assert set(begun) == {"upload_id", "chunk_size", "total_chunks", "resume_token"}
    assert (begun["chunk_size"], begun["total_chunks"]) == (256 * KIB, 4)
    upload = begun["upload_id"]
    for count, number in enumerate((3, 0, 0), start=1):
        answer = await send(client, upload, number, pieces[number])
        assert answer.status_code == 200, answer.text
        assert answer.json()["completed_chunks"] == min(count, 2)
    assert (await client.post(f"{BASE}/{upload}/resume")).json() == {"resume_from_chunk": 1}
    shown = (await client.get(f"{BASE}/{upload}/progress")).json()
    assert shown == {"completed_chunks": 2, "uploaded_bytes": 256 * KIB + 17, "is_completed": False}
    assert place.below() == set()
    await asyncio.gather(*(send(client, upload, number, pieces[number]) for number in (1, 2)))
    assert (place.home / "docs/a.bin").read_bytes() == body
    last = await send(client, upload, 2, pieces[2])
    assert last.json() == {
        "chunk_number": 2,
        "completed_chunks": 4,
        "total_chunks": 4,
        "progress_percent": 100.0,
    }
    assert (await client.get(f"{BASE}/{upload}/progress")).json()["is_completed"] is True
    assert (await client.post(f"{BASE}/{upload}/resume")).json() == {"resume_from_chunk": 4}
    state = (await client.get(f"/api/uploads/{upload}")).json()
    assert (state["status"], state["blake3"]) == ("completed", blake3_hex(body))
    assert place.private("staging") == []


@pytest.mark.parametrize("chunk_size", [100_000, 5 << 20], ids=["odd", "as-usual"])
async def test_chunk_sizes_are_the_client_s_choice(
    client: httpx.AsyncClient, place: Any, chunk_size: int
) -> None:
    body = os.urandom(chunk_size + 1)
    upload = (await begin(client, len(body), chunk_size)).json()["upload_id"]
    assert (await send(client, upload, 1, body[chunk_size:])).status_code == 200
    assert (await send(client, upload, 0, body[:chunk_size])).status_code == 200
    assert (place.home / "docs/a.bin").read_bytes() == body
    assert (await client.get(f"/api/uploads/{upload}")).json()["blake3"] == blake3_hex(body)


async def test_an_empty_file_is_there_at_once(client: httpx.AsyncClient, place: Any) -> None:
    begun = (await begin(client, 0)).json()
    assert begun["total_chunks"] == 0
    assert (place.home / "docs/a.bin").read_bytes() == b""
    assert (await client.get(f"{BASE}/{begun['upload_id']}/progress")).json()["is_completed"] is True


async def test_wrong_bytes_are_460_and_come_again(client: httpx.AsyncClient, place: Any) -> None:
    upload = (await begin(client, 4)).json()["upload_id"]
    good = hashlib.sha256(b"good").hexdigest()
    assert (await send(client, upload, 0, b"evil", good)).status_code == 460
    assert (await send(client, upload, 0, b"good", good.upper())).status_code == 200
    assert (place.home / "docs/a.bin").read_bytes() == b"good"


async def test_other_bytes_for_a_chunk_that_is_there_are_refused(
    client: httpx.AsyncClient, place: Any
) -> None:
    body = b"o" * (64 * KIB) + b"end"
    upload = (await begin(client, len(body), 64 * KIB)).json()["upload_id"]
    sent = [
        await send(client, upload, 0, body[: 64 * KIB]),
        await send(client, upload, 0, b"n" * (64 * KIB)),
        await send(client, upload, 0, body[: 64 * KIB]),
        await send(client, upload, 0, body[: 64 * KIB - 1]),
        await send(client, upload, 0, body[: 64 * KIB] + b"o"),
        await send(client, upload, 1, b"end"),
        await send(client, upload, 0, b"n" * (64 * KIB)),
        await send(client, upload, 1, b"END"),
        await send(client, upload, 1, b"end"),
    ]
    assert [answer.status_code for answer in sent] == [200, 409, 200, 409, 413, 200, 409, 409, 200]
    assert {sent[n].json()["code"] for n in (1, 6, 7)} == {"upload-differs"}
    assert "Begin a new upload" in sent[1].json()["detail"]
    assert (place.home / "docs/a.bin").read_bytes() == body


@pytest.mark.parametrize(
    ("number", "body", "status"),
    [
        pytest.param(0, b"x" * (64 * KIB - 1), 409, id="short"),
        pytest.param(0, b"x" * (64 * KIB + 1), 413, id="long"),
        pytest.param(2, b"x", 409, id="beyond"),
    ],
)
async def test_chunks_that_do_not_fit_are_refused(
    client: httpx.AsyncClient, number: int, body: bytes, status: int
) -> None:
    upload = (await begin(client, 64 * KIB + 5, 64 * KIB)).json()["upload_id"]
    assert (await send(client, upload, number, body)).status_code == status
    shown = (await client.get(f"{BASE}/{upload}/progress")).json()
    assert shown == {"completed_chunks": 0, "uploaded_bytes": 0, "is_completed": False}


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"total_size": -1}, id="negative"),
        pytest.param({"total_size": 1 << 63}, id="beyond-63-bits"),
        pytest.param({"total_size": 1.5}, id="no-integer"),
        pytest.param({"chunk_size": 0}, id="no-chunk"),
        pytest.param({"chunk_size": 1 << 40}, id="huge-chunk"),
        pytest.param({"total_size": 1 << 62}, id="too-many-chunks"),
        pytest.param({"file_name": ""}, id="nameless"),
        pytest.param({"file_name": "../b"}, id="traversal"),
    ],
)
async def test_beginnings_that_make_no_sense_are_422(client: httpx.AsyncClient, wrong: Any) -> None:
    assert (await begin(client, 10, **wrong)).status_code == 422


async def test_a_chunk_without_its_field_or_with_half_a_hash_is_refused(client: httpx.AsyncClient) -> None:
    upload = (await begin(client, 4)).json()["upload_id"]
    assert (await send(client, upload, 0, b"good", "abc")).status_code == 422
    where = f"{BASE}/{upload}/chunk/0"
    assert (await client.post(where, files={"other": ("a", b"good")})).status_code == 400
    assert (await client.post(where, content=b"good")).status_code == 400
    assert (await client.post(f"{BASE}/{upload}/nothing")).status_code == 404


async def test_only_its_owner_or_its_token_continues_an_upload(client: httpx.AsyncClient, place: Any) -> None:
    begun = (await begin(client, 4)).json()
    upload = begun["upload_id"]
    assert (await send(client, upload, 0, b"good", headers={"x-test-user": "ben"})).status_code == 404
    assert (await send(client, upload, 0, b"good", headers={"x-test-user": ""})).status_code == 401
    assert (await begin(client, 4)).status_code == 200
    token = {"x-test-user": "", "upload-token": begun["resume_token"]}
    assert (await send(client, upload, 0, b"good", headers=token)).status_code == 200
    assert (place.home / "docs/a.bin").read_bytes() == b"good"


async def test_a_lost_upload_is_cancelled_or_expires(
    client: httpx.AsyncClient, env: Env, clock: FakeClock, place: Any
) -> None:
    await set_quota(env, 100)
    first = (await begin(client, 60)).json()["upload_id"]
    assert (await begin(client, 60)).status_code == 507
    assert (await client.delete(f"{BASE}/{first}")).json() == {"cancelled": True}
    assert (await client.post(f"{BASE}/{first}/resume")).status_code == 410
    second = (await begin(client, 60)).json()["upload_id"]
    clock.advance(days=8)
    answers = [
        await client.post(f"{BASE}/{second}/resume"),
        await client.get(f"{BASE}/{second}/progress"),
        await send(client, second, 0, b"x" * 60),
    ]
    assert [answer.status_code for answer in answers] == [410, 410, 410]
    await UploadService(env).expire()
    assert place.private("staging") == []
    assert (await begin(client, 60)).status_code == 200


async def test_a_file_that_was_refused_is_published_by_the_next_try(
    client: httpx.AsyncClient, place: Any
) -> None:
    upload = (await begin(client, 4)).json()["upload_id"]
    (place.home / "docs").write_bytes(b"a file where the folder should be")
    assert (await send(client, upload, 0, b"good")).status_code == 409
    (place.home / "docs").unlink()
    assert (await client.post(f"{BASE}/{upload}/resume")).json() == {"resume_from_chunk": 1}
    assert (place.home / "docs/a.bin").read_bytes() == b"good"


async def test_another_dialect_s_upload_goes_on_at_its_own_address(client: httpx.AsyncClient) -> None:
    wanted = {"filename": "b", "total_size": 4, "target_path": ""}
    other = (await client.post("/api/files/upload/chunked/init", json=wanted)).json()["upload_id"]
    assert (await client.get(f"{BASE}/{other}/progress")).status_code == 404
