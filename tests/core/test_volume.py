"""A volume knows its marker, its room, what its file system can do, and its files' contents."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from blake3 import blake3

from balu_core import Volume, blake3_hex, version


def test_opening_needs_a_directory(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        Volume(str(tmp_path / "missing"))
    assert caught.value.filename == str(tmp_path / "missing")
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError):
        Volume(str(tmp_path / "file"))


def test_registering_makes_a_private_folder_once(root: Path) -> None:
    volume = Volume(str(root))
    assert volume.root == str(root)
    assert volume.volume_id() is None
    assert not volume.online()
    for _ in range(2):
        volume.register("one")
    assert volume.volume_id() == "one"
    assert volume.online()
    private = root / ".balu"
    assert private.stat().st_mode & 0o777 == 0o700
    assert sorted(path.name for path in private.iterdir()) == [
        "index",
        "staging",
        "trash",
        "vaults",
        "versions",
        "volume",
    ]
    with pytest.raises(FileExistsError):
        volume.register("two")
    assert volume.volume_id() == "one"


def test_two_that_register_at_once_agree(root: Path) -> None:
    volumes = [Volume(str(root)) for _ in range(8)]
    together = threading.Barrier(len(volumes))

    def register(volume: Volume) -> None:
        together.wait()
        volume.register("same")

    with ThreadPoolExecutor(len(volumes)) as threads:
        for outcome in [threads.submit(register, volume) for volume in volumes]:
            outcome.result()
    assert {volume.volume_id() for volume in volumes} == {"same"}
    assert [path.name for path in (root / ".balu").iterdir() if path.name.startswith("volume")] == ["volume"]


@pytest.mark.parametrize("bad", ["", "a\nb", "x" * 201])
def test_an_id_is_one_line(root: Path, bad: str) -> None:
    with pytest.raises(OSError, match="Invalid"):
        Volume(str(root)).register(bad)


def test_a_damaged_marker_is_an_error_and_not_an_empty_volume(volume: Volume, root: Path) -> None:
    (root / ".balu/volume").write_text("something else")
    with pytest.raises(OSError, match="Invalid"):
        volume.volume_id()
    with pytest.raises(OSError, match="Invalid"):
        volume.register("new")
    assert not volume.online()


def test_a_replaced_root_is_offline(volume: Volume, root: Path) -> None:
    root.rename(root.with_name("moved"))
    assert not volume.online()
    root.mkdir()
    Volume(str(root)).register(volume.volume_id() or "")
    assert not volume.online()


def test_space_is_what_statvfs_says(volume: Volume, root: Path) -> None:
    stat = os.statvfs(root)
    total, available, inodes, inodes_available = volume.space()
    assert total == stat.f_blocks * stat.f_frsize
    assert abs(available - stat.f_bavail * stat.f_frsize) < 1 << 30
    assert inodes == stat.f_files
    assert 0 <= inodes_available <= inodes


def test_probing_tries_things_out_and_cleans_up(volume: Volume) -> None:
    found = volume.probe()
    assert set(found) == {
        "filesystem",
        "exchange",
        "noreplace",
        "reflink",
        "hard_links",
        "xattr",
        "case_sensitive",
        "name_max",
    }
    assert found["name_max"] == 255
    assert volume.staging() == []


def test_reading_at_any_offset(volume: Volume, root: Path) -> None:
    data = os.urandom(300_000)
    (root / "a").write_bytes(data)
    source = volume.open("a")
    assert source.entry.size == len(data)
    assert source.read(0, len(data)) == data
    assert source.read(299_990, 100) == data[299_990:]
    assert source.read(300_000, 1) == b""
    assert source.read(1 << 40, 1) == b""
    assert source.read(5, 0) == b""
    assert os.pread(source.fileno(), 10, 5) == data[5:15]
    (root / "a").write_bytes(b"short")
    assert source.read(0, 100) == b"short"
    with (root / "a").open("ab") as handle:
        handle.write(data * 2)
    assert source.read(300_000, 10) == data[299_995:] + data[:5]
    source.close()
    source.close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        source.read(0, 1)


def test_only_files_are_opened(volume: Volume, root: Path) -> None:
    (root / "folder").mkdir()
    os.mkfifo(root / "pipe")
    with pytest.raises(IsADirectoryError):
        volume.open("folder")
    with pytest.raises(OSError, match="Invalid"):
        volume.open("pipe")
    with pytest.raises(FileNotFoundError):
        volume.open("missing")


@pytest.mark.parametrize("size", [0, 1, 262_144, 1_000_001])
def test_hashing(volume: Volume, root: Path, size: int) -> None:
    data = os.urandom(size)
    (root / "a").write_bytes(data)
    entry, digest = volume.hash("a")
    assert (entry.size, digest) == (size, blake3(data).hexdigest())
    assert blake3_hex(data) == digest


def test_a_closed_volume_says_so(volume: Volume) -> None:
    volume.close()
    volume.close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        volume.stat("")


def test_the_root_is_an_entry_without_a_name(volume: Volume, root: Path) -> None:
    entry = volume.stat("")
    assert (entry.name, entry.kind, entry.ino) == ("", "directory", root.stat().st_ino)
    assert version()
