"""The committed inputs, as plain tests: what once broke a parser, and what reaches far into it."""

from pathlib import Path

import pytest

from tests.core.fuzz.targets import TARGETS

CORPUS = Path(__file__).with_name("corpus")


@pytest.mark.parametrize("name", TARGETS)
def test_every_known_input_is_read_or_refused(name: str) -> None:
    inputs = sorted((CORPUS / name).iterdir())
    assert inputs
    for file in inputs:
        try:
            TARGETS[name](file.read_bytes())
        except BaseException as error:
            error.add_note(f"with {file}")
            raise
