"""Whoever knows the URL finds the line."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def where(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tools.where", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("path", "place"),
    [
        pytest.param("/api/health", "balu/app.py:", id="router"),
        pytest.param("/api/jobs/7", "balu/kernel/jobs/controller.py:", id="parameter"),
        pytest.param("/api/files/content/a/b", "balu/storage/", id="byte-stream"),
    ],
)
def test_a_url_has_a_line(path: str, place: str) -> None:
    done = where(path)
    assert done.returncode == 0, done.stderr
    assert place in done.stdout


def test_nothing_answers_an_unknown_url() -> None:
    assert where("/api/nothing/here").returncode == 1
