"""Results to JSON, JSON to the tables of the README."""

import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.harness.servers import SERVERS
from benchmarks.harness.workload import TITLES, Target, Workload

HERE = Path(__file__).parents[1]
RESULTS = HERE / "results.json"
README = HERE / "README.md"
PROFILES = HERE / "profiles"
DECISIONS = HERE.parent / "docs" / "decisions"
_BEGIN, _END = "<!-- written by the harness -->", "<!-- end -->"
_YARDSTICK = "nginx"

Record = Mapping[str, Any]


def store(records: Sequence[Record], facts: Mapping[str, str], workloads: Sequence[Workload]) -> None:
    """Replace these workloads' results, keep the others', and write the README's tables anew."""
    kept = json.loads(RESULTS.read_text())["workloads"] if RESULTS.exists() else {}
    kept.update({record["name"]: record for record in records})
    ordered = {workload.name: kept[workload.name] for workload in workloads if workload.name in kept}
    text = json.dumps({"machine": facts, "workloads": ordered}, indent=1)
    RESULTS.write_text(text + "\n")
    head, _, rest = README.read_text().partition(_BEGIN)
    tail = rest.partition(_END)[2]
    README.write_text(f"{head}{_BEGIN}\n{render(ordered, facts, workloads)}\n{_END}{tail}")


def render(records: Mapping[str, Record], facts: Mapping[str, str], workloads: Sequence[Workload]) -> str:
    """Machine, targets, then one table per workload."""
    measured = [workload for workload in workloads if workload.name in records]
    parts = [
        "Machine: " + "; ".join(f"{name} {value}" for name, value in facts.items()) + ".",
        _peers(records.values()),
        "## Targets\n\n" + _targets(measured, records),
        *(_workload(workload, records[workload.name]) for workload in measured),
    ]
    return "\n\n".join(parts)


def _peers(records: Any) -> str:
    versions = {name: version for record in records for name, version in record["versions"].items()}
    rows = [[name, versions[name], SERVERS[name].note] for name in SERVERS if name in versions]
    return _table(["server", "version", "what its upload promises"], rows)


def _targets(workloads: Sequence[Workload], records: Mapping[str, Record]) -> str:
    rows = []
    for workload in workloads:
        samples = records[workload.name]["samples"]
        for target in workload.targets:
            values = _target_values(target, samples)
            verdict = (
                "not measured" if not values else "met" if target.met(median(values)) else _miss(workload)
            )
            rows.append([workload.row, workload.title, str(target), _spread(values), verdict])
    return _table(["row", "work", "target", "Balu", ""], rows)


def _miss(workload: Workload) -> str:
    """That a target was missed, and where it says why: a decision that names the row, or a profile."""
    profiles = [path for path in PROFILES.glob("*") if path.stem in {workload.row, workload.name}]
    names_it = re.compile(rf"\b{workload.row}\b")
    decisions = [path for path in DECISIONS.glob("*.md") if names_it.search(path.read_text(encoding="utf-8"))]
    links = [f"[{path.stem}]({os.path.relpath(path, HERE)})" for path in sorted(decisions + profiles)]
    return f"**missed**; {', '.join(links) or 'no profile yet'}"


def _target_values(target: Target, samples: Mapping[str, list[dict[str, float]]]) -> list[float]:
    ours = [sample[target.figure] for sample in samples.get(target.of, [])]
    if target.against is None:
        return ours
    theirs = [sample[target.figure] for sample in samples.get(target.against, [])]
    return [mine / other for mine, other in zip(ours, theirs, strict=False)]


def _workload(workload: Workload, record: Record) -> str:
    samples: Mapping[str, list[dict[str, float]]] = record["samples"]
    cost = workload.figures[0]
    header = ["server", *(TITLES[figure] for figure in workload.figures)]
    if _YARDSTICK in samples:
        header.append(f"{TITLES[cost]} / {_YARDSTICK}'s")
    by_cost: Callable[[str], float] = lambda name: median(sample[cost] for sample in samples[name])  # noqa: E731
    rows = []
    for name in sorted(samples, key=by_cost):
        columns = [_spread([sample[figure] for sample in samples[name]]) for figure in workload.figures]
        if _YARDSTICK in samples:
            columns.append(_spread(_ratios(samples, name, cost)))
        rows.append([name, *columns])
    rounds = max(len(turns) for turns in samples.values())
    when = f"{rounds} rounds, {record['measured_at'][:10]}, load {record['load']:g}."
    return f"## {workload.row}: {workload.title}\n\n{when}\n\n{_table(header, rows)}"


def _ratios(samples: Mapping[str, list[dict[str, float]]], name: str, figure: str) -> list[float]:
    yardstick = [sample[figure] for sample in samples.get(_YARDSTICK, [])]
    ours = [sample[figure] for sample in samples[name]]
    return [mine / other for mine, other in zip(ours, yardstick, strict=False) if other]


def _spread(values: Sequence[float]) -> str:
    """Median and, where there is more than one value, the extremes."""
    if not values:
        return "-"
    shown = _number(median(values))
    return shown if len(values) == 1 else f"{shown} ({_number(min(values))}..{_number(max(values))})"


def _number(value: float) -> str:
    magnitudes = ((100, 0), (10, 1), (1, 2))
    digits = next((digits for limit, digits in magnitudes if abs(value) >= limit), 3)
    return f"{value:,.{digits}f}"


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
