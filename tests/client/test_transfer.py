import json
import os
import random
from pathlib import Path
from typing import Any

import pytest

from balu.client import Client, ServerError
from balu.client.download import Wanted
from tests.client.conftest import command_in


def some_tree(folder: Path) -> dict[str, bytes]:
    """Small and large files, an empty one, odd names; returned by path."""
    dice = random.Random(7)
    tree = {f"small/{n % 4}/{n}.bin": dice.randbytes(n * 37) for n in range(120)}
    tree |= {"empty": b"", "ümlaut/ß %20 +.txt": b"odd", "large.bin": dice.randbytes(5 << 20)}
    for path, content in tree.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
        os.utime(folder / path, ns=(0, 1_600_000_000_123_456_000))
    (folder / "link").symlink_to("empty")
    return tree


def seen(folder: Path) -> dict[str, bytes]:
    paths = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def test_a_folder_goes_up_and_comes_back_the_same(client: Client, home: Path, tmp_path: Path) -> None:
    source = tmp_path / "tree"
    tree = some_tree(source)
    report = client.put([source], "round/")
    assert report.failed == []
    assert report.count("done") == len(tree)
    assert seen(home / "round/tree") == tree
    assert (home / "round/tree/large.bin").stat().st_mtime_ns == 1_600_000_000_123_456_000
    back = client.get(["round/tree"], tmp_path / "back")
    assert back.failed == []
    assert seen(tmp_path / "back/tree") == tree
    assert (tmp_path / "back/tree/large.bin").stat().st_mtime_ns == 1_600_000_000_123_456_000
    assert all(outcome.blake3 for outcome in back.outcomes)


def test_what_is_there_does_not_travel_again(client: Client, tmp_path: Path) -> None:
    source = tmp_path / "tree"
    tree = some_tree(source)
    client.put([source], "again/")
    (source / "small/0/4.bin").write_bytes(b"changed")
    up = client.put([source], "again/")
    assert (up.count("same"), up.count("done")) == (len(tree) - 1, 1)
    client.get(["again/tree"], tmp_path / "back")
    (tmp_path / "back/tree/large.bin").write_bytes(b"spoilt")
    down = client.get(["again/tree"], tmp_path / "back")
    assert (down.count("same"), down.count("done")) == (len(tree) - 1, 1)
    assert seen(tmp_path / "back/tree") == tree | {"small/0/4.bin": b"changed"}


def test_a_download_goes_on_where_it_stopped(client: Client, tmp_path: Path) -> None:
    content = random.Random(3).randbytes(3 << 20)
    (tmp_path / "file").write_bytes(content)
    client.put([tmp_path / "file"], "resumed.bin")
    (entry,) = [entry for entry in client.list("") if entry.name == "resumed.bin"]
    target = tmp_path / "here.bin"
    part = Wanted(entry, target).part
    part.write_bytes(content[: 2 << 20])
    moved: list[int] = []

    class Watcher:
        def found(self, files: int, size: int) -> None: ...

        def moved(self, size: int) -> None:
            moved.append(size)

        def ended(self, outcome: Any) -> None: ...

    assert client.get(["resumed.bin"], target, watcher=Watcher()).count("done") == 1
    assert target.read_bytes() == content
    assert moved[0] == 2 << 20
    assert sum(moved) == len(content)
    assert not part.exists()


def test_a_part_with_wrong_bytes_is_found_out(client: Client, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"right" * 1000)
    client.put([tmp_path / "file"], "checked.bin")
    (entry,) = [entry for entry in client.list("") if entry.name == "checked.bin"]
    target = tmp_path / "here.bin"
    Wanted(entry, target).part.write_bytes(b"wrong")
    report = client.get(["checked.bin"], target)
    assert "did not arrive" in (report.failed[0].error or "")
    assert not target.exists()
    assert client.get(["checked.bin"], target).count("done") == 1


def test_files_fail_alone(client: Client, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_bytes(name.encode())
    client.put([tmp_path / "a"], "alone/")
    (tmp_path / "a").write_bytes(b"other")
    report = client.put([tmp_path / "a", tmp_path / "b"], "alone/", on_conflict="fail")
    assert [outcome.path for outcome in report.failed] == ["alone/a"]
    assert report.count("done") == 1


def test_what_is_missing_is_said_before_anything_moves(client: Client, tmp_path: Path) -> None:
    with pytest.raises(ServerError) as refused:
        client.get(["nowhere"], tmp_path)
    assert refused.value.status == 404
    assert list(tmp_path.iterdir()) == []


def test_the_command_line_sends_fetches_and_lists(balu: Any, tmp_path: Path) -> None:
    tree = some_tree(tmp_path / "tree")
    sent = balu("put", "tree", "cli/", "--json")
    assert sent.returncode == 0, sent.stderr
    assert json.loads(sent.stdout)["done"] == len(tree)
    shown = balu("ls", "cli/tree")
    assert "large.bin" in shown.stdout
    assert "small/" in shown.stdout
    listed = json.loads(balu("ls", "cli/tree", "--json").stdout)
    assert {entry["name"] for entry in listed} == {"small", "empty", "ümlaut", "large.bin"}
    fetched = balu("get", "cli/tree", "back")
    assert fetched.returncode == 0
    assert f"{len(tree)} fetched" in fetched.stderr
    assert seen(tmp_path / "back/tree") == tree


def test_exit_codes_tell_what_went_wrong(balu: Any, tmp_path: Path) -> None:
    assert balu("get", "nowhere", ".").returncode == 1
    assert balu("put", "missing", ".").returncode == 1
    assert balu("put").returncode == 2
    other = tmp_path / "nobody"
    other.mkdir()
    answer = command_in(other, tmp_path)("ls")
    assert answer.returncode == 5
    assert "balu login" in answer.stderr


def test_credentials_are_for_their_owner_only(signed_in: Path) -> None:
    path = signed_in / ".config/balu/credentials.json"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert "Quiet-Harbour" not in path.read_text()
