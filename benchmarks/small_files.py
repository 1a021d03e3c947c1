"""Claim: small files are cheap, although each is durable when its answer arrives."""

import os
from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar

from benchmarks.harness.client import Request, WrongAnswerError, drive
from benchmarks.harness.plan import Plan
from benchmarks.harness.server import Server
from benchmarks.harness.workload import BY_COUNT, Figures, Target, Work, Workload, metered

FILE_BYTES = 16 << 10


class SmallFiles(Workload):
    """2,000 files of 16 KiB, one PUT each, over 8 keep-alive connections."""

    name: ClassVar[str] = "small_files"
    row: ClassVar[str] = "P3"
    title: ClassVar[str] = "2,000 files of 16 KiB, one PUT each, 8 connections"
    figures: ClassVar[tuple[str, ...]] = BY_COUNT
    targets: ClassVar[tuple[Target, ...]] = (
        Target("per_s", at_least=1200),
        Target("cpu_ms_each", at_most=1.2),
    )

    def suits(self, server: Server) -> bool:  # noqa: ARG002
        return True

    def measure(self, server: Server, plan: Plan, turn: int) -> Figures:
        folder = f"small-{turn}"
        count = plan.scaled(2000, 100)
        server.folder(folder)
        server.refresh()

        def work() -> Work:
            requests = uploads(server, plan, folder, count)
            done = drive(server.port, requests, connections=8, check=lambda a: a.expect(200, 201, 204))
            return Work(done, done * FILE_BYTES)

        figures = metered(server, plan, work)
        if server.stores:
            check_stored(server, plan, folder, count)
        return figures


def uploads(server: Server, plan: Plan, folder: str, count: int) -> Iterator[Request]:
    """One PUT per file, each with bytes of its own."""
    with plan.source.open("rb") as data:
        for number in range(count):
            request = server.upload(f"{folder}/{number:05}.bin")
            yield replace(request, body=content(data.fileno(), number, plan))


def check_stored(server: Server, plan: Plan, folder: str, count: int) -> None:
    """Insist that the folder on disk holds exactly what was sent."""
    found = sorted(path for path in (server.files / folder).iterdir() if path.is_file())
    if len(found) != count or any(path.stat().st_size != FILE_BYTES for path in found):
        message = f"{server.name} stored {len(found)} of {count} files, or not all of them whole"
        raise WrongAnswerError(message)
    if plan.smoke:
        with plan.source.open("rb") as data:
            for number, path in enumerate(found):
                if path.read_bytes() != content(data.fileno(), number, plan):
                    message = f"{server.name} stored other bytes in {path.name}"
                    raise WrongAnswerError(message)


def content(source: int, number: int, plan: Plan) -> bytes:
    return os.pread(source, FILE_BYTES, number * FILE_BYTES % (plan.size_bytes - FILE_BYTES))


WORKLOADS = (SmallFiles(),)
