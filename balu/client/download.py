"""Fetching files: in parallel, going on where an earlier run stopped, every one compared with its hash."""

import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import httpx2
from blake3 import blake3

from balu.client.errors import ClientError, LocalFileError, ServerError, UnreachableError, WrongBytesError
from balu.client.local import BLOCK, PART_SUFFIX, hashed
from balu.client.pool import each
from balu.client.remote import Entry
from balu.client.report import Outcome, Report, Watcher
from balu.client.session import Session, blake3_of, pause, quoted

TRIES = 8


@dataclass(frozen=True, slots=True)
class EmptyFolder:
    """A folder that is to be here, with nothing in it there."""

    target: Path


@dataclass(frozen=True, slots=True)
class Unfetched:
    """What would go to *target*, and why it cannot."""

    target: Path
    why: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """A remote file and the local name it gets."""

    entry: Entry
    target: Path

    @property
    def part(self) -> Path:
        """Where its bytes gather; other contents of the same file gather elsewhere."""
        text = f"{self.target.name}\0{self.entry.etag}".encode("utf-8", "surrogateescape")
        return self.target.with_name(f".{blake3(text).hexdigest()[:24]}{PART_SUFFIX}")


class Download:
    """One run over many files."""

    def __init__(self, session: Session, watcher: Watcher, *, jobs: int) -> None:
        self._session, self._watcher, self._jobs = session, watcher, jobs
        self._report = Report()

    def run(self, wanted: Iterable[Wanted | EmptyFolder | Unfetched]) -> Report:
        """Fetch them all; files fail alone."""
        files: list[Wanted] = []
        for one in wanted:
            if isinstance(one, Wanted):
                files.append(one)
            elif isinstance(one, EmptyFolder):
                self._make(one.target)
            else:
                self._missed(one.target, one.why)
        self._watcher.found(len(files), sum(one.entry.size for one in files))
        each(self._fetch, files, jobs=self._jobs)
        return self._report

    def _make(self, folder: Path) -> None:
        try:
            if not folder.is_dir():
                folder.mkdir(parents=True)
                self._report.made(str(folder))
        except OSError as error:
            self._missed(folder, error.strerror or str(error))

    def _missed(self, target: Path, why: str) -> None:
        self._report.missed(str(target), why, self._watcher)

    def _fetch(self, one: Wanted) -> None:
        try:
            outcome = self._one(one)
        except (ServerError, LocalFileError, WrongBytesError) as error:
            outcome = Outcome(str(one.target), "failed", one.entry.size, error=str(error))
        except OSError as error:
            outcome = Outcome(str(one.target), "failed", one.entry.size, error=error.strerror or str(error))
        self._report.add(outcome)
        self._watcher.ended(outcome)

    def _one(self, one: Wanted) -> Outcome:
        entry, target = one.entry, one.target
        target.parent.mkdir(parents=True, exist_ok=True)
        is_same_size = target.is_file() and not target.is_symlink() and target.stat().st_size == entry.size
        if is_same_size and entry.blake3 is not None and hashed(target) == entry.blake3:
            self._watcher.moved(entry.size)
            return Outcome(str(target), "same", entry.size, entry.blake3)
        for turn in range(TRIES):
            try:
                digest = self._rest(one)
            except httpx2.TransportError as error:
                if turn + 1 == TRIES:
                    raise UnreachableError(f"The connection broke again and again: {error}") from error
                time.sleep(pause(turn))
            else:
                break
        with one.part.open("rb") as file:
            os.fsync(file.fileno())
        stamp = int(entry.modified_at.timestamp() * 1_000_000) * 1000
        os.utime(one.part, ns=(stamp, stamp))
        one.part.replace(target)
        return Outcome(str(target), "done", entry.size, digest)

    def _rest(self, one: Wanted) -> str:
        """Fetch what is missing of the part; returns the BLAKE3 of the whole."""
        digest, have = blake3(), 0
        with one.part.open("ab+", buffering=0) as file:
            file.seek(0)
            while block := file.read(BLOCK):
                digest.update(block)
                have += len(block)
            headers = {"range": f"bytes={have}-", "if-range": one.entry.etag} if have else {}
            told = have
            self._watcher.moved(have)
            try:
                with self._session.stream(f"/api/files/download/{quoted(one.entry.path)}", headers) as answer:
                    if answer.status_code == httpx2.codes.OK and have:  # the file is another one by now
                        file.truncate(0)
                        digest, told = blake3(), 0
                        self._watcher.moved(-have)
                    if answer.status_code != httpx2.codes.RANGE_NOT_SATISFIABLE:
                        for block in answer.iter_bytes(BLOCK):
                            file.write(block)
                            digest.update(block)
                            told += len(block)
                            self._watcher.moved(len(block))
                    announced = blake3_of(answer.headers) or one.entry.blake3
            except BaseException:
                self._watcher.moved(-told)
                raise
        found = digest.hexdigest()
        if announced is not None and announced != found:
            one.part.unlink(missing_ok=True)
            raise WrongBytesError(f"{one.entry.path} did not arrive as it is on the server. Fetch it again.")
        return found


__all__ = ["ClientError", "Download", "Wanted"]
