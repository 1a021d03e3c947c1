"""Work in several threads, handed out as it is taken: a million files need no million futures."""

from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TypeVar

T = TypeVar("T")


def each(work: Callable[[T], None], items: Iterable[T], *, jobs: int) -> None:
    """Call *work* on every item; the first exception stops the rest and is raised."""
    running: set[Future[None]] = set()
    pool = ThreadPoolExecutor(jobs, thread_name_prefix="balu-transfer")
    try:
        for item in items:
            running.add(pool.submit(work, item))
            if len(running) >= jobs * 2:
                running = _reap(running)
        while running:
            running = _reap(running)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _reap(running: set[Future[None]]) -> set[Future[None]]:
    done, rest = wait(running, return_when=FIRST_COMPLETED)
    for future in done:
        future.result()
    return rest
