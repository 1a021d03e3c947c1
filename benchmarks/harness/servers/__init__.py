"""The servers that can be measured, by name."""

from benchmarks.harness.server import Server
from benchmarks.harness.servers.balu import Balu
from benchmarks.harness.servers.behind import BaluBehindNginx
from benchmarks.harness.servers.copyparty import Copyparty, CopypartyUnchecked
from benchmarks.harness.servers.nginx import Nginx
from benchmarks.harness.servers.rclone import Rclone
from benchmarks.harness.servers.stack import StackDiscard, StackNaive

EVERY: tuple[type[Server], ...] = (
    Balu,
    Nginx,
    Copyparty,
    CopypartyUnchecked,
    Rclone,
    StackNaive,
    StackDiscard,
    BaluBehindNginx,
)
SERVERS: dict[str, type[Server]] = {server.name: server for server in EVERY}
SPECIAL = {BaluBehindNginx.name}
"""Only in claims that name it."""
