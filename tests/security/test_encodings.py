"""Bytes that are no text, where text is expected: refused, never an error of ours."""

from typing import Any

import pytest
from litestar.testing import AsyncTestClient

NO_TEXT = [b"\xbb", b"\xed\xa0\x80", b"\xff\xfe", b"\xc3"]


@pytest.mark.parametrize("junk", NO_TEXT)
async def test_a_json_body_that_is_no_text_is_refused(client: AsyncTestClient[Any], junk: bytes) -> None:
    for body in (junk, b'{"' + junk + b'":1}', b'{"username":"' + junk + b'","password":"x"}'):
        answer = await client.post(
            "/api/auth/login", content=body, headers={"content-type": "application/json"}
        )
        assert answer.status_code in {400, 422}
        assert answer.json()["detail"]


@pytest.mark.parametrize("credential", [b"Basic \xbb\xbb", b"Bearer \xbb", b"Basic " + b"\xff" * 100])
async def test_a_credential_that_is_no_text_is_nobody(
    client: AsyncTestClient[Any], credential: bytes
) -> None:
    answer = await client.get("/api/files/list", headers={b"authorization": credential})
    assert answer.status_code == 401


async def test_a_date_beyond_all_time_is_ignored(client: AsyncTestClient[Any]) -> None:
    late = {"if-modified-since": "Thu, 01 Jan 99999999999999999999 00:00:00 GMT"}
    assert (await client.get("/api/health", headers=late)).status_code == 200
