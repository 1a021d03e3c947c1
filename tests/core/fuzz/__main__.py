"""Every target under its fuzzer, two at a time: ``python -m tests.core.fuzz [SECONDS [OPTION…]]``.

Options are libFuzzer's; with ``-seed=1`` and no inputs of earlier runs it tries the same ones every time.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from tests.core.fuzz import hunt_native
from tests.core.fuzz.targets import TARGETS

AT_ONCE = 2
SHOWN = 6000


def hunt(module: str, target: str, how: Sequence[str]) -> bool:
    """Whether all went well; what the fuzzer said is shown when not."""
    command = [sys.executable, "-m", f"tests.core.fuzz.{module}", target, *how]
    environ = {**os.environ, "PYTHONHASHSEED": "0"}
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environ, check=False)
    well = done.returncode == 0
    said = done.stdout.decode(errors="replace")
    print(f"{module} {target}: {'as it should be' if well else said[-SHOWN:]}", flush=True)
    return well


def main() -> None:
    how = sys.argv[1:] or ["60"]
    hunts = [("hunt", name) for name in TARGETS]
    if shutil.which(hunt_native.NEEDS) is None:
        print("SKIPPED: THE NATIVE TARGETS NEED clang-14: apt-get install clang-14 libclang-rt-14-dev")
    else:
        hunt_native.build()
        hunts += [("hunt_native", name) for name in hunt_native.TARGETS]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        well = list(pool.map(lambda one: hunt(one[0], one[1], how), hunts))
    sys.exit(not all(well))


if __name__ == "__main__":
    main()
