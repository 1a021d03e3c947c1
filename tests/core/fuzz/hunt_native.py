"""The native half under libFuzzer: ``python -m tests.core.fuzz.hunt_native [SECONDS]``.

Needs clang 14 with its fuzzer runtime (Debian: clang-14, libclang-rt-14-dev). Before the targets comes a
counter-proof: a word of four bytes that a fuzzer without instrumentation would never find.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.resolve().parents[2]
TARGET = ROOT / "target" / "fuzz-native"
TRIPLE = "x86_64-unknown-linux-gnu"
COVERAGE = ("level=4", "inline-8bit-counters", "pc-table", "trace-compares")
FLAGS = ["-C", "passes=sancov-module", *(f"-Cllvm-args=-sanitizer-coverage-{name}" for name in COVERAGE)]
CONTROL_S = 60


def build() -> Path:
    """The fuzzer with all targets in it."""
    command = ["cargo", "build", "--locked", "--quiet", "--release", "--target", TRIPLE]
    command += ["--manifest-path", str(HERE / "native" / "Cargo.toml"), "--target-dir", str(TARGET)]
    subprocess.run(command, check=True, env={**os.environ, "RUSTFLAGS": " ".join(FLAGS)})
    library, program = TARGET / TRIPLE / "release" / "libbalu_fuzz.a", TARGET / "fuzzer"
    link = ["clang-14", "-fsanitize=fuzzer", str(library), "-o", str(program), "-lpthread", "-ldl", "-lm"]
    subprocess.run(link, check=True)
    return program


def run(program: Path, target: str, seconds: int) -> int:
    """The fuzzer's exit code; 0 when nothing was found."""
    found = TARGET / target
    found.mkdir(parents=True, exist_ok=True)
    options = [f"-max_total_time={seconds}", "-timeout=10", "-rss_limit_mb=256", "-max_len=4096"]
    options += [f"-artifact_prefix={TARGET}/{target}-", "-print_final_stats=1", str(found)]
    if (corpus := HERE / "corpus" / "path").is_dir() and target == "components":
        options.append(str(corpus))
    return subprocess.run(
        [program, *options], env={**os.environ, "BALU_FUZZ": target}, check=False
    ).returncode


def main() -> None:
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    if shutil.which("clang-14") is None:
        print("SKIPPED: THE NATIVE TARGETS NEED clang-14: apt-get install clang-14 libclang-rt-14-dev")
        return
    program = build()
    if run(program, "magic", CONTROL_S) == 0:
        sys.exit("the fuzzer does not find what it should: it is blind")
    sys.exit(run(program, "components", seconds))


if __name__ == "__main__":
    main()
