"""Balu's own stack with nothing of Balu in it: what Granian and Litestar cost before any promise is kept."""

import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import ClassVar

from benchmarks.harness.client import Request
from benchmarks.harness.server import PASSWORD, Server


class StackNaive(Server):
    """Writes each message in a thread, hashes with BLAKE3, fsyncs file and directory."""

    name: ClassVar[str] = "litestar-naive"
    note: ClassVar[str] = "BLAKE3, durable, atomic; no rows, no quota"

    def command(self) -> Sequence[str]:
        return [
            *(sys.executable, "-m", "granian", "--interface", "asgi", "--factory", "--no-ws"),
            *("--host", "127.0.0.1", "--port", str(self.port), "--workers", "1", "--log-level", "warning"),
            *("--loop", "uvloop", "benchmarks.harness.servers.stack_app:create_app"),
        ]

    def environment(self) -> Mapping[str, str]:
        return {"BENCH_FILES": str(self.files), "BENCH_TOKEN": PASSWORD}

    def version(self) -> str:
        return f"{version('litestar')}, granian {version('granian')}"

    def headers(self) -> tuple[tuple[str, str], ...]:
        return (("Authorization", f"Bearer {PASSWORD}"),)

    def health(self) -> Request:
        return Request("GET", "/health")

    def upload(self, name: str) -> Request:
        return Request("PUT", f"/files/{name}", self.headers())

    def download(self, name: str) -> Request:
        return Request("GET", f"/files/{name}", self.headers())

    def listing(self, folder: str) -> Request:
        return Request("GET", f"/listing?path={folder}", self.headers())

    def window(self, folder: str, offset: int, limit: int) -> Request:
        return Request("GET", f"/listing?path={folder}&offset={offset}&limit={limit}", self.headers())


class StackDiscard(StackNaive):
    """Throws the body away: the floor below which no server on this stack can get."""

    name: ClassVar[str] = "litestar-discard"
    note: ClassVar[str] = "stores nothing"
    stores: ClassVar[bool] = False
    only_uploads: ClassVar[bool] = True

    def upload(self, name: str) -> Request:
        return Request("PUT", f"/discard/{name}", self.headers())
