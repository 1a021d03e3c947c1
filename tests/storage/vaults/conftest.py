"""A vault of Anna's, and what an independent reader finds in it."""

import base64
import json
import secrets
from typing import Any

import httpx
import pytest_asyncio

from balu.storage.vaults import age
from tests.core.vault_reader import VaultReader
from tests.storage.conftest import Place

PASSPHRASE = "correct horse battery"
BODY = secrets.token_bytes(100_000)
SECRET = "tax-return.pdf"


class Vault:
    """A vault with the client of its owner."""

    def __init__(self, client: httpx.AsyncClient, made: dict[str, Any], place: Place) -> None:
        self.client, self.made, self.place = client, made, place
        self.url = f"/api/vaults/{made['id']}"

    async def put(self, path: str, body: bytes = BODY, **headers: str) -> httpx.Response:
        named = {key.replace("_", "-"): value for key, value in headers.items()}
        return await self.client.put(
            f"/api/files/content/Papers.vault/{path}?parents=1", content=body, headers=named
        )

    async def get(self, path: str, **headers: str) -> httpx.Response:
        named = {key.replace("_", "-"): value for key, value in headers.items()}
        return await self.client.get(f"/api/files/download/Papers.vault/{path}", headers=named)

    async def names(self, path: str = "Papers.vault", **query: Any) -> list[str]:
        answer = await self.client.get("/api/files/list", params={"path": path, **query})
        assert answer.status_code == 200, answer.text
        return [item["name"] for item in answer.json()["files"]]

    async def lock(self) -> None:
        assert (await self.client.post(f"{self.url}/lock")).json()["status"] == "locked"

    async def unlock(self, passphrase: str = PASSPHRASE) -> httpx.Response:
        return await self.client.post(f"{self.url}/unlock", json={"passphrase": passphrase})

    def tree(self) -> dict[str, bytes]:
        """What an independent reader gets from disk and recovery kit alone."""
        (keyfile,) = (self.place.root / ".balu" / "vaults").iterdir()
        record = json.loads(keyfile.read_bytes())
        root = age.decrypt(self.made["recovery_kit"], base64.b64decode(record["recovery"]))
        reader = VaultReader(bytes.fromhex(root.decode()), keyfile.read_bytes())
        return reader.tree(self.place.home / "Papers.vault")


@pytest_asyncio.fixture
async def vault(client: httpx.AsyncClient, place: Place) -> Vault:
    answer = await client.post("/api/vaults", json={"name": "Papers", "passphrase": PASSPHRASE})
    assert answer.status_code == 201, answer.text
    assert (answer.json()["status"], answer.json()["path"]) == ("unlocked", "Papers.vault")
    return Vault(client, answer.json(), place)
