"""A sorted window of a large directory, cold and warm, against os.scandir with the same facts."""

import os
import time
from pathlib import Path
from typing import Any

import pytest

from balu_core import Volume

ENTRIES = 10_000


@pytest.fixture
def filled(volume: Volume, root: Path) -> Volume:
    (root / "photos").mkdir()
    for number in range(ENTRIES):
        (root / f"photos/IMG_{number * 7919 % ENTRIES}.jpg").touch()
    time.sleep(0.05)  # a directory that changed just now is not kept
    return volume


def test_all_entries(benchmark: Any, filled: Volume) -> None:
    assert benchmark(lambda: filled.listing("photos", limit=ENTRIES).total) == ENTRIES


@pytest.mark.parametrize("sort", ["name", "size", "modified", "type"])
def test_a_warm_window(benchmark: Any, filled: Volume, sort: Any) -> None:
    filled.listing("photos", sort=sort)
    assert len(benchmark(lambda: filled.listing("photos", sort=sort, limit=500).entries)) == 500


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("sort", ["name", "modified"])
def test_a_cold_window(benchmark: Any, root: Path, sort: Any) -> None:
    def cold() -> Volume:
        return Volume(str(root))

    benchmark.pedantic(
        lambda volume: volume.listing("photos", sort=sort, limit=500),
        setup=lambda: ((cold(),), {}),
        rounds=20,
    )


def test_a_filtered_window(benchmark: Any, filled: Volume) -> None:
    assert benchmark(lambda: filled.listing("photos", contains="99").total) > 0


@pytest.mark.usefixtures("filled")
def test_scandir_with_stat(benchmark: Any, root: Path) -> None:
    def scan() -> int:
        with os.scandir(root / "photos") as entries:
            found = [(entry.name, entry.stat(follow_symlinks=False).st_size) for entry in entries]
        found.sort()
        return len(found)

    assert benchmark(scan) == ENTRIES


def test_walk(benchmark: Any, filled: Volume) -> None:
    assert len(benchmark(lambda: filled.walk(""))) == ENTRIES + 1


def test_measure(benchmark: Any, filled: Volume) -> None:
    assert benchmark(lambda: filled.measure(""))[0] == ENTRIES
