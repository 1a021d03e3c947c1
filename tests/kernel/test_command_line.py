"""What `balu` commands print, and what they leave on the disk."""

import json
import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from balu.kernel.testing import Server, check_locks, free_port


def test_a_command_prints_its_data_and_nothing_else(tmp_path: Path) -> None:
    line = [sys.executable, "-m", "balu", "inventory", "list", "--json", "--data-dir", str(tmp_path / "new")]
    done = subprocess.run(line, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []
    assert "database migrated" in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(("jobs", "list"), id="jobs"),
        pytest.param(("users", "list"), id="users"),
        pytest.param(("users", "enable", "anna"), id="a user"),
        pytest.param(("verify",), id="verify"),
        pytest.param(("fsck",), id="fsck"),
        pytest.param(("volumes", "scan"), id="scan"),
        pytest.param(("vaults", "list", "--user", "anna"), id="vaults"),
    ],
)
def test_what_works_on_a_database_makes_none(tmp_path: Path, words: tuple[str, ...]) -> None:
    line = [sys.executable, "-m", "balu", *words, "--data-dir", str(tmp_path / "typo")]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, "--data-dir" in done.stderr) == (1, "", True), done.stderr
    assert not (tmp_path / "typo").exists()


def test_a_group_of_commands_is_called_by_its_own_name() -> None:
    line = [sys.executable, "-m", "balu", "volumes", "--help"]
    told = subprocess.run(line, capture_output=True, text=True, check=True).stdout
    assert "Commands of volumes." in told


def test_a_folder_named_like_balu_is_not_taken_for_it(tmp_path: Path) -> None:
    # As in a clone, whose balu_core has no native half when Balu is installed elsewhere.
    for name in ("balu", "balu_core"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise RuntimeError('taken from the working directory')")
    program = str(Path(sys.executable).with_name("balu"))
    line = [program, "inventory", "list", "--json", "--data-dir", str(tmp_path / "new")]
    done = subprocess.run(line, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "[]\n"), done.stderr
    line = [program, "serve", "--data-dir", str(tmp_path / "new"), "--port", str(free_port())]
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=tmp_path) as served:
        assert served.stdout is not None
        try:
            # Where its workers cannot start it ends, and so does what it says.
            assert any(b"Balu is ready" in said for said in served.stdout)
        finally:
            served.terminate()


def balu(*words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """`balu` with these words, its output in pipes."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("BALU_")}
    return subprocess.run(
        [sys.executable, "-m", "balu", *words],
        capture_output=True, text=True, check=False, env={**clean, **environ}, timeout=300,
    )  # fmt: skip


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_passwords_in_addresses_are_not_shown(tmp_path: Path, form: tuple[str, ...]) -> None:
    done = balu(
        "config", "show", *form, "--data-dir", str(tmp_path),
        BALU_DATABASE__URL="postgresql://berta:geh/eim@nas.example:5433/balu?sslpassword=geheim2&connect_timeout=3",
        BALU_JOBS__REDIS_URL="redis://:geheim3@nas.example/0",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "geh" not in done.stdout
    shown = "postgresql://berta:***@nas.example:5433/balu?sslpassword=***&connect_timeout=3"
    assert shown in done.stdout
    assert "redis://:***@nas.example/0" in done.stdout


def test_a_table_in_a_pipe_is_whole(tmp_path: Path) -> None:
    long = "/" + "folder/" * 60 + "password"
    environ = {"BALU_MAIL__PASSWORD_FILE": long, "BALU_MAIL__USERNAME": "balu", "COLUMNS": "80"}
    lines = balu("config", "show", "--data-dir", str(tmp_path), **environ).stdout.splitlines()
    [line] = [line for line in lines if line.startswith("mail.password_file")]
    assert line.split() == ["mail.password_file", long, "BALU_MAIL__PASSWORD_FILE"]


def test_groups_know_their_own_commands_only(tmp_path: Path) -> None:
    told = balu("config", "--help").stdout
    assert "check" in told
    assert not [name for name in ("users", "vaults", "fsck", "put") if name in told]
    for group in ("config", "migrate"):
        refused = balu(group, "users", "list", "--data-dir", str(tmp_path / "new"))
        assert refused.returncode == 2
        assert not (tmp_path / "new").exists()
    assert balu("migrate", "up", "--data-dir", str(tmp_path / "new")).returncode == 0
    assert balu("users", "list", "--data-dir", str(tmp_path / "new")).returncode == 0


def test_the_link_for_the_first_account_ends_with_the_first_account(server: Server) -> None:
    offer = "Create the first account"
    deadline = time.monotonic() + 120
    while offer not in server.log.read_text():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    made = subprocess.run(
        [sys.executable, "-m", "balu", "users", "add", "anna", "--role", "admin", "--password-stdin",
         "--data-dir", str(server.data_dir)],
        check=False, capture_output=True, text=True, input="Regen5Tage!",
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    server.restart()
    deadline = time.monotonic() + 120
    while server.log.read_text().count("Balu is ready") < 2:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert not (server.data_dir / "run" / "setup-code").exists()
    server.process.terminate()
    server.process.wait(120)
    assert server.log.read_text().count(offer) == 1


@pytest.mark.parametrize("words", [("migrate", "up"), ("serve", "--port", "0")])
def test_a_data_directory_that_cannot_be_is_told_in_a_sentence(words: tuple[str, ...]) -> None:
    done = balu(*words, "--data-dir", "/proc/none/here")
    assert done.returncode == 3
    assert "/proc/none/here cannot be the data directory" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("words", [("users", "list"), ("migrate", "status")])
def test_a_database_that_is_away_is_told_in_a_sentence(tmp_path: Path, words: tuple[str, ...]) -> None:
    address = f"postgresql://balu:geheim@127.0.0.1:{free_port()}/balu"
    done = balu(*words, "--data-dir", str(tmp_path), BALU_DATABASE__URL=address)
    assert done.returncode == 1
    assert "The database cannot be reached" in done.stderr
    assert "Traceback" not in done.stderr
    assert "geheim" not in done.stderr


def test_the_doctor_asks_the_database(tmp_path: Path) -> None:
    address = f"postgresql://balu:geheim@127.0.0.1:{free_port()}/balu"
    done = balu("doctor", "--json", "--data-dir", str(tmp_path), BALU_DATABASE__URL=address)
    assert done.returncode == 1
    [database] = [part for part in json.loads(done.stdout) if part["part"] == "database"]
    assert database["state"] == "broken"
    assert "cannot be reached" in database["detail"]


def test_a_database_of_another_kind_is_refused(tmp_path: Path) -> None:
    done = balu(
        "config", "check", "--data-dir", str(tmp_path), BALU_DATABASE__URL="mysql://balu@nas.example/balu"
    )
    assert (done.returncode, done.stdout) == (3, "")
    assert "url must begin with postgresql://" in done.stderr


def test_nobody_else_can_read_databases_and_secret(server: Server) -> None:
    deadline = time.monotonic() + 120
    while not (server.data_dir / "queue.db").exists():  # the job worker makes it when it comes
        assert time.monotonic() < deadline
        time.sleep(0.05)
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


def test_a_command_beside_the_server_leaves_the_log_of_the_database_in_place(server: Server) -> None:
    # Whoever closes a database last removes its log. A server that had lost its locks would not count.
    log = server.data_dir / "balu.db-wal"
    before = log.stat().st_ino
    line = [sys.executable, "-m", "balu", "jobs", "list", "--data-dir", str(server.data_dir)]
    for _ in range(3):
        subprocess.run(line, check=True, capture_output=True)
        assert log.stat().st_ino == before
    check_locks(server.data_dir, server.process.pid)


def test_a_server_does_not_share_the_port_of_another(server: Server, tmp_path: Path) -> None:
    port = server.url.rsplit(":", 1)[1]
    line = [sys.executable, "-m", "balu", "serve", "--data-dir", str(tmp_path / "new"), "--port", port]
    done = subprocess.run(line, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"balu: Port {port} is in use by another program. End it, or give another --port.\n"
    assert not (tmp_path / "new").exists()


def test_a_server_says_why_it_cannot_listen(tmp_path: Path) -> None:
    line = [sys.executable, "-m", "balu", "serve", "--data-dir", str(tmp_path / "new"), "--host", "192.0.2.1"]
    done = subprocess.run(line, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "Cannot listen on 192.0.2.1, port 8000" in done.stderr
