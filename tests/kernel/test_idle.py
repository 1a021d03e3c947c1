"""What an idle server keeps in memory: nothing that only some request, message or command needs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

WEB = "import balu.__main__, balu.app; balu.app.create_app()"
WORKER = "import balu.__main__, balu.app, balu.kernel.jobs.worker"
SUPERVISOR = "import balu.__main__, balu.kernel.serve"
HEAVY = {"alembic", "cryptography.hazmat", "httpx2", "jwt", "psutil", "pySMART", "rich", "segno", "smtplib"}
"""Each takes 1 to 9 MiB of a process; imported in the functions that need it."""
LIBRARIES = {"advanced_alchemy", "litestar", "msgspec", "sqlalchemy", "structlog"}


def loaded(program: str, data_dir: Path) -> set[str]:
    code = f"{program}\nimport sys; print(*sys.modules)"
    command = [sys.executable, "-c", code]
    done = subprocess.run(
        command,
        env={**os.environ, "BALU_DATA_DIR": str(data_dir)},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split())


@pytest.mark.parametrize("program", [pytest.param(WEB, id="web"), pytest.param(WORKER, id="worker")])
def test_a_server_loads_what_it_needs_when_it_needs_it(program: str, tmp_path: Path) -> None:
    modules = loaded(program, tmp_path)
    assert modules >= LIBRARIES
    assert not modules & HEAVY


def test_the_process_that_watches_loads_neither_domains_nor_database(tmp_path: Path) -> None:
    assert not loaded(SUPERVISOR, tmp_path) & (HEAVY | LIBRARIES - {"msgspec"} | {"balu.app"})
