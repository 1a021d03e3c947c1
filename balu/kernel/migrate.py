"""Schema changes: one history for SQLite and PostgreSQL, taken under a lock, after a copy of the database."""

import asyncio
import fcntl
import os
import shutil
import subprocess
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

import balu
from balu.kernel.clock import Now, system_now
from balu.kernel.config import Config, make_data_dir
from balu.kernel.db import is_sqlite, keep_private
from balu.kernel.errors import BaluError, UnavailableError
from balu.kernel.itself import COMMAND
from balu.kernel.log import logger

BACKUPS_KEPT = 5
ADVISORY_LOCK = 0x62616C75
"""Key of the PostgreSQL advisory lock: ``balu`` in ASCII."""
log = logger("balu.migrate")


class MigrationError(BaluError):
    """The database could not be brought to this version."""

    status, code = 503, "migration-failed"


class NoDatabaseError(BaluError):
    """There is no database yet."""

    status, code = 503, "no-database"


def script_location() -> Path:
    """Folder of the migrations: the source tree's, or the one inside the installed package."""
    package = Path(balu.__file__).parent
    tree = package.parent / "migrations"
    return (
        tree if (package.parent / "pyproject.toml").is_file() and tree.is_dir() else package / "_migrations"
    )


def head() -> str:
    """Number of the newest step, read from the file names: ``<date>_<number>_<words>.py``."""
    steps = [path.name.split("_")[1] for path in (script_location() / "versions").glob("[0-9]*_*_*.py")]
    if not steps:
        raise MigrationError(f"No migrations in {script_location()}; the installation is not complete.")
    return max(steps)


def current(config: Config) -> str | None:
    """Number of the step the database is at, None for a new one.

    Raises:
        UnavailableError: the database cannot be reached.
    """
    if is_sqlite(config.database_url) and not _file_of(config).exists():
        return None
    with _engine(config) as engine, engine.connect() as connection:
        return _revision(connection)


def pending(config: Config) -> list[str]:
    """Numbers of the steps that an upgrade would take, in order."""
    from alembic.script import ScriptDirectory  # noqa: PLC0415  only worth its memory when there is work

    found = current(config)
    script = ScriptDirectory(str(script_location()))
    steps = [step.revision for step in script.walk_revisions("base", "heads")][::-1]
    return steps[steps.index(found) + 1 :] if found in steps else steps


async def ensure_current(config: Config, *, makes: bool = True) -> None:
    """Upgrade when the database is behind; cheap when it is not. *makes*: also when there is none.

    Raises:
        NoDatabaseError: there is none, and it is not to be made.
        MigrationError: the database is newer than this program, or a step failed.
    """
    found, wanted = await asyncio.to_thread(current, config), head()
    if found == wanted:
        return
    if found is None and not makes:
        raise NoDatabaseError(
            f"There is no database of Balu for {config.data_dir}. Name the data directory of your server "
            "with --data-dir or BALU_DATA_DIR; `balu serve` makes a new one."
        )
    if found is not None and found > wanted:
        raise MigrationError(
            f"The database is at step {found}, this program knows {wanted}: install the newer Balu again, "
            "or restore a copy from the backups folder."
        )
    # In a process of its own: what Alembic takes in memory would stay for as long as Balu runs.
    line = (*COMMAND, "migrate", "up", "--data-dir", str(config.data_dir))
    here = {**os.environ, "BALU_DATABASE__URL": config.database_url}
    child = await asyncio.create_subprocess_exec(
        *line, env=here, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    _, complaint = await child.communicate()
    if child.returncode != 0:
        raise MigrationError(
            f"The database could not be upgraded: {complaint.decode(errors='replace').strip()}"
        )
    log.info("database migrated", before=found, now=wanted)


def upgrade(config: Config, to: str = "head", *, now: Now = system_now) -> None:
    """Take every step up to *to*, all or none."""
    _migrate(
        config,
        lambda alembic, command: command.upgrade(alembic, to),
        now,
        skip_at=head() if to == "head" else to,
    )


def downgrade(config: Config, to: str, *, now: Now = system_now) -> None:
    """Undo steps down to *to* (a number, ``-1`` for one step, ``base`` for all), all or none."""
    _migrate(config, lambda alembic, command: command.downgrade(alembic, to), now, skip_at=to)


def _migrate(config: Config, act: Callable[[Any, Any], None], now: Now, skip_at: str) -> None:
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config as AlembicConfig  # noqa: PLC0415

    make_data_dir(config.data_dir)
    with _alone(config), _engine(config) as engine:
        with engine.connect() as connection:
            found = _revision(connection)
        if found == skip_at:
            return  # another process was faster
        if found is not None:
            back_up(config, found, now())
        alembic = AlembicConfig()
        alembic.set_main_option("script_location", str(script_location()).replace("%", "%%"))
        with engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
            alembic.attributes["connection"] = connection
            act(alembic, command)
            _check_references(connection)
            reached = _revision(connection)
        log.debug("steps taken", before=found, now=reached)


@contextmanager
def _alone(config: Config) -> Generator[None, None, None]:
    """One migrating process of a data directory at a time; the others wait."""
    folder = config.data_dir / "run"
    folder.mkdir(parents=True, exist_ok=True)
    lock = os.open(folder / "migrate.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


@contextmanager
def _engine(config: Config) -> Generator[Engine, None, None]:
    url = config.database_url
    if not is_sqlite(url):
        engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://", 1))
    else:
        keep_private(_file_of(config))
        engine = create_engine(make_url(url).set(drivername="sqlite"))

        @event.listens_for(engine, "connect")
        def prepare(dbapi: Any, _record: Any) -> None:
            dbapi.isolation_level = None
            # A table that is rebuilt must not delete the rows that refer to it; checked before the commit.
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=60000", "foreign_keys=OFF"):
                dbapi.execute(f"PRAGMA {pragma}")

        @event.listens_for(engine, "begin")
        def begin(connection: Connection) -> None:
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    try:
        _check_reachable(engine)
        yield engine
    finally:
        engine.dispose()


def _check_reachable(engine: Engine) -> None:
    try:
        engine.connect().close()
    except OperationalError as error:
        said = str(error.orig).strip().partition("\n")[0]
        raise UnavailableError(
            f"The database cannot be reached ({said}). See that it runs, and that [database] url is right."
        ) from error


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


def _check_references(connection: Connection) -> None:
    if connection.dialect.name != "sqlite":
        return
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
    if broken:
        tables = ", ".join(sorted({str(row[0]) for row in broken}))
        raise MigrationError(f"References of {tables} would be broken; nothing was changed.")


def _file_of(config: Config) -> Path:
    return Path(make_url(config.database_url).database or "")


def back_up(config: Config, revision: str, now: datetime) -> Path | None:
    """Copy the database to ``backups/``; None where PostgreSQL's ``pg_dump`` is not installed.

    Only the newest few copies are kept. Their names say which step they are of.
    """
    folder = config.data_dir / "backups"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    stem = f"before-{revision}-{now:%Y%m%dT%H%M%S%f}"
    target = folder / f"{stem}.db" if is_sqlite(config.database_url) else folder / f"{stem}.dump"
    os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))  # nobody else may read it
    if is_sqlite(config.database_url):
        _copy_sqlite(_file_of(config), target)
    elif not _dump_postgresql(config.database_url, target):
        return None
    copies = sorted(folder.glob("before-*"), key=lambda path: path.stat().st_mtime_ns)
    for old in copies[:-BACKUPS_KEPT]:
        old.unlink()
    log.info("database copied", path=str(target))
    return target


def _copy_sqlite(source: Path, target: Path) -> None:
    import sqlite3  # noqa: PLC0415  settled by now: the one modern copy

    with closing(sqlite3.connect(source)) as read, closing(sqlite3.connect(target)) as written:
        read.backup(written)


def _dump_postgresql(url: str, target: Path) -> bool:
    program = shutil.which("pg_dump")
    if program is None:
        target.unlink()
        log.warning("no copy before the migration: pg_dump is not installed")
        return False
    parts = make_url(url)
    given = {
        "PGHOST": parts.query.get("host") or parts.host, "PGPORT": parts.query.get("port") or parts.port,
        "PGUSER": parts.username, "PGPASSWORD": parts.password, "PGDATABASE": parts.database,
    }  # fmt: skip
    # The password travels in the environment: a command line can be read by everybody.
    env = {**os.environ, **{name: str(value) for name, value in given.items() if value}}
    command = [program, "--format=custom", f"--file={target}"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        target.unlink()
        raise MigrationError(f"pg_dump failed, so nothing was changed: {done.stderr.strip()[:500]}")
    return True
