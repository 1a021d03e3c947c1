"""Claim: a checked, durable upload costs little more than an unchecked one."""

import filecmp
from typing import ClassVar

from benchmarks.harness.client import Connection, WrongAnswerError
from benchmarks.harness.plan import Plan
from benchmarks.harness.server import Server
from benchmarks.harness.workload import BY_BYTES, Figures, Target, Work, Workload, metered


class UploadOneFile(Workload):
    """One big file, one connection, one PUT."""

    name: ClassVar[str] = "upload_one_file"
    row: ClassVar[str] = "P1"
    title: ClassVar[str] = "1 GiB upload by PUT"
    figures: ClassVar[tuple[str, ...]] = BY_BYTES
    targets: ClassVar[tuple[Target, ...]] = (
        Target("cpu_s_per_gib", at_most=2.5, against="nginx"),
        Target("cpu_s_per_gib", at_most=0.45, against="copyparty"),
        Target("mib_per_s", at_least=650),
        Target("rss_growth_mib", at_most=32),
    )

    def suits(self, server: Server) -> bool:  # noqa: ARG002
        return True

    def measure(self, server: Server, plan: Plan, turn: int) -> Figures:
        return put_and_check(server, plan, f"upload-{turn}.bin")


def put_and_check(server: Server, plan: Plan, name: str) -> Figures:
    """What one PUT costs; what was stored is right, and gone."""
    figures = metered(server, plan, lambda: put(server, plan, name))
    if server.stores:
        check_and_remove(server, plan, name)
    return figures


def put(server: Server, plan: Plan, name: str) -> Work:
    """Send the source file in one request."""
    with Connection(server.port, keep=plan.smoke) as connection, plan.source.open("rb") as data:
        connection.send_file(server.upload(name), data.fileno(), 0, plan.size_bytes)
        connection.receive().expect(200, 201, 204)
    return Work(1, plan.size_bytes)


def check_and_remove(server: Server, plan: Plan, name: str) -> None:
    """Insist that the file on disk is the source, and make room for the next."""
    stored = server.files / name
    if stored.stat().st_size != plan.size_bytes:
        message = f"{server.name} stored {stored.stat().st_size} bytes"
        raise WrongAnswerError(message)
    if plan.smoke and not filecmp.cmp(stored, plan.source, shallow=False):
        message = f"{server.name} stored other bytes"
        raise WrongAnswerError(message)
    stored.unlink()
    server.refresh()


WORKLOADS = (UploadOneFile(),)
