"""A real server, an account on it, and the ``balu`` command with a configuration of its own."""

import os
import subprocess
import sys
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest

from balu.client import Client
from balu.kernel.testing import Server, running_server

PASSWORD = "Quiet-Harbour-71"
Balu = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server, None, None]:
    folder = tmp_path_factory.mktemp("served")
    command = [sys.executable, "-m", "balu", "users", "add", "anna", "--role", "admin", "--password-stdin"]
    subprocess.run([*command, "--data-dir", str(folder)], input=PASSWORD.encode(), check=True)
    with running_server(folder) as server:
        yield server


@pytest.fixture(scope="module")
def signed_in(served: Server, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home directory in which ``balu login`` has run."""
    home = tmp_path_factory.mktemp("home")
    run = command_in(home, home)
    assert run("login", served.url, "-u", "anna", "--password-stdin", input=PASSWORD).returncode == 0
    return home


def command_in(home: Path, cwd: Path, *before: str) -> Balu:
    """*before*: the program and the words that run it, where it does not run by itself."""
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("BALU_", "XDG_"))},
        "HOME": str(home),
        "PYTHONPATH": str(Path.cwd()),
    }

    def run(*arguments: str, **more: Any) -> "subprocess.CompletedProcess[str]":
        command = [*before, sys.executable, "-m", "balu", *arguments]
        return subprocess.run(
            command, env=environ, cwd=cwd, capture_output=True, text=True, timeout=120, check=False, **more
        )

    return run


@pytest.fixture
def balu(signed_in: Path, tmp_path: Path) -> Balu:
    """The command as Anna, in an empty directory."""
    return command_in(signed_in, tmp_path)


@pytest.fixture
def home(served: Server) -> Path:
    """Anna's folder on the server's disk."""
    return served.data_dir / "volumes" / "main" / "anna"


@pytest.fixture
def client(served: Server, signed_in: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Client, None, None]:
    monkeypatch.setenv("HOME", str(signed_in))
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "BALU_TOKEN", "BALU_URL"):
        monkeypatch.delenv(name, raising=False)
    with Client.saved() as client:
        yield client
