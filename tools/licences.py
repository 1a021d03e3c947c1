"""Refuse dependencies whose licence would bind the whole of Balu.

The bug it prevents: a GPL library slips in through a dependency of a dependency and Balu can no longer be
given away under Apache-2.0. GPL programs across a process boundary are fine and not looked at. An
exception is a name in ``ALLOWED`` with its reason.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
BINDING = re.compile(r"(?<![A-Za-z])(A?GPL|SSPL|BUSL|General Public Licen[cs]e|Affero)", re.IGNORECASE)
LESSER = re.compile(r"L(esser )?GPL|Lesser General Public Licen[cs]e", re.IGNORECASE)
ALLOWED: dict[str, str] = {}


def binds(licence: str) -> bool:
    """Whether every choice that *licence* (an SPDX expression or a classifier) offers is binding."""
    choices = re.split(r"\s+OR\s+|/", licence)
    return all(BINDING.search(LESSER.sub("", choice)) for choice in choices)


def python_licences() -> Iterator[tuple[str, str]]:
    """Licences of what ``balu`` needs at run time, all extras but the development ones included."""
    seen: set[str] = set()
    waiting = [("balu", frozenset({"", "pg", "redis"}))]
    while waiting:
        name, extras = waiting.pop()
        try:
            found = distribution(name)
        except PackageNotFoundError:
            continue  # for another platform
        if name != "balu":
            yield name, _licence(found)
        for line in found.requires or ():
            needed = Requirement(line)
            wanted = needed.marker is None or any(needed.marker.evaluate({"extra": e}) for e in extras)
            if wanted and needed.name.lower() not in seen:
                seen.add(needed.name.lower())
                waiting.append((needed.name, frozenset({"", *needed.extras})))


def _licence(found: Distribution) -> str:
    for field, prefix in (("License-Expression", ""), ("Classifier", "License ::"), ("License", "")):
        if values := [value for value in found.metadata.get_all(field) or () if value.startswith(prefix)]:
            return "; ".join(values)[:200]
    return ""


def rust_licences() -> Iterator[tuple[str, str]]:
    """Licences of every crate in ``Cargo.lock``."""
    listed = subprocess.run(
        ["cargo", "metadata", "--locked", "--format-version=1"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for package in json.loads(listed.stdout)["packages"]:
        yield package["name"], package.get("license") or ""


def web_licences() -> Iterator[tuple[str, str]]:
    """Licences of what the shipped interface is made of; build tools are not shipped."""
    lock = json.loads((ROOT / "web" / "package-lock.json").read_text())
    for path, package in lock["packages"].items():
        if path and not package.get("dev"):
            yield path.removeprefix("node_modules/"), str(package.get("license", ""))


def main() -> int:
    found = [*python_licences(), *rust_licences(), *web_licences()]
    bad = [(name, licence) for name, licence in found if binds(licence) and name not in ALLOWED]
    for name, licence in bad:
        print(f"{name} is under {licence}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
