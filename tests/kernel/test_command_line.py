"""What `balu` commands print, and what they leave on the disk."""

import json
import stat
import subprocess
import sys
from pathlib import Path

from balu.kernel.testing import Server


def test_a_command_prints_its_data_and_nothing_else(tmp_path: Path) -> None:
    line = [sys.executable, "-m", "balu", "jobs", "list", "--json", "--data-dir", str(tmp_path / "new")]
    done = subprocess.run(line, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []
    assert "database migrated" in done.stderr


def test_nobody_else_can_read_databases_and_secret(server: Server) -> None:
    found = {path.name: path for path in server.data_dir.iterdir() if path.is_file()}
    assert {"balu.db", "queue.db", "secret.key"} <= found.keys()
    for name in [name for name in found if name.startswith(("balu.db", "queue.db", "secret.key"))]:
        assert stat.S_IMODE(found[name].stat().st_mode) == 0o600, name


def test_a_readable_database_of_before_is_closed_to_others(tmp_path: Path) -> None:
    line = [sys.executable, "-m", "balu", "migrate", "status", "--data-dir", str(tmp_path)]
    subprocess.run([*line[:4], "up", *line[5:]], check=True, capture_output=True)
    (tmp_path / "balu.db").chmod(0o644)
    subprocess.run(line, check=True, capture_output=True)
    assert stat.S_IMODE((tmp_path / "balu.db").stat().st_mode) == 0o600
