"""A Balu with 512 MiB: large uploads and large archives pass through, and memory stays flat."""

import http.client
import json
import threading
import time
import zipfile
from collections.abc import Generator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import psutil  # type: ignore[import-untyped]
import pytest

from tests.torture.harness.memory import Limit, limited
from tests.torture.harness.server import Server
from tests.torture.harness.tiers import LONG

MIB = 1 << 20
MOST, PEAK = 512 * MIB, 400 * MIB
UPLOAD = (5 if LONG else 1) * 1024 * MIB
FILES = 100_000 if LONG else 5000
PART = 500
pytestmark = [pytest.mark.torture, pytest.mark.needs("root", "memory")]


class Peak:
    """The largest sum of what the server's processes hold for themselves, sampled."""

    def __init__(self, server: Server) -> None:
        self._server, self._stop = server, threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self.bytes = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(0.1):
            total = 0
            for process in self._server.processes():
                with suppress(psutil.Error):
                    total += process.memory_full_info().pss
            self.bytes = max(self.bytes, total)


@pytest.fixture
def limit() -> Generator[Limit, None, None]:
    with limited(MOST) as limit:
        yield limit


def _blocks(size: int) -> Iterator[bytes]:
    block = bytes(range(256)) * 4096
    for _ in range(size // len(block)):
        yield block


def _upload_many(server: Server, first: int) -> None:
    files = {f"many/{first + number:06}": str(first + number).encode() for number in range(PART)}
    line = json.dumps([{"path": path, "size": len(data)} for path, data in files.items()]).encode()
    answer = server.request(
        "POST",
        "/api/uploads/batch",
        line + b"\n" + b"".join(files.values()),
        {"content-type": "application/vnd.balu.batch"},
    )
    assert {item["status"] for item in answer.json} == {201}


def _download_zip(server: Server, target: Path) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=300)
    connection.request("GET", "/api/files/archive?path=many", headers=server.auth)
    answer: Any = connection.getresponse()
    assert answer.status == 200, answer.read()
    with target.open("wb") as file:
        while block := answer.read(MIB):
            file.write(block)
    connection.close()


def test_much_passes_through_little_memory(limit: Limit, tmp_path: Path) -> None:
    with Server(tmp_path / "data") as server, Peak(server) as peak:
        for process in server.processes():
            limit.add(process.pid)
        began = time.monotonic()
        headers = {"content-length": str(UPLOAD)}
        stored = server.request("PUT", "/api/files/content/large", _blocks(UPLOAD), headers, timeout=600)
        assert stored.status == 201, stored.body
        assert (server.home / "large").stat().st_size == UPLOAD
        for first in range(0, FILES, PART):
            _upload_many(server, first)
        _download_zip(server, tmp_path / "many.zip")
        listed = server.request("GET", "/api/files/list?path=many", timeout=300)
        assert listed.json["total"] == FILES
        print(f"{time.monotonic() - began:.0f} s, peak {peak.bytes / MIB:.0f} MiB of {MOST // MIB}")
        with zipfile.ZipFile(tmp_path / "many.zip") as archive:
            assert len([name for name in archive.namelist() if not name.endswith("/")]) == FILES
        assert limit.kills() == 0
    assert peak.bytes <= PEAK
