"""The same people, disk and client as for storage; paths mean the same whatever the database."""

from pathlib import Path

import pytest

from balu.kernel.testing import Databases
from tests.storage.conftest import app, client, env, place

__all__ = ["app", "client", "env", "place"]


@pytest.fixture
def database_url(databases: Databases, data_dir: Path) -> str:
    return databases.sqlite(data_dir / "balu.db")
