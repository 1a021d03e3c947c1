"""A disk in memory for nbdkit that writes down every write and flush; ``power`` makes crash images of it.

Runs inside nbdkit's Python. A record is its kind (``W``, ``F`` for a write that is durable by itself,
``S`` for a flush), offset and length as two u64, and the bytes.
"""

import struct
from pathlib import Path
from typing import Any

import nbdkit  # type: ignore[import-not-found]

API_VERSION = 2
HEAD = struct.Struct("<cQQ")


class Disk:
    """What there is of it."""

    data = bytearray()
    log: Any = None


def config(key: str, value: str) -> None:
    if key == "size":
        Disk.data = bytearray(int(value))
    elif key == "log":
        Disk.log = Path(value).open("wb", buffering=0)  # noqa: SIM115  until nbdkit ends


def thread_model() -> int:
    return int(nbdkit.THREAD_MODEL_SERIALIZE_ALL_REQUESTS)


def open(_readonly: bool) -> int:  # noqa: A001  nbdkit wants this name
    return 1


def get_size(_handle: int) -> int:
    return len(Disk.data)


def can_flush(_handle: int) -> bool:
    return True


def can_fua(_handle: int) -> int:
    return int(nbdkit.FUA_NATIVE)


def can_trim(_handle: int) -> bool:
    return False


def can_zero(_handle: int) -> bool:
    return False


def pread(_handle: int, buffer: bytearray, offset: int, _flags: int) -> None:
    buffer[:] = Disk.data[offset : offset + len(buffer)]


def pwrite(_handle: int, buffer: bytes, offset: int, flags: int) -> None:
    Disk.data[offset : offset + len(buffer)] = buffer
    kind = b"F" if flags & nbdkit.FLAG_FUA else b"W"
    Disk.log.write(HEAD.pack(kind, offset, len(buffer)) + bytes(buffer))


def flush(_handle: int, _flags: int) -> None:
    Disk.log.write(HEAD.pack(b"S", 0, 0))
