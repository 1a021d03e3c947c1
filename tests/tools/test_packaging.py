"""What is built can be installed and holds what it must: from a clone, without npm, from the sdist."""

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.packaging]


def run(*command: str | Path, cwd: Path, path: str | None = None) -> str:
    environment = {**os.environ, "CARGO_TARGET_DIR": str(ROOT / "target")}
    if path is not None:
        environment["PATH"] = path
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return done.stdout


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone with what is not committed yet, so that it shows the tree as it is."""
    folder = tmp_path_factory.mktemp("clone") / "balu"
    listed = run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", cwd=ROOT)
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder


@pytest.fixture(scope="module")
def path_without_npm(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A PATH with everything the build needs, except Node."""
    programs = tmp_path_factory.mktemp("bin")
    for folder in os.environ["PATH"].split(os.pathsep):
        for program in Path(folder).glob("*") if Path(folder).is_dir() else ():
            link = programs / program.name
            if program.name not in {"npm", "npx", "node", "nodejs"} and not link.is_symlink():
                link.symlink_to(program)
    return str(programs)


@pytest.fixture(scope="module")
def wheel(clone: Path, path_without_npm: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from the clone where no npm is on PATH."""
    folder = tmp_path_factory.mktemp("wheel")
    pip_wheel = (sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder)
    run(*pip_wheel, ".", cwd=clone, path=path_without_npm)
    return next(folder.glob("balu-*.whl"))


@pytest.fixture(scope="module")
def sdist(wheel: Path, clone: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built after the wheel, so that the interface is there already."""
    assert wheel.exists()
    folder = tmp_path_factory.mktemp("sdist")
    script = f"import balu_build; print(balu_build.build_sdist({str(folder)!r}))"
    run(sys.executable, "-c", f"import sys; sys.path.insert(0, 'tools'); {script}", cwd=clone)
    return next(folder.glob("balu-*.tar.gz"))


def outline(names: list[str]) -> set[str]:
    """The top folders, with ``web_dist`` and ``_migrations`` as one entry each."""
    found = set()
    for name in names:
        parts = name.split("/")
        found.add(
            "/".join(parts[:2]) if parts[0] == "balu" and parts[1].startswith(("web_", "_m")) else parts[0]
        )
    return found


def test_the_wheel_holds_the_product_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert outline(names) == {
        "balu",
        "balu/_migrations",
        "balu/web_dist",
        "balu_core",
        "balu-0.1.0.dist-info",
    }
    assert "balu/web_dist/index.html" in names
    assert "balu/_migrations/env.py" in names
    assert "balu_core/_native.abi3.so" in names
    assert "balu_core/_native.pyi" in names
    stray = (".rs", ".toml", ".lock", ".pyc", ".ts", ".tsx", ".map")
    assert [name for name in names if name.endswith(stray) and "web_dist" not in name] == []
    assert "-cp311-abi3-" in wheel.name


def test_the_sdist_needs_no_node(sdist: Path, path_without_npm: str, tmp_path: Path) -> None:
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    [source] = tmp_path.iterdir()
    asked = run(
        sys.executable,
        "-c",
        "import sys; sys.path.insert(0, 'tools'); import balu_build;"
        "print(balu_build.get_requires_for_build_wheel())",
        cwd=source,
        path=path_without_npm,
    )
    assert "nodejs" not in asked
    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", tmp_path / "w", ".", cwd=source)
    [built] = (tmp_path / "w").glob("balu-*.whl")
    assert "balu/web_dist/index.html" in zipfile.ZipFile(built).namelist()


def test_the_installed_command_works_without_the_clone(wheel: Path, tmp_path: Path) -> None:
    run(sys.executable, "-m", "venv", tmp_path / "venv", cwd=tmp_path)
    run(tmp_path / "venv/bin/pip", "install", "--quiet", wheel, cwd=tmp_path)
    assert "0.1.0" in run(tmp_path / "venv/bin/balu", "--version", cwd=tmp_path)
    run(tmp_path / "venv/bin/balu", "config", "check", "--data-dir", tmp_path / "data", cwd=tmp_path)
