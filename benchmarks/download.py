"""Claim: a whole file goes out for little more than sendfile costs."""

from hashlib import file_digest, sha256
from typing import ClassVar

from benchmarks.harness.client import Connection, WrongAnswerError
from benchmarks.harness.plan import Plan
from benchmarks.harness.server import Server
from benchmarks.harness.workload import BY_BYTES, Figures, Target, Work, Workload, metered


class Download(Workload):
    """One big file, warm in the page cache, one connection."""

    name: ClassVar[str] = "download"
    row: ClassVar[str] = "P5"
    title: ClassVar[str] = "1 GiB download, warm cache"
    figures: ClassVar[tuple[str, ...]] = BY_BYTES
    targets: ClassVar[tuple[Target, ...]] = (Target("cpu_s_per_gib", at_most=0.75),)

    def plant(self, server: Server, plan: Plan) -> None:
        server.place(plan.source, "big.bin")

    def measure(self, server: Server, plan: Plan, turn: int) -> Figures:  # noqa: ARG002
        return metered(server, plan, lambda: fetch(server, plan, "big.bin"))


def fetch(server: Server, plan: Plan, name: str) -> Work:
    """Receive the source file and insist that it is all of it, in a smoke run also that the bytes are."""
    with Connection(server.port, keep=plan.smoke) as connection:
        answer = connection.ask(server.download(name)).expect(200, received=plan.size_bytes)
    if plan.smoke:
        with plan.source.open("rb") as data:
            wanted = file_digest(data, "sha256").digest()
        if sha256(answer.body).digest() != wanted:
            message = f"{server.name} sent other bytes"
            raise WrongAnswerError(message)
    return Work(1, answer.received)


WORKLOADS = (Download(),)
