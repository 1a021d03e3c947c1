"""The native half with failpoints, built beside the ordinary one and put before it on the path."""

import shutil
import subprocess
from pathlib import Path

from tests.torture.harness.warm import REPOSITORY

TARGET = REPOSITORY / "target" / "torture"


def build_native() -> Path:
    """A folder for the front of PYTHONPATH; cargo sees to it that nothing is built twice."""
    command = [
        "cargo", "build", "--locked", "--quiet", "--package", "balu_core",
        "--features", "failpoints,pyo3/extension-module", "--target-dir", str(TARGET),
    ]  # fmt: skip
    subprocess.run(command, cwd=REPOSITORY, check=True, timeout=900)
    folder = TARGET / "python" / "balu_core"
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(REPOSITORY / "balu_core" / "__init__.py", folder / "__init__.py")
    # Running processes may have the old file mapped, so it is replaced and never overwritten.
    fresh = folder / "_native.new"
    shutil.copyfile(TARGET / "debug" / "libbalu_core.so", fresh)
    fresh.rename(folder / "_native.abi3.so")
    return folder.parent
