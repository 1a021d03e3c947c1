"""What one run does: how much, how often, with which bytes, and where."""

import os
import random
from dataclasses import dataclass
from pathlib import Path

MIB = 1 << 20
GIB = 1 << 30
_UNITS = {"KIB": 1 << 10, "MIB": MIB, "GIB": GIB}


def parse_size(text: str) -> int:
    """``1GiB``, ``16MiB`` or plain bytes."""
    number, unit = text.upper(), 1
    for suffix, factor in _UNITS.items():
        if number.endswith(suffix):
            number, unit = number.removesuffix(suffix), factor
    return int(float(number) * unit)


@dataclass(frozen=True, slots=True)
class Plan:
    """The scale of a run. A smoke run is small, compares every byte, and its times mean nothing."""

    root: Path
    size_bytes: int = GIB
    rounds: int = 5
    smoke: bool = False

    @property
    def source(self) -> Path:
        """Random bytes, *size_bytes* long, warm in the page cache."""
        return self.root / "source.bin"

    def scaled(self, full: int, smoke: int) -> int:
        """*full* in a real run, *smoke* in a smoke run."""
        return smoke if self.smoke else full

    def prepare(self) -> None:
        """Make the source file; the same bytes in every run."""
        self.root.mkdir(parents=True, exist_ok=True)
        noise = random.Random(20260101)
        with self.source.open("wb") as out:
            left = self.size_bytes
            while left:
                out.write(block := noise.randbytes(min(MIB, left)))
                left -= len(block)

    def touch_memory(self) -> None:
        """Fill and free as much memory as a workload will need.

        On a virtual machine the first use of a page costs the host 0.25 to 3 s per GiB at random, and whoever
        comes first would pay for it.
        """
        wanted = 2 * self.size_bytes if not self.smoke else 0
        free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        block = bytearray(min(wanted, free // 2))
        del block

    def tidy(self) -> None:
        """Remove what is large. Small files lie until the whole run is over.

        ext4 hands out no inode that was freed within the last minutes and looks at each of them in turn, so
        whoever makes files after others were removed would pay for those, up to three quarters of its time.
        """
        self.source.unlink(missing_ok=True)
