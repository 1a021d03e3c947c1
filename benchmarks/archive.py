"""Claim: a folder as a zip costs little more than the program ``zip`` needs for it, and no memory."""

import io
import os
import resource
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import ClassVar

from benchmarks.harness.client import RECEIVE_BYTES, Connection, Request, WrongAnswerError
from benchmarks.harness.plan import Plan
from benchmarks.harness.server import Server
from benchmarks.harness.servers.balu import Balu
from benchmarks.harness.workload import Figures, Target, Work, Workload, metered
from benchmarks.small_files import FILE_BYTES, content

_PER_FOLDER = 100


class Archive(Workload):
    """Balu sends the tree over a connection, ``zip -0 -r -q`` writes it into a pipe, in one round."""

    name: ClassVar[str] = "archive"
    row: ClassVar[str] = "P12"
    title: ClassVar[str] = "zip of 10,000 files of 16 KiB in 100 folders, streamed"
    figures: ClassVar[tuple[str, ...]] = (
        "archive_cpu_s", "zip_cpu_s", "times_zip", "mib_per_s", "rss_growth_mib", "peak_rss_mib",
    )  # fmt: skip
    targets: ClassVar[tuple[Target, ...]] = (
        Target("times_zip", at_most=1.5),
        Target("rss_growth_mib", at_most=32),
    )

    def suits(self, server: Server) -> bool:
        return isinstance(server, Balu)

    def plant(self, server: Server, plan: Plan) -> None:
        tree = server.folder("tree")
        with plan.source.open("rb") as data:
            for number in range(plan.scaled(10_000, 300)):
                folder = tree / f"{number // _PER_FOLDER:03}"
                folder.mkdir(exist_ok=True)
                (folder / f"{number:05}.bin").write_bytes(content(data.fileno(), number, plan))

    def measure(self, server: Server, plan: Plan, turn: int) -> Figures:
        tree, zip_cpu_s = server.files / "tree", 0.0
        count = plan.scaled(10_000, 300)
        if turn % 2:
            zip_cpu_s = _zip_cpu_s(tree)

        def work() -> Work:
            request = Request("GET", "/api/files/archive?path=tree&format=zip", server.headers())
            with Connection(server.port, keep=plan.smoke) as connection:
                answer = connection.ask(request).expect(200)
            if answer.received < count * FILE_BYTES:
                message = f"{server.name} sent {answer.received} bytes"
                raise WrongAnswerError(message)
            if plan.smoke:
                _compare(bytes(answer.body), tree, count)
            return Work(count, answer.received)

        figures = metered(server, plan, work)
        zip_cpu_s = zip_cpu_s or _zip_cpu_s(tree)
        ratio = figures["cpu_s"] / zip_cpu_s
        return {**figures, "archive_cpu_s": figures["cpu_s"], "zip_cpu_s": zip_cpu_s, "times_zip": ratio}


def _compare(body: bytes, tree: Path, count: int) -> None:
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        files = [info.filename for info in archive.infolist() if not info.is_dir()]
        same = all(archive.read(name) == (tree.parent / name).read_bytes() for name in files)
    if len(files) != count or not same:
        message = f"the archive has {len(files)} of {count} files, or other bytes"
        raise WrongAnswerError(message)


def _zip_cpu_s(tree: Path) -> float:
    """User and system seconds of the program, which writes into a pipe that is emptied at once."""
    program = shutil.which("zip")
    if program is None:
        message = "zip is missing: apt-get install zip"
        raise WrongAnswerError(message)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [program, "-0", "-r", "-q", "-", tree.name]
    with subprocess.Popen(command, cwd=tree.parent, stdout=subprocess.PIPE) as process:
        if process.stdout is None:
            raise AssertionError
        buffer = bytearray(RECEIVE_BYTES)
        while os.readv(process.stdout.fileno(), [buffer]):
            pass
    if process.returncode != 0:
        message = f"zip ended with {process.returncode}"
        raise WrongAnswerError(message)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


WORKLOADS = (Archive(),)
