"""The message queue behind the jobs: huey carries numbers of rows, as JSON, and nothing else.

Its own default is pickle, with which whoever can write the queue could run code here.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module, reload
from typing import Any

import msgspec

from balu.kernel.config import Config, ConfigError, JobSettings
from balu.kernel.db import keep_private
from balu.kernel.hidden import hidden
from balu.kernel.log import logger

with hidden("redis", "psycopg"):  # most queues are SQLite: 15 MiB in every process
    from huey import Huey, SqliteHuey, storage
    from huey.registry import Message
    from huey.serializer import Serializer

RUN, TICK = "run", "tick"
log = logger("balu.jobs")


class Envelope(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What travels: huey's task id and task name, our priority, and at most one row number."""

    task_id: str
    task: str
    priority: int | None
    args: tuple[int, ...]


class InvalidMessageError(ValueError):
    """The queue held something that we did not write; huey has removed it already."""


class JsonMessages(Serializer):  # type: ignore[misc]
    """Messages as JSON arrays; no delays, pipelines or results, for those are rows."""

    def _serialize(self, data: Any) -> bytes:
        return msgspec.json.encode(Envelope(data.id, data.name, data.priority, tuple(data.args or ())))

    def _deserialize(self, data: Any) -> Any:
        try:
            found = msgspec.json.decode(bytes(data), type=Envelope)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            log.warning("a queue message was dropped", reason=str(error), bytes=len(data))
            raise InvalidMessageError(str(error)) from error
        return Message(found.task_id, found.task, None, 0, 0, found.priority, found.args, {})


def open_queue(config: Config) -> Huey:
    """The queue that ``[jobs]`` names: ``queue.db`` in the data directory, or Redis.

    Raises:
        ConfigError: Redis is wanted and its client library is not installed.
    """
    settings = config.of(JobSettings)
    common: dict[str, Any] = {"serializer": JsonMessages(), "results": False}
    if settings.storage == "sqlite":
        config.data_dir.mkdir(parents=True, exist_ok=True)
        path = config.data_dir / "queue.db"
        keep_private(path)
        return SqliteHuey("jobs", filename=str(path), fsync=True, cache_mb=1, **common)
    try:
        import_module("redis")
    except ImportError as error:
        raise ConfigError("[jobs] storage = 'redis' needs the extra: pip install 'balu[redis]'.") from error
    found = reload(storage) if storage.Redis is None else storage
    return Huey("jobs", storage_class=found.PriorityRedisStorage, url=settings.redis_url, **common)


def bind(queue: Huey, work: Callable[[int], None], tick: Callable[[], None]) -> Callable[..., Any]:
    """Tell *queue* what its two messages mean; returns the function that makes a task for a row.

    huey names a task after the module of its function, so both functions are made here.
    """

    @queue.task(name=RUN)  # type: ignore[untyped-decorator]
    def run(job_id: int) -> None:
        work(job_id)

    @queue.periodic_task(lambda _now: True, name=TICK)  # type: ignore[untyped-decorator]
    def every_minute() -> None:
        tick()

    made: Callable[..., Any] = run.s
    return made


class JobQueue:
    """The sending side; a part of the Env. One thread of its own, since every send is a disk write."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._thread = ThreadPoolExecutor(1, "balu-queue")
        self._queue: Huey | None = None
        self._message: Callable[..., Any] | None = None

    async def send(self, job_id: int, priority: int = 0) -> None:
        """Say that row *job_id* waits; saying it twice is harmless."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._send, job_id, priority)

    async def waiting(self) -> int:
        """How many messages nobody has taken yet."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._waiting)

    async def aclose(self) -> None:
        """Close the connection."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        self._thread.shutdown()

    def _open(self) -> Huey:
        if self._queue is None:
            self._queue = open_queue(self._config)
            self._message = bind(self._queue, _elsewhere, _elsewhere)
        return self._queue

    def _send(self, job_id: int, priority: int) -> None:
        queue = self._open()
        assert self._message is not None
        queue.enqueue(self._message(job_id, priority=priority))

    def _waiting(self) -> int:
        return int(self._open().pending_count())

    def _close(self) -> None:
        if self._queue is not None:
            self._queue.storage.close()


def _elsewhere(*_args: int) -> None:
    raise RuntimeError("this process sends messages and runs none")
