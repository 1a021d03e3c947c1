"""What a batch costs the disk, counted by strace: one pass for the bytes, one sync for each folder."""

import os
import re
import shutil
import signal
import subprocess
from collections import Counter
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any, Self

import httpx
import pytest
import pytest_asyncio

from tests.storage.conftest import Place
from tests.storage.uploads.test_batch import batch, send

SYNCS = "fsync,fdatasync,syncfs,sync_file_range"
LINE = re.compile(r"(fsync|fdatasync|syncfs)\(\d+<([^>]*)>")


class Counted:
    """System calls of this process that make something below *root* durable, while the block runs."""

    def __init__(self, root: Path, log: Path) -> None:
        self._root, self._log = root, log
        self.calls: Counter[tuple[str, str]] = Counter()

    def __enter__(self) -> Self:
        command = ["strace", "-f", "-y", "-e", f"trace={SYNCS}", "-o", str(self._log), "-p", str(os.getpid())]
        self._tracer = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        assert self._tracer.stderr is not None
        told = self._tracer.stderr.readline()
        if "attached" not in told:
            self._tracer.wait(20)
            pytest.skip(f"strace MAY NOT LOOK AT PROCESSES HERE: {told.strip()}")
        return self

    def __exit__(self, *_: object) -> None:
        self._tracer.send_signal(signal.SIGINT)
        self._tracer.communicate(timeout=60)
        for name, path in LINE.findall(self._log.read_text()):
            if Path(path).is_relative_to(self._root):
                self.calls[name, str(Path(path).relative_to(self._root))] += 1

    def of(self, name: str, below: str) -> dict[str, int]:
        """Calls of *name* by path, for paths that begin with *below*."""
        return {
            path: count
            for (call, path), count in self.calls.items()
            if call == name and path.startswith(below)
        }


@pytest_asyncio.fixture
async def counted(place: Place, tmp_path: Path) -> AsyncGenerator[Counted, None]:
    if shutil.which("strace") is None:
        pytest.skip("strace IS NOT INSTALLED: apt-get install strace")
    yield Counted(place.root.resolve(), tmp_path / "strace.log")


def files(count: int) -> list[Any]:
    return [({"path": f"d{number % 3}/{number}.txt"}, b"x" * number) for number in range(1, count + 1)]


async def folders(client: httpx.AsyncClient) -> None:
    answer = await send(client, batch([({"path": f"d{number}/first"}, b"1") for number in range(3)]))
    assert {item["status"] for item in answer.json()} == {201}


@pytest.mark.parametrize("count", [30, 300], ids=["few", "many"])
async def test_a_batch_makes_everything_durable_in_one_pass(
    client: httpx.AsyncClient, counted: Counted, count: int
) -> None:
    await folders(client)
    with counted:
        answer = await send(client, batch(files(count)))
    assert [item["status"] for item in answer.json()] == [201] * count
    whole, each = sum(counted.of("syncfs", "").values()), counted.of("fsync", ".balu/staging/")
    assert (whole == 1 and not each) or (whole == 0 and len(each) == count and set(each.values()) == {1})
    if count < 64:
        assert whole == 0, "a sync of the whole file system is for many files only"
    assert counted.of("fsync", "anna/d") == {f"anna/d{number}": 1 for number in range(3)}
    assert sum(counted.calls.values()) <= whole + len(each) + 3 + 1
