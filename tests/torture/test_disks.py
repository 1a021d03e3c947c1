"""Disks that are full, read-only or gone: refused in words, nothing lost, and no restart needed."""

import base64
import json
import os
import random
import threading
import time
from collections.abc import Callable, Generator
from contextlib import ExitStack, suppress
from datetime import timedelta
from pathlib import Path
from typing import Self

import pytest
from blake3 import blake3

from tests.torture.harness.audit import walk
from tests.torture.harness.mounts import bound, mount, rationed, rationed_disk, small_disk, unmount
from tests.torture.harness.server import Answer, Server
from tests.torture.harness.tiers import LONG, start_value

pytestmark = [pytest.mark.torture, pytest.mark.needs("root")]

OLD = random.Random(1).randbytes(200_000)
CYCLES = 50 if LONG else 10
PATIENCE_S = 60.0
TUS = {"tus-resumable": "1.0.0"}
OFFSET = {**TUS, "content-type": "application/offset+octet-stream"}


@pytest.fixture
def stack() -> Generator[ExitStack, None, None]:
    with ExitStack() as stack:
        yield stack


def soon(done: Callable[[], bool], what: str) -> float:
    """Wait until it is so; returns the seconds."""
    began = time.monotonic()
    while not done():
        assert time.monotonic() - began < PATIENCE_S, f"{what} after {PATIENCE_S} s"
        time.sleep(0.05)
    return time.monotonic() - began


def is_problem(answer: Answer, *statuses: int) -> bool:
    """Whether it is a refusal that says what to do next."""
    assert answer.status in statuses, f"{answer.status}: {answer.body!r}"
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert answer.json["detail"]
    return True


def put(server: Server, name: str, data: bytes) -> Answer:
    return server.request("PUT", f"/api/files/content/{name}", data)


def begin_tus(server: Server, name: str, length: int) -> Answer:
    told = base64.b64encode(name.encode()).decode()
    headers = {**TUS, "upload-length": str(length), "upload-metadata": f"filename {told}"}
    return server.request("POST", "/api/uploads", None, headers)


def every_way_to_write(server: Server, size: int) -> dict[str, Answer]:
    """One try of each."""
    data = bytes(size)
    line = json.dumps([{"path": "b/one", "size": size}]).encode() + b"\n"
    form = (
        b'--x\r\ncontent-disposition: form-data; name="files"; filename="f"\r\n\r\n' + data + b"\r\n--x--\r\n"
    )
    chunked = {"filename": "c", "total_size": size, "target_path": ""}
    listed = {"path": "m", "size": size, "chunks": [(size, "ab" * 32)]}
    copied = {"source_path": "old", "target_path": "copy"}
    return {
        "put": put(server, "new", data),
        "replace": put(server, "old", data),
        "tus": begin_tus(server, "t", size),
        "trio": server.request("POST", "/api/files/upload/chunked/init", chunked),
        "manifest": server.request("POST", "/api/uploads/manifest", listed),
        "form": server.request(
            "POST", "/api/files/upload", form, {"content-type": "multipart/form-data; boundary=x"}
        ),
        "batch": server.request(
            "POST", "/api/uploads/batch", line + data, {"content-type": "application/vnd.balu.batch"}
        ),
        "copy": server.request("POST", "/api/files/copy", copied),
        "folder": server.request("POST", "/api/files/folder", {"path": "", "name": "folder"}),
    }


def reads_fine(server: Server) -> None:
    answer = server.request("GET", "/api/files/download/old")
    assert (answer.status, answer.body) == (200, OLD)
    assert server.request("GET", "/api/files/list").status == 200


def fill(disk: Path, *, leave: int) -> Path:
    """Somebody else takes the room; *leave* bytes stay free."""
    filler = disk / "filler"
    free = os.statvfs(disk)
    with filler.open("wb") as file, suppress(OSError):
        os.posix_fallocate(file.fileno(), 0, max(1, free.f_bavail * free.f_frsize - leave))
    return filler


def test_a_full_disk_is_told_and_writing_goes_on_once_there_is_room(tmp_path: Path, stack: ExitStack) -> None:
    disk = stack.enter_context(small_disk(tmp_path / "data" / "volumes" / "main", "64m"))
    server = stack.enter_context(Server(tmp_path / "data"))
    assert put(server, "old", OLD).status == 201
    begun = begin_tus(server, "slow", 6_000_000)
    assert begun.status == 201
    before = walk(disk)
    for leave in (4 << 20, 0):  # below what Balu keeps free, and really full
        filler = fill(disk, leave=leave)
        for door, answer in every_way_to_write(server, 300_000).items():
            assert is_problem(answer, 507, 413), door
        reads_fine(server)
        filler.unlink()
        assert walk(disk) == before
    rest = random.Random(2).randbytes(6_000_000)
    sent = server.request("PATCH", begun.headers["location"], rest, {**OFFSET, "upload-offset": "0"})
    assert sent.status == 204, sent.body
    assert server.request("GET", "/api/files/download/slow").body == rest
    for door, answer in every_way_to_write(server, 1000).items():
        assert answer.status < 300, f"{door}: {answer.body!r}"
    assert server.look().wrong == []


def test_a_disk_that_fills_up_in_the_middle_keeps_what_it_told(tmp_path: Path, stack: ExitStack) -> None:
    disk = stack.enter_context(small_disk(tmp_path / "data" / "volumes" / "main", "64m"))
    server = stack.enter_context(Server(tmp_path / "data"))
    assert put(server, "old", OLD).status == 201
    data = random.Random(3).randbytes(3_000_000)
    told = base64.b64encode(b"grows").decode()
    headers = {**TUS, "upload-defer-length": "1", "upload-metadata": f"filename {told}"}
    place = server.request("POST", "/api/uploads", None, headers).headers["location"]
    half = server.request("PATCH", place, data[:1_000_000], {**OFFSET, "upload-offset": "0"})
    assert half.headers["upload-offset"] == "1000000"
    filler = fill(disk, leave=0)
    refused = server.request("PATCH", place, data[1_000_000:], {**OFFSET, "upload-offset": "1000000"})
    assert is_problem(refused, 507)
    reads_fine(server)
    filler.unlink()
    at = int(server.request("HEAD", place, None, TUS).headers["upload-offset"])
    assert at >= 1_000_000
    end = {**OFFSET, "upload-offset": str(at), "upload-length": str(len(data))}
    assert server.request("PATCH", place, data[at:], end).status == 204
    answer = server.request("GET", "/api/files/download/grows")
    assert blake3(answer.body).hexdigest() == blake3(data).hexdigest()
    assert server.look().wrong == []


def test_a_disk_without_inodes_is_told_and_writing_goes_on(tmp_path: Path, stack: ExitStack) -> None:
    disk = stack.enter_context(small_disk(tmp_path / "data" / "volumes" / "main", "64m", inodes=300))
    server = stack.enter_context(Server(tmp_path / "data"))
    assert put(server, "old", OLD).status == 201
    fillers = disk / "fillers"
    fillers.mkdir()
    with suppress(OSError):
        for number in range(1000):
            (fillers / str(number)).touch()
    for door, answer in every_way_to_write(server, 1000).items():
        assert is_problem(answer, 507), door
    reads_fine(server)
    for path in fillers.iterdir():
        path.unlink()
    for door, answer in every_way_to_write(server, 1000).items():
        assert answer.status < 300, f"{door}: {answer.body!r}"
    assert server.look().wrong == []


@pytest.mark.needs("quota")
def test_a_disk_quota_that_is_used_up_is_told_and_writing_goes_on(tmp_path: Path, stack: ExitStack) -> None:
    place = tmp_path / "data" / "volumes" / "main"
    disk = stack.enter_context(rationed_disk(place, tmp_path / "image", 256 << 20))
    server = stack.enter_context(Server(tmp_path / "data"))
    assert put(server, "old", OLD).status == 201
    begun = begin_tus(server, "slow", 6_000_000)
    assert begun.status == 201
    before = walk(disk)
    with rationed(disk, 64 << 10):  # less than it has already
        for door, answer in every_way_to_write(server, 300_000).items():
            assert is_problem(answer, 507, 413), door
        reads_fine(server)
    assert walk(disk) == before
    rest = random.Random(2).randbytes(6_000_000)
    sent = server.request("PATCH", begun.headers["location"], rest, {**OFFSET, "upload-offset": "0"})
    assert sent.status == 204, sent.body
    for door, answer in every_way_to_write(server, 1000).items():
        assert answer.status < 300, f"{door}: {answer.body!r}"
    assert server.look().wrong == []


def test_a_read_only_disk_is_read_and_written_again_afterwards(tmp_path: Path, stack: ExitStack) -> None:
    disk = stack.enter_context(small_disk(tmp_path / "data" / "volumes" / "main", "64m"))
    server = stack.enter_context(Server(tmp_path / "data"))
    assert put(server, "old", OLD).status == 201
    assert put(server, "other", OLD).status == 201
    mount("-o", "remount,ro", disk)
    for door, answer in every_way_to_write(server, 3000).items():
        assert is_problem(answer, 503), door
    refused = server.request("PUT", "/api/files/move", {"source_path": "other", "target_path": "moved"})
    assert is_problem(refused, 503)
    assert is_problem(server.request("DELETE", "/api/files/other"), 503)
    reads_fine(server)
    mount("-o", "remount,rw", disk)
    took = soon(lambda: put(server, "fresh", OLD).status < 300, "no new file")
    for door, answer in every_way_to_write(server, 3000).items():
        assert answer.status < 300, f"{door}: {answer.body!r}"
    body = {"source_path": "other", "target_path": "moved"}
    took = max(took, soon(lambda: server.request("PUT", "/api/files/move", body).status < 300, "no move"))
    took = max(took, soon(lambda: server.request("DELETE", "/api/files/moved").status < 300, "no delete"))
    print(f"writing again after {took:.1f} s")
    if LONG:
        assert took <= 5
    assert server.look().wrong == []


class Writing:
    """Somebody who writes small files until told to stop, and keeps what was acknowledged."""

    def __init__(self, server: Server, rng: random.Random) -> None:
        self._server, self._rng = server, rng
        self.kept: dict[str, bytes] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._write)

    def __enter__(self) -> Self:
        self._stop.clear()
        self._thread = threading.Thread(target=self._write)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _write(self) -> None:
        while not self._stop.is_set():
            name, data = f"file-{len(self.kept)}", self._rng.randbytes(5000)
            answer = put(self._server, name, data)
            if answer.status in {200, 201}:
                self.kept[name] = data
            else:
                is_problem(answer, 503, 409)

    def check(self) -> None:
        for name in self._rng.sample(sorted(self.kept), min(5, len(self.kept))):
            answer = self._server.request("GET", f"/api/files/download/{name}")
            assert (answer.status, answer.body) == (200, self.kept[name])


def test_a_volume_that_vanishes_deletes_nothing_and_comes_back(tmp_path: Path, stack: ExitStack) -> None:
    source, place = tmp_path / "disk", tmp_path / "data" / "volumes" / "main"
    stack.enter_context(bound(source, place))
    server = stack.enter_context(Server(tmp_path / "data"))
    rng = random.Random(start_value())
    assert put(server, "old", OLD).status == 201
    writing, slowest = Writing(server, rng), 0.0
    for cycle in range(CYCLES):
        with writing:
            time.sleep(rng.uniform(0, 0.3))  # the moment is what is random here
            unmount(place, lazily=True)
            slowest = max(slowest, soon(lambda: put(server, "gone", b"x").status == 503, "still online"))
        assert is_problem(server.request("GET", "/api/files/list"), 503)
        assert is_problem(server.request("DELETE", "/api/files/old"), 503)
        if cycle == 0:  # a start without the disk is no first start
            server.kill()
            server.start()
            assert is_problem(put(server, "gone", b"x"), 503)
        assert list(place.iterdir()) == [], "something was written below the mount point"
        mount("--bind", source, place)
        soon(lambda: server.request("GET", "/api/files/list").status == 200, "not back")
        writing.check()
    print(f"{CYCLES} cycles, {len(writing.kept)} files, offline after at most {slowest:.1f} s")
    server.kill()
    seen = server.look(later=timedelta(hours=2))  # a write that met the end of the disk is settled by then
    assert seen.wrong == []
    assert seen.trash == {}
    assert {name.removeprefix("torture/") for name in seen.files} >= {"old", *writing.kept}
