"""Claim: authentication, limits, logs and metrics cost little on top of the bare stack."""

from typing import ClassVar

from benchmarks.harness.client import Request, Response, drive
from benchmarks.harness.plan import Plan
from benchmarks.harness.server import Server
from benchmarks.harness.workload import BY_COUNT, Figures, Target, Work, Workload, metered
from benchmarks.listing import plant_folder


class Health(Workload):
    """The cheapest question there is."""

    name: ClassVar[str] = "health"
    row: ClassVar[str] = "P8"
    title: ClassVar[str] = "health request, 8 connections"
    figures: ClassVar[tuple[str, ...]] = BY_COUNT
    targets: ClassVar[tuple[Target, ...]] = (Target("cpu_ms_each", at_most=1.25, against="litestar-naive"),)

    def suits(self, server: Server) -> bool:
        return super().suits(server) and server.health() is not None

    def measure(self, server: Server, plan: Plan, turn: int) -> Figures:  # noqa: ARG002
        return _repeat(server, plan, server.health())


class SmallListing(Workload):
    """A folder of ten entries, for someone who is signed in."""

    name: ClassVar[str] = "small_listing"
    row: ClassVar[str] = "P8"
    title: ClassVar[str] = "authenticated list of 10 entries, 8 connections"
    figures: ClassVar[tuple[str, ...]] = BY_COUNT
    targets: ClassVar[tuple[Target, ...]] = (Target("per_s", at_least=2500),)

    def suits(self, server: Server) -> bool:
        return super().suits(server) and server.listing("") is not None

    def plant(self, server: Server, plan: Plan) -> None:  # noqa: ARG002
        plant_folder(server, "ten", 10)

    def measure(self, server: Server, plan: Plan, turn: int) -> Figures:  # noqa: ARG002
        return _repeat(server, plan, server.listing("ten"))


def _repeat(server: Server, plan: Plan, request: Request | None) -> Figures:
    if request is None:
        raise AssertionError
    count = plan.scaled(5000, 200)

    def work() -> Work:
        bodies = 0

        def check(answer: Response) -> None:
            nonlocal bodies
            bodies += answer.expect(200, 207).received

        done = drive(server.port, [request] * count, connections=8, check=check)
        return Work(done, bodies)

    return metered(server, plan, work)


WORKLOADS = (Health(), SmallListing())
