"""Children without start-up time: a warm process forks one for each call, and any of them may die."""

import json
import os
import subprocess
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class Outcome:
    """How a child ended."""

    signal: int
    result: Any = None
    error: str | None = None


def child_environ(native: Path | None) -> dict[str, str]:
    """Environment of a Python that sees this repository, and *native* instead of the installed half."""
    places = [str(REPOSITORY), os.environ.get("PYTHONPATH", "")]
    if native is not None:
        places.insert(0, str(native))
    clean = {name: value for name, value in os.environ.items() if not name.startswith("BALU_")}
    return {**clean, "PYTHONPATH": os.pathsep.join(filter(None, places)), "PYTHONSAFEPATH": "1"}


class Warm:
    """One warm process; not for several threads at once."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def call(
        self, call: str, environ: Mapping[str, str] | None = None, *, timeout: int = 60, **arguments: Any
    ) -> Outcome:
        """Run ``module:function`` in a child of its own; *timeout* in seconds ends it by SIGALRM."""
        order = {"call": call, "arguments": arguments, "environ": dict(environ or {}), "timeout": timeout}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps(order), file=self._process.stdin, flush=True)
        line = self._process.stdout.readline()
        assert line, "the warm process is gone"
        return Outcome(**json.loads(line))

    def must(
        self, call: str, environ: Mapping[str, str] | None = None, *, timeout: int = 60, **arguments: Any
    ) -> Any:
        """The result of a call that has to succeed."""
        outcome = self.call(call, environ, timeout=timeout, **arguments)
        assert outcome.signal == 0, f"{call} was ended by signal {outcome.signal}"
        assert outcome.error is None, outcome.error
        return outcome.result


@contextmanager
def warm(
    *modules: str, native: Path | None = None, preload: Path | None = None, own_mounts: bool = False
) -> Generator[Warm, None, None]:
    """A warm process that has imported *modules*.

    *preload* is a library put before all others; with *own_mounts* nobody else sees what it mounts.
    """
    environ = child_environ(native)
    if preload is not None:
        environ["LD_PRELOAD"] = str(preload)
    line = [sys.executable, "-m", "tests.torture.harness.zygote", *modules]
    if own_mounts:
        line = ["unshare", "--mount", "--propagation", "private", *line]
    process = subprocess.Popen(
        line, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd="/"
    )
    try:
        yield Warm(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait(30)
