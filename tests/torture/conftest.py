"""Loud skips: what a fault test needs is named, and a machine that should have it fails."""

import pytest

from tests.torture.harness.needs import refusal


def pytest_runtest_setup(item: pytest.Item) -> None:
    marks = [need for mark in item.iter_markers("needs") for need in mark.args]
    found = refusal(tuple(dict.fromkeys(marks)))
    if found is None:
        return
    reason, fails = found
    if fails:
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
