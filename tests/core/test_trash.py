"""Every delete is one rename that can be undone until it is purged."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from balu_core import Entry, Volume

Stage = Callable[[str, bytes], Entry]

ID = "f" * 32


@pytest.fixture
def tree(volume: Volume, root: Path) -> Path:
    volume.make_dir("tree/sub", parents=True)
    (root / "tree/a").write_text("aaa")
    (root / "tree/sub/b").write_text("bb")
    return root / "tree"


def test_a_deleted_tree_is_out_of_sight_and_remembers_where_it_was(
    volume: Volume, root: Path, tree: Path
) -> None:
    entry = volume.trash("tree", ID, origin=b'{"path":"tree"}')
    assert (entry.name, entry.kind) == ("tree", "directory")
    assert not tree.exists()
    assert volume.listing("").total == 0
    trashed = volume.trashed(ID)
    assert trashed is not None
    assert trashed.ino == entry.ino
    assert (root / ".balu/trash" / ID / "origin.json").read_bytes() == b'{"path":"tree"}'


def test_restoring_brings_it_back_and_clears_the_trash(volume: Volume, root: Path, tree: Path) -> None:
    volume.trash("tree", ID, origin=b"{}")
    assert volume.restore(ID, "elsewhere").name == "elsewhere"
    assert (root / "elsewhere/sub/b").read_text() == "bb"
    assert volume.trashed(ID) is None
    assert list((root / ".balu/trash").iterdir()) == []
    with pytest.raises(FileNotFoundError):
        volume.restore(ID, "again")


def test_restoring_never_replaces(volume: Volume, root: Path, tree: Path) -> None:
    volume.trash("tree", ID, origin=b"{}")
    (root / "tree").mkdir()
    with pytest.raises(FileExistsError):
        volume.restore(ID, "tree")
    assert volume.trashed(ID) is not None
    assert list(tree.iterdir()) == []


def test_purging_frees_the_bytes_once(volume: Volume, root: Path, tree: Path) -> None:
    volume.trash("tree", ID, origin=b"{}")
    assert volume.purge(ID) == 5
    assert volume.purge(ID) == 0
    assert volume.trashed(ID) is None
    assert list((root / ".balu/trash").iterdir()) == []


def test_bytes_with_another_name_are_not_counted_as_freed(volume: Volume, root: Path, tree: Path) -> None:
    os.link(tree / "a", root / "other")
    volume.trash("tree", ID, origin=b"{}")
    assert volume.purge(ID) == 2
    assert (root / "other").read_text() == "aaa"


def test_an_id_holds_one_thing(volume: Volume, root: Path, tree: Path) -> None:
    (root / "x").touch()
    volume.trash("tree", ID, origin=b"{}")
    with pytest.raises(FileExistsError):
        volume.trash("x", ID, origin=b"other")
    assert (root / "x").exists()
    assert (root / ".balu/trash" / ID / "origin.json").read_bytes() == b"{}"


def test_nothing_is_left_when_there_is_nothing_to_delete(volume: Volume, root: Path) -> None:
    with pytest.raises(FileNotFoundError):
        volume.trash("missing", ID, origin=b"{}")
    assert list((root / ".balu/trash").iterdir()) == []


@pytest.mark.parametrize("verb", ["trash", "move", "publish"])
def test_the_root_itself_cannot_be_meant(volume: Volume, stage: Stage, verb: str) -> None:
    stage(ID, b"x")
    verbs: dict[str, Callable[[], object]] = {
        "trash": lambda: volume.trash("", ID, origin=b"{}"),
        "move": lambda: volume.move("", "x"),
        "publish": lambda: volume.publish(ID, ""),
    }
    with pytest.raises(ValueError, match="root"):
        verbs[verb]()


def test_moving_never_replaces(volume: Volume, root: Path, tree: Path) -> None:
    (root / "x").write_text("x")
    with pytest.raises(FileExistsError):
        volume.move("x", "tree/a")
    assert volume.move("x", "tree/sub/x").name == "x"
    assert (tree / "sub/x").read_text() == "x"
    assert volume.move("tree/sub/x", "tree/sub/X").name == "X"


def test_a_directory_cannot_move_into_itself(volume: Volume, tree: Path) -> None:
    with pytest.raises(OSError, match="Invalid argument"):
        volume.move("tree", "tree/sub/tree")
    assert (tree / "a").exists()


def test_two_links_to_one_file_are_two_names(volume: Volume, root: Path) -> None:
    (root / "a").write_text("x")
    os.link(root / "a", root / "A")
    with pytest.raises(FileExistsError):
        volume.move("a", "A")
    assert sorted(path.name for path in root.iterdir()) == [".balu", "A", "a"]


def test_making_directories(volume: Volume, root: Path) -> None:
    assert volume.make_dir("a").kind == "directory"
    with pytest.raises(FileExistsError):
        volume.make_dir("a")
    with pytest.raises(FileNotFoundError):
        volume.make_dir("x/y")
    assert volume.make_dir("a", parents=True).name == "a"
    (root / "file").touch()
    with pytest.raises(FileExistsError):
        volume.make_dir("file", parents=True)
    with pytest.raises(NotADirectoryError):
        volume.make_dir("file/x", parents=True)
