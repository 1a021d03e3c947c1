"""A limit on the memory of a process tree: cgroup v2 or v1, whichever can be written to."""

import os
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")


class NoLimitError(Exception):
    """Neither kind of cgroup offers the memory controller here."""


class Limit:
    """One cgroup; processes join by ``add`` and pass it on to what they start."""

    def __init__(self, folder: Path, *, unified: bool) -> None:
        self._folder, self._unified = folder, unified

    def set(self, most: int) -> None:
        (self._folder / ("memory.max" if self._unified else "memory.limit_in_bytes")).write_text(str(most))
        with suppress(OSError):  # not every kernel accounts for swap
            name = "memory.swap.max" if self._unified else "memory.memsw.limit_in_bytes"
            (self._folder / name).write_text("0" if self._unified else str(most))

    def add(self, pid: int) -> None:
        (self._folder / "cgroup.procs").write_text(str(pid))

    def kills(self) -> int:
        """How often the kernel ended a process for want of memory."""
        text = (self._folder / ("memory.events" if self._unified else "memory.oom_control")).read_text()
        return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("oom_kill "))

    def remove(self) -> None:
        for _ in range(100):
            with suppress(OSError):
                self._folder.rmdir()
                return
            time.sleep(0.05)


def _make() -> Limit:
    name = f"balu-torture-{os.getpid()}"
    controllers = ROOT / "cgroup.controllers"
    if controllers.exists() and "memory" in controllers.read_text().split():
        folder, unified = ROOT / name, True
    elif (ROOT / "memory").is_dir():
        folder, unified = ROOT / "memory" / name, False
    else:
        raise NoLimitError("no memory controller")
    try:
        folder.mkdir()
        limit = Limit(folder, unified=unified)
        limit.set(1 << 30)
        limit.kills()
    except (OSError, StopIteration) as error:
        raise NoLimitError(str(error)) from error
    return limit


@contextmanager
def limited(most: int) -> Generator[Limit, None, None]:
    """A group that may use *most* bytes."""
    limit = _make()
    try:
        limit.set(most)
        yield limit
    finally:
        limit.remove()
