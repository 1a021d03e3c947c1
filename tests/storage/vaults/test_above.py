"""A vault in a folder: what lies above it is packed, moved and given away, and the vault stays one."""

import asyncio
import io
import json
import zipfile
from pathlib import Path
from typing import Any

from sqlalchemy import select

from balu.kernel.jobs import JobRow
from balu.kernel.jobs.run import work
from balu.kernel.unit import Env, open_unit
from balu.storage.vaults.record import decode, open_with_passphrase
from tests.storage.vaults.conftest import BODY, PASSPHRASE, SECRET, Vault

BEN = {"x-test-user": "ben"}


async def test_archives_of_what_is_above_hold_them_too_or_say_that_it_is_locked(vault: Vault) -> None:
    await vault.put(f"Sub/{SECRET}")
    folder = await given_to_ben(vault)
    for query in ({"path": "Docs"}, {"path": ""}, {"path": "Docs", "format": "tar.zst"}):
        answer = await vault.client.get("/api/files/archive", params=query)
        assert answer.status_code == 200
        if "format" not in query:
            with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
                assert archive.read(f"Docs/Papers.vault/Sub/{SECRET}") == BODY
                assert archive.read("Docs/open.txt") == b"open"
                assert not any("vault.balu" in name for name in archive.namelist())
    his = await vault.client.get("/api/files/archive", params={"path": "Shared with me/Docs"}, headers=BEN)
    with zipfile.ZipFile(io.BytesIO(his.content)) as archive:
        assert archive.namelist() == ["Docs/", "Docs/open.txt"]
    await vault.lock()
    for locked in (
        await vault.client.get("/api/files/archive", params={"path": "Docs"}),
        await vault.client.post("/api/files/archive", json={"paths": ["Docs"]}),
    ):
        assert (locked.status_code, locked.json()["code"]) == (423, "vault-locked"), folder


async def given_to_ben(vault: Vault) -> int:
    """Put the vault into a folder that Ben may do everything with; returns its number."""
    await vault.client.put("/api/files/content/Docs/open.txt?parents=1", content=b"open")
    move = {"source_path": "Papers.vault", "target_path": "Docs/Papers.vault"}
    assert (await vault.client.put("/api/files/move", json=move)).status_code == 200
    docs: int = (await vault.client.get("/api/files/list")).json()["files"][0]["file_id"]
    wish = {"username": "ben", "can_view": True, "can_edit": True, "can_delete": True, "can_share": True}
    assert (await vault.client.post(f"/api/files/{docs}/permissions", json=wish)).status_code == 200
    return docs


async def test_a_folder_above_takes_no_vault_where_it_would_be_none(vault: Vault) -> None:
    await vault.put(SECRET)
    await given_to_ben(vault)
    client = vault.client
    other = await client.post("/api/vaults", json={"name": "Other", "passphrase": PASSPHRASE})
    assert other.status_code == 201
    for act, method in (("move", "PUT"), ("copy", "POST")):
        wish = {"source_path": "Docs", "target_path": "Other.vault/Docs"}
        refused = await client.request(method, f"/api/files/{act}", json=wish)
        assert (refused.status_code, refused.json()["code"]) == (409, "vault-boundary"), refused.text
        wish = {"source_path": "Shared with me/Docs", "target_path": "mine"}
        taken = await client.request(method, f"/api/files/{act}", json=wish, headers=BEN)
        assert taken.status_code in {403, 409}, taken.text
    assert sorted(await vault.names("Docs")) == ["Papers.vault", "open.txt"]
    assert await vault.names("Other.vault") == []
    assert (await client.get(f"/api/files/download/Docs/Papers.vault/{SECRET}")).content == BODY


async def test_a_vault_is_not_doubled(vault: Vault) -> None:
    await vault.put(SECRET)
    client = vault.client
    assert (await client.post("/api/files/folder", json={"path": "", "name": "Docs"})).is_success
    for source, target in (("Papers.vault", "Again.vault"), ("Docs", "Docs 2")):
        refused = await client.post("/api/files/copy", json={"source_path": source, "target_path": target})
        assert (refused.status_code, refused.json()["code"]) == (409, "vault-boundary"), refused.text
        move = {"source_path": "Papers.vault", "target_path": "Docs/Papers.vault"}
        await client.put("/api/files/move", json=move)
    assert await vault.names("") == ["Docs"]


async def test_what_was_shared_keeps_its_place_also_in_front_of_a_vault(vault: Vault) -> None:
    client = vault.client
    await client.put("/api/files/content/his.txt", content=b"his", headers=BEN)
    file_id = (await client.get("/api/files/list", headers=BEN)).json()["files"][0]["file_id"]
    wish = {"username": "anna", "can_edit": True, "can_delete": True}
    assert (await client.post(f"/api/files/{file_id}/permissions", json=wish, headers=BEN)).is_success
    move = {"source_path": "Shared with me/his.txt", "target_path": "Papers.vault/his.txt"}
    refused = await client.put("/api/files/move", json=move)
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden"), refused.text
    assert await vault.names() == []
    assert (await client.get("/api/files/download/his.txt", headers=BEN)).content == b"his"


async def test_a_vault_is_made_among_ones_own_files_only(vault: Vault) -> None:
    await given_to_ben(vault)
    wish = {"name": "His", "passphrase": PASSPHRASE, "parent_path": "Shared with me/Docs"}
    refused = await vault.client.post("/api/vaults", json=wish, headers=BEN)
    assert (refused.status_code, refused.json()["code"]) == (403, "vault-not-given"), refused.text
    assert sorted(await vault.names("Docs")) == ["Papers.vault", "open.txt"]


async def test_rows_of_jobs_know_no_names(vault: Vault, env: Env, tmp_path: Path) -> None:
    client, place = vault.client, "Papers.vault/Private"
    for name in ("tax-return.pdf", "tax-notice.txt"):
        await vault.put(f"Private/{name}")
    (tmp_path / "other").mkdir()
    wish = {"name": "other", "path": str(tmp_path / "other")}
    assert (await client.post("/api/volumes", json=wish, headers={"x-test-user": "root"})).status_code == 201
    await client.get("/api/files/list?mount=2")
    with (tmp_path / "other/anna/loan-contract").open("wb") as file:
        file.truncate(65 << 20)

    async def done(method: str, address: str, wish: Any) -> dict[str, Any]:
        answer = await client.request(method, f"/api/files/{address}", json=wish)
        assert answer.status_code == 202, answer.text
        await work(env, answer.json()["job_id"])
        result: dict[str, Any] = (await client.get(answer.json()["status_url"])).json()
        return result

    paths = [f"{place}/tax-return.pdf", f"{place}/no-such-bill"]
    first = await done("POST", "batch", {"action": "move", "paths": paths, "target_path": "Papers.vault"})
    assert (first["result"]["done"], first["result"]["failed"]) == (1, 1), first
    chosen = {"action": "copy", "filter": {"path": place, "pattern": "tax-n*"}, "target_path": "Papers.vault"}
    assert (await done("POST", "batch", chosen))["result"]["done"] == 1
    assert sorted(await vault.names()) == ["Private", "tax-notice.txt", "tax-return.pdf"]
    undone = await done("POST", "batch", {"action": "undo", "job_id": first["id"]})
    assert undone["result"]["done"] == 1, undone
    assert sorted(await vault.names(place)) == ["tax-notice.txt", "tax-return.pdf"]
    into = {"source_path": "loan-contract", "mount": 2, "target_path": f"{place}/loan", "target_mount": 1}
    assert (await done("PUT", "move", into))["status"] == "completed"
    assert "loan" in await vault.names(place)
    over = {**into, "source_path": f"{place}/loan", "mount": 1, "target_path": "back", "target_mount": 2}
    await done("PUT", "move", over)
    async with open_unit(env, writes=False) as unit:
        rows = (await unit.session.scalars(select(JobRow).where(JobRow.owner_id == 1))).all()
        told = [json.dumps([row.args, row.result, row.message, row.error]) for row in rows]
    needles = ("tax-", "Private", "no-such", f"{place}/loan", '"loan"')
    assert [text for text in told if any(needle in text for needle in needles)] == []
    await vault.lock()
    assert (await client.post("/api/files/batch", json=chosen)).status_code == 423


async def test_of_two_new_passphrases_at_once_one_wins_everywhere(vault: Vault) -> None:
    url, news = f"{vault.url}/passphrase", ("first of the two", "second of the two")
    wishes = [{"passphrase": PASSPHRASE, "new_passphrase": new} for new in news]
    answers = await asyncio.gather(*(vault.client.put(url, json=wish) for wish in wishes))
    codes = {answer.status_code: new for answer, new in zip(answers, news, strict=True)}
    assert 200 in codes, [answer.text for answer in answers]
    assert set(codes) - {200} <= {403, 409}, [answer.text for answer in answers]
    assert len(codes) == 2
    (keyfile,) = (vault.place.root / ".balu/vaults").iterdir()
    open_with_passphrase(decode(keyfile.read_bytes()), codes.pop(200))
    assert (await vault.unlock(codes.popitem()[1])).status_code == 403
