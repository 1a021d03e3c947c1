import os
import pickle
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import closing
from pathlib import Path

import pytest

from balu.kernel.jobs.queue import InvalidMessageError, JsonMessages
from balu.kernel.testing import Databases, Redis, free_port

APP = Path(__file__).with_name("worker_app.py")


@pytest.fixture
def home(data_dir: Path, databases: Databases) -> Path:
    databases.sqlite(data_dir / "balu.db")
    return data_dir


@pytest.fixture
def redis(home: Path) -> Generator[Redis, None, None]:
    """A running Redis that the workers of this test use as their queue."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("REDIS IS NOT INSTALLED: apt-get install redis-server")
    server = Redis(program, home, free_port())
    server.start()
    (home / "balu.toml").write_text(f'[jobs]\nstorage = "redis"\nredis_url = "{server.url}"\n')
    yield server
    server.kill()


@pytest.fixture(params=["sqlite", "redis"])
def queue(request: pytest.FixtureRequest) -> str:
    """What carries the messages; a test that uses it runs with both."""
    if request.param == "redis":
        request.getfixturevalue("redis")
    return str(request.param)


def start(home: Path) -> subprocess.Popen[bytes]:
    with (home / "worker.log").open("ab") as log:
        return subprocess.Popen([sys.executable, str(APP), str(home)], stdout=log, stderr=log)


def send(home: Path, count: int) -> None:
    subprocess.run([sys.executable, str(APP), str(home), "send", str(count)], check=True, timeout=60)


def states(home: Path) -> list[str]:
    with closing(sqlite3.connect(home / "balu.db")) as database:
        query = "SELECT state FROM job WHERE kind = 'leave_a_mark' ORDER BY id"
        return [state for (state,) in database.execute(query)]


def results(home: Path) -> set[str]:
    with closing(sqlite3.connect(home / "balu.db")) as database:
        return {text for (text,) in database.execute("SELECT result FROM job WHERE kind = 'leave_a_mark'")}


def end_leases(home: Path) -> None:
    """Let time pass for the rows of a killed worker."""
    with closing(sqlite3.connect(home / "balu.db", timeout=10)) as database:
        database.execute("UPDATE job SET lease_until = '2020-01-01 00:00:00.000000' WHERE state = 'running'")
        database.execute("UPDATE job SET not_before = '2020-01-01 00:00:00.000000' WHERE state = 'queued'")
        database.commit()


def wait_until(true: Callable[[], bool], home: Path, seconds: float = 40) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, (home / "worker.log").read_text()[-4000:]
        time.sleep(0.05)


@pytest.mark.torture
def test_every_job_ends_although_its_workers_are_killed(home: Path, queue: str) -> None:
    send(home, 60)
    for target in (5, 15, 30):
        worker = start(home)
        wait_until(lambda target=target: states(home).count("completed") >= target, home)  # type: ignore[misc]
        worker.send_signal(signal.SIGKILL)
        worker.wait()
        end_leases(home)
    worker = start(home)
    try:
        wait_until(lambda: states(home) == ["completed"] * 60, home, 130)  # what was lost waits for a tick
    finally:
        worker.terminate()
        worker.wait(30)
    assert sorted(int(mark.name) for mark in (home / "marks").iterdir()) == list(range(60))
    assert len(results(home)) == 1, "one copy of SQLite, the same in every worker"
    assert (home / "queue.db").exists() == (queue == "sqlite")


@pytest.mark.torture
def test_every_job_ends_although_the_queue_dies_and_forgets(home: Path, redis: Redis) -> None:
    send(home, 40)
    worker = start(home)
    try:
        wait_until(lambda: states(home).count("completed") >= 5, home)
        redis.kill()
        send(home, 5)  # nobody carries these messages: the rows wait
        redis.start()
        end_leases(home)
        wait_until(lambda: states(home) == ["completed"] * 45, home, 130)  # what was lost waits for a tick
    finally:
        worker.terminate()
        worker.wait(30)
    assert sorted({int(mark.name) for mark in (home / "marks").iterdir()}) == list(range(40))


def test_a_worker_drops_messages_that_are_not_ours_and_goes_on(home: Path) -> None:
    send(home, 1)
    with closing(sqlite3.connect(home / "queue.db")) as queue:
        for data in (b"not json", b"\x80\x04\x95", b'["id","no.such.task",null,[1]]', b'{"a":1}'):
            queue.execute("INSERT INTO task (queue, data, priority) VALUES ('jobs', ?, 9)", (data,))
        queue.commit()
    worker = start(home)
    try:
        wait_until(lambda: states(home) == ["completed"], home)
    finally:
        worker.terminate()
        worker.wait(30)
    log = (home / "worker.log").read_text()
    assert "a queue message was dropped" in log
    with closing(sqlite3.connect(home / "queue.db")) as queue:
        assert queue.execute("SELECT count(*) FROM task").fetchone() == (0,)


@pytest.mark.usefixtures("queue")
def test_a_worker_ends_on_sigterm_within_seconds(home: Path) -> None:
    send(home, 1)
    worker = start(home)
    wait_until(lambda: states(home) == ["completed"], home)
    began = time.monotonic()
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(20) == 0
    assert time.monotonic() - began < 5


def test_no_pickle_is_ever_loaded(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[object, ...]:
            return os.mkdir, (str(tmp_path / "sprung"),)

    with pytest.raises(InvalidMessageError):
        JsonMessages().deserialize(pickle.dumps(Trap()))
    assert not (tmp_path / "sprung").exists()
