"""What people see of a transfer: bars while it goes on, a sentence at the end."""

import sys
from types import TracebackType
from typing import Self

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

from balu.client.report import Outcome, Report


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
                f"{outcome.path}: {outcome.error}", style="red", markup=False, highlight=False
            )


def report(found: Report, word: str, *, as_json: bool) -> None:
    """Say what happened: JSON for programs, one sentence for people."""
    done, same, failed = found.count("done"), found.count("same"), found.count("failed")
    if as_json:
        files = [
            {
                "path": one.path,
                "status": one.status,
                "size": one.size,
                "blake3": one.blake3,
                "error": one.error,
            }
            for one in found.outcomes
        ]
        document = {"done": done, "same": same, "failed": failed, "files": files}
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(document)).decode() + "\n")
        return
    parts = [f"{done} {word}"]
    parts += [f"{same} there already"] if same else []
    parts += [f"{failed} failed"] if failed else []
    sys.stderr.write(", ".join(parts) + "\n")
