import base64
from email import message_from_bytes
from typing import Any

import httpx
import pytest
import pytest_asyncio
from blake3 import blake3

BODY = bytes(range(256)) * 12_000


@pytest_asyncio.fixture
async def stored(client: httpx.AsyncClient) -> httpx.Response:
    answer = await client.put("/api/files/content/a%20b.bin", content=BODY)
    assert answer.status_code == 201
    return answer


async def get(client: httpx.AsyncClient, **headers: str) -> httpx.Response:
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    return await client.get("/api/files/download/a%20b.bin", headers=named)


async def test_the_whole_file_comes_with_its_digest_and_name(
    client: httpx.AsyncClient, stored: httpx.Response
) -> None:
    answer = await get(client)
    assert (answer.status_code, answer.content) == (200, BODY)
    assert answer.headers["etag"] == stored.headers["etag"]
    digest = base64.b64encode(blake3(BODY).digest()).decode()
    assert answer.headers["repr-digest"] == f"blake3=:{digest}:" == stored.headers["repr-digest"]
    assert answer.headers["content-disposition"].startswith('attachment; filename="a b.bin"')
    assert answer.headers["accept-ranges"] == "bytes"
    assert int(answer.headers["content-length"]) == len(BODY)


async def test_head_has_the_headers_of_get(client: httpx.AsyncClient, stored: httpx.Response) -> None:
    head = await client.head("/api/files/download/a%20b.bin")
    whole = await get(client)
    assert head.content == b""
    for key in ("etag", "content-length", "content-type", "repr-digest", "last-modified"):
        assert head.headers[key] == whole.headers[key]


@pytest.mark.parametrize(
    ("spec", "start", "end"), [("5-9", 5, 10), ("3000000-", 3_000_000, None), ("-7", -7, None)]
)
async def test_one_range(
    client: httpx.AsyncClient, stored: httpx.Response, spec: str, start: int, end: int | None
) -> None:
    answer = await get(client, range=f"bytes={spec}")
    assert answer.status_code == 206
    assert answer.content == BODY[start:end]
    assert answer.headers["content-range"].endswith(f"/{len(BODY)}")


async def test_several_ranges_come_as_one_multipart(
    client: httpx.AsyncClient, stored: httpx.Response
) -> None:
    answer = await get(client, range="bytes=0-3,100-109,-2")
    assert answer.status_code == 206
    assert len(answer.content) == int(answer.headers["content-length"])
    head = b"content-type: " + answer.headers["content-type"].encode() + b"\r\n\r\n"
    parts: Any = message_from_bytes(head + answer.content).get_payload()
    found = [(part["content-range"], part.get_payload(decode=True)) for part in parts]
    size = len(BODY)
    assert [where for where, _ in found] == [
        f"bytes 0-3/{size}", f"bytes 100-109/{size}", f"bytes {size - 2}-{size - 1}/{size}",
    ]  # fmt: skip
    assert [bytes_ for _, bytes_ in found] == [BODY[0:4], BODY[100:110], BODY[-2:]]


async def test_a_range_beyond_the_end_is_416(client: httpx.AsyncClient, stored: httpx.Response) -> None:
    answer = await get(client, range=f"bytes={len(BODY)}-")
    assert answer.status_code == 416
    assert answer.headers["content-range"] == f"bytes */{len(BODY)}"


async def test_conditions_are_honoured(client: httpx.AsyncClient, stored: httpx.Response) -> None:
    etag = stored.headers["etag"]
    fresh = await get(client, if_none_match=etag)
    assert (fresh.status_code, fresh.content, fresh.headers["etag"]) == (304, b"", etag)
    assert (await get(client, if_match='"0.0"')).status_code == 412
    assert (await get(client, if_match=etag)).status_code == 200
    assert (await get(client, range="bytes=0-1", if_range=etag)).status_code == 206
    whole = await get(client, range="bytes=0-1", if_range='"0.0"')
    assert (whole.status_code, len(whole.content)) == (200, len(BODY))


async def test_an_empty_file_is_a_file(client: httpx.AsyncClient) -> None:
    assert (await client.put("/api/files/content/empty", content=b"")).status_code == 201
    answer = await client.get("/api/files/download/empty")
    assert (answer.status_code, answer.content, answer.headers["content-length"]) == (200, b"", "0")
    assert (await client.get("/api/files/download/empty", headers={"range": "bytes=0-0"})).status_code == 416


async def test_digits_are_a_path_first_and_an_id_otherwise(
    client: httpx.AsyncClient, stored: httpx.Response
) -> None:
    file_id = stored.json()["file_id"]
    assert (await client.get(f"/api/files/download/{file_id}")).content == BODY
    await client.put(f"/api/files/content/{file_id}", content=b"a name of digits")
    assert (await client.get(f"/api/files/download/{file_id}")).content == b"a name of digits"


async def test_former_contents_stay_readable(client: httpx.AsyncClient, stored: httpx.Response) -> None:
    await client.put("/api/files/content/a%20b.bin", content=b"second")
    former = await client.get("/api/files/download/a%20b.bin", params={"version": 1})
    assert former.content == BODY
    assert former.headers["etag"] == stored.headers["etag"]
    assert (await client.get("/api/files/download/a%20b.bin", params={"version": 7})).status_code == 404
    assert (await client.get("/api/files/download/a%20b.bin", params={"version": "x"})).status_code == 422


@pytest.mark.parametrize("name", ["page.html", "image.svg", "data.xml", "note.md"])
async def test_documents_are_never_shown_inline(client: httpx.AsyncClient, name: str) -> None:
    await client.put(f"/api/files/content/{name}", content=b"<script>alert(1)</script>")
    answer = await client.get(f"/api/files/download/{name}", params={"inline": "1"})
    assert answer.headers["content-disposition"].startswith("attachment")
    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_pictures_may_be_shown(client: httpx.AsyncClient) -> None:
    await client.put("/api/files/content/p.png", content=b"\x89PNG")
    answer = await client.get("/api/files/download/p.png", params={"inline": "1"})
    assert answer.headers["content-disposition"].startswith("inline")


async def test_a_folder_is_no_download(client: httpx.AsyncClient) -> None:
    await client.post("/api/files/folder", json={"path": "", "name": "d"})
    assert (await client.get("/api/files/download/d")).status_code == 409


async def test_other_peoples_files_do_not_exist(client: httpx.AsyncClient, stored: httpx.Response) -> None:
    file_id = stored.json()["file_id"]
    ben = {"x-test-user": "ben"}
    for address in (
        f"/api/files/download/{file_id}",
        "/api/files/download/a%20b.bin",
        f"/api/files/{file_id}",
    ):
        assert (await client.get(address, headers=ben)).status_code == 404
    missing = await client.get("/api/files/99999", headers=ben)
    foreign = await client.get(f"/api/files/{file_id}", headers=ben)
    assert missing.json()["detail"] == foreign.json()["detail"]


async def test_without_sign_in_there_is_nothing(client: httpx.AsyncClient, stored: httpx.Response) -> None:
    nobody = {"x-test-user": ""}
    assert (await client.get("/api/files/download/a%20b.bin", headers=nobody)).status_code == 401
    assert (await client.put("/api/files/content/x", content=b"", headers=nobody)).status_code == 401
    assert (await client.delete("/api/files/x", headers=nobody)).status_code == 401
