"""Resumable uploads over both databases: tus and manifests, refusals, credentials, restarts, expiry."""

import asyncio
import base64
import hashlib
import os
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from balu.kernel.jobs import run_startup
from balu.kernel.testing import FakeClock
from balu.kernel.unit import Env, open_unit
from balu.storage.files.jobs import recover_files, upload_cleanup
from balu.storage.uploads.service import UploadService
from balu_core import blake3_hex
from tests.storage.conftest import set_quota

TUS = {"tus-resumable": "1.0.0"}
OCTETS = "application/offset+octet-stream"
MIB = 1 << 20


def meta(**values: str) -> str:
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in values.items())


async def create(
    client: httpx.AsyncClient, size: int | str, name: str = "a.bin", **more: str
) -> httpx.Response:
    headers = {**TUS, "upload-length": str(size), "upload-metadata": meta(filename=name), **more}
    return await client.post("/api/uploads", headers=headers)


async def patch(client: httpx.AsyncClient, url: str, offset: int, body: bytes, **more: str) -> httpx.Response:
    headers = {**TUS, "upload-offset": str(offset), "content-type": OCTETS, **more}
    return await client.patch(url, headers=headers, content=body)


async def test_pieces_make_the_file_with_its_hash(client: httpx.AsyncClient, place: Any) -> None:
    body = os.urandom(3_000_000)
    url = (await create(client, len(body), **{"upload-metadata": meta(filename="a", path="x/y")})).headers[
        "location"
    ]
    for start, end in ((0, 1_000_001), (1_000_001, 2_000_000), (2_000_000, 3_000_000)):
        answer = await patch(client, url, start, body[start:end])
        assert (answer.status_code, answer.headers["upload-offset"]) == (204, str(end))
    assert (place.home / "x/y/a").read_bytes() == body
    state = (await client.get(url)).json()
    assert (state["status"], state["blake3"]) == ("completed", blake3_hex(body))
    assert place.private("staging") == []
    assert (await client.get("/api/files/user/root-usage")).json()["live_bytes"] == len(body)


@pytest.mark.parametrize(
    ("length", "status"),
    [
        pytest.param("-1", 400, id="negative"),
        pytest.param("1e3", 400, id="float"),
        pytest.param("", 400, id="empty"),
        pytest.param(str(1 << 63), 413, id="two-to-the-63"),
        pytest.param("9" * 5000, 413, id="absurd"),
    ],
)
async def test_lengths_that_are_none_are_refused(client: httpx.AsyncClient, length: str, status: int) -> None:
    assert (await create(client, length)).status_code == status


async def test_a_wrong_offset_is_409_and_too_many_bytes_are_413(client: httpx.AsyncClient) -> None:
    url = (await create(client, 10)).headers["location"]
    assert (await patch(client, url, 1, b"x")).status_code == 409
    assert (await patch(client, url, 0, b"x" * 11)).status_code == 413
    assert (await client.head(url, headers=TUS)).headers["upload-offset"] == "0"


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "blake3"])
async def test_a_wrong_checksum_is_460_and_changes_nothing(client: httpx.AsyncClient, algorithm: str) -> None:
    def digest(body: bytes) -> str:
        raw = (
            bytes.fromhex(blake3_hex(body))
            if algorithm == "blake3"
            else hashlib.new(algorithm, body).digest()
        )
        return f"{algorithm} {base64.b64encode(raw).decode()}"

    url = (await create(client, 4)).headers["location"]
    assert (await patch(client, url, 0, b"evil", **{"upload-checksum": digest(b"good")})).status_code == 460
    assert (await client.head(url, headers=TUS)).headers["upload-offset"] == "0"
    assert (await patch(client, url, 0, b"good", **{"upload-checksum": digest(b"good")})).status_code == 204


async def test_the_credential_continues_only_its_own_upload(client: httpx.AsyncClient) -> None:
    first, second = await create(client, 1, "a"), await create(client, 1, "b")
    own = {"x-test-user": "", "upload-token": first.headers["upload-token"]}
    assert (await patch(client, second.headers["location"], 0, b"x", **own)).status_code == 401
    assert (await patch(client, first.headers["location"], 0, b"x", **own)).status_code == 204
    assert (
        await patch(client, second.headers["location"], 0, b"x", **{"x-test-user": "ben"})
    ).status_code == 404


async def test_quota_is_taken_at_the_beginning_and_given_back_at_the_end(
    client: httpx.AsyncClient, env: Env, place: Any
) -> None:
    await set_quota(env, 100)
    assert (await create(client, 101)).status_code == 507
    url = (await create(client, 60)).headers["location"]
    assert (await create(client, 60, "b")).status_code == 507
    assert (await client.delete(url, headers=TUS)).status_code == 204
    assert (await client.head(url, headers=TUS)).status_code == 410
    assert (await create(client, 60, "b")).status_code == 201
    assert len(place.private("staging")) == 1


async def test_the_length_may_come_later(client: httpx.AsyncClient, place: Any) -> None:
    headers = {**TUS, "upload-defer-length": "1", "upload-metadata": meta(filename="a")}
    url = (await client.post("/api/uploads", headers=headers)).headers["location"]
    await patch(client, url, 0, b"one")
    head = await client.head(url, headers=TUS)
    assert (head.headers["upload-offset"], head.headers["upload-defer-length"]) == ("3", "1")
    assert (await patch(client, url, 3, b"two", **{"upload-length": "6"})).status_code == 204
    assert (place.home / "a").read_bytes() == b"onetwo"


async def test_a_finished_upload_can_be_forgotten_and_its_file_stays(
    client: httpx.AsyncClient, place: Any
) -> None:
    url = (await create(client, 0)).headers["location"]
    assert (await client.head(url, headers=TUS)).status_code == 200
    assert (await client.delete(url, headers=TUS)).status_code == 204
    assert (await client.head(url, headers=TUS)).status_code == 404
    assert (place.home / "a.bin").read_bytes() == b""


@pytest.mark.parametrize("wrong", ["0" * 63, "0" * 65, "g" * 64, "nonsense"])
async def test_a_digest_that_is_none_is_refused_before_any_byte(
    client: httpx.AsyncClient, place: Any, wrong: str
) -> None:
    answer = await create(client, 3, **{"upload-metadata": meta(filename="a", blake3=wrong)})
    assert (answer.status_code, list(answer.json()["fields"])) == (422, ["Upload-Metadata"])
    assert place.private("staging") == []


async def test_a_digest_may_be_in_capitals(client: httpx.AsyncClient, place: Any) -> None:
    wish = {"upload-metadata": meta(filename="a", blake3=blake3_hex(b"one").upper())}
    url = (await create(client, 3, **wish)).headers["location"]
    assert (await patch(client, url, 0, b"one")).status_code == 204
    assert (place.home / "a").read_bytes() == b"one"


async def test_a_length_that_comes_later_needs_no_more_quota_than_its_bytes(
    client: httpx.AsyncClient, env: Env, place: Any
) -> None:
    await client.put("/api/files/content/there", content=b"four")
    await set_quota(env, 1000)
    headers = {**TUS, "upload-defer-length": "1", "upload-metadata": meta(filename="a")}
    url = (await client.post("/api/uploads", headers=headers)).headers["location"]
    assert (await patch(client, url, 0, b"a" * 100)).status_code == 204
    refused = await patch(client, url, 100, b"b" * 897)
    assert refused.status_code == 507
    assert "64 MiB" not in refused.text
    assert "67108864" not in refused.text
    reached = int((await client.head(url, headers=TUS)).headers["upload-offset"])
    assert (await patch(client, url, reached, b"c" * (996 - reached), **{"upload-length": "996"})).is_success
    assert (place.home / "a").stat().st_size == 996
    usage = (await client.get("/api/files/user/root-usage")).json()
    assert (usage["live_bytes"], usage["reserved_bytes"]) == (1000, 0)


async def test_parts_are_joined(client: httpx.AsyncClient, place: Any) -> None:
    urls = []
    for body in (b"hello ", b"world"):
        headers = {**TUS, "upload-length": str(len(body)), "upload-concat": "partial", "content-type": OCTETS}
        urls.append((await client.post("/api/uploads", headers=headers, content=body)).headers["location"])
    headers = {**TUS, "upload-concat": f"final;{' '.join(urls)}", "upload-metadata": meta(filename="a")}
    final = await client.post("/api/uploads", headers=headers)
    assert final.status_code == 201
    assert (place.home / "a").read_bytes() == b"hello world"
    assert place.private("staging") == []


async def test_uploads_expire_after_seven_days(
    client: httpx.AsyncClient, env: Env, clock: FakeClock, place: Any
) -> None:
    url = (await create(client, 10)).headers["location"]
    await patch(client, url, 0, b"12345")
    await run_startup(env, [recover_files, upload_cleanup])
    assert len(place.private("staging")) == 1
    clock.advance(days=6)
    assert await UploadService(env).expire() == 0
    clock.advance(days=2)
    assert (await patch(client, url, 5, b"67890")).status_code == 410
    for where in (url, url.replace("/api/uploads/", "/api/files/upload-progress/")):
        assert (await client.get(where)).json()["status"] == "expired"
    assert await UploadService(env).expire() == 1
    assert place.private("staging") == []


async def test_bytes_wait_when_the_name_was_taken_meanwhile(client: httpx.AsyncClient, place: Any) -> None:
    wish = {"upload-metadata": meta(filename="a", on_conflict="fail")}
    url = (await create(client, 3, **wish)).headers["location"]
    await client.put("/api/files/content/a", content=b"other")
    assert (await patch(client, url, 0, b"new")).status_code == 409
    (place.home / "a").unlink()
    assert (await patch(client, url, 3, b"")).status_code == 204
    assert (place.home / "a").read_bytes() == b"new"


async def test_chunks_come_in_any_order_and_twice(client: httpx.AsyncClient, place: Any) -> None:
    body = os.urandom(MIB) + bytes(MIB) + os.urandom(12_345)
    pieces = [body[start : start + MIB] for start in range(0, len(body), MIB)]
    chunks = [[len(piece), blake3_hex(piece)] for piece in pieces]
    made = await client.post(
        "/api/uploads/manifest",
        json={"path": "d/m", "size": len(body), "blake3": blake3_hex(body), "chunks": chunks},
    )
    assert made.status_code == 201, made.text
    assert made.json()["missing"] == [0, 2]
    url = made.headers["location"]
    assert (await client.put(f"{url}/chunks/0", content=bytes(MIB))).status_code == 460
    assert (await client.post(f"{url}/commit")).status_code == 409
    for number in (2, 0, 2):
        assert (await client.put(f"{url}/chunks/{number}", content=pieces[number])).status_code == 204
    assert (await client.get(url)).json()["missing"] == []
    first, again = await client.post(f"{url}/commit"), await client.post(f"{url}/commit")
    assert (first.status_code, first.json()["blake3"]) == (200, blake3_hex(body))
    assert again.headers["etag"] == first.headers["etag"]
    assert (place.home / "d/m").read_bytes() == body


async def test_a_sparse_tebibyte_is_published_within_a_second(client: httpx.AsyncClient, place: Any) -> None:
    size, chunk = 1 << 40, 64 * MIB
    manifest = {"path": "big", "size": size, "chunks": [[chunk, None]] * (size // chunk)}
    url = (await client.post("/api/uploads/manifest", json=manifest)).headers["location"]
    started = time.perf_counter()
    assert (await client.post(f"{url}/commit")).status_code == 200
    assert time.perf_counter() - started < 1
    shown = (place.home / "big").stat()
    assert (shown.st_size, shown.st_blocks * 512 < 100 * MIB) == (size, True)


async def test_a_hash_over_a_tebibyte_of_holes_is_refused_at_once(client: httpx.AsyncClient) -> None:
    manifest = {"path": "big", "size": 1 << 40, "chunks": [[64 * MIB, None]] * (1 << 14)}
    answer = await client.post("/api/uploads/manifest", json=manifest | {"blake3": "0" * 64})
    assert (answer.status_code, list(answer.json()["fields"])) == (422, ["blake3"])


@pytest.mark.parametrize("is_true", [True, False])
async def test_a_hash_over_smaller_holes_is_always_compared(
    client: httpx.AsyncClient, place: Any, is_true: bool
) -> None:
    body = bytes(3 * 64 * MIB)
    manifest = {"path": "holes", "size": len(body), "chunks": [[64 * MIB, None]] * 3}
    claim = blake3_hex(body if is_true else body + b"x")
    url = (await client.post("/api/uploads/manifest", json=manifest | {"blake3": claim})).headers["location"]
    assert (await client.post(f"{url}/commit")).status_code == (200 if is_true else 460)
    assert (place.home / "holes").exists() is is_true


async def test_a_writer_ends_for_a_newer_one_after_the_database_was_away(
    client: httpx.AsyncClient, env: Env
) -> None:
    url = (await create(client, 10)).headers["location"]
    began = asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        yield b"01"
        began.set()
        await asyncio.Event().wait()

    headers = {**TUS, "upload-offset": "0", "content-type": OCTETS}
    older = asyncio.create_task(client.patch(url, headers=headers, content=body()))
    await began.wait()
    async with open_unit(env) as unit:
        await unit.session.execute(text("ALTER TABLE upload RENAME TO upload_away"))
    with capture_logs() as said:
        while not any("looked at" in line["event"] for line in said):  # noqa: ASYNC110  no event says so
            await asyncio.sleep(0.05)
    async with open_unit(env) as unit:
        await unit.session.execute(text("ALTER TABLE upload_away RENAME TO upload"))
        await unit.session.execute(text("UPDATE upload SET lease = 'another process'"))
    answer = await older
    assert (answer.status_code, answer.json()["code"]) == (409, "upload-superseded")
