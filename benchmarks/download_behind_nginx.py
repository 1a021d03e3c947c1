"""Claim: behind a proxy that sends the files, a download costs what the proxy costs."""

from typing import ClassVar

from benchmarks.download import Download
from benchmarks.harness.servers.behind import BaluBehindNginx
from benchmarks.harness.servers.nginx import Nginx
from benchmarks.harness.workload import Target


class DownloadBehindNginx(Download):
    """The same file; Balu checks the request, nginx sends."""

    name: ClassVar[str] = "download_behind_nginx"
    title: ClassVar[str] = "1 GiB download behind nginx"
    targets: ClassVar[tuple[Target, ...]] = (
        Target("cpu_s_per_gib", at_most=1.1, against="nginx", of="balu-nginx"),
    )


WORKLOADS = (DownloadBehindNginx(),)
PEERS = (BaluBehindNginx, Nginx)
