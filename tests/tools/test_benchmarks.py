"""Benchmarks that lean on how Balu is spoken to still run, and the bytes are right."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
needs_zip = pytest.mark.skipif(not shutil.which("zip"), reason="zip IS NOT INSTALLED")


@pytest.mark.parametrize(
    "claim",
    ["resumable_upload", "finalise", "vault", pytest.param("archive", marks=needs_zip), "slow_clients"],
)
def test_a_claim_runs_and_every_byte_is_compared(claim: str) -> None:
    command = [sys.executable, "-m", "benchmarks", claim, "--smoke", "--peers", "balu"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "1/1 balu" in done.stderr
