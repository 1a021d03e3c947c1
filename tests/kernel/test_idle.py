"""What an idle server keeps in memory: nothing that only some request, message or command needs."""

import os
import re
import subprocess
import sys
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from balu.kernel.testing import Server
from tests.conformance.test_tus import sign_in

MIB = 1 << 20
AFTER_USE_MIB = 220
WEB = "import balu.__main__, balu.app; balu.app.create_app()"
WORKER = "import balu.__main__, balu.app, balu.kernel.jobs.worker"
SUPERVISOR = "import balu.__main__, balu.kernel.serve"
HEAVY = {
    "alembic", "cryptography", "httpx2", "psutil", "psycopg", "pySMART", "redis", "rich", "segno", "smtplib"
}  # fmt: skip
"""Each takes 1 to 10 MiB of a process; imported in the functions that need it."""
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


def test_web_and_job_worker_keep_little_of_what_they_did(server: Server) -> None:
    signed_in = sign_in(server)
    page = server.client.get("/").text
    for address in re.findall(r'(?:src|href)="(/[^"]+)"', page):
        assert server.client.get(address).is_success, address
    for address in ("/api/bootstrap", "/api/files/list?path=", "/api/trash"):
        assert server.client.get(address, headers=signed_in).is_success, address
    stored = server.client.put("/api/files/content/a.bin", content=os.urandom(64 * MIB), headers=signed_in)
    assert stored.status_code == 201, stored.text
    processes = psutil.Process(server.process.pid).children()
    held = {" ".join(one.cmdline()): one.memory_info().rss / MIB for one in processes}
    assert len(processes) == 2
    assert sum(held.values()) < AFTER_USE_MIB, held
