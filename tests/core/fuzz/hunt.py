"""One target under a coverage-guided fuzzer: ``python -m tests.core.fuzz.hunt TARGET [SECONDS [OPTION…]]``.

New inputs that reach new code go to ``target/fuzz/TARGET``; copy the telling ones into the corpus. An input
that breaks the target is written to ``target/fuzz/`` and ends the run with an error.
"""

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["balu.kernel", "balu.storage"]):
    from tests.core.fuzz.targets import TARGETS

CORPUS = Path(__file__).with_name("corpus")
FOUND = Path(__file__).resolve().parents[3] / "target" / "fuzz"


def main() -> None:
    name, seconds = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "60"
    found, committed = FOUND / name, CORPUS / name
    found.mkdir(parents=True, exist_ok=True)
    options = [
        f"-max_total_time={seconds}",
        "-timeout=10",
        "-rss_limit_mb=1024",
        "-max_len=4096",
        "-print_final_stats=1",
        f"-artifact_prefix={FOUND}/{name}-",
        *sys.argv[3:],
    ]
    atheris.Setup([sys.argv[0], *options, str(found), str(committed)], TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
