"""Staged bytes get a name whole or not at all, and what held the name before becomes a version."""

import errno
import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from balu_core import Entry, StaleTargetError, Volume

Stage = Callable[[str, bytes], Entry]

ID = "0" * 32


def test_a_new_name_shows_the_bytes_and_leaves_nothing_staged(
    volume: Volume, root: Path, stage: Stage
) -> None:
    staged = stage(ID, b"hello")
    published = volume.publish(ID, "a.txt", mtime_ns=1_600_000_000_123_456_789)
    assert (root / "a.txt").read_bytes() == b"hello"
    assert published.displaced is None
    assert published.entry.name == "a.txt"
    assert published.entry.ino == staged.ino
    assert (root / "a.txt").stat().st_mtime_ns == published.entry.mtime_ns == 1_600_000_000_123_456_789
    assert volume.staged(ID) is None
    assert volume.staging() == []


def test_times_before_the_epoch_are_kept(volume: Volume, root: Path, stage: Stage) -> None:
    stage(ID, b"old")
    assert volume.publish(ID, "a", mtime_ns=-1).entry.mtime_ns == -1
    assert (root / "a").stat().st_mtime_ns == -1


def test_a_taken_name_is_refused_and_the_staged_bytes_stay(volume: Volume, root: Path, stage: Stage) -> None:
    (root / "a").write_text("theirs")
    stage(ID, b"ours")
    with pytest.raises(FileExistsError) as caught:
        volume.publish(ID, "a")
    assert caught.value.filename == "a"
    assert (root / "a").read_text() == "theirs"
    assert volume.staged(ID) is not None


@pytest.mark.parametrize("target", ["missing/a", "file/a"])
def test_a_missing_parent_is_refused(volume: Volume, root: Path, stage: Stage, target: str) -> None:
    (root / "file").touch()
    stage(ID, b"x")
    with pytest.raises((FileNotFoundError, NotADirectoryError)):
        volume.publish(ID, target)
    assert volume.staged(ID) is not None


def test_what_was_never_staged_cannot_be_published(volume: Volume) -> None:
    with pytest.raises(FileNotFoundError):
        volume.publish(ID, "a")


def test_replacing_leaves_the_old_inode_as_a_version(volume: Volume, root: Path, stage: Stage) -> None:
    (root / "a").write_text("first")
    base = volume.stat("a")
    stage(ID, b"second")
    published = volume.publish(ID, "a", replaces=base, version=(7, 1))
    assert (root / "a").read_text() == "second"
    assert published.displaced is not None
    assert (published.displaced.ino, published.displaced.name) == (base.ino, "a")
    former = volume.open_version(7, 1)
    assert former.entry.ino == base.ino
    assert former.read(0, 100) == b"first"
    assert volume.staging() == []
    assert volume.drop_version(7, 1) == 5
    assert volume.drop_version(7, 1) == 0
    with pytest.raises(FileNotFoundError):
        volume.open_version(7, 1)
    assert list((root / ".balu/versions").iterdir()) == []


def test_a_process_with_the_old_file_open_keeps_writing_into_the_version(
    volume: Volume, root: Path, stage: Stage
) -> None:
    (root / "a").write_text("first")
    with (root / "a").open("a") as handle:
        stage(ID, b"second")
        volume.publish(ID, "a", replaces=volume.stat("a"), version=(7, 1))
        handle.write(" and more")
    assert (root / "a").read_text() == "second"
    assert volume.open_version(7, 1).read(0, 100) == b"first and more"


def test_without_a_version_the_old_inode_goes(volume: Volume, root: Path, stage: Stage) -> None:
    (root / "a").write_text("first")
    stage(ID, b"second")
    published = volume.publish(ID, "a", replaces=volume.stat("a"))
    assert published.displaced is not None
    assert (root / "a").read_text() == "second"
    assert volume.staging() == []
    assert list((root / ".balu/versions").iterdir()) == []


def _rewrite(path: Path) -> None:
    path.write_text("other")


def _touch(path: Path) -> None:
    os.utime(path, ns=(1, 1))


def _swap(path: Path) -> None:
    path.rename(path.with_name("kept"))
    path.write_text("first")


def _make_directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _make_link(path: Path) -> None:
    path.rename(path.with_name("kept"))
    path.symlink_to("kept")


@pytest.mark.parametrize("change", [_rewrite, _touch, _swap, Path.unlink, _make_directory, _make_link])
def test_a_name_that_holds_something_else_by_now_is_stale(
    volume: Volume, root: Path, stage: Stage, change: Callable[[Path], None]
) -> None:
    (root / "a").write_text("first")
    os.utime(root / "a", ns=(5, 5))
    base = volume.stat("a")
    change(root / "a")
    seen = sorted((name, entry.ino) for name, entry in volume.walk(""))
    stage(ID, b"ours")
    with pytest.raises(StaleTargetError) as caught:
        volume.publish(ID, "a", replaces=base, version=(7, 1))
    assert caught.value.errno == errno.ESTALE
    assert caught.value.filename == "a"
    assert isinstance(caught.value, OSError)
    assert sorted((name, entry.ino) for name, entry in volume.walk("")) == seen
    assert volume.staged(ID) is not None


def test_an_existing_version_is_never_replaced(volume: Volume, root: Path, stage: Stage) -> None:
    (root / "a").write_text("first")
    stage(ID, b"second")
    volume.publish(ID, "a", replaces=volume.stat("a"), version=(7, 1))
    stage(ID, b"third")
    with pytest.raises(FileExistsError):
        volume.publish(ID, "a", replaces=volume.stat("a"), version=(7, 1))
    assert (root / "a").read_text() == "second"
    assert volume.open_version(7, 1).read(0, 10) == b"first"


def test_mode_and_user_attributes_follow_the_old_file(volume: Volume, root: Path, stage: Stage) -> None:
    path = root / "a"
    path.write_text("first")
    path.chmod(0o4750)
    os.setxattr(path, "user.tag", b"blue")
    stage(ID, b"second")
    volume.publish(ID, "a", replaces=volume.stat("a"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o750
    assert os.getxattr(path, "user.tag") == b"blue"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_owner_follows_the_old_file(volume: Volume, root: Path, stage: Stage) -> None:
    (root / "a").write_text("first")
    os.chown(root / "a", 1234, 2345)
    stage(ID, b"second")
    volume.publish(ID, "a", replaces=volume.stat("a"))
    now = (root / "a").stat()
    assert (now.st_uid, now.st_gid) == (1234, 2345)


def test_a_new_file_gets_what_the_kernel_would_have_given_it(
    volume: Volume, root: Path, stage: Stage
) -> None:
    stage(ID, b"x")
    volume.publish(ID, "plain")
    (root / "made").touch()
    assert (root / "plain").stat().st_mode == (root / "made").stat().st_mode


@pytest.mark.skipif(os.geteuid() != 0, reason="needs a group of somebody else")
def test_a_setgid_directory_hands_its_group_down(volume: Volume, root: Path, stage: Stage) -> None:
    (root / "shared").mkdir()
    os.chown(root / "shared", -1, 2345)
    (root / "shared").chmod(0o2775)
    stage(ID, b"x")
    volume.publish(ID, "shared/a")
    assert (root / "shared/a").stat().st_gid == 2345


def test_a_default_access_list_is_applied_as_the_kernel_does(
    volume: Volume, root: Path, stage: Stage
) -> None:
    def entry(tag: int, permissions: int, who: int = 0xFFFFFFFF) -> bytes:
        return tag.to_bytes(2, "little") + permissions.to_bytes(2, "little") + who.to_bytes(4, "little")

    entries = [entry(1, 7), entry(2, 7, 1234), entry(4, 5), entry(0x10, 7), entry(0x20, 5)]
    (root / "shared").mkdir()
    try:
        os.setxattr(
            root / "shared", "system.posix_acl_default", (2).to_bytes(4, "little") + b"".join(entries)
        )
    except OSError as error:
        pytest.skip(f"no access lists here: {error}")
    (root / "shared/made").touch()
    stage(ID, b"x")
    volume.publish(ID, "shared/published")
    name = "system.posix_acl_access"
    assert os.getxattr(root / "shared/published", name) == os.getxattr(root / "shared/made", name)
    assert (root / "shared/published").stat().st_mode == (root / "shared/made").stat().st_mode


def test_a_staged_tree_appears_whole(volume: Volume, root: Path) -> None:
    volume.make_dir("tree/sub/empty", parents=True)
    (root / "tree/a").write_text("a")
    (root / "tree/sub/b").write_text("bb")
    (root / "tree/sub/b").chmod(0o640)
    os.utime(root / "tree/sub/b", ns=(7, 7))
    assert volume.copy("tree", ID) == (2, 3)
    assert volume.publish(ID, "twin").entry.kind == "directory"
    assert [(name, entry.size) for name, entry in sorted(volume.walk("twin"), key=lambda item: item[0])] == [
        ("a", 1),
        ("sub", 0),
        ("sub/b", 2),
        ("sub/empty", 0),
    ]
    made = (root / "twin/sub/b").stat()
    assert (stat.S_IMODE(made.st_mode), made.st_mtime_ns) == (0o640, 7)


def test_a_copied_file_has_its_own_bytes(volume: Volume, root: Path) -> None:
    data = os.urandom(3 << 20)
    (root / "a").write_bytes(data)
    assert volume.copy("a", ID) == (1, len(data))
    volume.publish(ID, "b")
    (root / "a").write_text("changed")
    assert (root / "b").read_bytes() == data


def test_a_copy_that_fails_leaves_nothing(volume: Volume) -> None:
    with pytest.raises(FileNotFoundError):
        volume.copy("missing", ID)
    assert volume.staged(ID) is None


def test_settling_finds_out_whether_the_name_was_given(volume: Volume, root: Path, stage: Stage) -> None:
    ino = stage(ID, b"new").ino
    assert volume.settle(ID, "a", staged_ino=ino, version=None) is False
    assert volume.settle(ID, "missing/a", staged_ino=ino, version=None) is False
    assert volume.staged(ID) is not None
    volume.publish(ID, "a")
    assert volume.settle(ID, "a", staged_ino=ino, version=None) is True
    (root / "a").unlink()
    assert volume.settle(ID, "a", staged_ino=ino, version=None) is False


def test_settling_keeps_the_old_inode_of_a_swap_that_was_cut_short(
    volume: Volume, root: Path, stage: Stage
) -> None:
    (root / "a").write_text("first")
    old = volume.stat("a")
    ino = stage(ID, b"second").ino
    (root / "a").rename(root / "b")  # the state right after the exchange, made by hand
    (root / ".balu/staging" / ID).rename(root / "a")
    (root / "b").rename(root / ".balu/staging" / ID)
    for _ in range(2):
        assert volume.settle(ID, "a", staged_ino=ino, version=(7, 1)) is True
        assert (root / "a").read_text() == "second"
        assert volume.open_version(7, 1).entry.ino == old.ino
        assert volume.staged(ID) is None


def test_an_outside_writer_that_wins_the_race_loses_nothing(volume: Volume, root: Path, stage: Stage) -> None:
    """Both replace one name as fast as they can: what was acknowledged to us is shown or a version."""
    rounds, ours, done = 300, set(), threading.Event()
    (root / "a").write_text("outside 0")

    def write_outside() -> None:
        count = 0
        while not done.is_set():
            count += 1
            (root / "next").write_text(f"outside {count}")
            (root / "next").rename(root / "a")

    writer = threading.Thread(target=write_outside)
    writer.start()
    stale = 0
    try:
        for number in range(rounds):
            staging_id = f"{number:032x}"
            staged = stage(staging_id, f"ours {number}".encode())
            try:
                published = volume.publish(staging_id, "a", replaces=volume.stat("a"), version=(1, number))
            except StaleTargetError:
                stale += 1
                left = volume.staged(staging_id)
                assert left is not None
                assert left.ino == staged.ino or left.size > 0
            else:
                assert published.displaced is not None
                ours.add(published.displaced.ino)
                kept = volume.open_version(1, number)
                assert kept.entry.ino == published.displaced.ino
                assert kept.read(0, 100).startswith((b"outside ", b"ours "))
            assert (root / "a").read_text().startswith(("outside ", "ours "))
    finally:
        done.set()
        writer.join()
    assert stale + len(ours) == rounds
