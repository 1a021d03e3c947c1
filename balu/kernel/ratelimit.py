"""Token buckets in memory: a guard against abuse, one set per process."""

import time
from collections.abc import Callable

from balu.kernel.errors import RateLimitedError

MAX_BUCKETS = 50_000
MINUTE_S = 60.0


class Limits:
    """Requests a minute for each caller and class; a bucket holds one minute's worth.

    Limits that protect passwords live in the database (identity), so that a restart never opens them.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._buckets: dict[tuple[str, str], tuple[float, float]] = {}

    def take(self, who: str, name: str, per_minute: int) -> None:
        """Spend one request of class *name*.

        Raises:
            RateLimitedError: nothing is left; it says when to come back.
        """
        now = self._clock()
        left, since = self._buckets.get((who, name), (float(per_minute), now))
        left = min(float(per_minute), left + (now - since) * per_minute / MINUTE_S)
        if left < 1.0:
            wait_s = max(1, round((1.0 - left) * MINUTE_S / per_minute + 0.5))
            raise RateLimitedError(f"Too many requests; try again in {wait_s} s.", retry_after_s=wait_s)
        if len(self._buckets) >= MAX_BUCKETS:
            self._forget_full(now)
        self._buckets[(who, name)] = (left - 1.0, now)

    def _forget_full(self, now: float) -> None:
        self._buckets = {key: value for key, value in self._buckets.items() if now - value[1] < MINUTE_S}
