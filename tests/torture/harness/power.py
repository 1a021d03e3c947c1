"""Power cuts: a disk that records what reaches it, and images of what a cut at some moment leaves.

``load`` and ``check`` run in children of a warm process; the rest runs in the test.
"""

import asyncio
import json
import mmap
import os
import random
import struct
import subprocess
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from blake3 import blake3

from balu.kernel.env import open_env
from balu.kernel.testing import make_config
from tests.storage.conftest import ALL, add_people
from tests.torture.harness.audit import Seen
from tests.torture.harness.mounts import mount, unmount
from tests.torture.harness.steps import Client, opened, prime, settled

__all__ = ["Images", "check", "load", "prime", "recorded"]

HEAD = struct.Struct("<cQQ")
SECTOR = 512
TASKS = 4
SIZES = (0, 1, 4096, 20_000, 150_000)
MAKE = {
    "ext4": ["mkfs.ext4", "-q", "-E", "lazy_itable_init=0"],
    "xfs": ["mkfs.xfs", "-q"],
    "btrfs": ["mkfs.btrfs", "-q"],
}
MIB = 1 << 20
SIZE = {"ext4": 192 * MIB, "xfs": 320 * MIB, "btrfs": 512 * MIB}


@contextmanager
def recorded(folder: Path, filesystem: str) -> Generator[tuple[Path, Path], None, None]:
    """A mounted, empty *filesystem*, and the log of everything that reaches its disk."""
    disk, log, place = folder / "disk", folder / "disk.log", folder / "mnt"
    disk.touch()
    place.mkdir()
    recorder = Path(__file__).with_name("recorder.py")
    line = ["nbdfuse", disk, "--command", "nbdkit", "-s", "python", recorder, f"log={log}"]
    served = subprocess.Popen([*map(str, line), f"size={SIZE[filesystem]}"])
    device = ""
    try:
        while not disk.stat().st_size:
            assert served.poll() is None, "nbdfuse ended"
            time.sleep(0.02)
        found = subprocess.run(
            ["losetup", "--find", "--show", disk], check=True, capture_output=True, text=True
        )
        device = found.stdout.strip()
        subprocess.run([*MAKE[filesystem], device], check=True, capture_output=True)
        mount(device, place)
        yield place, log
    finally:
        if place.is_mount():
            unmount(place)
        if device:
            subprocess.run(["losetup", "-d", device], check=False)
        subprocess.run(["fusermount3", "-u", str(disk)], check=False)
        served.wait(30)


@dataclass(frozen=True)
class Record:
    kind: bytes
    offset: int
    start: int
    """Where its bytes lie in the log."""
    length: int
    end: int
    """Size of the log with it."""


def records(log: mmap.mmap) -> Iterator[Record]:
    at = 0
    while at + HEAD.size <= len(log):
        kind, offset, length = HEAD.unpack_from(log, at)
        start = at + HEAD.size
        at = start + length
        yield Record(kind, offset, start, length, at)


class Images:
    """Crash images of one log, made in the order of their cuts."""

    def __init__(self, log: Path, size: int) -> None:
        with log.open("rb") as file:
            self._log = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self.records = list(records(self._log))
        self._durable = bytearray(size)
        self._applied = 0

    def write(self, cut: int, image: Path, rng: random.Random) -> None:
        """What the disk may hold when the power fails right after record number *cut*.

        All up to the last flush; of what came after it each write by chance, some of them cut short.
        """
        last = max((n for n in range(self._applied, cut + 1) if self.records[n].kind == b"S"), default=None)
        if last is not None:
            for record in self.records[self._applied : last + 1]:
                self._durable[record.offset : record.offset + record.length] = self._bytes(record)
            self._applied = last + 1
        with image.open("wb") as file:
            _write_sparse(file.fileno(), self._durable)
            for record in self.records[self._applied : cut + 1]:
                keep = record.length
                if record.kind != b"F":
                    keep = rng.choice([0, record.length, rng.randrange(0, record.length + 1, SECTOR)])
                os.pwrite(file.fileno(), self._bytes(record)[:keep], record.offset)

    def _bytes(self, record: Record) -> bytes:
        return self._log[record.start : record.start + record.length]


def _write_sparse(fd: int, data: bytearray) -> None:
    block, zeros = MIB, bytes(MIB)
    os.truncate(fd, len(data))
    for at in range(0, len(data), block):
        if (piece := data[at : at + block]) != zeros[: len(piece)]:
            os.pwrite(fd, piece, at)


@dataclass(frozen=True)
class Acknowledged:
    """One write to a path: sizes of the disk's log before the request and after its answer."""

    path: str
    value: str | None
    begun: int
    ended: int | None


def allowed(acks: list[Acknowledged], cut: int) -> dict[str, set[str | None]]:
    """What each path may hold after a cut when the log had *cut* bytes."""
    may: dict[str, set[str | None]] = {}
    for ack in acks:  # in the order of their beginning; a path has one writer
        if ack.begun > cut:
            may.setdefault(ack.path, {None})
        elif ack.ended is not None and ack.ended <= cut:
            may[ack.path] = {ack.value}
        else:
            may.setdefault(ack.path, {None}).add(ack.value)
    return may


def load(folder: str, log: str, acks: str, seconds: float, seed: int) -> int:
    """Write, replace, move and delete for some time; every acknowledgement goes to *acks*."""

    async def work() -> int:
        place, ends = Path(folder), time.monotonic() + seconds
        async with open_env(make_config(place, ALL), ALL) as env:
            await add_people(env)
        async with opened(place) as (_, client):
            workers = [
                _Worker(client, Path(log), file, number, random.Random(seed + number)).work(ends)
                for number in range(TASKS)
            ]
            return sum(await asyncio.gather(*workers))

    with Path(acks).open("w") as file:
        return asyncio.run(work())


class _Worker:
    def __init__(self, client: Client, log: Path, acks: Any, number: int, rng: random.Random) -> None:
        self._client, self._log, self._acks, self._rng = client, log, acks, rng
        self._folder = f"w{number}"
        self._names: dict[str, str] = {}
        self._made = 0

    async def work(self, ends: float) -> int:
        done = 0
        while time.monotonic() < ends:
            verbs = [self._put, self._put, self._batch]
            await self._rng.choice([*verbs, self._move, self._delete] if self._names else verbs)()
            done += 1
        return done

    def _at(self) -> int:
        return self._log.stat().st_size

    def _note(self, changes: dict[str, str | None], begun: int, ended: int | None) -> None:
        for name, value in changes.items():
            path = f"anna/{self._folder}/{name}"
            print(json.dumps([path, value, begun, ended]), file=self._acks, flush=True)
            if ended is not None and value is None:
                self._names.pop(name, None)
            elif ended is not None and value is not None:
                self._names[name] = value

    def _name(self) -> str:
        if self._names and self._rng.random() < 0.3:
            return self._rng.choice(sorted(self._names))
        self._made += 1
        return f"f{self._made}"

    async def _do(self, changes: dict[str, str | None], method: str, path: str, **how: Any) -> None:
        begun = self._at()
        answer = await self._client.request(method, path, **how)
        assert answer.is_success, answer.text
        self._note(changes, begun, self._at())

    async def _put(self) -> None:
        name, data = self._name(), self._rng.randbytes(self._rng.choice(SIZES))
        where = f"/api/files/content/{self._folder}/{name}?parents=1"
        await self._do({name: blake3(data).hexdigest()}, "PUT", where, content=data)

    async def _batch(self) -> None:
        files = {self._name(): self._rng.randbytes(self._rng.choice(SIZES)) for _ in range(5)}
        listed = [{"path": f"{self._folder}/{name}", "size": len(data)} for name, data in files.items()]
        body = json.dumps(listed).encode() + b"\n" + b"".join(files.values())
        changes: dict[str, str | None] = {name: blake3(data).hexdigest() for name, data in files.items()}
        headers = {"content-type": "application/vnd.balu.batch"}
        await self._do(changes, "POST", "/api/uploads/batch", content=body, headers=headers)

    async def _move(self) -> None:
        old = self._rng.choice(sorted(self._names))
        self._made += 1
        body = {"source_path": f"{self._folder}/{old}", "target_path": f"{self._folder}/f{self._made}"}
        changes = {old: None, f"f{self._made}": self._names[old]}
        await self._do(changes, "PUT", "/api/files/move", json=body)

    async def _delete(self) -> None:
        gone = self._rng.choice(sorted(self._names))
        await self._do({gone: None}, "DELETE", f"/api/files/{self._folder}/{gone}")


def check(filesystem: str, image: str, place: str, folder: str, acks: str, cut: int) -> list[str]:
    """Recover what a cut left on *image*, mounted at *place*, and compare it with what was acknowledged."""

    async def work() -> Seen:
        async with opened(Path(folder), timedelta(hours=2)) as (env, _):
            return await settled(env)

    try:
        mount("-o", "loop,nouuid" if filesystem == "xfs" else "loop", image, place)
    except subprocess.CalledProcessError as error:
        return [f"cannot be mounted: {error.stderr!r}"]
    try:
        seen = asyncio.run(work())
    finally:
        unmount(Path(place))
    wrong = list(seen.wrong)
    lines = Path(acks).read_text().splitlines()
    told = sorted((Acknowledged(*json.loads(line)) for line in lines), key=lambda ack: ack.begun)
    for path, values in allowed(told, cut).items():
        if seen.files.get(path) not in values:
            wrong.append(f"{path} is {seen.files.get(path)} instead of {values}")
    return wrong
