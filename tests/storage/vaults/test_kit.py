"""The disk and the recovery kit are enough: `balu vaults recover`, and the stock `age` program."""

import json
import shutil
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from balu.kernel.testing import running_server
from balu.storage.vaults import age
from tests.client.conftest import Balu, command_in
from tests.conformance.test_tus import sign_in
from tests.core.vault_reader import VaultReader

PASSPHRASE = "correct horse battery"
GUIDE = Path(__file__).parents[3] / "docs" / "guide" / "vaults.md"
AGE, JQ = shutil.which("age"), shutil.which("jq")
stock = pytest.mark.skipif(AGE is None or JQ is None, reason="THE age OR jq PROGRAM IS NOT INSTALLED")
TREE = {"tax.txt": b"nobody may know" * 9000, "Letters/2026/to Ben.txt": b"", "Letters/\N{SNOWMAN}": b"x"}


@dataclass(frozen=True, slots=True)
class Disk:
    """What is left: a volume, the kit, and a machine that never knew them."""

    root: Path
    kit: str
    balu: Balu

    @property
    def keyfile(self) -> Path:
        (found,) = (self.root / ".balu" / "vaults").iterdir()
        return found

    @property
    def folder(self) -> Path:
        return self.root / "anna" / "Papers.vault"

    def recover(self, target: Path, secret: str) -> "subprocess.CompletedProcess[str]":
        """The guide's line, with the secret on standard input."""
        words = [line.split() for line in GUIDE.read_text().splitlines() if "balu vaults recover" in line]
        ((program, group, verb, *_paths),) = words
        assert program == "balu"
        given = (str(self.keyfile), str(self.folder), str(target), "--kit-stdin", "--json")
        return self.balu(group, verb, *given, input=secret)


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Disk:
    """A vault made and filled by a server that is gone with its database."""
    tmp_path = tmp_path_factory.mktemp("gone")
    with running_server(tmp_path / "data") as server:
        headers = sign_in(server)
        wish = {"name": "Papers", "passphrase": PASSPHRASE}
        made = server.client.post("/api/vaults", json=wish, headers=headers).json()
        for path, body in TREE.items():
            put = f"/api/files/content/Papers.vault/{path}?parents=1"
            assert server.client.put(put, content=body, headers=headers).status_code == 201
    shutil.move(tmp_path / "data" / "volumes" / "main", tmp_path / "disk")
    shutil.rmtree(tmp_path / "data")
    return Disk(tmp_path / "disk", made["recovery_kit"], command_in(tmp_path, tmp_path))


def files_in(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_disk_and_the_kit_are_enough(disk: Disk, tmp_path: Path) -> None:
    for number, secret in enumerate((disk.kit.lower() + "\n", PASSPHRASE)):
        target = tmp_path / f"papers{number}"
        done = disk.recover(target, secret)
        assert done.returncode == 0, done.stderr
        assert files_in(target) == TREE
        told = json.loads(done.stdout)
        assert told == {"files": 3, "bytes": sum(map(len, TREE.values())), "damaged": []}
    assert not list(disk.root.parent.rglob("balu.db"))  # nor was a database made for it
    for secret in ("another passphrase", age.new_identity()):
        done = disk.recover(tmp_path / "wrong", secret)
        assert (done.returncode, done.stdout, (tmp_path / "wrong").exists()) == (1, "", False)
        assert "Traceback" not in done.stderr
    again = disk.recover(tmp_path / "papers0", disk.kit)
    assert again.returncode == 1
    assert "exists already" in again.stderr


def test_a_damaged_file_is_named_and_the_others_come_out(disk: Disk, tmp_path: Path) -> None:
    disk = replace(disk, root=Path(shutil.copytree(disk.root, tmp_path / "copy")))
    victim = max(disk.folder.iterdir(), key=lambda path: path.stat().st_size if path.is_file() else 0)
    raw = bytearray(victim.read_bytes())
    raw[5000] ^= 1
    victim.write_bytes(raw)
    done = disk.recover(tmp_path / "papers", disk.kit)
    told = json.loads(done.stdout)
    assert (done.returncode, told["files"], told["damaged"]) == (1, 2, [victim.name])
    assert files_in(tmp_path / "papers") == {path: body for path, body in TREE.items() if path != "tax.txt"}


@stock
def test_the_guides_line_opens_the_kit_with_the_stock_program(disk: Disk, tmp_path: Path) -> None:
    (line,) = [one.strip() for one in GUIDE.read_text().splitlines() if "| age " in one]
    (tmp_path / "kit.txt").write_text(disk.kit + "\n")
    shutil.copy(disk.keyfile, tmp_path / "0f….keys")
    shell = ["bash", "-o", "pipefail", "-c", line]
    done = subprocess.run(shell, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    reader = VaultReader(bytes.fromhex(done.stdout), disk.keyfile.read_bytes())
    assert reader.tree(disk.folder) == TREE


@stock
def test_what_the_stock_program_makes_is_read(tmp_path: Path) -> None:
    def run(*command: str, given: bytes | None = None) -> bytes:
        return subprocess.run(command, check=True, capture_output=True, input=given).stdout

    identity = run("age-keygen").decode().splitlines()[-1]
    (tmp_path / "id").write_text(identity)
    recipient = run("age-keygen", "-y", str(tmp_path / "id")).decode().strip()
    assert age.recipient_of(identity) == recipient
    other = age.recipient_of(age.new_identity())
    sealed = run("age", "-r", other, "-r", recipient, given=b"the root key")
    assert age.decrypt(identity, sealed) == b"the root key"
    assert run("age", "-d", "-i", str(tmp_path / "id"), given=age.encrypt(recipient, b"back")) == b"back"
