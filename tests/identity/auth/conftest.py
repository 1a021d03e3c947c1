"""Signing in without the price of a guess."""

import pytest

from balu.identity.users import passwords


@pytest.fixture(autouse=True)
def cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hash in a millisecond instead of two tenths of a second of a core.

    What it costs in the product is tested with the users and in security.
    """
    monkeypatch.setattr(passwords, "MEMORY_KIB", 1024)
    monkeypatch.setattr(passwords, "PASSES", 1)
