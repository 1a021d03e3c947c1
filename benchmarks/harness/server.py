"""What the harness asks of a server under test."""

import os
import shutil
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from balu.kernel.testing import free_port
from benchmarks.harness.accounting import Group
from benchmarks.harness.client import Connection, Request, WrongAnswerError

USER = "bench"
PASSWORD = "Quiet-Harbour-71"
_START_WITHIN_S = 180.0


class Server(ABC):
    """One server: how to start it, and how it spells the requests of the workloads.

    A request it has no word for is None, and the workload leaves that server out. Every request but `health`
    is authenticated.
    """

    name: ClassVar[str]
    note: ClassVar[str] = ""
    """What its upload promises, for the report."""
    stores: ClassVar[bool] = True
    """Whether what was uploaded can be had again."""
    only_uploads: ClassVar[bool] = False
    """Whether other work would only repeat what a sibling shows."""

    def __init__(self, root: Path) -> None:
        self.root = root / self.name
        self.port = free_port()
        self._group: Group | None = None

    @property
    def files(self) -> Path:
        """The directory on disk that the server's ``/`` shows."""
        return self.root / "files"

    @property
    def group(self) -> Group:
        """The running processes."""
        if self._group is None:
            message = f"{self.name} is not running"
            raise WrongAnswerError(message)
        return self._group

    def prepare(self) -> None:
        """Fresh directories, configuration and account; nothing of it is measured."""
        shutil.rmtree(self.root, ignore_errors=True)
        self.files.mkdir(parents=True)

    def start(self) -> float:
        """Start and return the seconds until the first good answer."""
        began = time.perf_counter()
        environment = {"PYTHONDONTWRITEBYTECODE": "", **self.environment()}
        self._group = Group(self.name, self.command(), env=environment, log=self.root / "log")
        while time.perf_counter() - began < _START_WITHIN_S and self._group.running():
            if self._answers():
                elapsed = time.perf_counter() - began
                self.ready()
                return elapsed
            time.sleep(0.002)
        words = self._group.last_words()
        self.stop()
        message = f"{self.name} did not start: {words}"
        raise WrongAnswerError(message)

    def _answers(self) -> bool:
        try:
            with Connection(self.port) as connection:
                return connection.ask(self.probe()).status < 300
        except (ConnectionError, WrongAnswerError):
            return False

    def stop(self) -> None:
        """End all processes."""
        if self._group is not None:
            self._group.stop()
            self._group = None

    def ready(self) -> None:  # noqa: B027 - most have nothing to do
        """Called once after the first answer, to sign in."""

    def place(self, source: Path, name: str) -> None:
        """Put a file into the server by the cheapest way after which it serves it as its own."""
        os.link(source, self.files / name)

    def folder(self, name: str) -> Path:
        """Make a folder below ``/``, on disk."""
        path = self.files / name
        path.mkdir(parents=True, exist_ok=True)
        return path

    def refresh(self) -> None:  # noqa: B027 - most look at the disk every time
        """Called after files appeared or went on disk behind the server's back."""

    def environment(self) -> Mapping[str, str]:
        """Variables added to our own."""
        return {}

    @abstractmethod
    def command(self) -> Sequence[str]:
        """The command line."""

    @abstractmethod
    def version(self) -> str:
        """What exactly was measured."""

    def headers(self) -> tuple[tuple[str, str], ...]:
        """Credentials."""
        return ()

    def probe(self) -> Request:
        """Answered below 300 once the server is up."""
        return self.health() or self.download("")

    def health(self) -> Request | None:
        """The cheapest question it answers."""
        return None

    def upload(self, name: str) -> Request:
        """Store the body as a new file."""
        return Request("PUT", f"/{name}", self.headers())

    def download(self, name: str) -> Request:
        """Fetch a file."""
        return Request("GET", f"/{name}", self.headers())

    def listing(self, folder: str) -> Request | None:
        """All entries of a folder with size and time."""
        return Request("GET", f"/{folder}/", self.headers())

    def window(self, folder: str, offset: int, limit: int) -> Request | None:  # noqa: ARG002
        """Some rows of a big folder."""
        return None


def ranged(request: Request, start: int, count: int) -> Request:
    """*request* for a span of the file only."""
    span = ("Range", f"bytes={start}-{start + count - 1}")
    return Request(request.method, request.target, (*request.headers, span))
