"""What cannot be read, is locked, is empty, or is no file: named and counted, and everything else goes on."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest

from balu.kernel.testing import Server
from tests.client.conftest import PASSWORD, Balu, command_in
from tests.client.test_transfer import seen

PASSPHRASE = "correct horse battery"
SETPRIV = shutil.which("setpriv")
BOUND = ("--inh-caps=-all", "--bounding-set=-dac_override,-dac_read_search")
"""What makes root obey the permissions of files, as everybody else does."""


@pytest.fixture
def obedient(signed_in: Path, tmp_path: Path) -> Balu:
    """The command under the permissions of files, whoever runs the tests."""
    if os.geteuid() != 0:
        return command_in(signed_in, tmp_path)
    if SETPRIV is None or subprocess.run([SETPRIV, *BOUND, "true"], check=False).returncode:
        pytest.skip("THE setpriv PROGRAM IS NOT INSTALLED, OR IT MAY NOT TAKE RIGHTS AWAY")
    return command_in(signed_in, tmp_path, SETPRIV, *BOUND)


@pytest.fixture
def unreadable(tmp_path: Path) -> Generator[Callable[[str], None], None, None]:
    closed: list[Path] = []

    def close(name: str) -> None:
        closed.append(tmp_path / name)
        closed[-1].chmod(0)

    yield close
    for path in closed:
        path.chmod(0o700)


def parted(done: "subprocess.CompletedProcess[str]") -> dict[str, Any]:
    """The report of a run that failed in part."""
    assert (done.returncode, "Traceback" in done.stderr) == (1, False), done.stderr
    return dict(json.loads(done.stdout))


def failures(report: dict[str, Any]) -> dict[str, str]:
    return {file["path"]: file["error"] for file in report["files"] if file["status"] == "failed"}


def test_what_cannot_be_read_is_named_and_the_rest_is_sent(
    obedient: Balu, unreadable: Callable[[str], None], home: Path, tmp_path: Path
) -> None:
    for name in ("a/one", "closed/two", "z/three", "z/shut"):
        (tmp_path / "tree" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "tree" / name).write_text(name)
    unreadable("tree/closed")
    unreadable("tree/z/shut")
    report = parted(obedient("put", "tree", "parts/", "--json"))
    assert (report["done"], report["failed"]) == (2, 2)
    told = failures(report)
    assert told.keys() == {"parts/tree/closed", "parts/tree/z/shut"}
    assert all("Permission denied" in why for why in told.values())
    assert seen(home / "parts/tree") == {"a/one": b"a/one", "z/three": b"z/three"}
    plain = obedient("put", "tree", "parts/", "-q")
    assert plain.returncode == 1
    assert "closed: Permission denied" in "".join(plain.stderr.splitlines())
    assert "2 there already, 2 failed" in plain.stderr


def test_a_source_that_cannot_be_looked_at_is_refused_in_words(
    obedient: Balu, unreadable: Callable[[str], None], tmp_path: Path
) -> None:
    (tmp_path / "closed").mkdir()
    unreadable("closed")
    for arguments in (("put", "closed/inner", "x"), ("get", ".", "closed/inner")):
        done = obedient(*arguments)
        assert (done.returncode, "Traceback" in done.stderr) == (1, False), done.stderr
        assert "Permission denied" in done.stderr


def test_a_locked_vault_is_named_and_the_rest_is_fetched(served: Server, balu: Balu, tmp_path: Path) -> None:
    mine = {"username": "anna", "password": PASSWORD}
    token = served.client.post("/api/auth/login", json=mine).json()["access_token"]
    headers = {"authorization": f"Bearer {token}"}
    made = served.client.post(
        "/api/vaults", json={"name": "Papers", "passphrase": PASSPHRASE}, headers=headers
    )
    assert made.status_code == 201, made.text
    vault = f"/api/vaults/{made.json()['id']}"
    for path in ("Papers.vault/tax.txt", "beside/a.txt", "beside/b.txt"):
        url = f"/api/files/content/{path}?parents=1"
        assert served.client.put(url, content=path.encode(), headers=headers).status_code == 201
    assert served.client.post(f"{vault}/lock", headers=headers).status_code == 200
    for home in ("/", "."):
        here = f"here{home.strip('/')}"
        report = parted(balu("get", home, here, "--json"))
        assert report["failed"] == 1
        assert "locked" in failures(report)[f"{here}/Papers.vault"]
        assert (tmp_path / here / "beside/b.txt").read_bytes() == b"beside/b.txt"
        assert not (tmp_path / here / "Papers.vault").exists()
    report = parted(balu("get", "Papers.vault", "beside", "more", "--json"))
    assert (report["done"], report["failed"]) == (2, 1)
    assert "locked" in failures(report)["more/Papers.vault"]
    plain = balu("get", "Papers.vault", "more", "-q")
    assert plain.returncode == 1
    assert "locked" in plain.stderr
    assert "0 fetched, 1 failed" in plain.stderr
    unlocked = served.client.post(f"{vault}/unlock", json={"passphrase": PASSPHRASE}, headers=headers)
    assert unlocked.status_code == 200
    assert balu("get", ".", "here").returncode == 0
    assert (tmp_path / "here/Papers.vault/tax.txt").read_bytes() == b"Papers.vault/tax.txt"


def test_empty_folders_are_made_there_and_here(balu: Balu, home: Path, tmp_path: Path) -> None:
    for name in ("tree/sub/empty", "tree/deep/er/still", "tree/ü", "alone"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "tree/sub/file").write_bytes(b"content")
    folders = {"sub", "sub/empty", "deep", "deep/er", "deep/er/still", "ü"}
    sent = balu("put", "tree", "alone", "hollow/", "--json")
    assert sent.returncode == 0, sent.stderr
    report = json.loads(sent.stdout)
    assert (report["done"], report["failed"], len(report["files"])) == (1, 0, 1)
    made = ["hollow/alone", "hollow/tree/deep/er/still", "hollow/tree/sub/empty", "hollow/tree/ü"]
    assert sorted(report["folders"]) == made
    assert below(home / "hollow/tree") == folders
    assert (home / "hollow/alone").is_dir()
    got = balu("get", "hollow/tree", "hollow/alone", "back/", "--json")
    assert got.returncode == 0, got.stderr
    here = ["back/alone", "back/tree/deep/er/still", "back/tree/sub/empty", "back/tree/ü"]
    assert sorted(json.loads(got.stdout)["folders"]) == here
    assert below(tmp_path / "back/tree") == folders
    assert (tmp_path / "back/alone").is_dir()
    for again in (("put", "tree", "alone", "hollow/"), ("get", "hollow/tree", "hollow/alone", "back/")):
        report = json.loads(balu(*again, "--json").stdout)
        assert (report["same"], report["failed"], report["folders"]) == (1, 0, [])


def test_an_empty_folder_whose_name_a_file_has_is_a_failure(balu: Balu, home: Path, tmp_path: Path) -> None:
    (tmp_path / "tree/name").mkdir(parents=True)
    (tmp_path / "tree/other").write_bytes(b"goes on")
    assert balu("put", "tree/other", "taken/tree/name").returncode == 0
    report = parted(balu("put", "tree", "taken/", "--json"))
    assert failures(report).keys() == {"taken/tree/name"}
    assert (home / "taken/tree/name").read_bytes() == b"goes on"
    assert (home / "taken/tree/other").read_bytes() == b"goes on"
    assert balu("put", "tree/name", "empties/").returncode == 0
    (tmp_path / "back").mkdir()
    (tmp_path / "back/name").write_bytes(b"mine")
    report = parted(balu("get", "empties/name", "back", "--json"))
    assert failures(report) == {"back/name": "File exists"}
    assert (tmp_path / "back/name").read_bytes() == b"mine"


def test_links_and_special_files_are_counted(balu: Balu, home: Path, tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree/file").write_bytes(b"content")
    (tmp_path / "tree/link").symlink_to("file")
    (tmp_path / "link").symlink_to("tree")
    os.mkfifo(tmp_path / "tree/pipe")
    done = balu("put", "tree", "kinds/", "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert (report["done"], report["skipped"], report["failed"]) == (1, 2, 0)
    skipped = {file["path"] for file in report["files"] if file["status"] == "skipped"}
    assert skipped == {"kinds/tree/link", "kinds/tree/pipe"}
    assert "1 there already, 2 skipped" in balu("put", "tree", "kinds/").stderr
    report = parted(balu("put", "link", "tree/pipe", "tree/file", "kinds/", "--json"))
    assert report["done"] == 1
    assert failures(report).keys() == {"kinds/link", "kinds/pipe"}
    assert "link" in failures(report)["kinds/link"]
    assert {path.name for path in (home / "kinds").iterdir()} == {"tree", "file"}


def test_names_that_are_not_utf8_are_reported_as_json(balu: Balu, home: Path, tmp_path: Path) -> None:
    tree = os.fsencode(tmp_path / "tree")
    Path(os.fsdecode(tree + b"/empty\xff")).mkdir(parents=True)
    for name, size in ((b"bad\xfe", 3), (b"large\xfd", 2 << 20), (b"good", 3)):
        Path(os.fsdecode(tree + b"/" + name)).write_bytes(b"x" * size)
    report = parted(balu("put", "tree", "names/", "--json"))
    assert (report["done"], report["failed"]) == (1, 3)
    told = failures(report)
    assert told.keys() == {f"names/tree/{name}\ufffd" for name in ("bad", "large", "empty")}
    assert set(told.values()) == {"The name is not UTF-8."}
    assert seen(home / "names/tree") == {"good": b"xxx"}
    for arguments in (("put", "tree/good", os.fsdecode(b"to\xff")), ("get", os.fsdecode(b"\xff"), "here")):
        done = balu(*arguments)
        assert (done.returncode, "Traceback" in done.stderr, "UTF-8" in done.stderr) == (1, False, True)


def below(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_dir()}
