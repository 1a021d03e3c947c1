"""Imports that do without packages which they would only try, and which nobody here needs through them."""

import sys
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def hidden(*names: str) -> Generator[None, None, None]:
    """Let imports in the block miss these packages, unless they are loaded already.

    For the top of modules only: what another thread imports meanwhile would miss them too.
    """
    absent = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(absent))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in absent:
            del sys.modules[name]
