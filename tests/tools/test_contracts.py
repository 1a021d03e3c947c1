"""A small application in order keeps every import contract of pyproject.toml; one violation breaks it."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
IN_ORDER = {
    "balu_core/__init__.py": "",
    "balu/__init__.py": "",
    "balu/__main__.py": "import balu.app",
    "balu/app.py": "import litestar\nfrom balu.storage.files.domain import FILES",
    "balu/client/__init__.py": "",
    "balu/identity/__init__.py": "",
    "balu/operations/__init__.py": "",
    "balu/kernel/__init__.py": "import balu_core",
    "balu/kernel/unit.py": "",
    "balu/storage/__init__.py": "",
    "balu/storage/files/__init__.py": "from balu.storage.files.service import Files",
    "balu/storage/files/domain.py": "from balu.storage.files.controller import Controller\nFILES = 1",
    "balu/storage/files/controller.py": "import litestar\nfrom balu.storage.files.service import Files\n"
    "class Controller: ...",
    "balu/storage/files/service.py": "from balu.kernel import unit\nfrom balu.storage.files import models\n"
    "from balu.storage.volumes import Volumes\nclass Files: ...",
    "balu/storage/files/models.py": "",
    "balu/storage/volumes/__init__.py": "from balu.storage.volumes.service import Volumes",
    "balu/storage/volumes/service.py": "class Volumes: ...",
}
ROOMS = ("identity", "hardware", "storage", "access", "protection", "hosting", "operations")


def application(folder: Path, planted: dict[str, str]) -> Path:
    for name, text in {**IN_ORDER, **planted}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
    for name in ("front_door.py", "rooms.py"):
        (folder / "tools").mkdir(exist_ok=True)
        shutil.copy(ROOT / "tools" / name, folder / "tools" / name)
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def lint(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_an_application_in_order_keeps_every_contract(tmp_path: Path) -> None:
    done = lint(application(tmp_path, {}))
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("contract", "planted", "said"),
    [
        pytest.param(
            "rooms", {"balu/kernel/unit.py": "import balu.storage"}, "kernel is not allowed", id="upward"
        ),
        pytest.param("rooms", {"balu/attic/__init__.py": ""}, "attic", id="a-room-without-a-place"),
        pytest.param(
            "core", {"balu_core/__init__.py": "import balu.kernel.unit"}, "not allowed", id="core-knows-balu"
        ),
        pytest.param(
            "client",
            {"balu/client/__init__.py": "import balu.kernel.unit"},
            "not allowed to import balu.kernel",
            id="client-knows-the-server",
        ),
        pytest.param(
            "storage",
            {"balu/storage/volumes/service.py": "import balu.storage.files\nclass Volumes: ..."},
            "balu.storage.volumes is not allowed",
            id="upward-in-a-room",
        ),
        pytest.param(
            "storage", {"balu/storage/attic/__init__.py": ""}, "attic", id="a-domain-without-a-place"
        ),
        pytest.param(
            "domain",
            {"balu/storage/files/models.py": "import balu.storage.files.controller"},
            "models is not allowed",
            id="upward-in-a-domain",
        ),
        pytest.param(
            "no-http",
            {"balu/storage/files/models.py": "import litestar"},
            "not allowed to import litestar",
            id="rows-know-http",
        ),
        pytest.param(
            "front-door",
            {"balu/storage/files/models.py": "from balu.storage.volumes.service import Volumes"},
            "import it from balu.storage.volumes",
            id="through-the-window",
        ),
        pytest.param(
            "front-door",
            {"balu/kernel/unit.py": "import balu.storage.files.domain"},
            "import it from balu.storage.files",
            id="a-declaration-read-by-others",
        ),
    ],
)
def test_a_violation_breaks_its_contract(
    tmp_path: Path, contract: str, planted: dict[str, str], said: str
) -> None:
    done = lint(application(tmp_path, planted), "--contract", contract)
    assert done.returncode == 1, done.stdout + done.stderr
    assert said in " ".join(done.stdout.split())


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_refuses_a_domain_without_a_place(tmp_path: Path, room: str) -> None:
    planted = {f"balu/{room}/__init__.py": "", f"balu/{room}/attic/__init__.py": ""}
    done = lint(application(tmp_path, planted), "--contract", room)
    assert done.returncode == 1, done.stdout + done.stderr
