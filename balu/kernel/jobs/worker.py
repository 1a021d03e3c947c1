"""The job worker: huey's consumer in a process of its own, because it owns the signal handlers."""

import asyncio
import logging
import threading
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AsyncExitStack
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from balu.kernel.config import Config, JobSettings, LogSettings
from balu.kernel.domain import Domain
from balu.kernel.env import open_env
from balu.kernel.events import Dispatcher
from balu.kernel.jobs.declare import Jobs
from balu.kernel.jobs.queue import bind, open_queue
from balu.kernel.jobs.run import GRACE_S, work
from balu.kernel.jobs.tick import tick, write_defaults
from balu.kernel.log import configure, logger
from balu.kernel.migrate import ensure_current
from balu.kernel.sqlite import check
from balu.kernel.unit import Env

MAX_POLL_S = 1.0
SHUTDOWN_S = GRACE_S + 10
log = logger("balu.jobs")


class Lane(threading.local):
    """What one consumer thread owns: an event loop, and engines that belong to it."""

    runner: asyncio.Runner | None = None
    stack: AsyncExitStack | None = None
    env: Env | None = None


class Hands:
    """What the consumer's threads do with the two messages."""

    def __init__(self, config: Config, domains: Sequence[Domain]) -> None:
        self._config, self._domains = config, domains
        self._mine = Lane()
        self.stopping: Callable[[], bool] = lambda: False

    def start(self) -> None:
        """Open this thread's loop and Env."""
        self._mine.runner = asyncio.Runner()
        self._mine.stack = AsyncExitStack()
        opened = self._mine.stack.enter_async_context(open_env(self._config, self._domains))
        self._mine.env = self._mine.runner.run(_awaited(opened))
        self._run(write_defaults(self._env, self._env.part(Jobs).values()))

    def stop(self) -> None:
        """Close them again."""
        if self._mine.stack is not None:
            self._run(self._mine.stack.aclose())
        if self._mine.runner is not None:
            self._mine.runner.close()

    def work(self, job_id: int) -> None:
        """Run one job, then deliver what it announced: nothing else turns this loop."""
        self._run(self._work(job_id))

    def tick(self) -> None:
        """Do the minute's work."""
        self._run(tick(self._env))

    async def _work(self, job_id: int) -> None:
        try:
            await work(self._env, job_id, self.stopping)
        finally:
            await self._env.part(Dispatcher).deliver(self._env)

    @property
    def _env(self) -> Env:
        if self._mine.env is None:
            raise RuntimeError("this thread has not started")
        return self._mine.env

    def _run(self, work: Coroutine[Any, Any, Any]) -> None:
        assert self._mine.runner is not None
        try:
            self._mine.runner.run(work)
        except (SQLAlchemyError, OSError):
            # The database or queue is away; the row is still there and the next tick sends it again.
            log.exception("the worker could not reach its database")


async def _awaited(work: Any) -> Any:
    return await work


def run_worker(config: Config, domains: Sequence[Domain]) -> None:
    """Run jobs until SIGTERM or SIGINT; jobs under way get some seconds, then wait for the next worker."""
    configure(config.of(LogSettings))
    logging.getLogger("huey").setLevel(logging.WARNING)
    check()
    asyncio.run(ensure_current(config))
    hands = Hands(config, domains)
    queue = open_queue(config)
    bind(queue, hands.work, hands.tick)
    queue.on_startup(name="start")(hands.start)
    queue.on_shutdown(name="stop")(hands.stop)
    consumer = queue.create_consumer(
        workers=config.of(JobSettings).workers,
        max_delay=MAX_POLL_S,
        scheduler_interval=10,  # nothing is ever scheduled in huey; this only paces the tick's clock
        graceful_signal="TERM",
        shutdown_timeout=SHUTDOWN_S,
    )
    hands.stopping = consumer.stop_flag.is_set
    consumer.run()
