"""What a claim is made of: work for one server, measured, and the figures that come of it."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from benchmarks.harness.plan import GIB, MIB, Plan
from benchmarks.harness.server import Server

Figures = dict[str, float]

TITLES = {
    "cpu_s_per_gib": "CPU s/GiB",
    "cpu_ms_each": "CPU ms each",
    "mib_per_s": "MiB/s",
    "per_s": "per second",
    "rss_growth_mib": "RSS growth MiB",
    "peak_rss_mib": "peak RSS MiB",
    "answer_kib": "answer KiB",
    "start_s": "start s",
    "start_cpu_s": "start CPU s",
    "idle_rss_mib": "RSS MiB",
    "idle_pss_mib": "PSS MiB",
    "idle_cpu_percent": "% of a core",
    "put_cpu_s_per_gib": "its own PUT's",
    "times_put": "CPU / PUT's",
    "plain_cpu_s_per_gib": "plain file's",
    "times_plain": "CPU / plain file's",
    "finalise_s": "seconds",
    "archive_cpu_s": "CPU s",
    "zip_cpu_s": "CPU s of zip -0",
    "times_zip": "CPU / zip's",
    "p99_ms": "p99 ms of others",
    "quiet_p99_ms": "p99 ms when quiet",
    "times_quiet": "p99 / quiet p99",
}
BY_BYTES = ("cpu_s_per_gib", "mib_per_s", "rss_growth_mib", "peak_rss_mib")
BY_COUNT = ("cpu_ms_each", "per_s", "rss_growth_mib", "peak_rss_mib")


@dataclass(frozen=True, slots=True)
class Work:
    """What was done while the meter ran."""

    operations: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Target:
    """A limit for Balu's median of *figure*; times the same figure of another server in the same round."""

    figure: str
    at_most: float | None = None
    at_least: float | None = None
    against: str | None = None
    of: str = "balu"
    """Whose figure it is."""

    def __str__(self) -> str:
        bound = f"<= {self.at_most:g}" if self.at_most is not None else f">= {self.at_least:g}"
        return f"{TITLES[self.figure]} {bound}" + (f" x {self.against}" if self.against else "")

    def met(self, value: float) -> bool:
        """Whether *value*, a median or a median ratio, keeps the limit."""
        if self.at_most is not None:
            return value <= self.at_most
        return self.at_least is not None and value >= self.at_least


class Workload(ABC):
    """One kind of work that every server does in every round."""

    name: ClassVar[str]
    row: ClassVar[str]
    """Its number in the list of targets."""
    title: ClassVar[str]
    figures: ClassVar[tuple[str, ...]]
    targets: ClassVar[tuple[Target, ...]] = ()

    def suits(self, server: Server) -> bool:
        """Whether the server has a word for this work."""
        return not server.only_uploads

    def plant(self, server: Server, plan: Plan) -> None:  # noqa: B027 - most need nothing planted
        """Put the data in place, once per server; not measured."""

    @abstractmethod
    def measure(self, server: Server, plan: Plan, turn: int) -> Figures:
        """Do the work once and check that it was done."""

    def measure_all(
        self, servers: Sequence[Server], plan: Plan, turn: int
    ) -> Iterable[tuple[Server, Figures]]:
        """One round, in the order given."""
        for server in servers:
            yield server, self.measure(server, plan, turn)


def metered(server: Server, plan: Plan, work: Callable[[], Work]) -> Figures:
    """Run *work* and return what it cost the server until it was quiet again."""
    plan.touch_memory()
    group = server.group
    group.wait_quiet()
    group.reset_peak()
    resident = group.rss_bytes()
    cpu, began = group.cpu_s(), time.perf_counter()
    done = work()
    wall = time.perf_counter() - began
    group.wait_quiet()
    spent, peak = group.cpu_s() - cpu, group.rss_bytes("VmHWM")
    return {
        "cpu_s": spent,
        "wall_s": wall,
        "cpu_s_per_gib": spent / done.bytes * GIB,
        "cpu_ms_each": spent / done.operations * 1000,
        "mib_per_s": done.bytes / MIB / wall,
        "per_s": done.operations / wall,
        "rss_growth_mib": (peak - resident) / MIB,
        "peak_rss_mib": peak / MIB,
        "answer_kib": done.bytes / done.operations / 1024,
    }
