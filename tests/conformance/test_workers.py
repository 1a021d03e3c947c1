"""Several web workers: an upload that began on one goes on at another, and when one of them is killed."""

import os
import signal
import time
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from select import select
from socket import socket
from urllib.parse import urlsplit

import httpx2
import pytest

from balu.kernel.testing import Server, running_server
from balu_core import blake3_hex
from tests.conformance.conftest import Person, status_of
from tests.conformance.test_tus import sign_in

SIZE, PIECE = 2_000_000, 160_001
ROUNDS = 60


@pytest.fixture(scope="module")
def anna(tmp_path_factory: pytest.TempPathFactory) -> Generator[Person, None, None]:
    folder = tmp_path_factory.mktemp("served")
    with running_server(folder, BALU_SERVER__WORKERS="2") as server:
        server.client.headers["connection"] = "close"  # every request comes to any of them
        yield Person(server, "anna", 1, sign_in(server))


def worker_of(line: socket, server: Server) -> int:
    """The process that accepted *line*, which has answered something on it."""
    there, here = urlsplit(server.url).port or 0, line.getsockname()[1]
    rows = [row.split() for row in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    inodes = {(port_of(row[1]), port_of(row[2])): row[9] for row in rows}
    wanted = f"socket:[{inodes[there, here]}]"
    (found,) = [pid for pid in children(server) if wanted in targets(Path(f"/proc/{pid}/fd"))]
    return found


def port_of(address: str) -> int:
    return int(address.partition(":")[2], 16)


def children(server: Server) -> list[int]:
    pid = server.process.pid
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def targets(folder: Path) -> set[str]:
    found = set()
    for item in folder.iterdir():
        with suppress(FileNotFoundError):  # closed since it was listed
            found.add(str(item.readlink()))
    return found


def piece(anna: Person, where: str, offset: int, body: bytes) -> int:
    """Send a piece on a connection of its own; the worker that took it."""
    line = anna.open_patch(where, offset, len(body))
    line.sendall(body)
    assert select([line], [], [], 60)[0]
    worker = worker_of(line, anna.server)
    assert status_of(line) == 204
    return worker


def test_pieces_go_to_any_worker(anna: Person) -> None:
    body = os.urandom(SIZE)
    where, offset, seen = anna.begin(SIZE, "any.bin"), 0, set[int]()
    while offset < SIZE:
        seen.add(piece(anna, where, offset, body[offset : offset + PIECE]))
        offset += PIECE
        shown = anna.ask("GET", where).json()
        assert shown["uploaded_bytes"] == min(offset, SIZE)
    while len(seen) < 2:  # the kernel chooses; in the rare case that it always chose the same, go on
        where = anna.begin(1, "again.bin")
        seen.add(piece(anna, where, 0, b"x"))
    assert (anna.home / "any.bin").read_bytes() == body


def test_chunks_of_one_file_may_come_at_several_workers_at_once(anna: Person) -> None:
    mib = 1 << 20
    chunks = [os.urandom(mib) for _ in range(6)]
    manifest = {
        "path": "chunks.bin", "size": 6 * mib, "blake3": blake3_hex(b"".join(chunks)),
        "chunks": [[mib, blake3_hex(chunk)] for chunk in chunks],
    }  # fmt: skip
    post = anna.server.client.post
    where = post("/api/uploads/manifest", json=manifest, headers=anna.headers).headers["location"]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(
            2
        ):  # once more when all are there: a newer request for one being written takes it over
            answers = pool.map(
                lambda n: anna.ask("PUT", f"{where}/chunks/{n}", chunks[n]).status_code, range(6)
            )
            assert set(answers) == {204}
    finish_at_once(anna, where)
    assert anna.ask("POST", f"{where}/commit").json()["blake3"] == manifest["blake3"]
    assert (anna.home / "chunks.bin").read_bytes() == b"".join(chunks)


def finish_at_once(anna: Person, where: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: anna.ask("POST", f"{where}/commit"), range(4)))
    commits = {answer.status_code: answer.text for answer in answers}
    assert 200 in commits
    assert set(commits) <= {200, 409}, commits  # 409 while another worker is publishing


def used_bytes(anna: Person) -> int:
    usage = anna.ask("GET", "/api/files/user/root-usage").json()
    assert usage["reserved_bytes"] == 0
    return int(usage["used_bytes"])


def test_an_upload_may_be_finished_by_several_workers_at_once(anna: Person) -> None:
    body = os.urandom(1000)
    manifest = {"size": len(body), "chunks": [[len(body), blake3_hex(body)]]}
    used = used_bytes(anna)
    for number in range(ROUNDS):
        wanted = {**manifest, "path": f"together-{number}.bin"}
        answer = anna.server.client.post("/api/uploads/manifest", json=wanted, headers=anna.headers)
        where = answer.headers["location"]
        assert anna.ask("PUT", f"{where}/chunks/0", body).status_code == 204
        finish_at_once(anna, where)
        assert (anna.home / f"together-{number}.bin").read_bytes() == body
        assert anna.ask("GET", where).json()["status"] == "completed"
    assert used_bytes(anna) == used + ROUNDS * len(body)


def test_a_newer_request_at_another_worker_takes_the_upload_over(anna: Person) -> None:
    body = os.urandom(SIZE)
    where = anna.begin(SIZE, "taken.bin")
    older = anna.open_patch(where, 0, SIZE)
    older.sendall(body[: SIZE // 2])
    answer = None
    deadline = time.monotonic() + 120
    while answer != 204:
        assert time.monotonic() < deadline
        offset = anna.offset(where)
        answer = anna.patch(where, offset, body[offset:]).status_code
        assert answer in {204, 409}
    assert status_of(older) == 409
    assert (anna.home / "taken.bin").read_bytes() == body


def test_a_killed_worker_costs_only_what_it_had_not_confirmed(anna: Person) -> None:
    body = os.urandom(SIZE)
    where, offset = anna.begin(SIZE, "killed.bin"), 0
    for _ in range(3):
        worker = piece(anna, where, offset, body[offset : offset + PIECE])
        offset += PIECE
        os.kill(worker, signal.SIGKILL)
        killed = time.monotonic()
        while worker in children(anna.server):
            assert time.monotonic() < killed + 60
            time.sleep(0.05)
        assert patiently(lambda: anna.offset(where)) == offset
    assert patiently(lambda: anna.patch(where, offset, body[offset:]).status_code) == 204
    assert (anna.home / "killed.bin").read_bytes() == body


def patiently(ask: Callable[[], int]) -> int:
    """The answer, once a worker is there to give it."""
    deadline = time.monotonic() + 60
    while True:
        try:
            return ask()
        except (httpx2.TransportError, KeyError):
            assert time.monotonic() < deadline
            time.sleep(0.1)
