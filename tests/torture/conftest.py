"""Loud skips, and the closing line that says what was and what was not tried."""

import pytest

from tests.torture.harness.needs import Skips

SKIPS = pytest.StashKey[Skips]()


def pytest_runtest_setup(item: pytest.Item) -> None:
    skips = item.config.stash.setdefault(SKIPS, Skips())
    marks = [need for mark in item.iter_markers("needs") for need in mark.args]
    found = skips.note(tuple(dict.fromkeys(marks)))
    if found is None:
        return
    reason, fails = found
    if fails:
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if SKIPS in config.stash:
        passed = [
            report
            for report in terminalreporter.stats.get("passed", [])
            if "tests/torture/" in report.nodeid and report.when == "call"
        ]
        terminalreporter.write_line(config.stash[SKIPS].line(len(passed)))
