"""Nothing outside the volume can be named, reached, changed or removed through it."""

import errno
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from balu_core import Entry, Volume

Stage = Callable[[str, bytes], Entry]

VERBS: list[Callable[[Volume, str], object]] = [
    lambda volume, path: volume.stat(path),
    lambda volume, path: volume.open(path),
    lambda volume, path: volume.hash(path),
    lambda volume, path: volume.listing(path),
    lambda volume, path: volume.make_dir(path),
    lambda volume, path: volume.make_dir(path, parents=True),
    lambda volume, path: volume.move(path, "elsewhere"),
    lambda volume, path: volume.move("home", path),
    lambda volume, path: volume.copy(path, "1" * 32),
    lambda volume, path: volume.measure(path),
    lambda volume, path: volume.walk(path),
    lambda volume, path: volume.publish("0" * 32, path),
    lambda volume, path: volume.trash(path, "2" * 32, origin=b"{}"),
    lambda volume, path: volume.restore("3" * 32, path),
]


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    path = tmp_path / "outside"
    path.mkdir()
    (path / "secret").write_text("secret")
    return path


@pytest.fixture
def prepared(volume: Volume, stage: Stage, root: Path) -> Volume:
    volume.make_dir("home")
    (root / "home/gone").write_text("gone")
    volume.trash("home/gone", "3" * 32, origin=b"{}")
    stage("0" * 32, b"staged")
    return volume


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/etc/passwd", id="absolute"),
        pytest.param("..", id="up"),
        pytest.param("home/../../outside/secret", id="up-from-within"),
        pytest.param("home/./x", id="dot"),
        pytest.param("home//x", id="empty-component"),
        pytest.param("home/", id="trailing-slash"),
        pytest.param("home/a\0b", id="nul"),
        pytest.param("home/" + "x" * 256, id="too-long"),
        pytest.param("home/" + "ä" * 128, id="too-long-in-bytes"),
        pytest.param(".balu", id="private"),
        pytest.param(".balu/volume", id="in-private"),
        pytest.param(".BALU/volume", id="private-in-capitals"),
        pytest.param(".ba\u200dlu/volume", id="private-with-a-joiner"),
    ],
)
def test_impossible_names_are_value_errors(
    prepared: Volume, verb: Callable[[Volume, str], object], path: str
) -> None:
    before = prepared.walk("")
    with pytest.raises(ValueError):  # noqa: PT011 - every rule has its own words
        verb(prepared, path)
    assert [name for name, _ in prepared.walk("")] == [name for name, _ in before]


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("path", [pytest.param("link/secret", id="middle"), pytest.param("up/x", id="up")])
def test_a_link_on_the_way_is_refused(
    prepared: Volume, root: Path, outside: Path, verb: Callable[[Volume, str], object], path: str
) -> None:
    (root / "link").symlink_to(outside)
    (root / "up").symlink_to("..")
    with pytest.raises(OSError) as caught:  # noqa: PT011 - errno is looked at
        verb(prepared, path)
    assert caught.value.errno == errno.ELOOP
    assert [path.name for path in outside.iterdir()] == ["secret"]


def test_a_link_at_the_end_is_shown_and_never_followed(volume: Volume, root: Path, outside: Path) -> None:
    (root / "link").symlink_to(outside / "secret")
    assert volume.stat("link").kind == "symlink"
    assert volume.stat("link").size == 0
    for verb in (volume.open, volume.hash, volume.listing, volume.walk):
        with pytest.raises(OSError) as caught:  # noqa: PT011 - errno is looked at
            verb("link")
        assert caught.value.errno in {errno.ELOOP, errno.ENOTDIR}


def test_links_inside_the_volume_are_refused_as_well(volume: Volume, root: Path) -> None:
    volume.make_dir("private")
    (root / "alias").symlink_to("private")
    (root / "hole").symlink_to(".balu")
    for path in ("alias/x", "hole/volume"):
        with pytest.raises(OSError) as caught:  # noqa: PT011 - errno is looked at
            volume.stat(path)
        assert caught.value.errno == errno.ELOOP


def test_publishing_over_a_link_replaces_nothing(
    volume: Volume, root: Path, outside: Path, stage: Stage
) -> None:
    (root / "link").symlink_to(outside / "secret")
    stage("0" * 32, b"new")
    with pytest.raises(FileExistsError):
        volume.publish("0" * 32, "link")
    with pytest.raises(OSError) as caught:  # noqa: PT011 - errno is looked at
        volume.publish("0" * 32, "link", replaces=volume.stat("link"))
    assert caught.value.errno == errno.ESTALE
    assert (outside / "secret").read_text() == "secret"


def test_a_link_in_the_trash_is_removed_and_its_target_stays(
    volume: Volume, root: Path, outside: Path
) -> None:
    volume.make_dir("folder")
    (root / "folder/link").symlink_to(outside)
    (root / "folder/file").symlink_to(outside / "secret")
    volume.trash("folder", "a" * 32, origin=b"{}")
    assert volume.purge("a" * 32) == 0
    assert (outside / "secret").read_text() == "secret"


def test_walks_sums_and_copies_do_not_enter_links(volume: Volume, root: Path, outside: Path) -> None:
    volume.make_dir("folder")
    (root / "folder/link").symlink_to(outside)
    (root / "folder/real").write_text("real")
    assert {name: entry.kind for name, entry in volume.walk("folder")} == {"link": "symlink", "real": "file"}
    assert volume.measure("folder") == (1, 0, 4)
    assert volume.copy("folder", "b" * 32) == (1, 4)
    volume.publish("b" * 32, "copied")
    assert [path.name for path in (root / "copied").iterdir()] == ["real"]


@pytest.mark.parametrize("bad", ["", "a/b", "..", ".", "a" * 65, "ü", "a b", "x\0"])
def test_ids_are_plain_names(volume: Volume, bad: str) -> None:
    verbs: list[Callable[[], object]] = [
        lambda: volume.stage(bad),
        lambda: volume.staged(bad),
        lambda: volume.discard(bad),
        lambda: volume.publish(bad, "x"),
        lambda: volume.copy("x", bad),
        lambda: volume.trashed(bad),
        lambda: volume.purge(bad),
        lambda: volume.restore(bad, "x"),
    ]
    for verb in verbs:
        with pytest.raises(ValueError):  # noqa: PT011 - one rule, one class
            verb()


@pytest.fixture
def mounted(volume: Volume, root: Path) -> Iterator[Path]:
    """Another file system inside the volume."""
    volume.make_dir("mounted")
    path = root / "mounted"
    mount = shutil.which("mount")
    if mount is None or os.geteuid() != 0:
        pytest.skip("mounting needs root")
    done = subprocess.run(
        [mount, "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(path)], capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip("mounting is not allowed here")
    yield path
    subprocess.run(["umount", str(path)], check=True)


def test_other_mounts_are_not_entered(volume: Volume, mounted: Path) -> None:
    (mounted / "theirs").write_text("theirs")
    for verb in (volume.stat, volume.open, volume.hash):
        with pytest.raises(OSError) as caught:  # noqa: PT011 - errno is looked at
            verb("mounted/theirs")
        assert caught.value.errno == errno.EXDEV
    with pytest.raises(OSError) as caught:  # noqa: PT011 - errno is looked at
        volume.listing("mounted")
    assert caught.value.errno == errno.EXDEV
    assert [name for name, _ in volume.walk("")] == ["mounted"]
    with pytest.raises(OSError, match="cross-device"):
        volume.make_dir("mounted/new")
    assert [path.name for path in mounted.iterdir()] == ["theirs"]


def test_names_that_are_not_utf8_survive_the_way_there_and_back(volume: Volume, root: Path) -> None:
    raw = b"caf\xe9.txt"
    (root / os.fsdecode(raw)).write_bytes(b"x")
    (entry,) = volume.listing("").entries
    assert os.fsencode(entry.name) == raw
    assert volume.stat(entry.name).size == 1
    with pytest.raises(FileNotFoundError) as caught:
        volume.stat(os.fsdecode(b"\xff"))
    assert os.fsencode(caught.value.filename) == b"\xff"


def test_trees_deeper_than_a_path_may_be_long_are_reached(volume: Volume) -> None:
    depth, name = 40, "n" * 200
    path = "/".join([name] * depth)
    assert volume.make_dir(path, parents=True).kind == "directory"
    assert volume.stat(path).name == name
    assert volume.measure(name) == (0, depth - 1, 0)
    assert volume.copy(name, "d" * 32) == (0, 0)
    assert volume.discard("d" * 32)
    volume.trash(name, "e" * 32, origin=b"{}")
    assert volume.purge("e" * 32) == 0
    assert volume.listing("").total == 0
