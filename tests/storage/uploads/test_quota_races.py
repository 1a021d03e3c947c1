"""Everything that takes or gives room, at random and at once: the ledger never lies, at no moment."""

import asyncio
import base64
import hashlib
import json
import os
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
from sqlalchemy import func, select

from balu.kernel.unit import Env, open_unit
from balu.storage.files import ReservationRow
from balu.storage.trash.recover import recount
from balu.storage.uploads import UploadRow, UploadService
from balu.storage.volumes import QuotaService
from balu_core import blake3_hex
from tests.storage.conftest import ANNA, Place, set_quota

SEED = int(os.environ.get("BALU_SEED", "0")) or random.SystemRandom().randrange(1 << 32)
STEPS = int(os.environ.get("BALU_STEPS", "40"))
PEOPLE = 6
QUOTA = 300_000
LARGEST = 60_000
TUS = {"tus-resumable": "1.0.0"}
OCTETS = "application/offset+octet-stream"
BATCH = {"content-type": "application/vnd.balu.batch"}
NO_FAULT = {200, 201, 204, 400, 404, 409, 410, 412, 413, 503, 507}
"""Whatever else is answered is a fault, a wrong checksum (460) included: all bytes are as announced. 503 asks
to try again, which a slow machine may do when everybody wants the database at once."""


@dataclass(slots=True)
class Hand:
    """One of several clients of the same user."""

    client: httpx.AsyncClient
    dice: random.Random
    uploads: list[tuple[str, int, int]] = field(default_factory=list)
    """Address, length and offset of tus uploads that are not finished."""
    done: dict[int, int] = field(default_factory=dict)

    async def ask(self, method: str, where: str, **more: Any) -> httpx.Response:
        answer = await self.client.request(method, where, **more)
        assert answer.status_code in NO_FAULT, (method, where, answer.status_code, answer.text)
        self.done[answer.status_code] = self.done.get(answer.status_code, 0) + 1
        return answer

    def name(self) -> str:
        return f"f{self.dice.randrange(12)}"

    def body(self) -> bytes:
        return self.dice.randbytes(self.dice.randrange(LARGEST))

    async def put(self) -> None:
        await self.ask("PUT", f"/api/files/content/{self.name()}", content=self.body())

    async def form(self) -> None:
        await self.ask("POST", "/api/files/upload", files=[("file", (self.name(), self.body()))])

    async def batch(self) -> None:
        files = [(self.name(), self.body()) for _ in range(3)]
        line = json.dumps([{"path": name, "size": len(body)} for name, body in files]).encode()
        content = line + b"\n" + b"".join(body for _, body in files)
        await self.ask("POST", "/api/uploads/batch", content=content, headers=BATCH)

    async def begin(self) -> None:
        size, name = self.dice.randrange(1, LARGEST), base64.b64encode(self.name().encode()).decode()
        length = {"upload-defer-length": "1"} if self.dice.random() < 0.2 else {"upload-length": str(size)}
        headers = {**TUS, **length, "upload-metadata": f"filename {name}"}
        answer = await self.ask("POST", "/api/uploads", headers=headers)
        if answer.status_code == 201:
            self.uploads.append((answer.headers["location"], size, 0))

    async def go_on(self) -> None:
        if not self.uploads:
            return
        where, size, offset = self.uploads.pop(self.dice.randrange(len(self.uploads)))
        if self.dice.random() < 0.2:
            await self.ask("DELETE", where, headers=TUS)
            return
        count = self.dice.randrange(size - offset + 1)
        headers = {**TUS, "upload-offset": str(offset), "content-type": OCTETS, "upload-length": str(size)}
        answer = await self.ask("PATCH", where, headers=headers, content=self.dice.randbytes(count))
        if answer.status_code == 204 and offset + count < size:
            self.uploads.append((where, size, offset + count))

    async def trio(self) -> None:
        body, base = self.body(), "/api/files/upload/chunked"
        wanted = {"filename": self.name(), "total_size": len(body), "target_path": ""}
        begun = await self.ask("POST", f"{base}/init", json=wanted)
        if begun.status_code == 200:
            where = f"{base}/{begun.json()['upload_id']}"
            await self.ask("POST", f"{where}/chunk", params={"chunk_index": 0}, content=body)
            await self.ask(*self.dice.choice([("POST", f"{where}/complete"), ("DELETE", where)]))

    async def sync(self) -> None:
        body, name = self.body(), self.name()
        wanted = {"file_path": name, "file_name": name, "total_size": len(body), "chunk_size": 65536}
        begun = await self.ask("POST", "/api/sync/upload/start", json=wanted)
        if begun.status_code == 200 and body:
            await self.ask(
                "POST", f"/api/sync/upload/{begun.json()['upload_id']}/chunk/0",
                params={"chunk_hash": hashlib.sha256(body).hexdigest()}, files={"chunk_file": ("c", body)},
            )  # fmt: skip

    async def manifest(self) -> None:
        body = self.body() + b"x"
        wanted = {"path": self.name(), "size": len(body), "chunks": [[len(body), blake3_hex(body)]]}
        begun = await self.ask("POST", "/api/uploads/manifest", json=wanted)
        if begun.status_code == 201:
            where = begun.headers["location"]
            await self.ask("PUT", f"{where}/chunks/0", content=body)
            await self.ask("POST", f"{where}/commit")

    async def copy(self) -> None:
        wanted = {"source_path": self.name(), "target_path": self.name()}
        await self.ask("POST", "/api/files/copy", json=wanted)

    async def delete(self) -> None:
        await self.ask("DELETE", f"/api/files/{self.name()}")

    async def from_trash(self) -> None:
        items = (await self.ask("GET", "/api/trash")).json()["items"]
        if items:
            item = self.dice.choice(items)["id"]
            if self.dice.random() < 0.5:
                await self.ask("POST", f"/api/trash/{item}/restore", json={"on_conflict": "rename"})
            else:
                await self.ask("DELETE", f"/api/trash/{item}")

    async def play(self) -> None:
        acts: list[Callable[[], Awaitable[None]]] = [
            self.put, self.form, self.batch, self.begin, self.begin, self.go_on, self.go_on, self.go_on,
            self.trio, self.sync, self.manifest, self.copy, self.delete, self.delete, self.from_trash,
        ]  # fmt: skip
        for _ in range(STEPS):
            await self.dice.choice(acts)()


async def watch(env: Env) -> None:
    """Look at the ledger all the time."""
    while True:
        async with open_unit(env, writes=False) as unit:
            usage = await QuotaService(unit).usage(ANNA.user_id)
        assert 0 <= usage.used <= QUOTA, usage
        assert min(usage.live, usage.trash, usage.versions, usage.reserved) >= 0, usage
        await asyncio.sleep(0.01)


async def test_the_ledger_holds_whatever_happens_at_once(
    client: httpx.AsyncClient, env: Env, place: Place
) -> None:
    print(f"BALU_SEED={SEED}")
    await set_quota(env, QUOTA)
    hands = [Hand(client, random.Random(SEED + number)) for number in range(PEOPLE)]
    async with asyncio.TaskGroup() as group:
        looking = group.create_task(watch(env))
        await asyncio.gather(*(hand.play() for hand in hands))
        looking.cancel()
    answered = {status for hand in hands for status in hand.done}
    assert {200, 201, 204, 507} <= answered, "room must have run out now and then, and come back"

    assert await recount(env) == 0, "the ledger is what the rows say"
    async with open_unit(env, writes=False) as unit:
        usage = await QuotaService(unit).usage(ANNA.user_id)
        reserved = await unit.session.scalar(select(func.sum(ReservationRow.size)))
        unfinished = (await unit.session.scalars(select(UploadRow))).all()
    assert usage.reserved == (reserved or 0)
    for row in unfinished:
        await UploadService(env).abort(row)
    async with open_unit(env, writes=False) as unit:
        usage = await QuotaService(unit).usage(ANNA.user_id)
    assert usage.reserved == 0
    files = [path for path in place.home.rglob("*") if path.is_file()]
    assert usage.live == sum(path.stat().st_size for path in files), "and what the disk says"
    assert place.private("staging") == []
