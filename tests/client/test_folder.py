"""A folder of many small and some large files, while its program and the server are killed on the way."""

import json
import os
import random
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from blake3 import blake3

from balu.kernel.testing import Server
from tests.torture.harness.server import look_at
from tests.torture.harness.tiers import LONG

SMALL, MIDDLE, LARGE = (19_400, 580, 20) if LONG else (384, 12, 4)
COUNT = SMALL + MIDDLE + LARGE
KILLS = 8 if LONG else 4
SEED = int(os.environ.get("BALU_SEED", "0")) or random.SystemRandom().randrange(1 << 32)
pytestmark = pytest.mark.torture


def grow(folder: Path, dice: random.Random) -> dict[str, str]:
    """Make the files; their BLAKE3 by relative path."""
    sizes = [dice.randrange(20_000) for _ in range(SMALL)] + [dice.randrange(1 << 20) for _ in range(MIDDLE)]
    sizes += [dice.randrange(16 << 20, 24 << 20) for _ in range(LARGE)]
    for number, size in enumerate(sizes):
        path = folder / f"d{number % 7}" / f"ä {number}.bin"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(dice.randbytes(size))
    return hashes(folder)


def hashes(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): blake3(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


class Run:
    """The command in the background, and how far its lines of JSON say that it is."""

    def __init__(self, home: Path, cwd: Path, *arguments: str) -> None:
        environ = {**os.environ, "HOME": str(home), "PYTHONPATH": str(Path.cwd())}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "balu", *arguments, "--json"], env=environ, cwd=cwd,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def until(self, share: float) -> None:
        """Wait until that share of the bytes has moved, or the program has ended."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            now = json.loads(line)["progress"] if line.startswith('{"progress"') else {}
            if now.get("bytes_total") and now["bytes"] >= share * now["bytes_total"]:
                return

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate()


def interrupted(server: Server, home: Path, cwd: Path, dice: random.Random, *arguments: str) -> Any:
    """Run the command again and again, kill it or the server at some point, and let it end at last."""
    for number in range(KILLS):
        run = Run(home, cwd, *arguments)
        run.until((number + dice.random()) / (KILLS + 1))
        if number % 2:
            server.restart()
        run.kill()
    last = Run(home, cwd, *arguments)
    out, err = last.process.communicate(timeout=1800)
    assert last.process.returncode == 0, err
    return json.loads(out)


def test_a_folder_arrives_whole_whoever_is_killed(
    served: Server, signed_in: Path, home: Path, tmp_path: Path
) -> None:
    print(f"BALU_SEED={SEED}")
    dice = random.Random(SEED)
    wanted = grow(tmp_path / "tree", dice)
    assert len(wanted) == COUNT

    put = interrupted(served, signed_in, tmp_path, dice, "put", "tree", "killed")
    assert (put["failed"], put["done"] + put["same"]) == (0, COUNT)
    assert {Path(file["path"]).name: file["blake3"] for file in put["files"]} == {
        Path(path).name: digest for path, digest in wanted.items()
    }
    assert hashes(home / "killed" / "tree") == wanted

    got = interrupted(served, signed_in, tmp_path, dice, "get", "killed/tree", "back/")
    assert (got["failed"], got["done"] + got["same"]) == (0, COUNT)
    assert hashes(tmp_path / "back" / "tree") == wanted

    served.kill()
    try:
        assert look_at(served.data_dir, later=timedelta(days=8)).wrong == []
        assert not list((served.data_dir / "volumes" / "main" / ".balu" / "staging").iterdir())
    finally:
        served.start()
