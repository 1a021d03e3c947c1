"""Claim: parts of a file cost no more than their share of the whole."""

import os
import random
from concurrent.futures import ThreadPoolExecutor
from typing import ClassVar

from benchmarks.harness.client import Connection, WrongAnswerError, drive
from benchmarks.harness.plan import Plan
from benchmarks.harness.server import Server, ranged
from benchmarks.harness.workload import BY_BYTES, BY_COUNT, Figures, Target, Work, Workload, metered

_PARTS = 8
_SPAN_BYTES = 64 << 10


class _OfBigFile(Workload):
    def plant(self, server: Server, plan: Plan) -> None:
        if not (server.files / "ranges.bin").exists():
            server.place(plan.source, "ranges.bin")


class ParallelRanges(_OfBigFile):
    """What a download manager does: one file in eight pieces at once."""

    name: ClassVar[str] = "parallel_ranges"
    row: ClassVar[str] = "P6"
    title: ClassVar[str] = "8 parallel ranges of 128 MiB"
    figures: ClassVar[tuple[str, ...]] = BY_BYTES
    targets: ClassVar[tuple[Target, ...]] = (Target("cpu_s_per_gib", at_most=0.75),)

    def measure(self, server: Server, plan: Plan, turn: int) -> Figures:  # noqa: ARG002
        share = plan.size_bytes // _PARTS
        request = server.download("ranges.bin")

        def part(number: int) -> int:
            with Connection(server.port, keep=plan.smoke) as connection:
                answer = connection.ask(ranged(request, number * share, share))
            answer.expect(206, received=share)
            if plan.smoke:
                _compare(server, plan, bytes(answer.body), number * share)
            return answer.received

        def work() -> Work:
            with ThreadPoolExecutor(_PARTS) as pool:
                return Work(_PARTS, sum(pool.map(part, range(_PARTS))))

        return metered(server, plan, work)


class RandomRanges(_OfBigFile):
    """What a video player or a database on a share does."""

    name: ClassVar[str] = "random_ranges"
    row: ClassVar[str] = "P6"
    title: ClassVar[str] = "random ranges of 64 KiB, 8 connections"
    figures: ClassVar[tuple[str, ...]] = BY_COUNT
    targets: ClassVar[tuple[Target, ...]] = (
        Target("cpu_ms_each", at_most=0.25),
        Target("per_s", at_least=5000),
    )

    def measure(self, server: Server, plan: Plan, turn: int) -> Figures:
        request = server.download("ranges.bin")
        dice = random.Random(turn)
        count = plan.scaled(4000, 100)
        starts = [dice.randrange(plan.size_bytes - _SPAN_BYTES) for _ in range(count)]

        def work() -> Work:
            spans = (ranged(request, start, _SPAN_BYTES) for start in starts)
            done = drive(
                server.port, spans, connections=8, check=lambda a: a.expect(206, received=_SPAN_BYTES)
            )
            return Work(done, done * _SPAN_BYTES)

        if plan.smoke:
            with Connection(server.port, keep=True) as connection:
                for start in starts[:10]:
                    body = connection.ask(ranged(request, start, _SPAN_BYTES)).expect(206).body
                    _compare(server, plan, bytes(body), start)
        return metered(server, plan, work)


def _compare(server: Server, plan: Plan, body: bytes, start: int) -> None:
    with plan.source.open("rb") as data:
        if os.pread(data.fileno(), len(body), start) != body:
            message = f"{server.name} sent other bytes from {start}"
            raise WrongAnswerError(message)


WORKLOADS = (ParallelRanges(), RandomRanges())
