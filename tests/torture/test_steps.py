"""Each operation with each of its steps failing once, and dying once: nothing is lost or half there."""

import errno
import os
import random
from collections import Counter
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest

from balu.kernel.testing import Databases
from tests.storage.conftest import ALL
from tests.torture.harness import steps
from tests.torture.harness.native import build_native
from tests.torture.harness.tiers import LONG, start_value
from tests.torture.harness.warm import Outcome, Warm, warm

pytestmark = [pytest.mark.torture, pytest.mark.needs("cargo")]

PAIRS = int(os.environ.get("TORTURE_PAIRS", "0" if LONG else "130"))
"""How many of all pairs of step and fault are tried; 0 is all of them."""
ERRORS = [f"errno:{number}" for number in (errno.EIO, errno.ENOSPC, errno.EDQUOT)]
REFUSALS = {409, 503, 507}
AFTER_SUCCESS = {404, 409}
"""What a repeated request may hear when the first one was done although its answer was lost."""
SAME_MANY = 2
"""Of a step that a batch meets again and again, so many meetings are tried."""
STEPS = "tests.torture.harness.steps"


@dataclass(frozen=True)
class Case:
    operation: str
    step: str
    fault: str

    def __str__(self) -> str:
        return f"{self.operation} {self.step}={self.fault}"


@dataclass
class World:
    """Warm processes, and what operations do when nothing fails."""

    module: str
    """Whose ``operate`` and ``recover`` run in forked children."""
    warms: "SimpleQueue[Warm]"
    count: int
    databases: Databases
    folder: Path
    broken: str = ""
    """The promise that the native half is told to break."""

    def run(self, name: str, operation: str, wanted: str = "", met: str = "") -> tuple[Outcome, Path]:
        folder = self.folder / name
        folder.mkdir()
        self.databases.sqlite(folder / "balu.db")
        return self._call("operate", folder, name=operation, wanted=wanted, met=met), folder

    def recover(self, folder: Path, operation: str = "") -> Any:
        outcome = self._call("recover", folder, name=operation)
        assert (outcome.signal, outcome.error) == (0, None), outcome.error
        return outcome.result

    def _call(self, function: str, folder: Path, **arguments: str) -> Outcome:
        one = self.warms.get()
        try:
            environ = {"BALU_BROKEN": self.broken}
            return one.call(
                f"{self.module}:{function}", environ, timeout=120, folder=str(folder), **arguments
            )
        finally:
            self.warms.put(one)

    def edges(self, name: str, operation: str) -> tuple[Any, Any, list[str]]:
        """What is there when the operation was not, and when it was, begun; and the steps it takes."""
        plain, folder = self.run(f"{name}-plain", operation, met=str(self.folder / f"{name}-met"))
        assert plain.error is None, plain.error
        after = self.recover(folder)["first"]
        none, folder = self.run(f"{name}-none", "nothing")
        assert none.error is None, none.error
        before = self.recover(folder)["first"]
        return before, after, (self.folder / f"{name}-met").read_text().split()

    def try_one(self, name: str, case: Case, before: Any, after: Any) -> bool:
        """Meet one fault and judge what came of it; False when it was not met."""
        outcome, folder = self.run(name, case.operation, f"{case.step}={case.fault}")
        assert outcome.signal in {0, 9}, f"{case}: ended by signal {outcome.signal}"
        assert outcome.error is None, f"{case}: {outcome.error}"
        codes = None if outcome.signal else outcome.result["codes"]
        judge(case, outcome, codes, before, after, self.recover(folder, case.operation))
        return bool(outcome.signal) or case.fault != "die"


@contextmanager
def world_of(module: str, folders: pytest.TempPathFactory) -> Generator[World, None, None]:
    """Processes that have imported *module*, and a native half whose steps can fail."""
    native = build_native()
    with ExitStack() as stack:
        warms: SimpleQueue[Warm] = SimpleQueue()
        count = min(4, os.cpu_count() or 1)
        for _ in range(count):
            warms.put(stack.enter_context(warm(module, native=native)))
        databases = Databases(folders.mktemp("templates"), None, ALL)
        databases.sqlite(folders.mktemp("first") / "balu.db")
        yield World(module, warms, count, databases, folders.mktemp("world"))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Generator[World, None, None]:
    with world_of(STEPS, tmp_path_factory) as one:
        yield one


def faults_of(operation: str, met: list[str], rng: random.Random) -> list[Case]:
    """Every meeting of a step with every fault it can have."""
    times: Counter[str] = Counter()
    found = []
    for name in met:
        times[name] += 1
        if operation == "batch_of_many" and SAME_MANY < times[name] < met.count(name):
            continue
        found.append(Case(operation, f"{name}#{times[name]}", "die"))
        if name != "committed":
            found.append(Case(operation, f"{name}#{times[name]}", rng.choice(ERRORS)))
    return found


def judge(case: Case, outcome: Outcome, codes: list[int] | None, before: Any, after: Any, found: Any) -> None:
    """Compare what was told with what is there."""
    first, second = found["first"], found["second"]
    assert first["wrong"] == [], case
    told = codes is not None and all(code < 300 for code in codes)
    if codes is not None:
        assert not [code for code in codes if code >= 300 and code not in REFUSALS], f"{case}: {codes}"
    if case.operation in steps.SEVERAL:
        for path in {*first["files"], *before["files"], *after["files"]}:
            may_be = {after["files"].get(path)} | (set() if told else {before["files"].get(path)})
            assert first["files"].get(path) in may_be, f"{case}: {path}"
        is_done = first["files"] == after["files"]
    else:
        keys = ("files", "trash", "versions")
        is_done = all(first[key] == after[key] for key in keys)
        is_undone = all(first[key] == before[key] for key in keys)
        assert is_done or (is_undone and not told), f"{case}: {codes}, {first}"
    allowed = AFTER_SUCCESS if is_done else set()
    repeated = [code for code in found["codes"] if code >= 300 and code not in allowed]
    assert not repeated, f"{case}: repeated after a restart: {found['codes']}"
    assert second["wrong"] == [], f"{case}: repeated"
    if not is_done:
        assert second["files"] == after["files"], f"{case}: repeated"


@pytest.mark.parametrize("operation", steps.OPERATIONS)
def test_an_operation_is_done_or_undone_whatever_step_fails(operation: str, world: World) -> None:
    rng = random.Random(f"{start_value()} {operation}")
    before, after, met = world.edges(operation, operation)
    assert before["wrong"] == after["wrong"] == []
    cases = faults_of(operation, met, rng)
    total = len(cases)
    if PAIRS:
        cases = rng.sample(cases, min(total, -(-PAIRS // len(steps.OPERATIONS))))

    def tried(numbered: tuple[int, Case]) -> bool:
        number, case = numbered
        return world.try_one(f"{operation}-{number}", case, before, after)

    with ThreadPoolExecutor(world.count) as pool:
        struck = list(pool.map(tried, enumerate(cases)))
    print(f"{operation}: {len(cases)} of {total} pairs, {struck.count(False)} steps were not met")
    assert struck.count(False) <= len(struck) // 10


@pytest.mark.parametrize("promise", ["rename", "intent"])
def test_a_native_half_that_breaks_a_promise_is_found_out(promise: str, world: World) -> None:
    """The counter-proof; ``test_power`` has the one for files that are not synced."""
    broken = replace(world, broken=promise)
    before, after, met = broken.edges(f"broken-{promise}", "put")
    deaths = [case for case in faults_of("put", met, random.Random(0)) if case.fault == "die"]

    def is_noticed(numbered: tuple[int, Case]) -> bool:
        number, case = numbered
        name, fault = f"broken-{promise}-{number}", f"{case.step}={case.fault}"
        outcome, folder = broken.run(name, case.operation, fault)
        assert outcome.error is None, f"{case}: {outcome.error}"
        found = broken.recover(folder, case.operation)
        try:
            judge(case, outcome, None if outcome.signal else outcome.result["codes"], before, after, found)
        except AssertionError:
            return True
        return False

    with ThreadPoolExecutor(world.count) as pool:
        seen = list(pool.map(is_noticed, enumerate(deaths)))
    noticed = [case.step for case, is_seen in zip(deaths, seen, strict=True) if is_seen]
    print(f"broken {promise}: noticed at {', '.join(noticed) or 'no step'}")
    assert noticed
