"""Windows of sorted directories, from snapshots that outside changes make worthless at once."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from balu_core import Listing, Volume


def names(volume: Volume, path: str = "", **query: Any) -> list[str]:
    return [entry.name for entry in volume.listing(path, **query).entries]


@pytest.fixture
def mixed(volume: Volume, root: Path) -> Volume:
    for place, name in enumerate(["a10.txt", "a2.txt", "A1.md", "b.TXT", "ä.txt", "Zeta"]):
        (root / name).write_bytes(b"x" * (place + 1))
        os.utime(root / name, ns=(1, 10 - place))
    for name in ("dir10", "Dir2"):
        (root / name).mkdir()
    return volume


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param(
            {}, ["Dir2", "dir10", "A1.md", "a2.txt", "a10.txt", "b.TXT", "Zeta", "ä.txt"], id="name"
        ),
        pytest.param(
            {"descending": True},
            ["dir10", "Dir2", "ä.txt", "Zeta", "b.TXT", "a10.txt", "a2.txt", "A1.md"],
            id="name-descending",
        ),
        pytest.param(
            {"sort": "size"},
            ["Dir2", "dir10", "a10.txt", "a2.txt", "A1.md", "b.TXT", "ä.txt", "Zeta"],
            id="size-ties-by-name",
        ),
        pytest.param(
            {"sort": "modified", "contains": "."},
            ["ä.txt", "b.TXT", "A1.md", "a2.txt", "a10.txt"],
            id="modified",
        ),
        pytest.param(
            {"sort": "type", "contains": "a"}, ["Zeta", "A1.md", "a2.txt", "a10.txt"], id="type-then-name"
        ),
        pytest.param({"contains": "TXT", "limit": 2}, ["a2.txt", "a10.txt"], id="contains-ignores-case"),
        pytest.param({"contains": "Ä"}, ["ä.txt"], id="contains-beyond-ascii"),
        pytest.param({"offset": 2, "limit": 2}, ["A1.md", "a2.txt"], id="window"),
        pytest.param({"offset": 7}, ["ä.txt"], id="last"),
        pytest.param({"offset": 8}, [], id="past-the-end"),
        pytest.param({"limit": 0}, [], id="nothing"),
    ],
)
def test_order_and_window(mixed: Volume, query: dict[str, Any], expected: list[str]) -> None:
    for _ in range(2):
        assert names(mixed, **query) == expected
        time.sleep(0.03)


def test_the_total_counts_what_matches_before_the_window(mixed: Volume) -> None:
    assert mixed.listing("", limit=1).total == 8
    assert mixed.listing("", limit=1, contains="txt").total == 4
    assert mixed.listing("", contains="nowhere").total == 0


def test_entries_say_what_stat_says(mixed: Volume, root: Path) -> None:
    (root / "link").symlink_to("b.TXT")
    os.mkfifo(root / "pipe")
    for entry in mixed.listing("").entries:
        stat = (root / entry.name).lstat()
        assert entry.ino == stat.st_ino
        assert entry.mtime_ns == stat.st_mtime_ns
        assert entry.ctime_ns == stat.st_ctime_ns
        assert entry.size == (stat.st_size if entry.kind == "file" else 0)
        assert entry.btime_ns > 0
    assert mixed.stat("link").kind == "symlink"
    assert mixed.stat("pipe").kind == "other"


def test_the_private_folder_is_hidden_at_the_root_only(volume: Volume, root: Path) -> None:
    (root / "home/.balu").mkdir(parents=True)
    assert names(volume) == ["home"]
    assert names(volume, "home") == [".balu"]
    assert volume.measure("") == (0, 2, 0)


def _add(root: Path) -> None:
    (root / "new").touch()


def _remove(root: Path) -> None:
    (root / "b.TXT").unlink()


def _rename(root: Path) -> None:
    (root / "b.TXT").rename(root / "c.TXT")


@pytest.mark.parametrize("change", [_add, _remove, _rename])
@pytest.mark.parametrize("sort", ["name", "size", "modified", "type"])
def test_outside_changes_of_names_show_at_once(
    mixed: Volume, root: Path, change: Callable[[Path], None], sort: str
) -> None:
    time.sleep(0.03)
    before = [mixed.listing("", sort=sort) for _ in range(2)]  # type: ignore[arg-type]
    assert before[0].etag == before[1].etag
    change(root)
    after = mixed.listing("", sort=sort)  # type: ignore[arg-type]
    assert after.etag != before[0].etag
    assert {entry.name for entry in after.entries} == {path.name for path in root.iterdir()} - {".balu"}


def test_changes_within_one_tick_of_the_clock_are_seen(volume: Volume, root: Path) -> None:
    for count in range(200):
        (root / f"f{count}").touch()
        listing = volume.listing("", limit=1)
        assert listing.total == count + 1


def test_rewritten_files_show_their_new_size_in_a_kept_snapshot(mixed: Volume, root: Path) -> None:
    time.sleep(0.03)
    mixed.listing("")
    (root / "b.TXT").write_bytes(b"y" * 1000)
    (entry,) = mixed.listing("", contains="b.TXT").entries
    assert entry.size == 1000


def test_a_file_that_became_a_directory_moves_to_the_front(mixed: Volume, root: Path) -> None:
    time.sleep(0.03)
    mixed.listing("")
    (root / "Zeta").unlink()
    (root / "Zeta").mkdir()
    assert names(mixed)[:3] == ["Dir2", "dir10", "Zeta"]


def test_the_tag_does_not_change_while_the_names_stand_still(mixed: Volume, root: Path) -> None:
    tag = mixed.listing("", limit=1).etag
    (root / "b.TXT").write_bytes(b"rewritten")
    assert mixed.listing("", sort="size", descending=True).etag == tag


def test_unknown_orders_and_negative_windows_are_refused(volume: Volume) -> None:
    with pytest.raises(ValueError, match="sort"):
        volume.listing("", sort="colour")  # type: ignore[arg-type]
    with pytest.raises(OverflowError):
        volume.listing("", offset=-1)


@pytest.fixture
def at_hand(mixed: Volume, root: Path) -> Path:
    """A folder that was listed a moment ago."""
    folder = root / "dir10"
    for name in ("one", "two", "three"):
        (folder / name).write_bytes(b"1")
    (folder / "link").symlink_to("one")
    time.sleep(0.03)
    assert mixed.listing_now("dir10") is None  # nobody has read it
    mixed.listing("dir10")
    return folder


def listing_now(volume: Volume, **window: Any) -> Listing:
    """Of the folder at hand; the kernel may look away for a moment, as when something is mounted."""
    for _ in range(100):
        if (found := volume.listing_now("dir10", **window)) is not None:
            return found
        time.sleep(0.01)
    raise AssertionError(window)


def test_what_is_at_hand_is_what_a_listing_says(mixed: Volume, at_hand: Path) -> None:
    (at_hand / "one").write_bytes(b"rewritten")
    windows: list[dict[str, Any]] = [{}, {"offset": 1, "limit": 2}, {"offset": 9}]
    for window in windows:
        now, listed = listing_now(mixed, **window), mixed.listing("dir10", **window)
        assert (now.total, now.stored_names()) == (listed.total, listed.stored_names())
        shown = [[(e.name, e.kind, e.size, e.ino, e.mtime_ns) for e in one.entries] for one in (now, listed)]
        assert shown[0] == shown[1]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda folder: (folder / "four").touch(), id="added"),
        pytest.param(lambda folder: (folder / "one").unlink(), id="removed"),
        pytest.param(lambda folder: (folder / "one").rename(folder / "x"), id="renamed"),
        pytest.param(lambda folder: folder.rename(folder.with_name("away")), id="moved"),
    ],
)
def test_what_has_changed_is_not_at_hand(
    mixed: Volume, at_hand: Path, change: Callable[[Path], object]
) -> None:
    change(at_hand)
    assert mixed.listing_now("dir10") is None


def test_large_windows_other_orders_and_the_root_are_not_at_hand(mixed: Volume, at_hand: Path) -> None:
    for number in range(70):
        (at_hand / f"more-{number}").touch()
    time.sleep(0.03)
    mixed.listing("dir10")
    assert mixed.listing_now("dir10") is None
    assert len(listing_now(mixed, limit=5)) == 5
    assert mixed.listing_now("dir10", limit=5, sort="size") is None
    assert mixed.listing_now("") is None
    assert mixed.listing_now("missing") is None


def test_errors_are_not_empty_listings(volume: Volume, root: Path) -> None:
    (root / "file").touch()
    with pytest.raises(FileNotFoundError):
        volume.listing("missing")
    with pytest.raises(NotADirectoryError):
        volume.listing("file")


def test_walks_tell_parents_before_children(volume: Volume, root: Path) -> None:
    volume.make_dir("a/b/c", parents=True)
    (root / "a/b/x").write_text("xx")
    walked = [name for name, _ in volume.walk("")]
    assert sorted(walked) == ["a", "a/b", "a/b/c", "a/b/x"]
    assert all(walked.index(name) > walked.index(name.rpartition("/")[0]) for name in walked if "/" in name)
    assert volume.measure("a") == (1, 2, 2)
    assert volume.measure("a/b/x") == (1, 0, 2)
