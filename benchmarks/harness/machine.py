"""Facts about the machine that figures depend on."""

import os
import platform
from pathlib import Path


def machine() -> dict[str, str]:
    """What a reader has to know to compare."""
    cpu = _first("/proc/cpuinfo", "model name") or platform.machine()
    memory_kib = int((_first("/proc/meminfo", "MemTotal") or "0 kB").split()[0])
    return {
        "cpu": f"{cpu}, {os.cpu_count()} cores",
        "memory": f"{memory_kib / (1 << 20):.0f} GiB",
        "kernel": f"{platform.system()} {platform.release().partition('-')[0]}",
        "python": platform.python_version(),
    }


def filesystem(path: Path) -> str:
    """Type of the filesystem that holds *path*."""
    mounts = [line.split()[1:3] for line in Path("/proc/mounts").read_text().splitlines()]
    holding = [(len(point), kind) for point, kind in mounts if path.resolve().is_relative_to(point)]
    return max(holding)[1]


def _first(path: str, key: str) -> str | None:
    for line in Path(path).read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() == key:
            return value.strip()
    return None
