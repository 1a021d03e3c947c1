"""Files beyond any disk: taken when they are holes, refused before a byte flows when they are not."""

import base64
import os
import random
import time
from pathlib import Path

import pytest
from blake3 import blake3

from tests.torture.harness.server import Server
from tests.torture.harness.tiers import LONG

TIB, MIB = 1 << 40, 1 << 20
CHUNK = 64 * MIB
pytestmark = pytest.mark.torture


def used(folder: Path) -> int:
    """Bytes that everything below takes on the disk."""
    return sum(path.lstat().st_blocks * 512 for path in folder.rglob("*"))


def test_a_sparse_tebibyte_is_a_manifest_and_no_disk(tmp_path: Path) -> None:
    with Server(tmp_path / "data") as server:
        data = random.Random(1).randbytes(CHUNK)
        last = TIB // CHUNK - 1
        chunks: list[tuple[int, str | None]] = [(CHUNK, None)] * (last + 1)
        chunks[0] = chunks[last] = (CHUNK, blake3(data).hexdigest())
        began = time.monotonic()
        wanted = {"path": "huge", "size": TIB, "chunks": chunks}
        begun = server.request("POST", "/api/uploads/manifest", wanted)
        if begun.status in {413, 507}:
            pytest.skip("NEEDS A LARGE FILE SYSTEM: files of 1 TiB do not exist here")
        assert begun.json["missing"] == [0, last]
        place = begun.headers["location"]
        for number in (0, last):
            assert server.request("PUT", f"{place}/chunks/{number}", data).status == 204
        published = time.monotonic()
        done = server.request("POST", f"{place}/commit")
        publishing = time.monotonic() - published
        assert done.status in {200, 201}, done.body
        print(f"1 TiB in {time.monotonic() - began:.1f} s, published in {publishing:.2f} s")
        there = server.home / "huge"
        assert there.stat().st_size == TIB
        assert used(server.data_dir / "volumes") < 2 * CHUNK + 100 * MIB
        for at in (0, TIB - CHUNK):
            asked = {"range": f"bytes={at}-{at + 4095}"}
            part = server.request("GET", "/api/files/download/huge", None, asked)
            assert (part.status, part.body) == (206, data[:4096])
        if LONG:
            assert publishing <= 1
            assert time.monotonic() - began <= 60
        with there.open("rb") as file:
            assert os.lseek(file.fileno(), CHUNK, os.SEEK_DATA) == TIB - CHUNK


def test_a_tebibyte_that_cannot_fit_is_refused_before_it_flows(tmp_path: Path) -> None:
    with Server(tmp_path / "data") as server:
        told = base64.b64encode(b"huge").decode()
        headers = {"tus-resumable": "1.0.0", "upload-metadata": f"filename {told}"}
        answer = server.request("POST", "/api/uploads", None, {**headers, "upload-length": str(1 << 62)})
        assert answer.status in {413, 507}, answer.body
        answer = server.request("POST", "/api/uploads", None, {**headers, "upload-length": str(1 << 63)})
        assert answer.status == 413
        if os.statvfs(tmp_path).f_bavail * os.statvfs(tmp_path).f_frsize < TIB:
            answer = server.request("POST", "/api/uploads", None, {**headers, "upload-length": str(TIB)})
            assert answer.status in {413, 507}, answer.body
        assert used(server.data_dir / "volumes") < MIB
        assert server.look().wrong == []
