"""What must never be told: credentials to a log, and whether an account or an upload exists to a stranger."""

import statistics
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from litestar.testing import AsyncTestClient

from balu.app import Balu
from balu.identity.users import NewUser, Passwords, UserService
from balu.kernel.testing import Server
from balu.kernel.unit import open_unit
from balu.operations.admin import setup_code

PASSWORD = "Regen5Tage"
TUS = {"tus-resumable": "1.0.0"}
PARALLEL = 40
ARGON2_KIB = 64 * 1024


def owner_of(server: Server) -> dict[str, str]:
    """Make an administrator; returns what they sign in with."""
    command = [sys.executable, "-m", "balu", "users", "add", "owner", "--role", "admin", "--password-stdin"]
    subprocess.run(
        [*command, "--data-dir", str(server.data_dir)], input=PASSWORD, text=True, check=True, timeout=60
    )
    login = server.client.post("/api/auth/login", json={"username": "owner", "password": PASSWORD})
    tokens: dict[str, str] = login.json()
    return tokens


def test_s31_no_credential_reaches_a_log(server: Server) -> None:
    tokens = owner_of(server)
    client, bearer = server.client, {"authorization": f"Bearer {tokens['access_token']}"}
    key = client.post("/api/api-keys/", json={"name": "k", "scopes": ["files:read"]}, headers=bearer).json()
    made = client.post(
        "/api/uploads",
        headers={**bearer, **TUS, "upload-length": "5", "upload-metadata": "filename YS50eHQ="},
    )
    upload, held = made.headers["location"], made.headers["upload-token"]
    number = upload.rsplit("/", 1)[1]
    watch = client.post(f"/api/files/progress-token/{number}", headers=bearer).json()["token"]
    secrets = {
        "password": PASSWORD, "access": tokens["access_token"], "refresh": tokens["refresh_token"],
        "api key": key["key"], "upload": held, "progress": watch,
    }  # fmt: skip
    client.post("/api/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
    client.patch(
        upload,
        content=b"hello",
        headers={
            **TUS, "upload-token": held, "upload-offset": "0",
            "content-type": "application/offset+octet-stream",
        },
    )  # fmt: skip
    assert client.get(f"/api/files/progress/{number}", params={"token": watch}).status_code == 200
    for name, secret in secrets.items():
        # Somebody puts it where it does not belong: into the address, a header of ours, or a broken body.
        client.get("/api/files/list", params={"token": secret, "access_token": secret})
        client.get(f"/api/files/download/{name}", headers={"authorization": f"Basic {secret}"})
        client.post("/api/auth/login", content=f'{{"password": "{secret}"'.encode())
    client.post("/api/auth/logout", headers=bearer)
    server.process.terminate()
    server.process.wait(30)
    log = server.log.read_text()
    assert '"path":"/api/files/list"' in log, "the requests were logged at all"
    assert [name for name, secret in secrets.items() if secret in log] == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_s22_wrong_expired_and_foreign_are_one_answer(client: AsyncTestClient[Any], app: Balu) -> None:
    code = await setup_code(app.state.env)
    body = {"username": "owner", "password": PASSWORD, "setup_secret": code}
    assert (await client.post("/api/setup/admin", json=body)).status_code == 201
    client.cookies.clear()
    async with open_unit(app.state.env) as unit:
        await UserService(unit).create(NewUser(username="other", password=PASSWORD))

    async def bearer(name: str) -> dict[str, str]:
        done = await client.post("/api/auth/login", json={"username": name, "password": PASSWORD})
        return {"authorization": f"Bearer {done.json()['access_token']}"}

    mine, theirs = await bearer("other"), await bearer("owner")
    made = await client.post(
        "/api/uploads", headers={**theirs, **TUS, "upload-length": "5", "upload-metadata": "filename YQ=="}
    )
    foreign = made.headers["location"]
    await client.put("/api/files/content/secret.txt", content=b"x", headers=theirs)
    (file,) = (await client.get("/api/files/list", headers=theirs)).json()["files"]
    trash = (await client.delete("/api/files/secret.txt", headers=theirs)).json()["trash_id"]
    pairs = [
        (foreign, f"/api/uploads/{uuid4()}"),
        (f"/api/files/{file['file_id']}", "/api/files/999999"),
        (f"/api/trash/{trash}/restore", "/api/trash/999999/restore"),
        ("/api/users/1", "/api/users/999999"),
    ]
    for theirs_path, nobodys in pairs:
        answers = []
        for path in (theirs_path, nobodys):
            method = "POST" if path.endswith("/restore") else "GET"
            found = await client.request(method, path, headers=mine, json={} if method == "POST" else None)
            problem = {name: value for name, value in found.json().items() if name != "request_id"}
            answers.append((found.status_code, problem))
        assert answers[0] == answers[1], theirs_path
        assert answers[0][0] == 404, theirs_path


def test_s22_tokens_are_long_and_random() -> None:
    balu = Path(__file__).parents[2] / "balu"
    for path in balu.rglob("*.py"):
        source = path.read_text()
        # The client draws the length of its pauses; nothing is kept secret with it.
        assert "import random" not in source or path.is_relative_to(balu / "client"), path
        assert "uuid1(" not in source, path


async def test_s39_an_unknown_name_costs_as_much_as_a_wrong_password() -> None:
    passwords = Passwords(slots=1)
    stored = await passwords.hash(PASSWORD)
    spent: dict[str | None, list[float]] = {stored: [], None: []}
    for _ in range(15):
        for encoded, seen in spent.items():
            began = time.process_time()
            assert not await passwords.verify(encoded, "wrong")
            seen.append(time.process_time() - began)
    known, unknown = (statistics.median(seen) for seen in spent.values())
    assert 0.7 < unknown / known < 1.4, (known, unknown)


def test_s38_a_flood_of_sign_ins_holds_no_memory_and_starves_nobody(server: Server) -> None:
    bearer = {"authorization": f"Bearer {owner_of(server)['access_token']}"}
    server.client.put("/api/files/content/a.txt", content=b"hello", headers=bearer).raise_for_status()
    before = peak_kib(server)

    def sign_in(number: int) -> int:
        # Each from an address of its own, or the limit of one address would end the flood at once.
        transport = httpx2.HTTPTransport(local_address=f"127.0.7.{number + 1}")
        with httpx2.Client(transport=transport, base_url=server.url, timeout=120) as stranger:
            body = {"username": f"guest{number}", "password": "Regen5Tage"}
            return stranger.post("/api/auth/login", json=body).status_code

    with ThreadPoolExecutor(PARALLEL) as flood:
        running = [flood.submit(sign_in, number) for number in range(PARALLEL)]
        for _ in range(20):
            answer = server.client.get("/api/files/download/a.txt", headers=bearer)
            assert (answer.status_code, answer.content) == (200, b"hello")
        statuses = {one.result() for one in running}
    assert statuses <= {401, 429, 503}
    assert 401 in statuses
    slots = Passwords().slots
    assert peak_kib(server) - before < slots * ARGON2_KIB + 48 * 1024


def peak_kib(server: Server) -> int:
    """Largest resident size of any of the server's processes."""
    group, peaks = server.process.pid, []
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            if int(status.with_name("stat").read_text().rpartition(")")[2].split()[2]) == group:
                text = status.read_text()
                peaks.append(int(text.partition("VmHWM:")[2].split()[0]))
        except (FileNotFoundError, ProcessLookupError, IndexError):
            continue  # it ended while we looked
    return max(peaks)
