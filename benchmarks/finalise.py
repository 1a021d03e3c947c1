"""Claim: the end of an upload is metadata only, whatever its size."""

from abc import abstractmethod
from typing import ClassVar

from blake3 import blake3

from benchmarks.harness.client import WrongAnswerError
from benchmarks.harness.plan import GIB, MIB, Plan
from benchmarks.harness.server import Server
from benchmarks.harness.servers.balu import Balu
from benchmarks.harness.workload import Figures, Target, Work, Workload, metered
from benchmarks.resumable_upload import Chunk, begin, chunks_of, commit, send_chunks
from benchmarks.upload_one_file import check_and_remove

_WITH_DATA = 16
"""Chunks of the sparse file that are not holes."""


class _Finalise(Workload):
    """All chunks are there; what the request costs that makes a file of them."""

    row: ClassVar[str] = "P10"
    figures: ClassVar[tuple[str, ...]] = ("finalise_s", "cpu_ms_each", "rss_growth_mib", "peak_rss_mib")
    targets: ClassVar[tuple[Target, ...]] = (Target("finalise_s", at_most=1.0),)

    @abstractmethod
    def send(self, server: Server, plan: Plan, name: str) -> str:
        """Upload all chunks; the upload's address."""

    @abstractmethod
    def check(self, server: Server, plan: Plan, name: str) -> None:
        """Insist on what is on the disk, and remove it."""

    def suits(self, server: Server) -> bool:
        return isinstance(server, Balu)

    def measure(self, server: Server, plan: Plan, turn: int) -> Figures:
        name = f"{self.name}-{turn}.bin"
        url = self.send(server, plan, name)

        def work() -> Work:
            commit(server, url)
            return Work(1, plan.size_bytes)

        figures = metered(server, plan, work)
        self.check(server, plan, name)
        return {**figures, "finalise_s": figures["wall_s"]}


class FinaliseWhole(_Finalise):
    """Every byte was sent, and the hash of the whole was announced."""

    name: ClassVar[str] = "finalise_whole"
    title: ClassVar[str] = "the request that ends a manifest upload: 1 GiB with its hash"

    def send(self, server: Server, plan: Plan, name: str) -> str:
        chunks = chunks_of(plan, _chunk_bytes(plan))
        with plan.source.open("rb") as data:
            hasher = blake3()
            while block := data.read(MIB):
                hasher.update(block)
        url = begin(server, name, chunks, digest=hasher.hexdigest())
        send_chunks(server, plan, url, chunks, {n: n * chunks[0][0] for n in range(len(chunks))})
        return url

    def check(self, server: Server, plan: Plan, name: str) -> None:
        check_and_remove(server, plan, name)


class FinaliseSparse(_Finalise):
    """Holes, and a few chunks with data between them."""

    name: ClassVar[str] = "finalise_sparse"
    title: ClassVar[str] = "the request that ends a manifest upload: 1 TiB, 16 of 16,384 chunks with data"

    def send(self, server: Server, plan: Plan, name: str) -> str:
        chunk, size = _chunk_bytes(plan), _sparse_bytes(plan)
        chunks: list[Chunk] = [(chunk, None)] * (size // chunk)
        filled = chunks_of(plan, chunk)[0]
        numbers = range(0, len(chunks), len(chunks) // _WITH_DATA)
        for number in numbers:
            chunks[number] = filled
        url = begin(server, name, chunks)
        send_chunks(server, plan, url, chunks, dict.fromkeys(numbers, 0))
        return url

    def check(self, server: Server, plan: Plan, name: str) -> None:
        chunk, size = _chunk_bytes(plan), _sparse_bytes(plan)
        stored = server.files / name
        with stored.open("rb") as found, plan.source.open("rb") as data:
            data_there = found.read(chunk) == data.read(chunk)
            hole_there = not any(found.read(MIB))
        if stored.stat().st_size != size or not data_there or not hole_there:
            message = f"{server.name} stored something else than the sparse file"
            raise WrongAnswerError(message)
        stored.unlink()
        server.refresh()


def _chunk_bytes(plan: Plan) -> int:
    return plan.scaled(64, 4) * MIB


def _sparse_bytes(plan: Plan) -> int:
    return plan.scaled(1024, 16) * GIB


WORKLOADS = (FinaliseWhole(), FinaliseSparse())
