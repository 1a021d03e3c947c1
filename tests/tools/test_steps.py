"""Steps that do not stand in one line are named."""

from pathlib import Path

import pytest

from tools.steps import VERSIONS, faults


def test_the_steps_of_this_tree_stand_in_one_line() -> None:
    assert list(VERSIONS.glob("*.py"))
    assert faults(VERSIONS) == []


@pytest.mark.parametrize(
    ("steps", "out_of_line"),
    [
        pytest.param(["0001 None", "0002 0001", "0003 0002"], [], id="one-line"),
        pytest.param(["0001 None", "0002 0001", "0002 0001"], ["0002"], id="one-number-twice"),
        pytest.param(["0001 None", "0002 0001", "0003 0001"], ["0003"], id="two-heads"),
        pytest.param(["0001 None", "0002 None"], ["0002"], id="two-beginnings"),
        pytest.param(["0001 None", "0003 0002"], ["0003"], id="one-missing"),
    ],
)
def test_what_is_out_of_line_is_named(tmp_path: Path, steps: list[str], out_of_line: list[str]) -> None:
    for index, step in enumerate(steps):
        number, before = step.split()
        after = before if before == "None" else f'"{before}"'
        path = tmp_path / f"20300101_{number}_shares_step_{index}.py"
        path.write_text(f'revision = "{number}"\ndown_revision = {after}\n')
    assert sorted({line.split("_")[1] for line in faults(tmp_path)}) == out_of_line
