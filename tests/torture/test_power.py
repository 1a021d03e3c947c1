"""Power cuts with lost writes, database on the same disk: nothing acknowledged is lost or half there.

The counter-proof runs the same on a Balu that forgets to sync its files, and has to find it out.
"""

import os
import random
import subprocess
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest

from balu.kernel.testing import Databases
from tests.storage.conftest import ALL
from tests.torture.harness import power
from tests.torture.harness.mounts import small_disk
from tests.torture.harness.native import TARGET, build_native
from tests.torture.harness.tiers import LONG, start_value
from tests.torture.harness.warm import Warm, warm

IMAGES = int(os.environ.get("TORTURE_IMAGES", "5000" if LONG else "200"))
CONTROL_IMAGES = 30
LOAD_S = 20.0 if LONG else 6.0
FILESYSTEMS: list[Any] = ["ext4"]
if LONG:
    FILESYSTEMS += [pytest.param(name, marks=pytest.mark.needs(name)) for name in ("xfs", "btrfs")]
POWER = "tests.torture.harness.power"

pytestmark = [pytest.mark.torture, pytest.mark.needs("root", "loop", "fuse")]


@dataclass(frozen=True)
class Recording:
    """A load that was recorded."""

    filesystem: str
    place: Path
    """Where its disk was mounted, and where images of it have to be."""
    log: Path
    acks: Path
    began: int
    """Size of the log before the load, and after it."""
    ended: int


def record(folder: Path, filesystem: str, one: Warm, databases: Databases, **environ: str) -> Recording:
    with power.recorded(folder, filesystem) as (place, log):
        data, acks = place / "data", folder / "acks"
        data.mkdir()
        databases.sqlite(data / "balu.db")
        os.sync()
        began = log.stat().st_size
        done = one.must(
            f"{POWER}:load",
            {name: value.format(data=data) for name, value in environ.items()},
            folder=str(data), log=str(log), acks=str(acks), seconds=LOAD_S, seed=start_value(),
        )  # fmt: skip
        ended = log.stat().st_size
    print(f"{filesystem}: {done} acknowledged requests, {(ended - began) >> 20} MiB written")
    return Recording(filesystem, place, log, acks, began, ended)


def violations(recording: Recording, count: int, folder: Path) -> list[list[str]]:
    """What is wrong in each of *count* images."""
    rng = random.Random(start_value())
    images = power.Images(recording.log, power.SIZE[recording.filesystem])
    during = [
        number for number, item in enumerate(images.records) if recording.began <= item.end <= recording.ended
    ]
    cuts = sorted(rng.choice(during) for _ in range(count))
    # btrfs takes two images of one file system for one file system on two disks.
    workers = 1 if recording.filesystem == "btrfs" else min(4, os.cpu_count() or 1)
    with ExitStack() as stack:
        warms: SimpleQueue[Warm] = SimpleQueue()
        for _ in range(workers):
            warms.put(stack.enter_context(warm(POWER, own_mounts=True)))
        pool = stack.enter_context(ThreadPoolExecutor(workers))

        def wrong(cut: int, image: Path) -> list[str]:
            one = warms.get()
            try:
                outcome = one.call(
                    f"{POWER}:check", filesystem=recording.filesystem, image=str(image),
                    place=str(recording.place),
                    folder=str(recording.place / "data"), acks=str(recording.acks),
                    cut=images.records[cut].end,
                )  # fmt: skip
            finally:
                warms.put(one)
                image.unlink()
            if outcome.signal:
                return [f"ended by signal {outcome.signal}"]
            return [outcome.error] if outcome.error else list(outcome.result)

        waiting: list[Future[list[str]]] = []
        for number, cut in enumerate(cuts):
            if len(waiting) >= 2 * workers:
                waiting[-2 * workers].result()  # images wait in memory
            image = folder / f"{number}.img"
            images.write(cut, image, rng)
            waiting.append(pool.submit(wrong, cut, image))
        return [one.result() for one in waiting]


@pytest.fixture(scope="module")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Databases:
    return Databases(tmp_path_factory.mktemp("templates"), None, ALL)


@pytest.mark.parametrize("filesystem", FILESYSTEMS)
def test_nothing_acknowledged_is_lost_in_a_power_cut(
    filesystem: str, tmp_path: Path, databases: Databases
) -> None:
    with warm(POWER) as one:
        recording = record(tmp_path, filesystem, one, databases)
    with small_disk(tmp_path / "images", "4g") as folder:
        found = violations(recording, IMAGES, folder)
    bad = [wrong for wrong in found if wrong]
    print(f"{filesystem}: {len(found)} images, {len(bad)} with violations")
    assert bad == []


@pytest.mark.needs("cargo", "cc")
def test_a_balu_that_forgets_to_sync_is_found_out(tmp_path: Path, databases: Databases) -> None:
    library = TARGET / "shim.so"
    source = Path(power.__file__).with_name("shim.c")
    native = build_native()
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-Wall", "-o", library, source, "-ldl"], check=True)
    with warm(POWER, native=native, preload=library) as one:
        broken = record(tmp_path, "ext4", one, databases, SHIM_BELOW="{data}/volumes/")
    with small_disk(tmp_path / "images", "4g") as folder:
        found = violations(broken, CONTROL_IMAGES, folder)
    bad = [wrong for wrong in found if wrong]
    print(f"without syncing: {len(found)} images, {len(bad)} with violations")
    lost = [wrong for wrong in bad if any(" instead of " in line for line in wrong)]
    print(f"of these {len(lost)} with bytes that were lost")
    assert len(lost) > CONTROL_IMAGES / 2
