"""What a verified, durable byte costs on its way in, against plain writes that promise less.

CPU seconds per GiB are in `extra_info`, because wall time on a busy machine says little.
"""

import os
import resource
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from blake3 import blake3

from balu_core import Volume

MIB = 1 << 20
SIZE = 256 * MIB
SMALL = 16 << 10
FILES = 200

Benchmark = Callable[..., Any]


def cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def measured(benchmark: Any, work: Callable[[], None], *, gib: float, rounds: int = 5) -> None:
    began = cpu_s()
    benchmark.pedantic(work, rounds=rounds, warmup_rounds=1)
    benchmark.extra_info["cpu_s_per_gib"] = round((cpu_s() - began) / (rounds + 1) / gib, 3)


@pytest.mark.parametrize("piece", [65_536, MIB], ids=["64KiB", "1MiB"])
@pytest.mark.parametrize("size", [SIZE, None], ids=["declared", "unknown"])
def test_sink(benchmark: Any, volume: Volume, piece: int, size: int | None) -> None:
    data = os.urandom(piece)
    ids = count()

    def upload() -> None:
        staging_id = f"{next(ids):032x}"
        sink = volume.stage(staging_id, size=size)
        for _ in range(SIZE // piece):
            if not sink.push(data):
                sink.drain()
        sink.finish()
        volume.discard(staging_id)

    measured(benchmark, upload, gib=SIZE / (1 << 30))


@pytest.mark.parametrize("checked", [False, True], ids=["unchecked", "blake3"])
def test_plain_writes(benchmark: Any, root: Path, checked: bool) -> None:
    data = os.urandom(MIB)

    def upload() -> None:
        hasher = blake3()
        with (root / "file").open("wb", buffering=0) as handle:
            for _ in range(SIZE // MIB):
                if checked:
                    hasher.update(data)
                handle.write(data)
            if checked:
                os.fsync(handle.fileno())
        (root / "file").unlink()

    measured(benchmark, upload, gib=SIZE / (1 << 30))


def test_small_files_published(benchmark: Any, volume: Volume) -> None:
    data = os.urandom(SMALL)
    ids = count()

    def upload() -> None:
        for _ in range(FILES):
            staging_id = f"{next(ids):032x}"
            sink = volume.stage(staging_id, size=SMALL)
            sink.push(data)
            sink.finish()
            volume.publish(staging_id, staging_id)

    measured(benchmark, upload, gib=FILES * SMALL / (1 << 30))


def test_small_files_by_hand(benchmark: Any, root: Path) -> None:
    """Write, sync, rename, sync the directory: the least that is durable and atomic."""
    data = os.urandom(SMALL)
    ids = count()
    directory = os.open(root, os.O_RDONLY)

    def upload() -> None:
        for _ in range(FILES):
            name = str(root / f"{next(ids)}")
            with Path(name + ".part").open("wb", buffering=0) as handle:
                handle.write(data)
                os.fsync(handle.fileno())
            Path(name + ".part").rename(name)
            os.fsync(directory)

    measured(benchmark, upload, gib=FILES * SMALL / (1 << 30))
    os.close(directory)
