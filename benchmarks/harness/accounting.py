"""One server's processes, with CPU and memory from the kernel's own accounts."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_QUIET_CPU_S = 0.002
_QUIET_AFTER_S = 5.0
_JOIN = 'echo $$ > "$0" && exec "$@"'


class Group:
    """A started command with all its descendants.

    In a cgroup v2 of its own where that is allowed: exact to the microsecond, and exited children stay
    counted. Elsewhere a session of its own, exact to a tick, where a child counts once its parent waited.
    """

    def __init__(self, name: str, command: Sequence[str], *, env: Mapping[str, str], log: Path) -> None:
        self._cgroup = _new_cgroup(name)
        if self._cgroup is not None:
            command = ["/bin/sh", "-c", _JOIN, str(self._cgroup / "cgroup.procs"), *command]
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                command,
                env={**os.environ, **env},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._log = log

    def running(self) -> bool:
        """Whether the first process still lives."""
        return self._process.poll() is None

    def hang_up(self) -> None:
        """Send SIGHUP to the first process."""
        self._process.send_signal(signal.SIGHUP)

    def cpu_s(self) -> float:
        """User and system seconds of all processes, living and gone, since the start."""
        if self._cgroup is None:
            return sum(_cpu_s(pid) for pid in self.pids())
        stat = dict(line.split() for line in (self._cgroup / "cpu.stat").read_text().splitlines())
        return int(stat["usage_usec"]) / 1e6

    def pids(self) -> list[int]:
        """Processes alive now."""
        if self._cgroup is None:
            return list(_session(self._process.pid))
        return [int(line) for line in (self._cgroup / "cgroup.procs").read_text().split()]

    def rss_bytes(self, field: str = "VmRSS") -> int:
        """Resident memory, added up over the processes; ``VmHWM`` for the peak since the last reset."""
        return sum(_status_bytes(pid, field) for pid in self.pids())

    def pss_bytes(self) -> int:
        """Resident memory where pages shared by several processes count once."""
        return sum(_field_bytes(Path(f"/proc/{pid}/smaps_rollup"), "Pss") for pid in self.pids())

    def reset_peak(self) -> None:
        """Let ``VmHWM`` start again from what is resident now."""
        for pid in self.pids():
            try:
                Path(f"/proc/{pid}/clear_refs").write_text("5")
            except (FileNotFoundError, ProcessLookupError, PermissionError):
                continue

    def wait_quiet(self) -> None:
        """Return once the processes rest, so that work done after the answer is counted too."""
        deadline = time.monotonic() + _QUIET_AFTER_S
        before = self.cpu_s()
        while time.monotonic() < deadline:
            time.sleep(0.1)
            now = self.cpu_s()
            if now - before < _QUIET_CPU_S:
                return
            before = now

    def stop(self) -> None:
        """Ask to end, wait, insist."""
        if self.running():
            self._process.terminate()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for pid in self.pids():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        if self._cgroup is not None:
            _remove(self._cgroup)

    def last_words(self) -> str:
        """The end of what the command printed."""
        return self._log.read_text(errors="replace")[-2000:]


def _new_cgroup(name: str) -> Path | None:
    """A fresh group beside our own, or None where the host does not let us."""
    parent = _own_cgroup()
    if parent is None:
        return None
    group = parent / f"balu-bench-{os.getpid()}-{name}-{time.monotonic_ns()}"
    try:
        group.mkdir()
    except OSError:
        return None
    if os.access(group / "cgroup.procs", os.W_OK) and os.access(parent / "cgroup.procs", os.W_OK):
        return group
    group.rmdir()
    return None


def _own_cgroup() -> Path | None:
    mounts = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
    mounted = [Path(fields[1]) for fields in mounts if fields[2] == "cgroup2"]
    ours = [
        line.removeprefix("0::/")
        for line in Path("/proc/self/cgroup").read_text().splitlines()
        if line.startswith("0::/")
    ]
    return mounted[0] / ours[0] if mounted and ours else None


def _remove(cgroup: Path) -> None:
    """A group can be removed only when its last process is fully gone."""
    for _ in range(50):
        try:
            cgroup.rmdir()
        except OSError:
            time.sleep(0.02)
        else:
            return


def _session(leader: int) -> Iterator[int]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and _stat(int(entry.name))[3:4] == [str(leader)]:
            yield int(entry.name)


def _stat(pid: int) -> list[str]:
    """Fields of /proc/PID/stat after the name, from the state on; empty for a process that is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def _cpu_s(pid: int) -> float:
    return sum(int(ticks) for ticks in _stat(pid)[11:15]) / _TICKS_PER_S


def _status_bytes(pid: int, field: str) -> int:
    return _field_bytes(Path(f"/proc/{pid}/status"), field)


def _field_bytes(path: Path, field: str) -> int:
    try:
        lines = path.read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{field}:")), 0)
