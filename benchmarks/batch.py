"""Claim: small files in one request are cheaper still, and every one of them durable."""

import json
from collections.abc import Iterator
from typing import ClassVar

from benchmarks.harness.client import Request, drive
from benchmarks.harness.plan import Plan
from benchmarks.harness.server import Server
from benchmarks.harness.servers.balu import Balu
from benchmarks.harness.workload import BY_COUNT, Figures, Target, Work, Workload, metered
from benchmarks.small_files import FILE_BYTES, check_stored, content, uploads

PER_REQUEST = 500


class Batch(Workload):
    """2,000 files of 16 KiB: in four requests where a server can, one PUT each elsewhere."""

    name: ClassVar[str] = "batch"
    row: ClassVar[str] = "P4"
    title: ClassVar[str] = "2,000 files of 16 KiB, in batches of 500 (elsewhere one PUT each, 8 connections)"
    figures: ClassVar[tuple[str, ...]] = BY_COUNT
    targets: ClassVar[tuple[Target, ...]] = (
        Target("per_s", at_least=4, against="copyparty"),
        Target("per_s", at_least=1, against="nginx"),
        Target("cpu_ms_each", at_most=0.35),
    )

    def measure(self, server: Server, plan: Plan, turn: int) -> Figures:
        folder = f"batch-{turn}"
        count = plan.scaled(2000, 100)
        server.folder(folder)
        server.refresh()
        batched = isinstance(server, Balu)
        requests = list((batches if batched else uploads)(server, plan, folder, count))
        connections = 2 if batched else 8

        def work() -> Work:
            drive(server.port, requests, connections=connections, check=lambda a: a.expect(200, 201, 204))
            return Work(count, count * FILE_BYTES)

        figures = metered(server, plan, work)
        if server.stores:
            check_stored(server, plan, folder, count)
        return figures


def batches(server: Server, plan: Plan, folder: str, count: int) -> Iterator[Request]:
    """Requests that hold many files each."""
    headers = (*server.headers(), ("Content-Type", "application/vnd.balu.batch"))
    with plan.source.open("rb") as data:
        for start in range(0, count, PER_REQUEST):
            numbers = range(start, min(start + PER_REQUEST, count))
            files = [{"path": f"{folder}/{number:05}.bin", "size": FILE_BYTES} for number in numbers]
            contents = b"".join(content(data.fileno(), number, plan) for number in numbers)
            line = json.dumps(files).encode() + b"\n"
            yield Request("POST", "/api/uploads/batch", headers, line + contents)


WORKLOADS = (Batch(),)
