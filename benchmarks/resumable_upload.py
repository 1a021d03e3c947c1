"""Claim: an upload that can be resumed, or comes in parallel, costs hardly more than one PUT."""

import json
import os
from abc import abstractmethod
from base64 import b64encode
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import ClassVar

from blake3 import blake3

from benchmarks.harness.beside import Beside
from benchmarks.harness.client import Connection, Request
from benchmarks.harness.plan import MIB, Plan
from benchmarks.harness.server import Server
from benchmarks.harness.workload import BY_BYTES, Figures, Target, Work, metered
from benchmarks.upload_one_file import check_and_remove, put_and_check

_AT_ONCE = 4
_TUS = ("Tus-Resumable", "1.0.0")

Chunk = tuple[int, str | None]
"""Length and BLAKE3 in hex; None for a hole."""


class _BesidePut(Beside):
    """The same bytes in pieces and by one PUT."""

    row: ClassVar[str] = "P2"
    beside: ClassVar[str] = "put"
    figures: ClassVar[tuple[str, ...]] = ("cpu_s_per_gib", "put_cpu_s_per_gib", "times_put", *BY_BYTES[1:])
    targets: ClassVar[tuple[Target, ...]] = (Target("times_put", at_most=1.15),)

    @abstractmethod
    def pieces(self, server: Server, plan: Plan, name: str) -> Callable[[], Work]:
        """What sends the source file; making it may take time, calling it is measured."""

    def claimed(self, server: Server, plan: Plan) -> Figures:
        figures = metered(server, plan, self.pieces(server, plan, "pieces"))
        check_and_remove(server, plan, "pieces")
        return figures

    def plain(self, server: Server, plan: Plan) -> Figures:
        return put_and_check(server, plan, "put")


class Tus(_BesidePut):
    """One piece after the other over one connection, each on the disk when its answer comes."""

    name: ClassVar[str] = "tus"
    title: ClassVar[str] = "1 GiB upload over tus in pieces of 32 MiB"

    def pieces(self, server: Server, plan: Plan, name: str) -> Callable[[], Work]:
        def work() -> Work:
            offsets = range(0, plan.size_bytes, piece := _piece_bytes(plan))
            with Connection(server.port, keep=True) as connection, plan.source.open("rb") as data:
                metadata = ("Upload-Metadata", f"filename {b64encode(name.encode()).decode()}")
                length = ("Upload-Length", str(plan.size_bytes))
                headers = (*server.headers(), _TUS, length, metadata)
                url = connection.ask(Request("POST", "/api/uploads", headers)).expect(201).headers["location"]
                octets = ("Content-Type", "application/offset+octet-stream")
                for offset in offsets:
                    headers = (*server.headers(), _TUS, octets, ("Upload-Offset", str(offset)))
                    count = min(piece, plan.size_bytes - offset)
                    connection.send_file(Request("PATCH", url, headers), data.fileno(), offset, count)
                    connection.receive().expect(204)
            return Work(len(offsets), plan.size_bytes)

        return work


class ParallelChunks(_BesidePut):
    """Announced with a hash for each chunk, then sent over four connections."""

    name: ClassVar[str] = "parallel_chunks"
    title: ClassVar[str] = "1 GiB upload by manifest, chunks of 32 MiB over 4 connections"

    def pieces(self, server: Server, plan: Plan, name: str) -> Callable[[], Work]:
        chunks = chunks_of(plan, _piece_bytes(plan))

        def work() -> Work:
            url = begin(server, name, chunks)
            spans = {number: number * chunks[0][0] for number in range(len(chunks))}
            send_chunks(server, plan, url, chunks, spans)
            commit(server, url)
            return Work(len(chunks), plan.size_bytes)

        return work


def chunks_of(plan: Plan, chunk_bytes: int) -> list[Chunk]:
    """The source file as a manifest lists it."""
    with plan.source.open("rb") as data:
        offsets = range(0, plan.size_bytes, chunk_bytes)
        blocks = (os.pread(data.fileno(), chunk_bytes, offset) for offset in offsets)
        return [(len(block), blake3(block).hexdigest()) for block in blocks]


def begin(server: Server, name: str, chunks: Sequence[Chunk], *, digest: str | None = None) -> str:
    """Announce a file; where its chunks go."""
    size = sum(length for length, _ in chunks)
    body = json.dumps({"path": name, "size": size, "chunks": chunks, "blake3": digest}).encode()
    headers = (*server.headers(), ("Content-Type", "application/json"))
    with Connection(server.port, keep=True) as connection:
        answer = connection.ask(Request("POST", "/api/uploads/manifest", headers, body)).expect(201)
    return answer.headers["location"]


def send_chunks(server: Server, plan: Plan, url: str, chunks: Sequence[Chunk], spans: dict[int, int]) -> None:
    """Send chunks by number from where in the source file their bytes are, over four connections."""
    numbers = list(spans)

    def lane(share: Sequence[int]) -> None:
        with Connection(server.port, keep=True) as connection, plan.source.open("rb") as data:
            for number in share:
                request = Request("PUT", f"{url}/chunks/{number}", server.headers())
                connection.send_file(request, data.fileno(), spans[number], chunks[number][0])
                connection.receive().expect(204)

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        list(pool.map(lane, (numbers[start::_AT_ONCE] for start in range(_AT_ONCE))))


def commit(server: Server, url: str) -> None:
    """Let the file appear."""
    with Connection(server.port, keep=True) as connection:
        connection.ask(Request("POST", f"{url}/commit", server.headers())).expect(200)


def _piece_bytes(plan: Plan) -> int:
    return plan.scaled(32, 4) * MIB


WORKLOADS = (Tus(), ParallelChunks())
