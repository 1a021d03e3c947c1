"""A bounded pool for calls that block: the native half, a disk, a hash."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
WORKERS = 16
"""Enough to keep slow disks busy; the calls let go of the GIL and mostly wait."""


class Threads:
    """Runs blocking calls beside the event loop; a part of the Env."""

    def __init__(self, workers: int = WORKERS) -> None:
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="balu-io")

    async def run(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The result of *call*. Cancelling does not stop a call that has begun."""
        loop = asyncio.get_running_loop()
        if kwargs:
            return await loop.run_in_executor(self._pool, lambda: call(*args, **kwargs))
        return await loop.run_in_executor(self._pool, call, *args)

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
