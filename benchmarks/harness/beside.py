"""What only Balu can do, beside what Balu does plainly with the same bytes."""

import math
from abc import abstractmethod
from typing import ClassVar

from benchmarks.harness.plan import Plan
from benchmarks.harness.server import Server
from benchmarks.harness.servers.balu import Balu
from benchmarks.harness.workload import Figures, Workload


class Beside(Workload):
    """Both ways in one round; which comes first changes every round.

    The figures are those of the claimed way, with two more: the plain way's CPU, and how many times that is.
    """

    beside: ClassVar[str]
    """What these two call the plain way: ``put_cpu_s_per_gib`` and ``times_put``."""

    @abstractmethod
    def claimed(self, server: Server, plan: Plan) -> Figures:
        """The work of the claim, measured and checked."""

    @abstractmethod
    def plain(self, server: Server, plan: Plan) -> Figures:
        """What it is compared with, measured and checked."""

    def suits(self, server: Server) -> bool:
        return isinstance(server, Balu)

    def measure(self, server: Server, plan: Plan, turn: int) -> Figures:
        if turn % 2:
            plain, ours = self.plain(server, plan), self.claimed(server, plan)
        else:
            ours, plain = self.claimed(server, plan), self.plain(server, plan)
        cost = plain["cpu_s_per_gib"]
        # Without a cgroup CPU is counted in ticks, and a smoke run may be over within one.
        ratio = ours["cpu_s_per_gib"] / cost if cost else math.inf
        return {**ours, f"{self.beside}_cpu_s_per_gib": cost, f"times_{self.beside}": ratio}
