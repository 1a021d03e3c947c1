"""Rounds: every server does the same work in turn, and the turn moves on by one each round."""

import contextlib
import os
import time
from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import Console

from benchmarks.harness.plan import Plan
from benchmarks.harness.server import Server
from benchmarks.harness.workload import Workload

_console = Console(stderr=True, highlight=False, soft_wrap=True)


def run(workloads: Sequence[Workload], kinds: Sequence[type[Server]], plan: Plan) -> list[dict[str, Any]]:
    """Start the servers, put all workloads through all rounds, return one record per workload."""
    plan.prepare()
    try:
        with _started([kind(plan.root) for kind in kinds]) as servers:
            return [_rounds(workload, servers, plan) for workload in workloads]
    finally:
        plan.tidy()


@contextlib.contextmanager
def _started(servers: Sequence[Server]) -> Iterator[Sequence[Server]]:
    with contextlib.ExitStack() as stack:
        for server in servers:
            server.prepare()
            stack.callback(server.stop)
            server.start()
        yield servers


def _rounds(workload: Workload, servers: Sequence[Server], plan: Plan) -> dict[str, Any]:
    able = [server for server in servers if workload.suits(server)]
    _console.print(f"[bold]{workload.name}[/] {workload.row}: {', '.join(s.name for s in able)}")
    for server in able:
        workload.plant(server, plan)
        server.refresh()
    samples: dict[str, list[dict[str, float]]] = {server.name: [] for server in able}
    for turn in range(plan.rounds):
        first = turn % max(1, len(able))
        for server, figures in workload.measure_all(able[first:] + able[:first], plan, turn):
            samples[server.name].append({name: round(value, 6) for name, value in figures.items()})
            shown = "  ".join(f"{name}={figures[name]:.3f}" for name in workload.figures)
            _console.print(f"  {turn + 1}/{plan.rounds} {server.name:17} {shown}")
    return {
        "name": workload.name,
        "measured_at": time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime()),
        "load": round(os.getloadavg()[1], 2),
        "size_bytes": plan.size_bytes,
        "versions": {server.name: server.version() for server in able},
        "samples": samples,
    }
