"""A registered volume in a directory of its own, and a short way to stage bytes."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from balu_core import Entry, Volume

Stage = Callable[[str, bytes], Entry]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    path = tmp_path / "volume"
    path.mkdir()
    return path


@pytest.fixture
def volume(root: Path) -> Iterator[Volume]:
    volume = Volume(str(root))
    volume.register("0199aa00-0000-7000-8000-000000000001")
    yield volume
    volume.close()


@pytest.fixture
def stage(volume: Volume) -> Stage:
    """Stage bytes under an id and return the staged file."""

    def stage(staging_id: str, data: bytes) -> Entry:
        sink = volume.stage(staging_id)
        if not sink.push(data):
            sink.drain()
        return sink.finish()[0]

    return stage
