"""Programs that are killed while they send or fetch, and run again."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from balu.kernel.testing import Server

SIZE = 96 << 20


@contextmanager
def killed_after(home: Path, cwd: Path, seconds: float, *arguments: str) -> Iterator[None]:
    environ = {**os.environ, "HOME": str(home), "PYTHONPATH": str(Path.cwd())}
    command = [sys.executable, "-m", "balu", *arguments]
    process = subprocess.Popen(
        command, env=environ, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    process.wait()
    yield


def test_an_upload_goes_on_after_its_program_was_killed(
    served: Server, signed_in: Path, balu: Any, home: Path, tmp_path: Path
) -> None:
    content = random.Random(1).randbytes(SIZE)
    (tmp_path / "big").write_bytes(content)
    with killed_after(signed_in, tmp_path, 1.0, "put", "big", "killed.bin", "-q"):
        assert not (home / "killed.bin").exists() or (home / "killed.bin").stat().st_size == SIZE
    again = balu("put", "big", "killed.bin")
    assert again.returncode == 0, again.stderr
    assert (home / "killed.bin").read_bytes() == content
    listing = [item.name for item in (served.data_dir / "volumes/main/.balu/staging").iterdir()]
    assert listing == []


def test_a_download_goes_on_after_its_program_was_killed(
    signed_in: Path, balu: Any, home: Path, tmp_path: Path
) -> None:
    content = random.Random(2).randbytes(SIZE)
    (tmp_path / "big").write_bytes(content)
    assert balu("put", "big", "fetched.bin").returncode == 0
    with killed_after(signed_in, tmp_path, 0.6, "get", "fetched.bin", "here.bin", "-q"):
        assert not (tmp_path / "here.bin").exists() or (tmp_path / "here.bin").stat().st_size == SIZE
    again = balu("get", "fetched.bin", "here.bin")
    assert again.returncode == 0, again.stderr
    assert (tmp_path / "here.bin").read_bytes() == content
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".balu-part"] == []
