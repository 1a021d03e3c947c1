"""Claim: a file in a vault costs little more than one beside it that is not encrypted."""

import json
from typing import ClassVar

from benchmarks.download import fetch
from benchmarks.harness.beside import Beside
from benchmarks.harness.client import Connection, Request, WrongAnswerError
from benchmarks.harness.plan import MIB, Plan
from benchmarks.harness.server import PASSWORD, Server
from benchmarks.harness.workload import BY_BYTES, Figures, Target, metered
from benchmarks.upload_one_file import put, put_and_check

_FILE = "big.bin"


class _Vault(Beside):
    """An unlocked vault with the name of the workload beside plain files."""

    row: ClassVar[str] = "P11"
    beside: ClassVar[str] = "plain"
    figures: ClassVar[tuple[str, ...]] = (
        "cpu_s_per_gib", "plain_cpu_s_per_gib", "times_plain", *BY_BYTES[1:],
    )  # fmt: skip
    targets: ClassVar[tuple[Target, ...]] = (Target("times_plain", at_most=1.35),)

    @property
    def inside(self) -> str:
        """The path of the file in the vault."""
        return f"{self.name}.vault/{_FILE}"

    def plant(self, server: Server, plan: Plan) -> None:  # noqa: ARG002
        body = json.dumps({"name": self.name, "passphrase": PASSWORD}).encode()
        headers = (*server.headers(), ("Content-Type", "application/json"))
        with Connection(server.port, keep=True) as connection:
            connection.ask(Request("POST", "/api/vaults", headers, body)).expect(201)


class VaultUpload(_Vault):
    """One PUT, encrypted on its way to the disk."""

    name: ClassVar[str] = "vault_upload"
    title: ClassVar[str] = "1 GiB upload by PUT into a vault"

    def claimed(self, server: Server, plan: Plan) -> Figures:
        figures = metered(server, plan, lambda: put(server, plan, self.inside))
        self._check_and_remove(server, plan)
        return figures

    def plain(self, server: Server, plan: Plan) -> Figures:
        return put_and_check(server, plan, _FILE)

    def _check_and_remove(self, server: Server, plan: Plan) -> None:
        """Insist that the disk has it encrypted and the server gives it back, and make room for the next."""
        folder = (server.files / self.inside).parent
        stored = [path for path in folder.iterdir() if path.stat().st_size >= plan.size_bytes]
        if len(stored) != 1:
            message = f"{server.name} has {len(stored)} big files in the vault"
            raise WrongAnswerError(message)
        with stored[0].open("rb") as found, plan.source.open("rb") as data:
            if data.read(64) in found.read(MIB):
                message = f"{server.name} stored the bytes as they are"
                raise WrongAnswerError(message)
        fetch(server, plan, self.inside)
        stored[0].unlink()
        server.refresh()


class VaultDownload(_Vault):
    """One GET, decrypted on its way from the page cache."""

    name: ClassVar[str] = "vault_download"
    title: ClassVar[str] = "1 GiB download from a vault, warm cache"

    def plant(self, server: Server, plan: Plan) -> None:
        super().plant(server, plan)
        server.place(plan.source, _FILE)
        put(server, plan, self.inside)
        fetch(server, plan, self.inside)  # an upload goes past the page cache

    def claimed(self, server: Server, plan: Plan) -> Figures:
        return metered(server, plan, lambda: fetch(server, plan, self.inside))

    def plain(self, server: Server, plan: Plan) -> Figures:
        return metered(server, plan, lambda: fetch(server, plan, _FILE))


WORKLOADS = (VaultUpload(), VaultDownload())
