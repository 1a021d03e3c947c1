"""A vault over HTTP: every way in, every way out, and what the disk and the database show of it."""

import asyncio
import base64
import io
import json
import os
import secrets
import zipfile
from typing import Any

import httpx
import pytest
from blake3 import blake3

from balu.kernel.events import Dispatcher
from balu.kernel.testing import FakeClock
from balu.kernel.unit import Env
from balu.storage.files.scrub import Scrub
from balu.storage.files.upkeep import Upkeep
from tests.storage.vaults.conftest import BODY, PASSPHRASE, SECRET, Vault


async def test_a_file_is_stored_encrypted_and_comes_back(vault: Vault) -> None:
    stored = await vault.put(SECRET)
    assert stored.status_code == 201, stored.text
    item, digest = stored.json(), blake3(BODY)
    assert (item["name"], item["path"]) == (SECRET, f"Papers.vault/{SECRET}")
    assert (item["size"], item["blake3"]) == (len(BODY), digest.hexdigest())
    got = await vault.get(SECRET)
    assert (got.status_code, got.content) == (200, BODY)
    expected = f"blake3=:{base64.b64encode(digest.digest()).decode()}:"
    assert got.headers["repr-digest"] == expected == stored.headers["repr-digest"]
    assert got.headers["etag"] == stored.headers["etag"]
    assert SECRET in got.headers["content-disposition"]
    head = await vault.client.head(f"/api/files/download/Papers.vault/{SECRET}")
    assert int(head.headers["content-length"]) == len(BODY)
    assert vault.tree() == {SECRET: BODY}


async def test_neither_disk_nor_database_holds_a_name_or_content(vault: Vault, env: Env, config: Any) -> None:
    text = b"the combination is 4711, and nobody may know it" * 50
    await vault.put(f"Accounts/{SECRET}", text)
    await vault.client.delete(f"/api/files/Papers.vault/Accounts/{SECRET}")
    tus = {"Tus-Resumable": "1.0.0", "Upload-Length": "50", "Upload-Metadata": metadata(SECRET)}
    assert (await vault.client.post("/api/uploads", headers=tus)).status_code == 201
    needles = (b"4711", b"tax-return", b"Accounts", PASSPHRASE.encode())
    for path in config.data_dir.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert not any(needle in content for needle in needles), path
        assert b"tax-return" not in path.name.encode()


async def test_ranges_are_of_the_plain_bytes(vault: Vault) -> None:
    await vault.put(SECRET)
    one = await vault.get(SECRET, range="bytes=16380-16390")
    assert (one.status_code, one.content) == (206, BODY[16380:16391])
    assert one.headers["content-range"] == f"bytes 16380-16390/{len(BODY)}"
    last = await vault.get(SECRET, range="bytes=-5")
    assert last.content == BODY[-5:]
    many = await vault.get(SECRET, range="bytes=0-3,50000-50003")
    assert many.status_code == 206
    assert BODY[:4] in many.content
    assert BODY[50000:50004] in many.content
    assert (await vault.get(SECRET, range=f"bytes={len(BODY)}-")).status_code == 416


async def test_while_locked_everything_inside_is_423(vault: Vault) -> None:
    stored = (await vault.put(f"Sub/{SECRET}")).json()
    await vault.lock()
    inside = f"Papers.vault/Sub/{SECRET}"
    for answer in (
        await vault.get(f"Sub/{SECRET}"),
        await vault.put("new.txt"),
        await vault.client.get("/api/files/list", params={"path": "Papers.vault"}),
        await vault.client.get("/api/files/list", params={"path": "Papers.vault/Sub"}),
        await vault.client.get(f"/api/files/{stored['file_id']}"),
        await vault.client.get("/api/files/download/" + str(stored["file_id"])),
        await vault.client.post("/api/files/folder", json={"path": "Papers.vault", "name": "More"}),
        await vault.client.put("/api/files/rename", json={"old_path": inside, "new_name": "x"}),
        await vault.client.post("/api/files/copy", json={"source_path": inside, "target_path": "out"}),
        await vault.client.get("/api/files/archive", params={"path": "Papers.vault"}),
        await vault.client.post(
            "/api/uploads",
            headers={
                "Tus-Resumable": "1.0.0", "Upload-Length": "5",
                "Upload-Metadata": metadata("a", "Papers.vault"),
            },
        ),
        await vault.client.delete(f"/api/files/{inside}"),
    ):  # fmt: skip
        assert (answer.status_code, answer.json()["code"]) == (423, "vault-locked"), answer.request.url
    assert await vault.names("") == ["Papers.vault"]
    assert vault.tree() == {f"Sub/{SECRET}": BODY}


async def test_only_the_passphrase_or_the_kit_opens_it(vault: Vault) -> None:
    await vault.put(SECRET)
    await vault.lock()
    wrong = await vault.unlock("wrong horse battery")
    assert (wrong.status_code, wrong.json()["code"]) == (403, "vault-passphrase")
    assert (await vault.get(SECRET)).status_code == 423
    assert (await vault.unlock()).json()["status"] == "unlocked"
    assert (await vault.get(SECRET)).content == BODY
    await vault.lock()
    assert (await vault.unlock(vault.made["recovery_kit"])).status_code == 200
    assert (await vault.get(SECRET)).content == BODY


async def test_another_passphrase_rewrites_no_file(vault: Vault) -> None:
    await vault.put(SECRET)
    before = {path: path.read_bytes() for path in vault.place.home.rglob("*") if path.is_file()}
    change = {"passphrase": PASSPHRASE, "new_passphrase": "a staple of another kind"}
    assert (await vault.client.put(f"{vault.url}/passphrase", json=change)).status_code == 200
    assert {path: path.read_bytes() for path in vault.place.home.rglob("*") if path.is_file()} == before
    await vault.lock()
    assert (await vault.unlock()).status_code == 403
    assert (await vault.unlock("a staple of another kind")).status_code == 200
    assert vault.tree() == {SECRET: BODY}


async def test_it_locks_itself_when_nobody_uses_it(vault: Vault, clock: FakeClock) -> None:
    await vault.put(SECRET)
    for _ in range(4):
        clock.advance(minutes=10)
        assert (await vault.get(SECRET)).status_code == 200
    clock.advance(minutes=16)
    assert (await vault.get(SECRET)).status_code == 423
    (listed,) = (await vault.client.get("/api/vaults")).json()
    assert (listed["status"], listed["locks_at"]) == ("locked", None)


async def test_the_same_bytes_keep_the_etag_and_others_make_a_version(vault: Vault) -> None:
    first = await vault.put(SECRET)
    again = await vault.put(SECRET)
    assert (again.status_code, again.headers["etag"]) == (200, first.headers["etag"])
    other = await vault.put(SECRET, b"other")
    assert other.headers["etag"] != first.headers["etag"]
    assert (await vault.get(SECRET)).content == b"other"
    former = await vault.get(f"{SECRET}?version=1")
    assert (former.content, former.headers["etag"]) == (BODY, first.headers["etag"])
    await vault.lock()
    assert (await vault.get(f"{SECRET}?version=1")).status_code == 423


async def test_wrong_digests_and_conditions_are_refused(vault: Vault) -> None:
    wrong = base64.b64encode(blake3(b"other").digest()).decode()
    assert (await vault.put(SECRET, repr_digest=f"blake3=:{wrong}:")).status_code == 460
    assert vault.tree() == {}
    await vault.put(SECRET)
    assert (await vault.put(SECRET, b"x", if_none_match="*")).status_code == 412
    assert vault.place.private("staging") == []


async def test_listings_sort_and_filter_by_plain_names(vault: Vault) -> None:
    for name in ("b10.txt", "b2.txt", "Äpfel.txt", "c.md"):
        await vault.put(name, name.encode() * (3 if name == "c.md" else 1))
    await vault.put("zoo/x.txt", b"x")
    assert await vault.names() == ["zoo", "b2.txt", "b10.txt", "c.md", "Äpfel.txt"]
    assert await vault.names(order="desc") == ["zoo", "Äpfel.txt", "c.md", "b10.txt", "b2.txt"]
    assert await vault.names(filter="TXT", offset=1, limit=1) == ["b10.txt"]
    answer = (await vault.client.get("/api/files/list", params={"path": "Papers.vault"})).json()
    assert answer["total"] == 5
    assert {item["name"]: item["size"] for item in answer["files"]}["c.md"] == 12


def metadata(filename: str, path: str = "Papers.vault") -> str:
    def b64(text: str) -> str:
        return base64.b64encode(text.encode()).decode()

    return f"filename {b64(filename)},path {b64(path)}"


async def test_tus_uploads_in_any_pieces(vault: Vault) -> None:
    tus = {"Tus-Resumable": "1.0.0"}
    create = {**tus, "Upload-Length": str(len(BODY)), "Upload-Metadata": metadata(SECRET)}
    made = await vault.client.post("/api/uploads", headers=create)
    offset = 0
    for cut in (10, 16_384, 40_000, len(BODY)):
        sent = await vault.client.patch(
            made.headers["location"],
            content=BODY[offset:cut],
            headers={
                **tus, "Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"
            },
        )  # fmt: skip
        assert sent.status_code == 204, sent.text
        offset = int(sent.headers["upload-offset"])
        assert offset == cut
    assert (await vault.get(SECRET)).content == BODY
    assert vault.tree() == {SECRET: BODY}


async def test_manifest_uploads_with_holes_and_chunks_in_any_order(vault: Vault) -> None:
    mib = 1 << 20
    body = secrets.token_bytes(mib) + bytes(mib) + secrets.token_bytes(1000)
    chunks = [body[at : at + mib] for at in range(0, len(body), mib)]
    manifest = {
        "path": f"Papers.vault/{SECRET}", "size": len(body), "blake3": blake3(body).hexdigest(),
        "chunks": [[mib, blake3(chunks[0]).hexdigest()], [mib, None], [1000, blake3(chunks[2]).hexdigest()]],
    }  # fmt: skip
    begun = await vault.client.post("/api/uploads/manifest", json=manifest)
    assert (begun.status_code, begun.json()["missing"]) == (201, [0, 1, 2]), begun.text
    url = f"/api/uploads/{begun.json()['upload_id']}"
    for number in (2, 0, 1):
        assert (await vault.client.put(f"{url}/chunks/{number}", content=chunks[number])).status_code == 204
    done = await vault.client.post(f"{url}/commit")
    assert (done.status_code, done.json()["blake3"]) == (200, blake3(body).hexdigest()), done.text
    assert vault.tree() == {SECRET: body}


async def test_batches_and_forms(vault: Vault) -> None:
    line = [{"path": "Papers.vault/a.txt", "size": 3}, {"path": "plain.txt", "size": 2},
            {"path": "Papers.vault/deep/b.txt", "size": 0}]  # fmt: skip
    answer = await vault.client.post(
        "/api/uploads/batch",
        content=json.dumps(line).encode() + b"\n" + b"abcde",
        headers={"content-type": "application/vnd.balu.batch"},
    )
    assert [one["status"] for one in answer.json()] == [201, 201, 201], answer.text
    form = await vault.client.post(
        "/api/files/upload", data={"path": "Papers.vault"}, files={"file": ("c.txt", b"form")}
    )
    assert form.status_code == 201, form.text
    assert vault.tree() == {"a.txt": b"abc", "deep/b.txt": b"", "c.txt": b"form"}
    assert (vault.place.home / "plain.txt").read_bytes() == b"de"


async def test_chunked_uploads_of_desktop_clients(vault: Vault) -> None:
    wanted = {"target_path": "Papers.vault", "filename": SECRET, "total_size": len(BODY)}
    begun = await vault.client.post("/api/files/upload/chunked/init", json=wanted)
    url = f"/api/files/upload/chunked/{begun.json()['upload_id']}"
    assert (await vault.client.post(f"{url}/chunk?chunk_index=0", content=BODY)).is_success
    assert (await vault.client.post(f"{url}/complete")).is_success
    assert vault.tree() == {SECRET: BODY}


async def test_chunks_sent_again_are_compared_in_a_vault_too(vault: Vault) -> None:
    kib = 1 << 10
    body = secrets.token_bytes(64 * kib) + b"the end"
    wanted = {
        "file_path": f"Papers.vault/{SECRET}", "file_name": SECRET, "total_size": len(body),
        "chunk_size": 64 * kib,
    }  # fmt: skip
    begun = (await vault.client.post("/api/sync/upload/start", json=wanted)).json()

    async def send(number: int, piece: bytes) -> int:
        url = f"/api/sync/upload/{begun['upload_id']}/chunk/{number}"
        return (await vault.client.post(url, files={"chunk_file": ("chunk", piece)})).status_code

    others = secrets.token_bytes(64 * kib)
    for number, piece, status in (
        (0, body[: 64 * kib], 200), (0, others, 409), (0, body[: 64 * kib], 200),
        (1, b"the end", 200), (0, others, 409), (1, b"THE END", 409), (1, b"the end", 200),
    ):  # fmt: skip
        assert await send(number, piece) == status
    assert vault.tree() == {SECRET: body}


async def test_archives_hold_plain_names_and_contents(vault: Vault) -> None:
    await vault.put(f"Sub/{SECRET}")
    answer = await vault.client.get("/api/files/archive", params={"path": "Papers.vault"})
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.read(f"Papers.vault/Sub/{SECRET}") == BODY
        assert not any("vault.balu" in name for name in archive.namelist())


async def test_copies_and_moves_cross_the_boundary_encrypted_or_decrypted(vault: Vault) -> None:
    client = vault.client
    await client.put("/api/files/content/plain.txt", content=b"plain")
    into = {"source_path": "plain.txt", "target_path": "Papers.vault/kept.txt"}
    moved = await client.put("/api/files/move", json=into)
    assert (moved.status_code, moved.json()["file"]["path"]) == (200, "Papers.vault/kept.txt"), moved.text
    assert vault.tree() == {"kept.txt": b"plain"}
    assert not (vault.place.home / "plain.txt").exists()
    await vault.put(f"Sub/{SECRET}")
    out = {"source_path": "Papers.vault/Sub", "target_path": "Open"}
    assert (await client.post("/api/files/copy", json=out)).status_code == 201
    assert (vault.place.home / "Open" / SECRET).read_bytes() == BODY
    inner = {"source_path": f"Papers.vault/Sub/{SECRET}", "target_path": "Papers.vault/Sub/copy.pdf"}
    assert (await client.post("/api/files/copy", json=inner)).status_code == 201
    rename = {"old_path": "Papers.vault/Sub/copy.pdf", "new_name": "renamed.pdf"}
    assert (await client.put("/api/files/rename", json=rename)).json()["file"]["name"] == "renamed.pdf"
    assert vault.tree() == {"kept.txt": b"plain", f"Sub/{SECRET}": BODY, "Sub/renamed.pdf": BODY}


async def test_the_folder_moves_as_it_is_and_keeps_its_ending(vault: Vault) -> None:
    await vault.put(SECRET)
    await vault.lock()
    rename = {"old_path": "Papers.vault", "new_name": "Plain"}
    assert (await vault.client.put("/api/files/rename", json=rename)).json()["code"] == "vault-boundary"
    rename["new_name"] = "Taxes.vault"
    assert (await vault.client.put("/api/files/rename", json=rename)).status_code == 200
    await vault.unlock()
    assert (await vault.client.get(f"/api/files/download/Taxes.vault/{SECRET}")).content == BODY
    (listed,) = (await vault.client.get("/api/vaults")).json()
    assert listed["path"] == "Taxes.vault"


async def test_deleted_things_come_back_encrypted_as_they_were(vault: Vault) -> None:
    await vault.put(f"Sub/{SECRET}")
    assert (await vault.client.delete(f"/api/files/Papers.vault/Sub/{SECRET}")).is_success
    assert vault.tree() == {}
    (item,) = (await vault.client.get("/api/trash")).json()["items"]
    assert (item["name"], item["original_path"]) == (SECRET, f"Papers.vault/Sub/{SECRET}")
    assert (item["vault"], item["mime_type"]) == ("Papers", "application/pdf")
    await vault.lock()
    (hidden,) = (await vault.client.get("/api/trash")).json()["items"]
    assert (hidden["name"], hidden["original_path"], hidden["vault"]) == ("", "", "Papers")
    assert (await vault.client.post(f"/api/trash/{item['id']}/restore", json={})).is_success
    assert vault.tree() == {f"Sub/{SECRET}": BODY}
    await vault.unlock()
    assert (await vault.get(f"Sub/{SECRET}")).content == BODY


async def test_what_was_deleted_comes_back_into_its_vault_only(vault: Vault) -> None:
    await vault.put(SECRET)
    await vault.client.delete(f"/api/files/Papers.vault/{SECRET}")
    await vault.put(SECRET, b"newer")
    (item,) = (await vault.client.get("/api/trash")).json()["items"]
    restore = f"/api/trash/{item['id']}/restore"
    await vault.client.put("/api/files/rename", json={"old_path": "Papers.vault", "new_name": "Moved.vault"})
    lost = await vault.client.post(restore, json={})
    assert (lost.status_code, lost.json()["code"]) == (409, "vault-boundary")
    await vault.client.put("/api/files/rename", json={"old_path": "Moved.vault", "new_name": "Papers.vault"})
    await vault.lock()
    taken = await vault.client.post(restore, json={"on_conflict": "rename"})
    assert (taken.status_code, taken.json()["code"]) == (409, "file-exists")
    await vault.unlock()
    back = await vault.client.post(restore, json={"on_conflict": "rename"})
    assert back.status_code == 200, back.text
    name = back.json()["file"]["name"]
    assert back.json()["file"]["path"] == f"Papers.vault/{name}"
    assert vault.tree() == {SECRET: b"newer", name: BODY}


async def test_deleting_the_vault_can_be_undone_until_the_trash_is_emptied(vault: Vault, env: Env) -> None:
    await vault.put(SECRET)
    assert (await vault.client.delete(vault.url)).status_code == 204
    (listed,) = (await vault.client.get("/api/vaults")).json()
    assert (listed["path"], listed["status"]) == (None, "locked")
    (item,) = (await vault.client.get("/api/trash")).json()["items"]
    assert (await vault.client.post(f"/api/trash/{item['id']}/restore", json={})).is_success
    await vault.unlock()
    assert (await vault.get(SECRET)).content == BODY
    await vault.client.delete(vault.url)
    (item,) = (await vault.client.get("/api/trash")).json()["items"]
    assert (await vault.client.delete(f"/api/trash/{item['id']}")).is_success
    async with asyncio.timeout(120):  # whoever delivers the event: the application does so beside us
        while (await vault.client.get("/api/vaults")).json():
            await env.part(Dispatcher).deliver(env)
            await asyncio.sleep(0.05)
    assert vault.place.private("vaults") == []


async def test_scrub_finds_rot_without_the_key(vault: Vault, env: Env) -> None:
    await vault.put(SECRET)
    await vault.lock()
    assert (await Upkeep(env).rehash(seconds=10)).files >= 1
    assert (await Scrub(env).run()).rotten == []
    (path,) = (path for path in (vault.place.home / "Papers.vault").iterdir() if path.name != "vault.balu")
    before, raw = path.stat(), bytearray(path.read_bytes())
    raw[5000] ^= 1
    path.write_bytes(raw)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert len((await Scrub(env).run()).rotten) == 1
    await vault.unlock()
    with pytest.raises(OSError, match="Bad message"):  # a client sees an answer that breaks off
        await vault.get(SECRET, range="bytes=0-10")


async def test_other_people_see_nothing_of_it(vault: Vault) -> None:
    ben = {"x-test-user": "ben"}
    assert (await vault.client.get("/api/vaults", headers=ben)).json() == []
    for method, path in (("POST", "/unlock"), ("POST", "/lock"), ("DELETE", "")):
        answer = await vault.client.request(
            method, vault.url + path, headers=ben, json={"passphrase": PASSPHRASE}
        )
        assert answer.status_code == 404


async def test_no_administrator_takes_anything_out_of_an_open_vault(vault: Vault) -> None:
    await vault.put(SECRET)
    for path in (f"Papers.vault/{SECRET}", "Papers.vault"):
        refused = await vault.client.post(
            "/api/files/transfer-ownership",
            json={"path": path, "owner_id": 1, "new_owner_id": 3},
            headers={"x-test-user": "root"},
        )
        assert (refused.status_code, refused.json()["code"]) == (409, "vault-boundary"), refused.text
    assert (await vault.get(SECRET)).content == BODY


async def test_it_is_given_to_nobody_and_through_no_folder_above(vault: Vault) -> None:
    client, ben = vault.client, {"x-test-user": "ben"}
    inner = (await vault.put(f"Sub/{SECRET}")).json()["file_id"]
    for file_id in (inner, vault.made["folder_id"]):
        given = await client.post(f"/api/files/{file_id}/permissions", json={"username": "ben"})
        assert (given.status_code, given.json()["code"]) == (403, "vault-not-given")
    rules = {"path": f"Papers.vault/Sub/{SECRET}", "rules": [{"user_id": 2, "can_view": True}]}
    ruled = await client.put("/api/files/permissions", json=rules)
    assert (ruled.status_code, ruled.json()["code"]) == (403, "vault-not-given")
    await client.put("/api/files/content/Docs/open.txt?parents=1", content=b"open")
    move = {"source_path": "Papers.vault", "target_path": "Docs/Papers.vault"}
    assert (await client.put("/api/files/move", json=move)).status_code == 200
    docs = (await client.get("/api/files/list")).json()["files"][0]["file_id"]
    wish = {"username": "ben", "can_view": True, "can_edit": True, "can_delete": True, "can_share": True}
    assert (await client.post(f"/api/files/{docs}/permissions", json=wish)).status_code == 200
    here = "Shared with me/Docs"
    assert sorted(await names(client, here, ben)) == ["Papers.vault", "open.txt"]
    inside = f"{here}/Papers.vault/Sub/{SECRET}"
    for answer in (
        await client.get("/api/files/list", params={"path": f"{here}/Papers.vault"}, headers=ben),
        await client.get("/api/files/list", params={"path": f"{here}/Papers.vault/Sub"}, headers=ben),
        await client.get(f"/api/files/download/{inside}", headers=ben),
        await client.get(f"/api/files/download/{inner}", headers=ben),
        await client.get(f"/api/files/{inner}", headers=ben),
        await client.get("/api/files/archive", params={"path": f"{here}/Papers.vault"}, headers=ben),
        await client.put(f"/api/files/content/{here}/Papers.vault/new", content=b"x", headers=ben),
        await client.post(
            "/api/files/copy", json={"source_path": inside, "target_path": "mine"}, headers=ben
        ),
        await client.delete(f"/api/files/{inside}", headers=ben),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "vault-not-given"), answer.request.url
    got = await client.get(f"/api/files/download/Docs/Papers.vault/Sub/{SECRET}")
    assert got.content == BODY


async def names(client: httpx.AsyncClient, path: str, headers: dict[str, str]) -> list[str]:
    answer = await client.get("/api/files/list", params={"path": path}, headers=headers)
    return [item["name"] for item in answer.json()["files"]]


@pytest.mark.parametrize(
    ("wish", "status"),
    [
        pytest.param({"name": "Papers", "passphrase": PASSPHRASE}, 409, id="taken"),
        pytest.param({"name": "New", "passphrase": "short"}, 422, id="short-passphrase"),
        pytest.param({"name": "a/b", "passphrase": PASSPHRASE}, 400, id="slash"),
        pytest.param(
            {"name": "New", "passphrase": PASSPHRASE, "parent_path": "Papers.vault"}, 409, id="nested"
        ),
        pytest.param({"name": "New", "passphrase": PASSPHRASE, "parent_path": "gone"}, 404, id="no-parent"),
    ],
)
async def test_what_cannot_be_a_vault(vault: Vault, wish: dict[str, str], status: int) -> None:
    assert (await vault.client.post("/api/vaults", json=wish)).status_code == status
    assert len((await vault.client.get("/api/vaults")).json()) == 1


async def test_names_that_are_too_long_are_refused(vault: Vault) -> None:
    assert (await vault.put("x" * 143, b"fits")).status_code == 201
    assert (await vault.put("x" * 144, b"does not")).status_code == 400
