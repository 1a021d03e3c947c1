"""What people see of a transfer: bars while it goes on, a sentence at the end."""

import sys
import threading
import time
from types import TracebackType
from typing import Protocol, Self

import msgspec
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from balu.client.report import Outcome, Report, Watcher

EVERY_S = 0.5


class Bars:
    """Two bars on standard error: bytes and files. A ``Watcher`` and a context manager."""

    def __init__(self, word: str, *, shown: bool) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"), BarColumn(), DownloadColumn(binary_units=True),
            TransferSpeedColumn(), TimeRemainingColumn(), MofNCompleteColumn(),
            console=Console(stderr=True), disable=not shown, transient=True,
        )  # fmt: skip
        self._bytes = self._progress.add_task(word, total=0)
        self._word, self._files, self._done = word, 0, 0

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def found(self, files: int, size: int) -> None:
        """See ``Watcher``."""
        self._files += files
        task = self._progress.tasks[0]
        self._progress.update(self._bytes, total=(task.total or 0) + size)

    def moved(self, size: int) -> None:
        """See ``Watcher``."""
        self._progress.update(self._bytes, advance=size)

    def ended(self, outcome: Outcome) -> None:
        """See ``Watcher``."""
        self._done += 1
        self._progress.update(self._bytes, description=f"{self._word} {self._done}/{self._files}")
        if outcome.status == "failed":
            self._progress.console.print(
                readable(f"{outcome.path}: {outcome.error}"), style="red", markup=False, highlight=False
            )


class Lines:
    """The same for programs: lines of JSON on standard error, the last one with everything in it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._now = {"files": 0, "files_total": 0, "bytes": 0, "bytes_total": 0}
        self._told_at = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._tell()

    def found(self, files: int, size: int) -> None:
        """See ``Watcher``."""
        self._add(files_total=files, bytes_total=size)

    def moved(self, size: int) -> None:
        """See ``Watcher``."""
        self._add(bytes=size)

    def ended(self, outcome: Outcome) -> None:  # noqa: ARG002  what became of it stands in the report
        """See ``Watcher``."""
        self._add(files=1)

    def _add(self, **more: int) -> None:
        with self._lock:
            for name, count in more.items():
                self._now[name] += count
            if time.monotonic() - self._told_at >= EVERY_S:
                self._tell()

    def _tell(self) -> None:
        self._told_at = time.monotonic()
        sys.stderr.write(msgspec.json.encode({"progress": self._now}).decode() + "\n")
        sys.stderr.flush()


class Shown(Watcher, Protocol):
    """A watcher that is a context manager."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def watching(word: str, *, quiet: bool, as_json: bool) -> Shown:
    """How a transfer shows itself: bars for people, lines for programs, or not at all."""
    return Lines() if as_json and not quiet else Bars(word, shown=not quiet)


def report(found: Report, word: str, *, as_json: bool) -> None:
    """Say what happened: JSON for programs, one sentence for people."""
    done, same, failed = found.count("done"), found.count("same"), found.count("failed")
    skipped = found.count("skipped")
    if as_json:
        files = [
            {
                "path": _text(one.path),
                "status": one.status,
                "size": one.size,
                "blake3": one.blake3,
                "error": None if one.error is None else _text(one.error),
            }
            for one in found.outcomes
        ]
        counts = {"done": done, "same": same, "failed": failed, "skipped": skipped}
        document = {**counts, "files": files, "folders": [_text(path) for path in found.folders]}
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(document)).decode() + "\n")
        return
    parts = [f"{done} {word}"]
    parts += [f"{same} there already"] if same else []
    parts += [f"{len(found.folders)} empty folders made"] if found.folders else []
    parts += [f"{skipped} skipped (links and special files)"] if skipped else []
    parts += [f"{failed} failed"] if failed else []
    sys.stderr.write(", ".join(parts) + "\n")


def readable(text: str) -> str:
    """*text* without what a terminal would obey, or could not show."""
    return "".join(char if char.isprintable() else "\ufffd" for char in text)


def _text(path: str) -> str:
    """As Unicode: a local name may hold bytes that are no UTF-8, and JSON has no place for them."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
