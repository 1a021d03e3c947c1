"""A registered volume on the disk the benchmarks run from; `--basetemp` moves it to another one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from balu_core import Volume


@pytest.fixture
def root(tmp_path: Path) -> Path:
    path = tmp_path / "volume"
    path.mkdir()
    return path


@pytest.fixture
def volume(root: Path) -> Iterator[Volume]:
    volume = Volume(str(root))
    volume.register("benchmark")
    yield volume
    volume.close()
