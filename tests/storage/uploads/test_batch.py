import json
from typing import Any

import httpx
import pytest
from blake3 import blake3

from balu.kernel.unit import Env
from tests.storage.conftest import set_quota

Item = tuple[dict[str, Any], bytes]
TYPE = {"content-type": "application/vnd.balu.batch"}


def batch(files: list[Item]) -> bytes:
    line = [{"size": len(body), **fields} for fields, body in files]
    return json.dumps(line).encode() + b"\n" + b"".join(body for _, body in files)


async def send(client: httpx.AsyncClient, body: bytes, **headers: str) -> httpx.Response:
    more = {key.replace("_", "-"): value for key, value in headers.items()}
    return await client.post("/api/uploads/batch", content=body, headers=TYPE | more)


async def test_every_file_of_a_batch_arrives_whole(client: httpx.AsyncClient, place: Any) -> None:
    files: list[Item] = [
        ({"path": f"a/{n % 3}/{n}.bin", "mtime": 1000 + n}, bytes([n % 256]) * n) for n in range(150)
    ]
    answer = await send(client, batch(files))
    assert answer.status_code == 200, answer.text
    assert [item["status"] for item in answer.json()] == [201] * 150
    for fields, body in files:
        path = place.home / fields["path"]
        assert path.read_bytes() == body
        assert path.stat().st_mtime_ns == fields["mtime"] * 1_000_000
        assert path.stat().st_mode & 0o777 == 0o644
    seen = await client.get("/api/files/download/a/1/100.bin")
    assert seen.headers["etag"] == answer.json()[100]["etag"]
    assert "blake3" in seen.headers["repr-digest"]
    assert place.private("staging") == []
    usage = (await client.get("/api/files/user/root-usage")).json()
    assert usage["live_bytes"] == sum(range(150))
    assert usage["reserved_bytes"] == 0


async def test_a_batch_may_come_in_one_large_piece(client: httpx.AsyncClient, place: Any) -> None:
    files: list[Item] = [({"path": f"{n}.bin"}, bytes([n]) * (3 << 20)) for n in range(2)]
    answer = await send(client, batch(files))
    assert answer.status_code == 200, answer.text
    assert [(place.home / f"{n}.bin").read_bytes() for n in range(2)] == [body for _, body in files]


async def test_sending_a_batch_again_changes_nothing(client: httpx.AsyncClient, place: Any) -> None:
    body = batch([({"path": "a.txt"}, b"one"), ({"path": "b.txt", "mtime": 5}, b"two")])
    first = await send(client, body)
    again = await send(client, body)
    assert [item["etag"] for item in first.json()] == [item["etag"] for item in again.json()]
    assert [item["status"] for item in again.json()] == [200, 200]
    assert place.private("versions") == place.private("staging") == []


async def test_files_fail_alone(client: httpx.AsyncClient, place: Any) -> None:
    await client.put("/api/files/content/taken.txt", content=b"old")
    files: list[Item] = [
        ({"path": "good.txt"}, b"good"),
        ({"path": "../evil"}, b"evil"),
        ({"path": "wrong.txt", "blake3": "0" * 64}, b"bytes"),
        ({"path": "taken.txt", "on_conflict": "fail"}, b"new"),
        ({"path": "taken.txt", "if_match": '"0.0"'}, b"new"),
        ({"path": "taken.txt/below"}, b"x"),
        ({"path": "late.txt", "mtime": -1}, b"x"),
        ({"path": "right.txt", "blake3": blake3(b"bytes").hexdigest()}, b"bytes"),
    ]
    answer = (await send(client, batch(files))).json()
    assert [item["status"] for item in answer] == [201, 400, 460, 409, 412, 409, 422, 201]
    assert answer[3]["problem"]["code"] == "file-exists"
    assert (place.home / "taken.txt").read_bytes() == b"old"
    assert (place.home / "right.txt").read_bytes() == b"bytes"
    assert place.private("staging") == []


async def test_new_bytes_make_versions_and_a_taken_name_gives_way(
    client: httpx.AsyncClient, place: Any
) -> None:
    await send(client, batch([({"path": f"{n}"}, b"old") for n in range(4)]))
    files: list[Item] = [({"path": f"{n}"}, b"newer") for n in range(3)]
    files += [({"path": "3", "on_conflict": "rename"}, b"beside"), ({"path": "4", "mtime": 7}, b"4")]
    answer = (await send(client, batch(files))).json()
    assert [item["status"] for item in answer] == [200, 200, 200, 201, 201]
    assert answer[3]["path"] == "3 (1)"
    assert (place.home / "3").read_bytes() == b"old"
    assert len(place.private("versions")) == 3
    usage = (await client.get("/api/files/user/root-usage")).json()
    assert usage["live_bytes"] == 3 * 5 + 3 + 6 + 1


async def test_two_files_for_one_name_are_taken_in_order(client: httpx.AsyncClient, place: Any) -> None:
    answer = await send(client, batch([({"path": "a"}, b"1"), ({"path": "a"}, b"2"), ({"path": "A"}, b"3")]))
    assert [item["status"] for item in answer.json()] == [201, 200, 409]
    assert (place.home / "a").read_bytes() == b"2"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(b"", 400, id="nothing"),
        pytest.param(b"[]", 400, id="no-line"),
        pytest.param(b"nonsense\n", 400, id="no-json"),
        pytest.param(b'[{"path": "a"}]\n', 422, id="no-size"),
        pytest.param(b'[{"path": "a", "size": 3}]\nab', 400, id="too-short"),
        pytest.param(b'[{"path": "a", "size": 1}]\nab', 400, id="too-long"),
        pytest.param(b'[{"path": "a", "size": 5000000}]\n', 413, id="file-too-large"),
        pytest.param(json.dumps([{"path": "a", "size": 0}] * 1001).encode() + b"\n", 413, id="too-many"),
    ],
)
async def test_what_is_no_batch_leaves_nothing(
    client: httpx.AsyncClient, place: Any, body: bytes, status: int
) -> None:
    assert (await send(client, body)).status_code == status
    assert place.below() == set()
    assert place.private("staging") == []


async def test_an_empty_batch_is_one(client: httpx.AsyncClient) -> None:
    answer = await send(client, b"[]\n")
    assert (answer.status_code, answer.json()) == (200, [])


async def test_other_media_types_are_refused(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/uploads/batch", content=b"[]\n", headers={"content-type": "text/plain"})
    assert answer.status_code == 415


async def test_a_full_quota_refuses_files_and_not_repeats(
    client: httpx.AsyncClient, env: Env, place: Any
) -> None:
    await send(client, batch([({"path": "kept"}, b"k" * 60)]))
    await set_quota(env, 100)
    answer = (
        await send(client, batch([({"path": "kept"}, b"k" * 60), ({"path": "more"}, b"m" * 60)]))
    ).json()
    assert [item["status"] for item in answer] == [200, 507]
    assert place.below() == {"kept"}
    assert place.private("staging") == []


async def test_a_key_brings_the_same_answer_again(client: httpx.AsyncClient, place: Any) -> None:
    body = batch([({"path": "a", "on_conflict": "rename"}, b"a")])
    first = await send(client, body, idempotency_key="k1")
    again = await send(client, body, idempotency_key="k1")
    assert first.json() == again.json()
    assert place.below() == {"a"}
    other = await send(client, batch([({"path": "b"}, b"b")]), idempotency_key="k1")
    assert other.status_code == 422
    assert (await send(client, body, idempotency_key="k2")).json()[0]["path"] == "a (1)"


async def test_of_a_batch_over_quota_those_that_fit_are_stored(
    client: httpx.AsyncClient, env: Env, place: Any
) -> None:
    await send(client, batch([({"path": "old"}, b"old"), ({"path": "gone"}, b"")]))
    await set_quota(env, 10_003)
    sizes = {"a": 4000, "b": 9000, "old": 3000, "c": 3001, "d": 2500, "empty": 0, "e": 501, "f": 500}
    answer = (await send(client, batch([({"path": path}, bytes(sizes[path])) for path in sizes]))).json()
    assert [item["status"] for item in answer] == [201, 507, 200, 507, 201, 201, 507, 201]
    assert "needs 9000 bytes and 6000 are left" in answer[1]["problem"]["detail"]
    assert place.below() == {"a", "old", "d", "empty", "f", "gone"}
    assert place.private("staging") == []
    usage = (await client.get("/api/files/user/root-usage")).json()
    assert (usage["live_bytes"], usage["reserved_bytes"]) == (10_000, 0)


async def test_a_key_tries_again_what_may_succeed_and_nothing_else(
    client: httpx.AsyncClient, env: Env, place: Any
) -> None:
    await client.put("/api/files/content/taken", content=b"old")
    await set_quota(env, 100)
    body = batch(
        [
            ({"path": "taken", "on_conflict": "rename"}, b"beside"),
            ({"path": "taken", "on_conflict": "fail"}, b"new"),
            ({"path": "large"}, bytes(200)),
            ({"path": "late", "mtime": -1}, b"x"),
            ({"path": "wrong", "blake3": blake3(b"sent").hexdigest()}, b"SENT"),
        ]
    )
    first = (await send(client, body, idempotency_key="k")).json()
    assert [item["status"] for item in first] == [201, 409, 507, 422, 460]
    await set_quota(env, 1000)
    await client.delete("/api/files/taken")
    again = (await send(client, body[:-4] + b"sent", idempotency_key="k")).json()
    assert [item["status"] for item in again] == [201, 201, 201, 422, 201]
    assert (again[0], again[3]) == (first[0], first[3])
    assert place.below() == {"taken (1)", "taken", "large", "wrong"}
    assert (await send(client, body, idempotency_key="k")).json() == again
    assert place.private("staging") == []
