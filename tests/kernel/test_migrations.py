import asyncio
import fcntl
import re
import sqlite3
import threading
from collections.abc import Generator
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, inspect

from balu.app import DOMAINS
from balu.kernel import migrate
from balu.kernel.config import Config
from balu.kernel.db import is_sqlite, metadata
from balu.kernel.testing import Cluster, make_config

SECRETS = re.compile(
    r"EncryptedString\(|PasswordHash\(|\bkey=|secret\s*=|BEGIN [A-Z ]*PRIVATE", re.IGNORECASE
)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(
    request: pytest.FixtureRequest, cluster: Cluster | None, data_dir: Path
) -> Generator[Config, None, None]:
    """Settings whose database holds nothing yet."""
    if request.param == "sqlite":
        yield make_config(data_dir, DOMAINS)
    elif cluster is None:
        pytest.skip("PostgreSQL IS NOT INSTALLED")
    else:
        try:
            yield make_config(data_dir, DOMAINS, database_url=cluster.create("test_empty"))
        finally:
            cluster.drop("test_empty")


def sync_url(config: Config) -> str:
    return config.database_url.replace("+aiosqlite", "").replace("postgresql://", "postgresql+psycopg://")


def differences(config: Config) -> list[object]:
    engine = create_engine(sync_url(config))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        found = compare_metadata(context, metadata())
    engine.dispose()
    return list(found)


def tables(config: Config) -> set[str]:
    engine = create_engine(sync_url(config))
    found = set(inspect(engine).get_table_names())
    engine.dispose()
    return found


def test_up_down_and_up_again_ends_at_what_the_models_say(empty: Config) -> None:
    migrate.upgrade(empty)
    assert differences(empty) == []
    migrate.downgrade(empty, "base")
    assert tables(empty) <= {"alembic_version", "sqlite_sequence"}
    migrate.upgrade(empty)
    assert differences(empty) == []
    assert migrate.current(empty) == migrate.head()
    assert migrate.pending(empty) == []


def test_each_single_step_goes_down_and_up_again(empty: Config) -> None:
    steps = migrate.pending(empty)
    for step in steps:
        migrate.upgrade(empty, step)
        migrate.downgrade(empty, "-1")
        migrate.upgrade(empty, step)
    assert migrate.current(empty) == steps[-1] == migrate.head()


def test_the_database_is_copied_before_a_step_and_five_copies_stay(empty: Config) -> None:
    migrate.upgrade(empty)
    head = migrate.head()
    for _ in range(4):
        migrate.downgrade(empty, "-1")
        migrate.upgrade(empty)
    copies = sorted((empty.data_dir / "backups").iterdir())
    assert len(copies) == migrate.BACKUPS_KEPT
    assert all(copy.name.startswith("before-") and copy.stat().st_mode & 0o077 == 0 for copy in copies)
    if is_sqlite(empty.database_url):
        newest = max(copies, key=lambda path: path.stat().st_mtime_ns)
        with closing(sqlite3.connect(newest)) as copy:
            (step,) = copy.execute("SELECT version_num FROM alembic_version").fetchone()
        assert step < head


def test_a_failing_step_changes_nothing(empty: Config) -> None:
    first = migrate.pending(empty)[0]
    migrate.upgrade(empty, first)
    before = tables(empty)
    engine = create_engine(sync_url(empty))
    with engine.begin() as connection:  # in the way of a later step
        last = max(metadata().tables.keys() - before)
        connection.exec_driver_sql(f"CREATE TABLE {last} (id INTEGER)")
    engine.dispose()
    with pytest.raises(Exception, match=last):
        migrate.upgrade(empty)
    assert tables(empty) == before | {last}
    assert migrate.current(empty) == first


def test_an_upgrade_waits_while_another_process_holds_the_lock(empty: Config) -> None:
    (empty.data_dir / "run").mkdir()
    with (empty.data_dir / "run" / "migrate.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        thread = threading.Thread(target=migrate.upgrade, args=(empty,))
        thread.start()
        thread.join(0.5)
        assert thread.is_alive()
        assert migrate.current(empty) is None
    thread.join(30)
    assert migrate.current(empty) == migrate.head()


async def test_processes_that_start_at_once_migrate_once(empty: Config) -> None:
    await asyncio.gather(*(migrate.ensure_current(empty) for _ in range(4)))
    assert migrate.current(empty) == migrate.head()


async def test_a_database_from_the_future_is_refused(empty: Config) -> None:
    migrate.upgrade(empty)
    engine = create_engine(sync_url(empty))
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    engine.dispose()
    with pytest.raises(migrate.MigrationError, match="install the newer"):
        await migrate.ensure_current(empty)


def test_no_migration_holds_a_secret() -> None:
    for path in (migrate.script_location() / "versions").glob("*.py"):
        assert not SECRETS.search(path.read_text()), path.name


def test_steps_are_numbered_without_gaps() -> None:
    names = sorted(path.name for path in (migrate.script_location() / "versions").glob("*.py"))
    numbers = [name.split("_")[1] for name in names]
    assert numbers == [f"{number:04}" for number in range(1, len(numbers) + 1)]
