"""copyparty: plain PUT, with its SHA-512 (the default) and without."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from benchmarks.harness.client import Request
from benchmarks.harness.server import PASSWORD, USER, Server
from benchmarks.harness.servers.peers import PINS, program


class Copyparty(Server):
    """As installed: hashes what it receives, does not fsync, writes in place."""

    name: ClassVar[str] = "copyparty"
    note: ClassVar[str] = "SHA-512; not durable, not atomic"
    checksum: ClassVar[str] = "sha512"

    def command(self) -> Sequence[str]:
        return [
            *(program("copyparty"), "-q", "-i", "127.0.0.1", "-p", str(self.port)),
            *("-a", f"{USER}:{PASSWORD}", "-v", f"{self.files}::A,{USER}"),
            *("--put-ck", self.checksum, "--no-crt", "--no-thumb", "--ign-ebind-all"),
        ]

    def environment(self) -> Mapping[str, str]:
        return {"XDG_CONFIG_HOME": str(self.root / "config"), "LC_ALL": "C.UTF-8"}

    def version(self) -> str:
        return PINS["copyparty"]

    def headers(self) -> tuple[tuple[str, str], ...]:
        return (("PW", PASSWORD),)

    def probe(self) -> Request:
        return Request("GET", "/?ls", self.headers())

    def listing(self, folder: str) -> Request:
        return Request("GET", f"/{folder}/?ls", self.headers())


class CopypartyUnchecked(Copyparty):
    """The same without hashing; only its uploads differ."""

    name: ClassVar[str] = "copyparty-nohash"
    note: ClassVar[str] = "no checksum, not durable, not atomic"
    checksum: ClassVar[str] = "no"
    only_uploads: ClassVar[bool] = True
