"""Uploads: any size, any rhythm, one hash; errors are final and nothing is left behind."""

import errno
import hashlib
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from blake3 import blake3

from balu_core import Sink, Volume, blake3_hex

ID = "5" * 32
MIB = 1 << 20


def feed(sink: Sink, data: bytes, piece: int) -> None:
    for start in range(0, len(data), piece):
        if not sink.push(data[start : start + piece]):
            sink.drain()


def threads() -> int:
    return sum(
        1 for task in Path("/proc/self/task").iterdir() if (task / "comm").read_text().startswith("balu-sink")
    )


def wait_until_no_thread() -> None:
    deadline = time.monotonic() + 5
    while threads() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert threads() == 0


@pytest.mark.parametrize("declared", [True, False], ids=["declared", "unknown"])
@pytest.mark.parametrize("piece", [65_536, 100_003, 3 * MIB])
@pytest.mark.parametrize("size", [0, 1, 4095, 4096, MIB - 1, MIB, 16 * MIB, 17 * MIB + 3])
def test_what_goes_in_is_hashed_and_stored(
    volume: Volume, root: Path, size: int, piece: int, declared: bool
) -> None:
    data = os.urandom(size)
    sink = volume.stage(ID, size=size if declared else None)
    feed(sink, data, piece)
    entry, digest = sink.finish()
    assert digest == blake3(data).hexdigest() == blake3_hex(data)
    assert entry.size == sink.received == size
    assert sink.sha256() is None
    assert (root / ".balu/staging" / ID).read_bytes() == data


@pytest.mark.parametrize("declared", [0, 1, 5 * MIB, 40 * MIB])
def test_a_wrong_declaration_is_only_a_hint(volume: Volume, root: Path, declared: int) -> None:
    data = os.urandom(17 * MIB + 5)
    sink = volume.stage(ID, size=declared)
    feed(sink, data, 65_536)
    assert sink.finish()[0].size == len(data)
    assert (root / ".balu/staging" / ID).read_bytes() == data


def test_sha256_when_asked_for(volume: Volume) -> None:
    data = os.urandom(3 * MIB + 1)
    sink = volume.stage(ID, sha256=True)
    assert sink.sha256() is None
    feed(sink, data, 65_536)
    assert sink.finish()[1] == blake3(data).hexdigest()
    assert sink.sha256() == hashlib.sha256(data).hexdigest()


def test_an_id_is_staged_once(volume: Volume) -> None:
    sink = volume.stage(ID)
    with pytest.raises(FileExistsError):
        volume.stage(ID)
    sink.abandon()
    volume.stage(ID).abandon()


def test_small_files_start_no_thread(volume: Volume) -> None:
    wait_until_no_thread()
    sink = volume.stage(ID)
    feed(sink, bytes(MIB - 1), 10_000)
    assert threads() == 0
    sink.finish()
    assert threads() == 0


def test_a_large_file_has_one_thread_that_ends(volume: Volume) -> None:
    wait_until_no_thread()
    sink = volume.stage(ID)
    feed(sink, bytes(8 * MIB), 100_000)
    assert threads() == 1
    sink.finish()
    wait_until_no_thread()


def test_a_thread_that_has_nothing_to_do_ends_and_another_goes_on(volume: Volume) -> None:
    data = os.urandom(9 * MIB)
    sink = volume.stage(ID, size=len(data))
    feed(sink, data[: 5 * MIB], 100_000)
    wait_until_no_thread()
    feed(sink, data[5 * MIB :], 100_000)
    assert sink.finish()[1] == blake3(data).hexdigest()


@pytest.mark.parametrize("how", ["abandon", "drop"])
def test_an_upload_that_ends_early_frees_its_thread(volume: Volume, how: str) -> None:
    sink = volume.stage(ID, size=64 * MIB)
    feed(sink, bytes(20 * MIB), MIB)
    if how == "abandon":
        sink.abandon()
        assert volume.staged(ID) is None
    else:
        del sink
        assert volume.discard(ID)
    wait_until_no_thread()


def test_abandoning_spares_what_is_published_and_what_took_the_id(volume: Volume, root: Path) -> None:
    sink = volume.stage(ID)
    sink.push(b"mine")
    sink.finish()
    volume.publish(ID, "a")
    (root / ".balu/staging" / ID).write_text("somebody else's")
    sink.abandon()
    sink.abandon()
    assert (root / "a").read_text() == "mine"
    assert volume.staged(ID) is not None


def test_after_the_end_nothing_is_taken(volume: Volume) -> None:
    sink = volume.stage(ID)
    sink.finish()
    for verb in (lambda: sink.push(b"x"), sink.finish):
        with pytest.raises(OSError) as caught:  # noqa: PT011 - errno is looked at
            verb()
        assert caught.value.errno == errno.EBADF


def test_push_does_not_wait_and_the_queue_asks_for_a_pause(volume: Volume) -> None:
    sink = volume.stage(ID)
    pauses = sum(not sink.push(bytes(MIB)) for _ in range(64))
    assert pauses > 0
    sink.drain()
    assert sink.finish()[0].size == 64 * MIB


def test_memory_stays_flat_for_any_size(volume: Volume) -> None:
    def resident() -> int:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")

    piece = bytes(65_536)
    sink = volume.stage(ID, size=256 * MIB)
    feed(sink, piece * 100, 65_536)
    before = resident()
    for _ in range(3996):
        if not sink.push(piece):
            sink.drain()
    assert resident() - before < 8 * MIB
    sink.finish()


def test_other_threads_run_while_a_sink_works(volume: Volume) -> None:
    ticks = 0
    done = threading.Event()

    def tick() -> None:
        nonlocal ticks
        while not done.is_set():
            ticks += 1
            time.sleep(0.001)

    ticker = threading.Thread(target=tick)
    ticker.start()
    sink = volume.stage(ID)
    feed(sink, bytes(64 * MIB), MIB)
    sink.finish()
    done.set()
    ticker.join()
    assert ticks > 3


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Volume]:
    """A volume on a file system of 8 MiB."""
    path = tmp_path / "small"
    path.mkdir()
    mount = shutil.which("mount")
    if mount is None or os.geteuid() != 0:
        pytest.skip("mounting needs root")
    command = [mount, "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(path)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("mounting is not allowed here")
    volume = Volume(str(path))
    volume.register("small")
    yield volume
    volume.close()
    subprocess.run(["umount", "--lazy", str(path)], check=True)


def test_a_full_disk_is_told_before_the_first_byte_when_the_size_is_known(small_disk: Volume) -> None:
    with pytest.raises(OSError) as caught:  # noqa: PT011 - errno is looked at
        small_disk.stage(ID, size=64 * MIB)
    assert caught.value.errno == errno.ENOSPC
    assert small_disk.staging() == []
    small_disk.stage(ID, size=MIB).abandon()


def test_a_full_disk_ends_an_upload_of_unknown_size_for_good(small_disk: Volume) -> None:
    sink = small_disk.stage(ID)
    with pytest.raises(OSError) as caught:  # noqa: PT011 - errno is looked at
        feed(sink, bytes(64 * MIB), MIB)
    assert caught.value.errno == errno.ENOSPC
    for verb in (lambda: sink.push(b"x"), sink.drain, sink.finish):
        with pytest.raises(OSError) as caught:  # noqa: PT011 - errno is looked at
            verb()
        assert caught.value.errno == errno.ENOSPC
    sink.abandon()
    assert small_disk.staging() == []
    again = small_disk.stage(ID)
    feed(again, bytes(4 * MIB), MIB)
    assert again.finish()[0].size == 4 * MIB


def test_a_small_file_on_a_full_disk_fails_at_the_end(small_disk: Volume) -> None:
    filler = small_disk.stage("6" * 32)
    feed(filler, bytes(7 * MIB + 900_000), 65_536)
    filler.finish()
    sink = small_disk.stage(ID)
    sink.push(bytes(900_000))
    with pytest.raises(OSError) as caught:  # noqa: PT011 - errno is looked at
        sink.finish()
    assert caught.value.errno == errno.ENOSPC
    sink.abandon()
    assert small_disk.staged(ID) is None
