"""Downloads and hashes of a warm file, against os.pread and the blake3 package."""

import os
from pathlib import Path
from typing import Any

import pytest
from blake3 import blake3

from balu_core import Volume

MIB = 1 << 20
SIZE = 128 * MIB


@pytest.fixture
def large(volume: Volume, root: Path) -> Volume:
    (root / "large").write_bytes(os.urandom(SIZE))
    return volume


@pytest.mark.parametrize("block", [65_536, MIB], ids=["64KiB", "1MiB"])
def test_read(benchmark: Any, large: Volume, block: int) -> None:
    source = large.open("large")

    def download() -> int:
        return sum(len(source.read(offset, block)) for offset in range(0, SIZE, block))

    assert benchmark(download) == SIZE


@pytest.mark.parametrize("block", [65_536, MIB], ids=["64KiB", "1MiB"])
def test_pread(benchmark: Any, large: Volume, block: int) -> None:
    source = large.open("large")
    descriptor = source.fileno()

    def download() -> int:
        return sum(len(os.pread(descriptor, block, offset)) for offset in range(0, SIZE, block))

    assert benchmark(download) == SIZE


def test_hash(benchmark: Any, large: Volume) -> None:
    assert benchmark(lambda: large.hash("large")[0].size) == SIZE


@pytest.mark.usefixtures("large")
def test_blake3_package(benchmark: Any, root: Path) -> None:
    def read_and_hash() -> str:
        hasher = blake3()
        with (root / "large").open("rb", buffering=0) as handle:
            while block := handle.read(MIB):
                hasher.update(block)
        return hasher.hexdigest()

    assert len(benchmark(read_and_hash)) == 64
