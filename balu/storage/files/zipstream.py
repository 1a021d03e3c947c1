"""ZIP without compression, written as a stream (APPNOTE 6.3.10): sizes follow the contents.

Every entry has the ZIP64 fields, so that no size has to be known before. What is kept of an entry until
the end is its line of the directory, about a hundred bytes; beyond 1 MiB they wait in a temporary file.
"""

import struct
import tempfile
import zlib
from collections.abc import Iterable, Iterator

FLAGS = 0x0808
"""Sizes follow the contents; names are UTF-8."""
NEEDS = 45
UNIX = 3 << 8
MAX32, MAX16 = 0xFFFFFFFF, 0xFFFF
YEAR_ZERO = 1980
_LOCAL = struct.Struct("<IHHHHHIIIHH")
_DESCRIPTOR = struct.Struct("<IIQQ")
_CENTRAL = struct.Struct("<IHHHHHHIIIHHHHHII")
_END64 = struct.Struct("<IQHHIIQQQQ")
_LOCATOR = struct.Struct("<IIQI")
_END = struct.Struct("<IHHHHIIH")


class ZipStream:
    """One archive; the pieces that come out of its methods, in order, are the file."""

    def __init__(self) -> None:
        self._lines = tempfile.SpooledTemporaryFile(max_size=1 << 20)  # noqa: SIM115  closed by ``end``
        self._count = self._offset = 0

    def file(self, name: str, when: tuple[int, ...], blocks: Iterable[bytes]) -> Iterator[bytes]:
        """An entry; *when* is local time as year, month, day, hour, minute, second."""
        yield from self._entry(name, when, blocks, 0o100644)

    def folder(self, name: str, when: tuple[int, ...]) -> Iterator[bytes]:
        """An entry for a folder."""
        yield from self._entry(f"{name}/", when, (), 0o040755)

    def end(self) -> Iterator[bytes]:
        """The directory of the archive."""
        start, size = self._offset, self._lines.tell()
        self._lines.seek(0)
        while block := self._lines.read(1 << 20):
            yield block
        self.close()
        end64 = start + size
        yield _END64.pack(0x06064B50, 44, NEEDS, NEEDS, 0, 0, self._count, self._count, size, start)
        yield _LOCATOR.pack(0x07064B50, 0, end64, 1)
        yield _END.pack(0x06054B50, 0, 0, MAX16, MAX16, MAX32, MAX32, 0)

    def close(self) -> None:
        """Give up."""
        self._lines.close()

    def _entry(self, name: str, when: tuple[int, ...], blocks: Iterable[bytes], mode: int) -> Iterator[bytes]:
        raw, (date, clock), start = name.encode(), _dos(when), self._offset
        extra = struct.pack("<HHQQ", 1, 16, 0, 0)
        head = _LOCAL.pack(0x04034B50, NEEDS, FLAGS, 0, clock, date, 0, MAX32, MAX32, len(raw), len(extra))
        yield head + raw + extra
        crc = size = 0
        for block in blocks:
            crc, size = zlib.crc32(block, crc), size + len(block)
            yield block
        yield _DESCRIPTOR.pack(0x08074B50, crc, size, size)
        self._offset += len(head) + len(raw) + len(extra) + size + _DESCRIPTOR.size
        self._count += 1
        extra = struct.pack("<HHQQQ", 1, 24, size, size, start)
        line = _CENTRAL.pack(
            0x02014B50, UNIX | NEEDS, NEEDS, FLAGS, 0, clock, date, crc, MAX32, MAX32, len(raw), len(extra),
            0, 0, 0, mode << 16, MAX32,
        )  # fmt: skip
        self._lines.write(line + raw + extra)


def _dos(when: tuple[int, ...]) -> tuple[int, int]:
    """Date and time as DOS has them: from 1980 to 2107, in steps of two seconds."""
    year, month, day, hour, minute, second = when[:6]
    if year < YEAR_ZERO:
        year, month, day, hour, minute, second = YEAR_ZERO, 1, 1, 0, 0, 0
    year = min(year, YEAR_ZERO + 127)
    return (year - YEAR_ZERO) << 9 | month << 5 | day, hour << 11 | minute << 5 | second // 2
