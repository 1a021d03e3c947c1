"""What this host offers and lacks, in words."""

import os
import shutil
import sqlite3
import tempfile
from pathlib import Path

from balu.kernel.config import Config, MailSettings, Server
from balu.kernel.db import is_sqlite
from balu.kernel.errors import UnavailableError
from balu.kernel.sqlite import FLOOR, loaded_copies

MIN_FREE_BYTES = 256 * 1024 * 1024
PROGRAMS = (
    ("smartctl", "disk health", "apt install smartmontools"),
    ("mdadm", "software RAID", "apt install mdadm"),
    ("smbd", "Windows shares", "apt install samba"),
    ("wg", "VPN", "apt install wireguard-tools"),
    ("ffmpeg", "video conversion", "apt install ffmpeg"),
    ("clamd", "virus scanning", "apt install clamav-daemon"),
    ("docker", "modules", "apt install docker.io"),
)


def examine(config: Config) -> list[dict[str, str]]:
    """Findings with ``part``, ``state``, ``detail`` and ``remedy``.

    States: ``fine``; ``missing``, a feature is off; ``broken``, Balu cannot run.
    """
    return [
        _database(config),
        _data_dir(config.data_dir),
        _web_ui(),
        _mail(config),
        *(_program(name, purpose, remedy) for name, purpose, remedy in PROGRAMS),
    ]


def _finding(part: str, state: str, detail: str, remedy: str = "") -> dict[str, str]:
    return {"part": part, "state": state, "detail": detail, "remedy": remedy}


def _database(config: Config) -> dict[str, str]:
    if not is_sqlite(config.database_url):
        from balu.kernel.migrate import current  # noqa: PLC0415  not for what this host itself has

        try:
            return _finding("database", "fine", f"PostgreSQL, step {current(config) or 'none yet'}")
        except UnavailableError as error:
            return _finding("database", "broken", error.detail, "start PostgreSQL, or correct [database] url")
    version = sqlite3.sqlite_version
    if sqlite3.sqlite_version_info < FLOOR:
        return _finding(
            "database", "broken", f"SQLite {version} is too old", "pip install 'pysqlite3>=0.6.1'"
        )
    if len(loaded_copies()) > 1:
        return _finding(
            "database", "broken", "two copies of SQLite are loaded", "report this with your packages"
        )
    return _finding("database", "fine", f"SQLite {version}")


def _data_dir(path: Path) -> dict[str, str]:
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        return _finding(
            "data directory", "broken", f"{path}: {error.strerror}", "choose another with --data-dir"
        )
    free = shutil.disk_usage(path).free
    if free < MIN_FREE_BYTES:
        return _finding("data directory", "broken", f"{path}: {free // 2**20} MiB free", "free some space")
    owner = "fine" if path.stat().st_uid == os.geteuid() else "broken"
    return _finding("data directory", owner, f"{path}: {free // 2**30} GiB free")


def _web_ui() -> dict[str, str]:
    index = Path(__file__).parent.parent / "web_dist" / "index.html"
    if index.is_file():
        return _finding("web interface", "fine", "built")
    return _finding(
        "web interface", "missing", "not built into this installation", "just web, or pip install ."
    )


def _mail(config: Config) -> dict[str, str]:
    mail = config.of(MailSettings)
    if not mail.host:
        remedy = "set host and sender below [mail] in balu.toml"
        return _finding("mail", "missing", "no mail is sent, so nobody can reset a password by mail", remedy)
    if not config.of(Server).base_url:
        remedy = "set base_url below [server] in balu.toml"
        return _finding("mail", "missing", "without its public address Balu sends no links by mail", remedy)
    if mail.password_file and not os.access(mail.password_file, os.R_OK):
        return _finding(
            "mail", "missing", f"{mail.password_file} cannot be read", "make it readable for Balu alone"
        )
    return _finding("mail", "fine", f"{mail.host}:{mail.port} ({mail.tls})")


def _program(name: str, purpose: str, remedy: str) -> dict[str, str]:
    found = shutil.which(name)
    return (
        _finding(name, "fine", found) if found else _finding(name, "missing", f"needed for {purpose}", remedy)
    )
