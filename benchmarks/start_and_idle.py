"""Claim: it starts at once, and costs nothing while nobody asks."""

import time
from collections.abc import Iterable, Sequence
from typing import ClassVar

from benchmarks.harness.client import Connection
from benchmarks.harness.plan import MIB, Plan
from benchmarks.harness.server import Server
from benchmarks.harness.workload import Figures, Target, Workload
from benchmarks.upload_one_file import put


class ColdStart(Workload):
    """From the command to the first good answer."""

    name: ClassVar[str] = "cold_start"
    row: ClassVar[str] = "P9"
    title: ClassVar[str] = "start to first good answer, programs warm in the page cache"
    figures: ClassVar[tuple[str, ...]] = ("start_s", "start_cpu_s")
    targets: ClassVar[tuple[Target, ...]] = (Target("start_s", at_most=1.5),)

    def measure(self, server: Server, plan: Plan, turn: int) -> Figures:  # noqa: ARG002
        server.stop()
        seconds = server.start()
        server.group.wait_quiet()
        return {"start_s": seconds, "start_cpu_s": server.group.cpu_s()}


class Idle(Workload):
    """All servers left alone at the same time."""

    name: ClassVar[str] = "idle"
    row: ClassVar[str] = "P9"
    title: ClassVar[str] = "idle for 20 s after a fresh start, all processes together"
    figures: ClassVar[tuple[str, ...]] = ("idle_rss_mib", "idle_pss_mib", "idle_cpu_percent")
    targets: ClassVar[tuple[Target, ...]] = (
        Target("idle_rss_mib", at_most=220),
        Target("idle_cpu_percent", at_most=1.0),
    )

    def plant(self, server: Server, plan: Plan) -> None:  # noqa: ARG002
        server.stop()
        server.start()

    def measure(self, server: Server, plan: Plan, turn: int) -> Figures:
        return dict(next(iter(self.measure_all([server], plan, turn)))[1])

    def measure_all(
        self, servers: Sequence[Server], plan: Plan, turn: int
    ) -> Iterable[tuple[Server, Figures]]:
        if turn == 0:
            time.sleep(plan.scaled(5, 1))
        before = [server.group.cpu_s() for server in servers]
        time.sleep(seconds := plan.scaled(20, 2))
        for server, cpu in zip(servers, before, strict=True):
            yield (
                server,
                {
                    "idle_rss_mib": server.group.rss_bytes() / MIB,
                    "idle_pss_mib": server.group.pss_bytes() / MIB,
                    "idle_cpu_percent": (server.group.cpu_s() - cpu) / seconds * 100,
                },
            )


class IdleAfterUse(Idle):
    """The same once somebody has looked around and stored something."""

    name: ClassVar[str] = "idle_after_use"
    title: ClassVar[str] = "idle for 20 s after a sign-in, a listing, an upload and a download of one file"

    def plant(self, server: Server, plan: Plan) -> None:
        super().plant(server, plan)
        put(server, plan, "used.bin")
        with Connection(server.port) as connection:
            for request in (server.listing(""), server.download("used.bin") if server.stores else None):
                if request is not None:
                    connection.ask(request).expect(200, 207)


WORKLOADS = (ColdStart(), Idle(), IdleAfterUse())
