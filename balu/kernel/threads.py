"""A bounded pool for calls that block: the native half, a disk, a hash."""

import asyncio
import errno
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
WORKERS = 16
"""Enough to keep slow disks busy; the calls let go of the GIL and mostly wait."""


class PanickedError(OSError):
    """The native half gave up in the middle; as with EIO, only the disk knows what was done."""

    def __init__(self, reason: str) -> None:
        super().__init__(errno.EIO, reason)


class Threads:
    """Runs blocking calls beside the event loop; a part of the Env."""

    def __init__(self, workers: int = WORKERS) -> None:
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="balu-io")

    async def run(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The result of *call*. Cancelling does not stop a call that has begun.

        Raises:
            PanickedError: the native half panicked.
        """
        loop = asyncio.get_running_loop()
        try:
            if kwargs:
                return await loop.run_in_executor(self._pool, lambda: call(*args, **kwargs))
            return await loop.run_in_executor(self._pool, call, *args)
        except BaseException as error:
            if type(error).__module__ != "pyo3_runtime":  # a panic's class cannot be imported
                raise
            raise PanickedError(str(error)) from error

    async def aclose(self) -> None:
        """Let running calls end and take no more."""
        await asyncio.to_thread(self._pool.shutdown, wait=True)


async def finish(work: Any) -> Any:
    """Run the coroutine *work* to its end even when the caller is cancelled meanwhile."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        if not task.done():
            await asyncio.wait({task})
        raise
