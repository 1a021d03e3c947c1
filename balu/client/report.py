"""What a transfer did: one outcome a file, and somebody who watches."""

import threading
from dataclasses import dataclass, field
from typing import Literal, Protocol

Status = Literal["done", "same", "failed", "skipped"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file; *same*: it was there already, *skipped*: it is none that is sent."""

    path: str
    """Where it is now: remote for uploads, local for downloads."""
    status: Status
    size: int = 0
    blake3: str | None = None
    error: str | None = None


class Watcher(Protocol):
    """Hears how a transfer goes, from several threads."""

    def found(self, files: int, size: int) -> None:
        """So many more files and bytes are to be moved."""

    def moved(self, size: int) -> None:
        """So many more bytes have moved, or turned out to be there; less than 0 when they must go again."""

    def ended(self, outcome: Outcome) -> None:
        """One file is finished."""


class Quiet:
    """Watches nothing."""

    def found(self, files: int, size: int) -> None:
        """Nothing."""

    def moved(self, size: int) -> None:
        """Nothing."""

    def ended(self, outcome: Outcome) -> None:
        """Nothing."""


@dataclass(slots=True)
class Report:
    """Every outcome, in the order they came."""

    outcomes: list[Outcome] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    """Empty folders that were made; what has files in it is made with them."""
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def add(self, outcome: Outcome) -> None:
        """One more."""
        with self._lock:
            self.outcomes.append(outcome)

    def missed(self, path: str, why: str, watcher: Watcher) -> None:
        """One more that failed before anybody counted it."""
        watcher.found(1, 0)
        outcome = Outcome(path, "failed", error=why)
        self.add(outcome)
        watcher.ended(outcome)

    def made(self, folder: str) -> None:
        """One more empty folder."""
        with self._lock:
            self.folders.append(folder)

    def count(self, status: Status) -> int:
        """How many ended that way."""
        return sum(outcome.status == status for outcome in self.outcomes)

    @property
    def failed(self) -> list[Outcome]:
        """Those that did not arrive."""
        return [outcome for outcome in self.outcomes if outcome.status == "failed"]
