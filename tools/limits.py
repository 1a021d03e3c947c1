"""Hold files to the sizes at which they can still be read at once.

The bug it prevents: modules that grow a screen at a time until nobody reads them whole. There is no
escape comment; a file over its limit is split.
"""

import subprocess
import sys
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parent.parent
LIMITS = (
    ("balu_core/src/*.rs", 150),
    ("balu_core/crates/*/src/*.rs", 400),
    ("balu/**/*.py", 500),
    ("tests/**/*.py", 500),
    ("web/src/**/*.test.tsx", 500),
    ("web/src/**/*.tsx", 250),
)
"""Most lines by pattern, the first pattern that fits decides."""


def limit_of(path: str) -> int | None:
    """Most lines *path* may have, None for files nobody counts."""
    for pattern, most in LIMITS:
        before, _, after = pattern.partition("/**/")
        name = PurePosixPath(path)
        fits = name.is_relative_to(before) and name.match(after) if after else name.match(pattern)
        if fits:
            return most
    return None


def too_long(root: Path, paths: list[str]) -> list[str]:
    """One sentence for every file over its limit."""
    found = []
    for path in paths:
        most = limit_of(path)
        if most is None or not (root / path).exists():
            continue
        lines = (root / path).read_bytes().count(b"\n")
        if lines > most:
            found.append(f"{path}: {lines} lines, at most {most}; split it")
    return found


def main() -> int:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    found = too_long(ROOT, listed.stdout.splitlines())
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
