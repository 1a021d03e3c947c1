"""Make one modern SQLite the only one in the process."""

import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

FLOOR = (3, 51, 3)
"""3.7.0 to 3.51.2 can corrupt a WAL database when two connections write and checkpoint at once."""


def settle() -> None:
    """Register pysqlite3, where it is installed, under the name ``sqlite3``.

    Must run before anything imports ``sqlite3``; it does not look at the system's version, because
    that import would already load the second copy.
    """
    if "sqlite3" in sys.modules or find_spec("pysqlite3") is None:
        return
    sys.modules["sqlite3"] = import_module("pysqlite3")
    sys.modules["sqlite3.dbapi2"] = import_module("pysqlite3.dbapi2")


def check() -> None:
    """Refuse an old SQLite or two of them in this process.

    Raises:
        RuntimeError: saying which version or which files.
    """
    import sqlite3  # noqa: PLC0415  (the point is to see what the name resolves to now)

    if sqlite3.sqlite_version_info < FLOOR:
        wanted = ".".join(map(str, FLOOR))
        raise RuntimeError(
            f"SQLite {sqlite3.sqlite_version} is too old, {wanted} is needed: install pysqlite3>=0.6.1."
        )
    loaded = loaded_copies()
    if len(loaded) > 1:
        raise RuntimeError(
            f"Two copies of SQLite are loaded ({', '.join(sorted(loaded))}); refusing to start."
        )


def loaded_copies() -> set[str]:
    """Paths of the SQLite objects mapped into this process, empty where /proc is not available."""
    maps = Path("/proc/self/maps")
    if not maps.exists():
        return set()
    paths = {line[line.index("/") :] for line in maps.read_text().splitlines() if "/" in line}
    return {path for path in paths if Path(path).name.startswith(("_sqlite3.", "libsqlite3."))}


settle()  # also when loaded as a pytest plugin, before coverage and others import sqlite3
