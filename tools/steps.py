"""Hold the migrations to one line: every step has a number of its own and follows the one before it.

The bug it prevents: two changes made side by side take the same number or the same predecessor, and the
database cannot be upgraded any more. There is no escape comment; the later step is renumbered.
"""

import re
import sys
from pathlib import Path

VERSIONS = Path(__file__).resolve().parent.parent / "migrations" / "versions"
NAME = re.compile(r"\d{8}_(\d{4})_[a-z]+_[a-z0-9_]+\.py")
SAID = re.compile(r"^(revision|down_revision)\b.*?= (?:\"(\w+)\"|None)$", re.MULTILINE)


def faults(folder: Path) -> list[str]:
    """One sentence for every step in *folder* that is out of line."""
    found = []
    before: str | None = None
    for number, path in enumerate(sorted(folder.glob("*.py"), key=_place), 1):
        wanted, hit = f"{number:04}", NAME.fullmatch(path.name)
        if hit is None or hit[1] != wanted:
            found.append(f"{path.name}: name it <date>_{wanted}_<domain>_<words>.py")
        said = {name: value or None for name, value in SAID.findall(path.read_text(encoding="utf-8"))}
        if said != {"revision": wanted, "down_revision": before}:
            found.append(f"{path.name}: its revision is {wanted!r}, after {before!r}")
        before = wanted
    return found


def _place(path: Path) -> tuple[str, str]:
    return path.name.partition("_")[2], path.name


def main() -> int:
    found = faults(VERSIONS)
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
