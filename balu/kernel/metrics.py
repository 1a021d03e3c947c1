"""Prometheus figures of the HTTP layer; every process of a data directory adds to the same ones."""

import os
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest, multiprocess

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
KNOWN_METHODS = frozenset({"GET", "HEAD", "PUT", "POST", "PATCH", "DELETE", "OPTIONS"})
BUCKETS = (0.005, 0.02, 0.1, 0.5, 2.5, 10.0, 60.0)


def share_directory(run_dir: Path) -> None:
    """Let all processes write their figures below *run_dir*. Call before the first ``Metrics``."""
    folder = run_dir / "metrics"
    folder.mkdir(parents=True, exist_ok=True)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)


class Metrics:
    """Requests by method, route family and status; bytes in and out."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        labels = ("method", "family", "status")
        self.requests = Counter("balu_http_requests", "Requests answered", labels, registry=self._registry)
        self.seconds = Histogram(
            "balu_http_request_seconds",
            "Time to the last byte",
            ("family",),
            buckets=BUCKETS,
            registry=self._registry,
        )
        self.bytes_in = Counter("balu_http_received_bytes", "Body bytes received", registry=self._registry)
        self.bytes_out = Counter("balu_http_sent_bytes", "Body bytes sent", registry=self._registry)
        self._counted: dict[tuple[str, str, int], Counter] = {}
        self._timed: dict[str, Histogram] = {}

    def count(self, method: str, family: str, status: int, seconds: float, received: int, sent: int) -> None:
        """Add one answered request."""
        key = (method, family, status)
        counter = self._counted.get(key)
        if counter is None:  # looking a child up by its labels costs more than counting
            known = method if method in KNOWN_METHODS else "other"
            counter = self._counted[known, family, status] = self.requests.labels(known, family, str(status))
        counter.inc()
        timer = self._timed.get(family)
        if timer is None:
            timer = self._timed[family] = self.seconds.labels(family)
        timer.observe(seconds)
        if received:
            self.bytes_in.inc(received)
        if sent:
            self.bytes_out.inc(sent)

    def render(self) -> bytes:
        """The text exposition format, summed over all processes where they share a directory."""
        if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
            return generate_latest(self._registry)
        joined = CollectorRegistry()
        multiprocess.MultiProcessCollector(joined)  # type: ignore[no-untyped-call]
        return generate_latest(joined)
