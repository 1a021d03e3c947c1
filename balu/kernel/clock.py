"""The time, as something that is handed in."""

from collections.abc import Callable
from datetime import UTC, datetime

Now = Callable[[], datetime]
"""Returns the current instant with its zone, UTC."""


def system_now() -> datetime:
    """The machine's clock."""
    return datetime.now(UTC)
