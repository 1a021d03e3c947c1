"""The real application with default settings, for tools that look at it without serving it."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from balu.app import Balu, build, read_config


@contextmanager
def unopened_app() -> Iterator[Balu]:
    """Yield the application; its lifespan never starts, so no database or volume is touched."""
    with tempfile.TemporaryDirectory(prefix="balu-tool-") as directory:
        yield build(read_config(Path(directory)))
