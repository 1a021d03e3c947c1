"""One target of the native half: ``python -m tests.core.fuzz.hunt_native TARGET [SECONDS [OPTION…]]``.

The fuzzer is libFuzzer, and so are the options. It needs clang 14 with its fuzzer runtime (Debian: clang-14,
libclang-rt-14-dev). The target ``magic`` is the counter-proof: a word of four bytes that a fuzzer without
instrumentation would never find.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.resolve().parents[2]
TARGET = ROOT / "target" / "fuzz-native"
TRIPLE = "x86_64-unknown-linux-gnu"
COVERAGE = ("level=4", "inline-8bit-counters", "pc-table", "trace-compares")
FLAGS = ["-C", "passes=sancov-module", *(f"-Cllvm-args=-sanitizer-coverage-{name}" for name in COVERAGE)]
CONTROL = "magic"
TARGETS = (CONTROL, "components", "header")
NEEDS = "clang-14"


def build() -> Path:
    """The fuzzer with all targets in it."""
    command = ["cargo", "build", "--locked", "--quiet", "--release", "--target", TRIPLE]
    command += ["--manifest-path", str(HERE / "native" / "Cargo.toml"), "--target-dir", str(TARGET)]
    subprocess.run(command, check=True, env={**os.environ, "RUSTFLAGS": " ".join(FLAGS)})
    library, program = TARGET / TRIPLE / "release" / "libbalu_fuzz.a", TARGET / "fuzzer"
    linked = program.with_suffix(f".{os.getpid()}")  # another hunt may be running the present one
    link = [NEEDS, "-fsanitize=fuzzer", str(library), "-o", str(linked), "-lpthread", "-ldl", "-lm"]
    subprocess.run(link, check=True)
    linked.replace(program)
    return program


def run(program: Path, target: str, seconds: str, more: Sequence[str]) -> int:
    """The fuzzer's exit code; 0 when nothing was found."""
    found = TARGET / target
    found.mkdir(parents=True, exist_ok=True)
    options = [f"-max_total_time={seconds}", "-timeout=10", "-rss_limit_mb=256", "-max_len=4096"]
    options += [f"-artifact_prefix={TARGET}/{target}-", "-print_final_stats=1", *more, str(found)]
    if (corpus := HERE / "corpus" / "path").is_dir() and target == "components":
        options.append(str(corpus))
    return subprocess.run(
        [program, *options], env={**os.environ, "BALU_FUZZ": target}, check=False
    ).returncode


def main() -> None:
    target, seconds = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "60"
    found = run(build(), target, seconds, sys.argv[3:]) != 0
    if target == CONTROL and not found:
        sys.exit("the fuzzer does not find what it should: it is blind")
    sys.exit(found and target != CONTROL)


if __name__ == "__main__":
    main()
