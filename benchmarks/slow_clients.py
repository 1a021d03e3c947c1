"""Claim: thousands of slow clients cost little memory, and others hardly notice them."""

import time
from collections.abc import Sequence
from typing import ClassVar

from benchmarks.harness.client import Connection, Request
from benchmarks.harness.crowd import STEP_BYTES, Crowd, Slow
from benchmarks.harness.plan import Plan
from benchmarks.harness.server import Server, ranged
from benchmarks.harness.servers.balu import Balu
from benchmarks.harness.workload import Figures, Target, Work, Workload, metered
from benchmarks.listing import plant_folder

_PAUSE_S = 0.01
_LASTS_S = 300
"""An upload lasts longer than the crowd is there."""
_SPAN_BYTES = 64 << 10


class SlowClients(Workload):
    """One quick client, which asks a hundred times a second, alone and then beside the slow ones."""

    name: ClassVar[str] = "slow_clients"
    row: ClassVar[str] = "P17"
    title: ClassVar[str] = "1,000 slow downloads and 1,000 slow uploads at once, 16 KiB/s each"
    figures: ClassVar[tuple[str, ...]] = (
        "p99_ms", "quiet_p99_ms", "times_quiet", "rss_growth_mib", "peak_rss_mib",
    )  # fmt: skip
    targets: ClassVar[tuple[Target, ...]] = (
        Target("rss_growth_mib", at_most=150),
        Target("times_quiet", at_most=2),
    )

    def suits(self, server: Server) -> bool:
        return isinstance(server, Balu)

    def plant(self, server: Server, plan: Plan) -> None:
        server.place(plan.source, "big.bin")
        server.folder("slow")
        plant_folder(server, "ten", 10)

    def measure(self, server: Server, plan: Plan, turn: int) -> Figures:
        count, probes = plan.scaled(1000, 20), plan.scaled(1000, 50)
        requests = _quick(server)
        quiet_ms = _p99_ms(server, requests, probes)
        clients = [client for number in range(count) for client in _pair(server, f"{turn}-{number}")]
        busy_ms = 0.0

        def work() -> Work:
            nonlocal busy_ms
            with Crowd(server.port, clients):
                busy_ms = _p99_ms(server, requests, probes)
            return Work(probes, len(clients) * STEP_BYTES)

        figures = metered(server, plan, work)
        return {**figures, "p99_ms": busy_ms, "quiet_p99_ms": quiet_ms, "times_quiet": busy_ms / quiet_ms}


def _quick(server: Server) -> list[Request]:
    """A listing of ten entries, and 64 KiB of a file."""
    listing = server.listing("ten")
    if listing is None:
        raise AssertionError
    return [listing, ranged(server.download("big.bin"), 0, _SPAN_BYTES)]


def _pair(server: Server, name: str) -> tuple[Slow, Slow]:
    upload = server.upload(f"slow/{name}.bin")
    return (
        Slow(server.download("big.bin").encode(), sends=False),
        Slow(upload.encode(_LASTS_S * STEP_BYTES), sends=True),
    )


def _p99_ms(server: Server, requests: Sequence[Request], count: int) -> float:
    """The time that 99 of 100 answers keep within; the requests take turns."""
    took = []
    with Connection(server.port) as connection:
        for number in range(count):
            began = time.perf_counter()
            connection.ask(requests[number % len(requests)]).expect(200, 206)
            took.append(time.perf_counter() - began)
            time.sleep(_PAUSE_S)
    return sorted(took)[int(len(took) * 0.99)] * 1000


WORKLOADS = (SlowClients(),)
