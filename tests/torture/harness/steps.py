"""Runs inside forked children: a Balu of its own, one operation with a fault at one step, and recovery."""

import asyncio
import base64
import json
import logging
import os
import signal
import sqlite3
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import httpx
import structlog
from blake3 import blake3
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import configure_mappers

from balu.app import Balu, build
from balu.kernel.clock import system_now
from balu.kernel.embedded import EmbeddedConnection
from balu.kernel.env import open_env
from balu.kernel.jobs import run_startup
from balu.kernel.testing import make_config
from balu.kernel.unit import Env
from balu.storage.files.recover import Recovery
from balu.storage.trash.service import TrashService
from tests.storage.conftest import ALL, add_people
from tests.torture.harness.audit import Seen, look

OLD = b"old contents " * 50
NEW = b"new contents, longer " * 60
LARGE = bytes(range(256)) * (5 << 10)
"""Beyond what takes its quota together with the intent."""
Client = httpx.AsyncClient
Operation = Callable[[Client], Awaitable[list[int]]]


async def _put(client: Client, path: str, data: bytes, **query: str) -> int:
    answer = await client.put(f"/api/files/content/{path}", content=data, params={"parents": "1", **query})
    return answer.status_code


async def put(client: Client) -> list[int]:
    return [await _put(client, "new.bin", NEW)]


async def put_into_new_folder(client: Client) -> list[int]:
    return [await _put(client, "deep/deeper/new.bin", NEW)]


async def put_together(client: Client) -> list[int]:
    """What is stored by one group: new names in two folders, new bytes for an old one."""
    paths = ("one.bin", "two.bin", "b/three.bin", "b/four.bin", "a/old.bin")
    return await asyncio.gather(*(_put(client, path, NEW + path.encode()) for path in paths))


async def put_large(client: Client) -> list[int]:
    return [await _put(client, "large.bin", LARGE)]


async def replace(client: Client) -> list[int]:
    return [await _put(client, "a/old.bin", NEW)]


async def touch(client: Client) -> list[int]:
    return [await _put(client, "a/old.bin", OLD, mtime="1700000000000")]


async def form(client: Client) -> list[int]:
    files = [("files", ("one.bin", NEW)), ("files", ("two.bin", LARGE))]
    return [(await client.post("/api/files/upload", params={"path": "a"}, files=files)).status_code]


async def tus(client: Client) -> list[int]:
    name = base64.b64encode(b"a/tus.bin").decode()
    length = str(len(LARGE))
    start = {"tus-resumable": "1.0.0", "upload-length": length, "upload-metadata": f"filename {name}"}
    made = await client.post("/api/uploads", headers=start)
    if made.status_code != 201:
        return [made.status_code]
    offset, codes = 0, []
    for portion in (LARGE[: 1 << 20], LARGE[1 << 20 :]):
        headers = {
            "tus-resumable": "1.0.0", "upload-offset": str(offset),
            "content-type": "application/offset+octet-stream",
        }  # fmt: skip
        answer = await client.patch(made.headers["location"], content=portion, headers=headers)
        codes.append(answer.status_code)
        offset += len(portion)
        if answer.status_code != 204:
            return codes
    return codes


async def trio(client: Client) -> list[int]:
    wanted = {"filename": "trio.bin", "total_size": len(LARGE), "target_path": "a"}
    made = await client.post("/api/files/upload/chunked/init", json=wanted)
    if made.status_code != 200:
        return [made.status_code]
    place = f"/api/files/upload/chunked/{made.json()['upload_id']}"
    sent = await client.post(f"{place}/chunk", params={"chunk_index": 0}, content=LARGE)
    if sent.status_code != 200:
        return [sent.status_code]
    return [(await client.post(f"{place}/complete")).status_code]


async def manifest(client: Client) -> list[int]:
    size = 1 << 20
    pieces = [LARGE[at : at + size] for at in range(0, len(LARGE), size)]
    chunks = [(len(piece), blake3(piece).hexdigest()) for piece in pieces]
    wanted = {"path": "a/manifest.bin", "size": len(LARGE), "chunks": chunks}
    made = await client.post("/api/uploads/manifest", json=wanted)
    if made.status_code != 201:
        return [made.status_code]
    for number, piece in enumerate(pieces):
        sent = await client.put(f"{made.headers['location']}/chunks/{number}", content=piece)
        if sent.status_code != 204:
            return [sent.status_code]
    return [(await client.post(f"{made.headers['location']}/commit")).status_code]


async def _batch(client: Client, files: dict[str, bytes]) -> list[int]:
    line = json.dumps([{"path": path, "size": len(data)} for path, data in files.items()]).encode() + b"\n"
    answer = await client.post(
        "/api/uploads/batch",
        content=line + b"".join(files.values()),
        headers={"content-type": "application/vnd.balu.batch"},
    )
    return [item["status"] for item in answer.json()] if answer.is_success else [answer.status_code]


async def batch(client: Client) -> list[int]:
    return await _batch(client, {"b/one": NEW, "b/two": OLD, "a/old.bin": NEW})


async def batch_of_many(client: Client) -> list[int]:
    return await _batch(client, {f"b/{number}": NEW + bytes([number]) for number in range(70)})


async def make_folder(client: Client) -> list[int]:
    return [(await client.post("/api/files/folder", json={"path": "a", "name": "made"})).status_code]


async def move(client: Client) -> list[int]:
    body = {"source_path": "a/old.bin", "target_path": "tree/moved.bin"}
    return [(await client.put("/api/files/move", json=body)).status_code]


async def move_tree(client: Client) -> list[int]:
    body = {"source_path": "tree", "target_path": "a/tree"}
    return [(await client.put("/api/files/move", json=body)).status_code]


async def copy(client: Client) -> list[int]:
    body = {"source_path": "a/old.bin", "target_path": "copy.bin"}
    return [(await client.post("/api/files/copy", json=body)).status_code]


async def copy_tree(client: Client) -> list[int]:
    body = {"source_path": "tree", "target_path": "a/second"}
    return [(await client.post("/api/files/copy", json=body)).status_code]


async def delete(client: Client) -> list[int]:
    return [(await client.delete("/api/files/a/old.bin")).status_code]


async def delete_tree(client: Client) -> list[int]:
    return [(await client.delete("/api/files/tree")).status_code]


async def _trashed(client: Client) -> str:
    items = (await client.get("/api/trash")).json()["items"]
    return f"/api/trash/{items[0]['id']}" if items else "/api/trash/0"


async def restore(client: Client) -> list[int]:
    return [(await client.post(f"{await _trashed(client)}/restore", json={})).status_code]


async def purge(client: Client) -> list[int]:
    return [(await client.delete(await _trashed(client))).status_code]


async def nothing(_client: Client) -> list[int]:
    return []


OPERATIONS: dict[str, Operation] = {
    work.__name__: work
    for work in (
        put, put_into_new_folder, put_together, put_large, replace, touch, form, tus, trio, manifest, batch,
        batch_of_many, make_folder, move, move_tree, copy, copy_tree, delete, delete_tree, restore, purge,
    )
}  # fmt: skip
SEVERAL = {"form", "batch", "batch_of_many", "put_into_new_folder", "put_together"}
"""Operations on several names, each of which stands for itself."""


class Faults:
    """The failpoints of the native half, and the same for the database: ``commit`` and ``committed``."""

    def __init__(self) -> None:
        self._wanted: dict[str, str] = {}
        self._met: Path | None = None
        self._count: dict[str, int] = {}

    def begin(self, wanted: str, met: Path | None) -> None:
        """From now on act as *wanted* says, in the native half's words; note every step in *met*."""
        self._wanted = dict(item.split("=", 1) for item in wanted.split(",") if item)
        self._met = met
        os.environ["BALU_FAILPOINT"] = wanted
        if met is not None:
            os.environ["BALU_FAILPOINTS_MET"] = str(met)
        original = EmbeddedConnection.commit

        async def commit(connection: EmbeddedConnection) -> None:
            counts = connection._inline and connection.raw.in_transaction
            if counts:
                self._step("commit")
            await original(connection)
            if counts:
                self._step("committed", can_fail=False)

        setattr(EmbeddedConnection, "commit", commit)  # noqa: B010  mypy knows no such assignment

    def end(self) -> None:
        """Nothing fails any more."""
        self._wanted, self._met = {}, None
        os.environ.pop("BALU_FAILPOINT", None)
        os.environ.pop("BALU_FAILPOINTS_MET", None)

    def _step(self, name: str, *, can_fail: bool = True) -> None:
        if self._met is not None:
            with self._met.open("a") as file:
                file.write(f"{name}\n")
        self._count[name] = self._count.get(name, 0) + 1
        action = self._wanted.get(f"{name}#{self._count[name]}", "")
        if action == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        elif action.startswith("errno:") and can_fail:
            full = action in {"errno:28", "errno:122"}
            said = "database or disk is full" if full else "disk I/O error"
            raise OperationalError("COMMIT", {}, sqlite3.OperationalError(said))


@lru_cache(maxsize=1)
def application_for_all() -> Balu:
    """The application, whose data a child brings along."""
    return build(make_config(Path("/nonexistent"), ALL), ALL)


def prime() -> None:
    """What every child would have to do first; the warm process does it once."""
    application_for_all()
    configure_mappers()


@asynccontextmanager
async def opened(folder: Path, later: timedelta = timedelta(0)) -> AsyncGenerator[tuple[Env, Client], None]:
    """A Balu on *folder* after start-up, recovery included, and a client for it."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    config = make_config(folder, ALL)
    async with open_env(config, ALL, now=lambda: system_now() + later) as env:
        await run_startup(env, [job for domain in ALL for job in domain.startup])
        application: Any = application_for_all()
        application.state.env = application.front.env = env
        transport = httpx.ASGITransport(app=application, raise_app_exceptions=False)
        async with Client(
            transport=transport, base_url="http://localhost", headers={"x-test-user": "anna"}, timeout=30
        ) as client:
            yield env, client


async def _populate(folder: Path, client: Client) -> None:
    for path, data in (("a/old.bin", OLD), ("tree/one", b"1"), ("tree/below/two", b"2"), ("gone", OLD)):
        assert await _put(client, path, data) == 201
    assert (await client.delete("/api/files/gone")).status_code == 200


def operate(folder: str, name: str, wanted: str = "", met: str = "") -> dict[str, Any]:
    """Set a Balu up and run one operation with faults; its statuses, and those of a second try."""

    async def work() -> dict[str, Any]:
        faults = Faults()
        place = Path(folder)
        config = make_config(place, ALL)
        async with open_env(config, ALL) as env:
            await add_people(env)
        async with opened(place) as (_, client):
            await _populate(place, client)
            faults.begin(wanted, Path(met) if met else None)
            try:
                codes = await OPERATIONS.get(name, nothing)(client)
                (place / "acknowledged").write_text(json.dumps(codes))
            finally:
                faults.end()
        return {"codes": codes}

    return asyncio.run(work())


def recover(folder: str, name: str = "") -> dict[str, Any]:
    """Start again two hours later, clean up and look; then do what a client does that got no answer.

    ``first`` is what was found, ``codes`` and ``second`` are what *name* once more led to.
    """

    async def work() -> dict[str, Any]:
        async with opened(Path(folder), timedelta(hours=2)) as (env, client):
            first = asdict(await settled(env))
            if not name:
                return {"first": first}
            codes = await OPERATIONS[name](client)
            return {"first": first, "codes": codes, "second": asdict(await settled(env))}

    return asyncio.run(work())


async def settled(env: Env) -> Seen:
    """Clean up as the hourly jobs do, and look."""
    await TrashService(env).purge_expired()  # ends purges that were interrupted
    await Recovery(env).collect()
    return await look(env)
