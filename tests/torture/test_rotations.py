"""A vault's new lock with each of its steps failing once, and dying once: all can be read all the time."""

import random
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.torture.harness.tiers import LONG, start_value
from tests.torture.test_steps import Case, World, faults_of, world_of

pytestmark = [pytest.mark.torture, pytest.mark.needs("cargo")]

PAIRS = 0 if LONG else 12
"""How many of all pairs of step and fault are tried; 0 is all of them."""
ROTATIONS = "tests.torture.harness.rotations"
ITS_OWN = ("header#", "header-written#", "fsync-header#")
"""Steps that only this has; the sample holds each of them."""


@pytest.fixture
def world(tmp_path_factory: pytest.TempPathFactory) -> Generator[World, None, None]:
    with world_of(ROTATIONS, tmp_path_factory) as one:
        yield one


def chosen(cases: list[Case], rng: random.Random) -> list[Case]:
    if not PAIRS:
        return cases
    own = [rng.choice([one for one in cases if one.step.startswith(step)]) for step in ITS_OWN]
    rest = [one for one in cases if one not in own]
    return own + rng.sample(rest, min(PAIRS - len(own), len(rest)))


def test_a_vault_can_be_read_whatever_step_of_its_rotation_fails(world: World) -> None:
    rng = random.Random(f"{start_value()} rotate")
    plain, folder = world.run("plain", "rotate", met=str(world.folder / "met"))
    assert (plain.signal, plain.error, plain.result) == (0, None, "completed")
    found = world.recover(folder)
    assert found["first"] == {"wrong": [], "locks": [2] * 7}
    cases = faults_of("rotate", (world.folder / "met").read_text().split(), rng)
    tried = chosen(cases, rng)

    def try_one(numbered: tuple[int, Case]) -> bool:
        number, case = numbered
        outcome, folder = world.run(str(number), "rotate", f"{case.step}={case.fault}")
        assert outcome.signal in {0, 9}, f"{case}: ended by signal {outcome.signal}"
        assert outcome.error is None, f"{case}: {outcome.error}"
        found = world.recover(folder)
        assert found["first"]["wrong"] == [], case
        assert set(found["first"]["locks"]) <= {1, 2}, case
        assert found["status"] == "completed", case
        # One that was done is done again; one that was not goes on with the lock it has.
        assert found["second"]["locks"] in ([2] * 7, [3] * 7), case
        assert found["second"]["wrong"] == [], case
        return bool(outcome.signal) or case.fault != "die"

    with ThreadPoolExecutor(world.count) as pool:
        struck = list(pool.map(try_one, enumerate(tried)))
    print(f"rotate: {len(tried)} of {len(cases)} pairs, {struck.count(False)} steps were not met")
    assert struck.count(False) <= len(struck) // 10
