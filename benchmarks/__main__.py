"""``python -m benchmarks [claim ...]``: run claims, print as they come, write results.json and README.md."""

import argparse
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from benchmarks.harness.client import WrongAnswerError
from benchmarks.harness.machine import filesystem, machine
from benchmarks.harness.plan import MIB, Plan, parse_size
from benchmarks.harness.report import store
from benchmarks.harness.rounds import run
from benchmarks.harness.servers import SERVERS, SPECIAL
from benchmarks.harness.workload import Workload

CLAIMS = (
    "upload_one_file",
    "resumable_upload",
    "small_files",
    "batch",
    "download",
    "download_behind_nginx",
    "ranges",
    "listing",
    "api_overhead",
    "start_and_idle",
    "finalise",
    "vault",
    "archive",
    "slow_clients",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit 0 when every claim ran and every byte was right; one that fails does not stop the others."""
    # Being terminated unwinds like any other error, so that no server outlives the run.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    chosen = _parser().parse_args(arguments)
    names = chosen.peers.split(",") if chosen.peers else [name for name in SERVERS if name not in SPECIAL]
    unknown = [name for name in names if name not in SERVERS]
    if unknown:
        sys.stderr.write(f"no such server: {', '.join(unknown)}; there are {', '.join(SERVERS)}\n")
        return 2
    modules = {name: import_module(f"benchmarks.{name}") for name in CLAIMS}
    claims: dict[str, Sequence[Workload]] = {name: module.WORKLOADS for name, module in modules.items()}
    parent = chosen.data_dir or Path(tempfile.gettempdir())
    facts = {**machine(), "filesystem": filesystem(parent)}
    everything = [workload for workloads in claims.values() for workload in workloads]
    began, failed = time.monotonic(), []
    with tempfile.TemporaryDirectory(prefix="balu-bench-", dir=parent) as root:
        for claim in chosen.claims or CLAIMS:
            kinds = getattr(modules[claim], "PEERS", [SERVERS[name] for name in names])
            size = 16 * MIB if chosen.smoke else chosen.size
            plan = Plan(Path(root) / claim, size, 1 if chosen.smoke else chosen.rounds, smoke=chosen.smoke)
            try:
                records = run(claims[claim], kinds, plan)
            except (WrongAnswerError, OSError) as error:
                sys.stderr.write(f"{claim} failed: {error}\n")
                failed.append(claim)
                continue
            if not chosen.smoke:
                store(records, facts, everything)
            minutes = (time.monotonic() - began) / 60
            sys.stderr.write(f"{claim} is done, {minutes:.1f} minutes since the start\n")
    if failed:
        sys.stderr.write(f"failed: {', '.join(failed)}\n")
    return 1 if failed else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("claims", nargs="*", metavar="claim", choices=[*CLAIMS, []], help=", ".join(CLAIMS))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--size", type=parse_size, default="1GiB", help="of the big file")
    parser.add_argument("--peers", help=f"some of {','.join(SERVERS)}")
    parser.add_argument("--data-dir", type=Path, help="where the servers keep their files while it runs")
    parser.add_argument(
        "--smoke", action="store_true", help="one small round, bytes compared, nothing written"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
