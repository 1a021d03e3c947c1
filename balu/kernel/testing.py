"""Real databases, a clock that is moved by hand, and real servers, for tests."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import psutil  # type: ignore[import-untyped]
import psycopg
from litestar.types import Scope
from psycopg import sql

from balu.kernel.caller import Authenticator, Caller
from balu.kernel.config import Config, load_config
from balu.kernel.domain import Domain
from balu.kernel.http import scope_headers
from balu.kernel.migrate import upgrade

POSTGRESQL_PROGRAMS = Path("/usr/lib/postgresql")
START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
SERVER_STARTS_WITHIN_S = 60.0
LOCKED_WITHIN_S = 5.0
PORTS, PORT_TRIES = range(20_000, 32_000), 100


class FakeClock:
    """An instant that moves only when it is told to."""

    def __init__(self, instant: datetime = START) -> None:
        self.instant = instant

    def __call__(self) -> datetime:
        """The instant."""
        return self.instant

    def advance(self, **by: float) -> None:
        """Move on by ``seconds=``, ``minutes=``, ``hours=`` or ``days=``."""
        self.instant += timedelta(**by)


class NamedInHeader(Authenticator):
    """Takes the caller's name from ``X-Test-User``; sign-in itself is tested in identity."""

    def __init__(self, people: Sequence[Caller]) -> None:
        self._people = {person.username: person for person in people}

    async def authenticate(self, scope: Scope) -> Caller | None:
        """Whoever of the known people is named."""
        return self._people.get(scope_headers(scope).get("x-test-user", ""))


def make_config(
    data_dir: Path, domains: Sequence[Domain], *, database_url: str = "", **sections: Mapping[str, Any]
) -> Config:
    """Settings of *domains* for a data directory, with *sections* over the defaults."""
    known = {domain.name: domain.settings for domain in domains if domain.settings is not None}
    environ = {
        f"BALU_{section}__{key}".upper(): ",".join(value) if isinstance(value, tuple) else str(value)
        for section, values in {"database": {"url": database_url}, **sections}.items()
        for key, value in values.items()
    }
    return load_config(data_dir, known, environ=environ)


def postgresql_programs() -> Path | None:
    """Folder of the newest PostgreSQL server that Debian installed here."""
    found = sorted(POSTGRESQL_PROGRAMS.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


@dataclass(frozen=True, slots=True)
class Cluster:
    """A PostgreSQL server of the test session: own files, own socket, no network."""

    socket_dir: Path
    port: int
    control: Callable[..., None]
    """``pg_ctl`` with these words."""

    @contextmanager
    def away(self) -> Generator[None, None, None]:
        """The server is stopped, whoever is connected, and is back afterwards."""
        self.control("-m", "fast", "stop")
        try:
            yield
        finally:
            self.control("start")

    def url(self, database: str) -> str:
        """Address of *database*."""
        return f"postgresql://postgres@/{database}?host={self.socket_dir}&port={self.port}"

    def create(self, database: str, template: str | None = None) -> str:
        """Make *database*, as a copy of *template* when one is named; returns its address."""
        self._execute("CREATE DATABASE {} TEMPLATE {}", database, template or "template0")
        return self.url(database)

    def drop(self, database: str) -> None:
        """Delete *database* and end whatever is still connected to it."""
        self._execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", database)

    def _execute(self, statement: str, *names: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


@contextmanager
def postgresql_cluster(programs: Path, folder: Path) -> Generator[Cluster, None, None]:
    """Run a new server below *folder*, without fsync: only the machine's crash could show the difference."""
    # The server refuses to run as root, and a socket's path may have 107 bytes at most.
    as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    folder.mkdir(parents=True, mode=0o755)
    if as_user:
        shutil.chown(folder, "postgres")
    data, port = folder / "data", free_port()
    options = (
        f"-c listen_addresses='' -k {folder} -p {port} -c fsync=off -c full_page_writes=off "
        "-c synchronous_commit=off -c max_connections=60 -c shared_buffers=32MB -c timezone=UTC"
    )

    def quietly(*command: object) -> None:
        line = [*as_user, *map(str, command)]
        subprocess.run(line, cwd=folder, check=True, stdout=subprocess.DEVNULL)  # noqa: S603  Debian's programs

    def control(*words: str) -> None:
        quietly(programs / "pg_ctl", "-D", data, "-l", folder / "log", "-o", options, "-w", *words)

    init = ["--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
    quietly(programs / "initdb", "-D", data, *init)
    control("start")
    try:
        yield Cluster(folder, port, control)
    finally:
        control("-m", "immediate", "stop")


@dataclass(slots=True)
class Redis:
    """A Redis server of one test: own port, nothing on disk, so that what it held dies with it."""

    program: str
    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Address of its first database."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Run it, empty, and wait until it answers."""
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        with (self.folder / "redis.log").open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603  Debian's program
                [self.program, *options, "--dir", str(self.folder)], stdout=log, stderr=log
            )
        deadline = time.monotonic() + SERVER_STARTS_WITHIN_S
        while time.monotonic() < deadline:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return
            time.sleep(0.02)
        raise RuntimeError(f"Redis did not come up:\n{(self.folder / 'redis.log').read_text()[-2000:]}")

    def kill(self) -> None:
        """End it hard; what it held is gone."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


class Databases:
    """Fresh, migrated databases by copying one that was migrated once."""

    def __init__(self, folder: Path, cluster: Cluster | None, domains: Sequence[Domain]) -> None:
        self._folder, self._cluster, self._domains = folder, cluster, domains
        self._template: str | None = None
        self._sqlite: Path | None = None

    def sqlite(self, target: Path) -> str:
        """A new SQLite file at *target*; returns its address."""
        if self._sqlite is None:
            config = make_config(self._folder / "sqlite", self._domains)
            upgrade(config)
            self._sqlite = config.data_dir / "balu.db"
        # Nobody has the template open, and its write-ahead log was folded in when it was closed.
        shutil.copyfile(self._sqlite, target)
        return f"sqlite+aiosqlite:///{target}"

    @contextmanager
    def postgresql(self) -> Generator[str, None, None]:
        """A new PostgreSQL database until the block ends."""
        assert self._cluster is not None
        if self._template is None:
            name = "template_balu"
            url = self._cluster.create(name)
            upgrade(make_config(self._folder / "postgresql", self._domains, database_url=url))
            self._template = name
        name = f"test_{secrets.token_hex(6)}"
        try:
            yield self._cluster.create(name, self._template)
        finally:
            self._cluster.drop(name)


def free_port() -> int:
    """A port nobody listens on at this moment.

    Not one of those the system gives to outgoing connections: a client of another test would take it while
    its server is started again.
    """
    for _ in range(PORT_TRIES):
        port = secrets.choice(PORTS)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise RuntimeError("no free port")


@dataclass(slots=True)
class Server:
    """A running ``balu serve`` and a client for it."""

    url: str
    data_dir: Path
    process: subprocess.Popen[bytes]
    client: httpx2.Client
    log: Path

    def restart(self) -> None:
        """Kill it hard and start it again on the same data directory and port."""
        self.kill()
        self.start()

    def start(self) -> None:
        """Start it again after ``kill``."""
        self.process = _start(self.data_dir, self.url, self.log)
        _wait_until_up(self)

    def kill(self) -> None:
        """End it as a power cut would, with everything it started."""
        kill_group(self.process)


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """End a process that leads its group, and the group, as a power cut would.

    Back when all of it has ended: a worker that was killed inside a write ends only after it.
    """
    others = psutil.Process(process.pid).children(recursive=True)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    deadline = time.monotonic() + SERVER_STARTS_WITHIN_S
    while any(map(_runs, others)):
        if time.monotonic() > deadline:
            raise RuntimeError(f"a killed server does not end: {others}")
        time.sleep(0.01)


def check_locks(data_dir: Path, pid: int) -> None:
    """See that every process of a server locks each database that it has open.

    Whatever closes one more descriptor of such a file drops the locks of its process, and another one that
    ends then deletes a log that is in use: what was committed is lost.

    Raises:
        RuntimeError: saying which process has which database open without a lock.
    """
    deadline = time.monotonic() + LOCKED_WITHIN_S
    while lockless := _lockless(data_dir, pid):
        if time.monotonic() > deadline:
            raise RuntimeError(f"open without a lock: {lockless}")
        time.sleep(0.1)


def _lockless(data_dir: Path, pid: int) -> list[tuple[int, Path]]:
    """Processes and the databases they have open and not locked; one that is just opening it counts."""
    held = [line.split() for line in Path("/proc/locks").read_text(encoding="ascii").splitlines()]
    locks = {(line[4], line[5].rsplit(":", 1)[1]) for line in held if line[1] == "POSIX"}
    found = []
    for process in psutil.Process(pid).children(recursive=True):
        with suppress(psutil.Error):
            paths = {Path(file.path) for file in process.open_files()}
            databases = [path for path in paths if path.parent == data_dir and path.suffix == ".db"]
            numbers = [(path, str(path.stat().st_ino)) for path in databases]
            found += [(process.pid, path) for path, ino in numbers if (str(process.pid), ino) not in locks]
    return found


def _runs(process: psutil.Process) -> bool:
    try:
        return process.status() not in {psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD}
    except psutil.NoSuchProcess:
        return False


@contextmanager
def running_server(data_dir: Path, **environ: str) -> Generator[Server, None, None]:
    """``balu serve`` on a free port until the block ends; *environ* joins its environment."""
    data_dir.mkdir(parents=True, exist_ok=True)
    url, log = f"http://127.0.0.1:{free_port()}", data_dir / "server.log"
    with httpx2.Client(base_url=url, timeout=60) as client:
        server = Server(url, data_dir, _start(data_dir, url, log, **environ), client, log)
        try:
            _wait_until_up(server)
            yield server
            if server.process.poll() is None:
                check_locks(data_dir, server.process.pid)
        finally:
            server.process.terminate()
            try:
                server.process.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()


def _start(data_dir: Path, url: str, log: Path, **environ: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "balu", "serve", "--data-dir", str(data_dir)]
    command += ["--port", url.rsplit(":", 1)[1]]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("BALU_")}
    with log.open("ab") as output:
        return subprocess.Popen(  # noqa: S603  our own program
            command, env={**clean, **environ}, stdout=output, stderr=output, start_new_session=True
        )


def _wait_until_up(server: Server) -> None:
    deadline = time.monotonic() + SERVER_STARTS_WITHIN_S
    while time.monotonic() < deadline:
        if server.process.poll() is not None:
            break
        try:
            if server.client.get("/api/health").is_success:
                return
        except httpx2.TransportError:
            time.sleep(0.05)
    raise RuntimeError(f"the server did not come up:\n{server.log.read_text()[-4000:]}")
