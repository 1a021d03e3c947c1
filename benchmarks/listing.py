"""Claim: big folders are no dearer to list than by the leanest server there is."""

import os
from typing import ClassVar

from benchmarks.harness.client import Connection, WrongAnswerError
from benchmarks.harness.plan import Plan
from benchmarks.harness.server import Server
from benchmarks.harness.workload import Figures, Target, Work, Workload, metered

_FIGURES = ("cpu_ms_each", "per_s", "answer_kib", "rss_growth_mib", "peak_rss_mib")


class ListAll(Workload):
    """All entries of a folder, with size and time."""

    name: ClassVar[str] = "list_all"
    row: ClassVar[str] = "P7"
    title: ClassVar[str] = "list 10,000 entries with metadata"
    figures: ClassVar[tuple[str, ...]] = _FIGURES
    targets: ClassVar[tuple[Target, ...]] = (Target("cpu_ms_each", at_most=1.0, against="nginx"),)

    def suits(self, server: Server) -> bool:
        return super().suits(server) and server.listing("") is not None

    def plant(self, server: Server, plan: Plan) -> None:
        plant_folder(server, "many", plan.scaled(10_000, 300))

    def measure(self, server: Server, plan: Plan, turn: int) -> Figures:  # noqa: ARG002
        request = server.listing("many")
        if request is None:
            raise AssertionError
        count = plan.scaled(10_000, 300)
        with Connection(server.port, keep=True) as connection:
            body = bytes(connection.ask(request).expect(200, 207).body)
            missing = [number for number in (0, count // 2, count - 1) if _name(number).encode() not in body]
        if missing:
            message = f"{server.name} left out {missing} of {count}"
            raise WrongAnswerError(message)

        def work() -> Work:
            times = plan.scaled(10, 2)
            with Connection(server.port) as connection:
                received = sum(connection.ask(request).expect(200, 207).received for _ in range(times))
            return Work(times, received)

        return metered(server, plan, work)


class ListWindow(Workload):
    """What a virtual list asks for while its user scrolls."""

    name: ClassVar[str] = "list_window"
    row: ClassVar[str] = "P7"
    title: ClassVar[str] = "500 rows out of 100,000"
    figures: ClassVar[tuple[str, ...]] = _FIGURES
    targets: ClassVar[tuple[Target, ...]] = (Target("cpu_ms_each", at_most=4.0),)

    def suits(self, server: Server) -> bool:
        return super().suits(server) and server.window("", 0, 1) is not None

    def plant(self, server: Server, plan: Plan) -> None:
        plant_folder(server, "huge", plan.scaled(100_000, 2000))

    def measure(self, server: Server, plan: Plan, turn: int) -> Figures:  # noqa: ARG002
        count, limit = plan.scaled(100_000, 2000), 500
        steps = range(0, count, count // 20)
        requests = [request for step in steps if (request := server.window("huge", step, limit))]
        with Connection(server.port, keep=True) as connection:
            bodies = [connection.ask(request).expect(200).body for request in requests]
        wrong = [step for step, body in zip(steps, bodies, strict=True) if _name(step).encode() not in body]
        if wrong:
            message = f"{server.name} sent wrong windows at {wrong}"
            raise WrongAnswerError(message)

        def work() -> Work:
            with Connection(server.port) as connection:
                received = sum(connection.ask(request).expect(200).received for request in requests)
            return Work(len(requests), received)

        return metered(server, plan, work)


def plant_folder(server: Server, name: str, count: int) -> None:
    """Files of various sizes that take no room."""
    folder = server.folder(name)
    for number in range(count):
        path = folder / _name(number)
        path.touch()
        os.truncate(path, number * 37)


def _name(number: int) -> str:
    return f"holiday-picture-{number:06}.jpg"


WORKLOADS = (ListAll(), ListWindow())
