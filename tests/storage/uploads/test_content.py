import asyncio
import base64
import hashlib
import shutil
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from blake3 import blake3
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from balu.kernel.unit import Env, open_unit
from balu.storage.files import FileService, Gatherer, Landed, Terms
from balu.storage.files.errors import DigestError
from balu.storage.files.recover import Recovery
from tests.storage.conftest import Place, set_quota


async def put(client: httpx.AsyncClient, path: str, body: bytes, **more: Any) -> httpx.Response:
    return await client.put(f"/api/files/content/{path}", content=body, **more)


async def test_a_new_name_is_201_and_new_bytes_are_200(client: httpx.AsyncClient, place: Any) -> None:
    first = await put(client, "a.txt", b"one")
    second = await put(client, "a.txt", b"two")
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.headers["etag"] != second.headers["etag"]
    assert first.json()["file_id"] == second.json()["file_id"]
    assert (place.home / "a.txt").read_bytes() == b"two"
    assert place.private("staging") == []


async def test_the_same_bytes_keep_the_revision(client: httpx.AsyncClient, place: Any) -> None:
    first = await put(client, "a.txt", b"one")
    again = await put(client, "a.txt", b"one", params={"mtime": "1000"})
    assert again.status_code == 200
    assert again.headers["etag"] == first.headers["etag"]
    assert (place.home / "a.txt").stat().st_mtime == 1
    assert place.private("versions") == []
    assert (await client.get("/api/files/user/root-usage")).json()["live_bytes"] == 3


async def test_the_time_of_the_client_is_kept(client: httpx.AsyncClient, place: Any) -> None:
    answer = await put(client, "a.txt", b"x", params={"mtime": "1600000000123"})
    assert answer.json()["modified_at"] == "2020-09-13T12:26:40.123000Z"
    assert (place.home / "a.txt").stat().st_mtime_ns == 1_600_000_000_123_000_000
    for wrong in ("soon", "-1", "922337203685E775808"):
        assert (await put(client, "a.txt", b"x", params={"mtime": wrong})).status_code == 422


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({"if-none-match": "*"}, 412, id="must-be-new"),
        pytest.param({"if-match": '"0.0"'}, 412, id="another-base"),
        pytest.param({"if-match": "*"}, 200, id="anything"),
    ],
)
@pytest.mark.parametrize("size", [10, 3 << 20])
async def test_conditions_guard_what_is_there(
    client: httpx.AsyncClient, headers: dict[str, str], status: int, size: int
) -> None:
    await put(client, "a.txt", b"old")
    answer = await put(client, "a.txt", b"n" * size, headers=headers)
    assert answer.status_code == status
    expected = b"n" * size if status == 200 else b"old"
    assert (await client.get("/api/files/download/a.txt")).content == expected


async def test_a_repeat_under_the_former_etag_succeeds(client: httpx.AsyncClient) -> None:
    base = (await put(client, "a.txt", b"one")).headers["etag"]
    first = await put(client, "a.txt", b"two", headers={"if-match": base})
    repeat = await put(client, "a.txt", b"two", headers={"if-match": base})
    other = await put(client, "a.txt", b"three", headers={"if-match": base})
    assert (first.status_code, repeat.status_code, other.status_code) == (200, 200, 412)
    assert repeat.headers["etag"] == first.headers["etag"]


async def test_a_taken_name_can_refuse_or_give_way(client: httpx.AsyncClient, place: Any) -> None:
    await put(client, "a.txt", b"one")
    refused = await put(client, "a.txt", b"two", params={"on_conflict": "fail"})
    assert (refused.status_code, refused.json()["code"]) == (409, "file-exists")
    beside = await put(client, "a.txt", b"two", params={"on_conflict": "rename"})
    third = await put(client, "a.txt", b"three", params={"on_conflict": "rename"})
    assert (beside.status_code, beside.json()["path"]) == (201, "a (1).txt")
    assert third.json()["path"] == "a (2).txt"
    assert place.below() == {"a.txt", "a (1).txt", "a (2).txt"}
    assert (await put(client, "a.txt", b"x", params={"on_conflict": "never"})).status_code == 422


async def test_names_that_differ_only_in_case_collide(client: httpx.AsyncClient, place: Any) -> None:
    await put(client, "Readme", b"one")
    assert (await put(client, "README", b"two")).status_code == 409
    beside = await put(client, "README", b"two", params={"on_conflict": "rename"})
    assert beside.json()["path"] == "README (1)"
    (place.home / "Readme").unlink()
    assert (await put(client, "README", b"three")).status_code == 201


async def test_missing_folders_are_made_only_on_demand(client: httpx.AsyncClient, place: Any) -> None:
    assert (await put(client, "x/y/z.txt", b"1")).status_code == 404
    assert (await put(client, "x/y/z.txt", b"1", params={"parents": "true"})).status_code == 201
    assert place.below() == {"x", "x/y", "x/y/z.txt"}
    assert (await put(client, "x/y/z.txt/w", b"1")).status_code in {404, 409}
    assert (await put(client, "x/y", b"1")).status_code == 409
    assert place.private("staging") == []


async def test_a_folder_that_left_the_disk_is_missed_or_made(client: httpx.AsyncClient, place: Any) -> None:
    assert (await put(client, "x/a.txt", b"1", params={"parents": "1"})).status_code == 201
    shutil.rmtree(place.home / "x")
    assert (await put(client, "x/b.txt", b"2")).status_code == 404
    assert (await put(client, "x/b.txt", b"2", params={"parents": "1"})).status_code == 201
    assert place.below() == {"x", "x/b.txt"}
    assert place.private("staging") == []


async def test_announced_digests_are_checked(client: httpx.AsyncClient, place: Any) -> None:
    body = b"precious" * 1000
    for key, digest in (("blake3", blake3(body).digest()), ("sha-256", hashlib.sha256(body).digest())):
        header = {"repr-digest": f"{key}=:{base64.b64encode(digest).decode()}:"}
        assert (await put(client, f"{key}.bin", body, headers=header)).status_code == 201
        wrong = await put(client, f"{key}.bin", body + b"!", headers=header)
        assert (wrong.status_code, wrong.json()["code"]) == (460, "upload-hash")
    assert (place.home / "blake3.bin").read_bytes() == body
    shown = await client.get("/api/files/download/sha-256.bin")
    assert "sha-256=:" in shown.headers["repr-digest"]
    assert place.private("staging") == []
    assert (await put(client, "x", b"", headers={"repr-digest": "blake3=:AAAA:"})).status_code == 422


@pytest.mark.parametrize(
    "path", ["", "d/", "..%2fben%2fx", "%2e%2e/x", "a%00b", "a%0ab", "a//b", "%2e", "x" * 256]
)
async def test_unsafe_paths_are_400(client: httpx.AsyncClient, place: Any, path: str) -> None:
    answer = await put(client, path, b"x")
    assert answer.status_code == 400, answer.text
    assert not place.home.exists() or place.below() == set()


async def test_names_that_are_no_text_go_both_ways(client: httpx.AsyncClient, place: Any) -> None:
    answer = await put(client, "caf%E9.txt", b"latin")
    assert answer.status_code == 201
    assert answer.json()["name"] == "caf%E9.txt"
    (item,) = (await client.get("/api/files/list")).json()["files"]
    assert item["path"] == "caf%E9.txt"
    assert (await client.get("/api/files/download/caf%E9.txt")).content == b"latin"
    assert (await client.get("/api/files/download/caf%25E9.txt")).content == b"latin"
    assert [path.name for path in place.home.iterdir()] == ["caf\udce9.txt"]


async def test_unknown_lengths_stream_as_well(client: httpx.AsyncClient) -> None:
    async def body() -> Any:
        for _ in range(40):
            yield b"z" * (1 << 19)

    answer = await client.put("/api/files/content/stream.bin", content=body())
    assert (answer.status_code, answer.json()["size"]) == (201, 20 << 20)
    usage = (await client.get("/api/files/user/root-usage")).json()
    assert (usage["live_bytes"], usage["reserved_bytes"]) == (20 << 20, 0)


async def test_parts_of_a_file_are_refused(client: httpx.AsyncClient) -> None:
    answer = await put(client, "a", b"x", headers={"content-range": "bytes 0-0/2"})
    assert answer.status_code == 400


async def test_files_that_arrive_together_have_outcomes_of_their_own(
    client: httpx.AsyncClient, place: Any
) -> None:
    await put(client, "old.txt", b"old")
    await put(client, "guarded.txt", b"kept")
    wrong = {"repr-digest": f"blake3=:{base64.b64encode(blake3(b'other').digest()).decode()}:"}
    answers = await asyncio.gather(
        *(put(client, f"new {number}.txt", b"n" * number) for number in range(20)),
        put(client, "old.txt", b"newer"),
        put(client, "guarded.txt", b"lost", headers={"if-match": '"0.0"'}),
        put(client, "damaged.txt", b"bytes", headers=wrong),
        put(client, "missing/a.txt", b"x"),
        put(client, "made/a.txt", b"x", params={"parents": "1"}),
        put(client, "twice.txt", b"1"),
        put(client, "twice.txt", b"2"),
        put(client, "guarded.txt", b"second", params={"on_conflict": "rename"}),
    )
    assert [answer.status_code for answer in answers[:25]] == [201] * 20 + [200, 412, 460, 404, 201]
    assert sorted(answer.status_code for answer in answers[25:27]) == [200, 201]
    assert answers[27].json()["name"].startswith("guarded (")
    for number in range(20):
        assert (place.home / f"new {number}.txt").read_bytes() == b"n" * number
    assert (place.home / "old.txt").read_bytes() == b"newer"
    assert (place.home / "guarded.txt").read_bytes() == b"kept"
    assert not (place.home / "damaged.txt").exists()
    last = next(answer for answer in answers[25:27] if answer.status_code == 200)
    current = (await client.get("/api/files/list")).json()["files"]
    assert last.headers["etag"] == next(item["etag"] for item in current if item["name"] == "twice.txt")
    assert place.private("staging") == []
    usage = (await client.get("/api/files/user/root-usage")).json()
    assert usage["live_bytes"] == sum(range(20)) + len(b"newerkeptx2second")


async def test_who_may_make_a_folder_makes_it_whoever_comes_along(
    client: httpx.AsyncClient, place: Any
) -> None:
    without, made = await asyncio.gather(
        put(client, "new/a.txt", b"x"), put(client, "new/b.txt", b"y", params={"parents": "1"})
    )
    assert made.status_code == 201
    assert without.status_code in {201, 404}, "201 when the folder was there in time"
    assert (place.home / "new/b.txt").read_bytes() == b"y"


async def test_of_files_that_arrive_together_those_that_fit_are_stored(
    client: httpx.AsyncClient, env: Env, place: Place
) -> None:
    await set_quota(env, 10_000)
    answers = await asyncio.gather(
        *(put(client, f"{number}.txt", bytes(size)) for number, size in enumerate([3000] * 5 + [20_000]))
    )
    assert sorted(answer.status_code for answer in answers) == [201] * 3 + [507] * 3
    assert answers[5].status_code == 507
    assert all("of your quota" in answer.json()["detail"] for answer in answers if answer.status_code == 507)
    stored = {f"{number}.txt" for number, answer in enumerate(answers) if answer.status_code == 201}
    assert {path.name for path in place.home.iterdir()} == stored
    assert place.private("staging") == []
    usage = (await client.get("/api/files/user/root-usage")).json()
    assert (usage["live_bytes"], usage["reserved_bytes"]) == (9000, 0)


async def test_who_leaves_takes_nobody_along(client: httpx.AsyncClient, env: Env, place: Place) -> None:
    body, kept = b"whole" * 100, set()
    for later in (0, *(1 << power for power in range(12))):  # how far everybody is by then
        leaving = [asyncio.create_task(put(client, f"gone {later} {number}", body)) for number in range(4)]
        names = [f"kept {later} {number}" for number in range(4)]
        staying = [asyncio.create_task(put(client, name, body)) for name in names]
        for _ in range(later):
            await asyncio.sleep(0)
        for task in leaving:
            task.cancel()
        assert [answer.status_code for answer in await asyncio.gather(*staying)] == [201] * 4, later
        await asyncio.gather(*leaving, return_exceptions=True)
        kept |= set(names)
    await env.part(Gatherer).aclose()
    listed = {item["name"] for item in (await client.get("/api/files/list")).json()["files"]}
    assert listed == place.below()
    assert listed >= kept
    assert {(place.home / name).read_bytes() for name in listed} == {body}
    assert place.private("staging") == []
    usage = (await client.get("/api/files/user/root-usage")).json()
    assert (usage["live_bytes"], usage["reserved_bytes"]) == (len(body) * len(listed), 0)


async def test_files_whose_rows_cannot_be_written_are_not_confirmed_and_not_lost(
    client: httpx.AsyncClient, env: Env, files: FileService, place: Place
) -> None:
    async def store(name: str, terms: Terms) -> Landed:
        body = name.encode()
        return await env.part(Gatherer).put(await files.spot(name), whole(body), size=len(body), terms=terms)

    assert (await put(client, "old.txt", b"old")).status_code == 201
    async with open_unit(env) as unit:
        await unit.session.execute(text("ALTER TABLE journal RENAME TO journal_away"))
    names = ("new.txt", "other.txt", "old.txt")
    *failed, damaged = await asyncio.gather(
        *(store(name, Terms()) for name in names),
        store("damaged.txt", Terms(blake3=blake3(b"other").hexdigest())),
        return_exceptions=True,
    )
    assert all(isinstance(error, DBAPIError) for error in failed), failed
    assert isinstance(damaged, DigestError), "it failed for a reason of its own"
    async with open_unit(env) as unit:
        await unit.session.execute(text("ALTER TABLE journal_away RENAME TO journal"))
    assert await Recovery(env).run() == len(names), "at once, although this process lives on"
    for name in names:
        assert (place.home / name).read_bytes() == name.encode()
        again = await put(client, name, name.encode())
        assert (again.status_code, again.headers["etag"].endswith('.2"')) == (200, name == "old.txt")
    assert [path.read_bytes() for path in (place.root / ".balu/versions").glob("*/*")] == [b"old"]
    usage = (await client.get("/api/files/user/root-usage")).json()
    assert (usage["live_bytes"], usage["reserved_bytes"]) == (sum(map(len, names)), 0)
    assert place.private("staging") == []


async def whole(body: bytes) -> AsyncIterator[bytes]:
    yield body
