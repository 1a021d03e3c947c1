"""Sending files: small ones many at a time, larger ones each by itself, nothing that is there already."""

import secrets
import threading
from collections.abc import Generator, Iterable

import msgspec
from blake3 import blake3

from balu.client.errors import ClientError, ServerError
from balu.client.local import Found, LeftOut, LocalFile, LocalFolder, hashed, whole
from balu.client.pool import each
from balu.client.remote import Entry, is_utf8, listed, made
from balu.client.report import Outcome, Report, Watcher
from balu.client.session import Session
from balu.client.transport import Transport, transport_for

SMALL = 1 << 20
BATCH_FILES = 500
BATCH_BYTES = 24 << 20
MEDIA_TYPE = "application/vnd.balu.batch"


class Upload:
    """One run over many files."""

    def __init__(self, session: Session, watcher: Watcher, *, on_conflict: str, jobs: int) -> None:
        self._session, self._watcher = session, watcher
        self._on_conflict, self._jobs = on_conflict, jobs
        self._report = Report()
        self._folders: dict[str, dict[str, Entry]] = {}
        self._lock = threading.Lock()
        self._transport: Transport | None = None

    def run(self, found: Iterable[Found]) -> Report:
        """Send them all; files fail alone.

        Raises:
            NotSignedInError, UnreachableError: nothing more can be done.
        """
        files: list[LocalFile] = []
        folders: list[str] = []
        for one in found:
            if isinstance(one, LeftOut) and not one.failed:
                self._report.add(Outcome(one.remote, "skipped"))
            elif isinstance(one, LeftOut):
                self._missed(one.remote, one.why)
            elif not is_utf8(one.remote):
                self._missed(one.remote, "The name is not UTF-8.")
            elif isinstance(one, LocalFolder):
                folders.append(one.remote)
            else:
                files.append(one)
        self._watcher.found(len(files), sum(file.size for file in files))
        each(self._send, _grouped(files), jobs=self._jobs)
        each(self._make, folders, jobs=self._jobs)
        return self._report

    def _make(self, folder: str) -> None:
        try:
            entry = self._entry(folder)
            if (entry is None or entry.type != "directory") and made(self._session, folder):
                self._report.made(folder)
        except ServerError as error:
            self._missed(folder, error.detail)

    def _missed(self, remote: str, why: str) -> None:
        self._report.missed(remote, why, self._watcher)

    def _send(self, files: list[LocalFile]) -> None:
        if len(files) == 1 and files[0].size > SMALL:
            self._send_large(files[0])
        else:
            self._send_small(files)

    def _send_large(self, file: LocalFile) -> None:
        told = 0

        def moved(size: int) -> None:
            nonlocal told
            told += size
            self._watcher.moved(size)

        try:
            digest = hashed(file.source)
            file.check_unchanged()
            if self._is_there(file, digest):
                moved(file.size - told)
                self._end(file, "same", digest)
                return
            path = self._way().send(file, digest, self._on_conflict, moved)
            file.check_unchanged()
        except ClientError as error:
            self._fail(file, error)
            moved(file.size - told)
        else:
            self._end(file, "done", digest, path)

    def _send_small(self, files: list[LocalFile]) -> None:
        line, contents, sent = [], [], []
        for file in files:
            try:
                content = whole(file)
                digest = blake3(content).hexdigest()
                if self._is_there(file, digest):
                    self._watcher.moved(file.size)
                    self._end(file, "same", digest)
                    continue
            except ClientError as error:
                self._fail(file, error)
                continue
            line.append(
                {
                    "path": file.remote, "size": file.size, "mtime": msgspec.Raw(_ms(file.mtime_ns)),
                    "blake3": digest, "on_conflict": self._on_conflict,
                }
            )  # fmt: skip
            contents.append(content)
            sent.append((file, digest))
        if not sent:
            return
        headers = {"content-type": MEDIA_TYPE, "idempotency-key": secrets.token_hex(16)}
        body = msgspec.json.encode(line) + b"\n" + b"".join(contents)
        try:
            answer = self._session.request("POST", "/api/uploads/batch", body=body, headers=headers)
        except ServerError as error:
            for file, _ in sent:
                self._fail(file, error)
            return
        for (file, digest), item in zip(sent, answer.json(), strict=True):
            self._watcher.moved(file.size)
            if "problem" in item:
                detail = item["problem"]["detail"]
                self._fail(file, ClientError(detail if isinstance(detail, str) else detail[0]["msg"]))
            else:
                self._end(file, "done", digest, item["path"])

    def _is_there(self, file: LocalFile, digest: str) -> bool:
        """Whether the server has these bytes under this name; what an earlier run sent is not sent again."""
        entry = self._entry(file.remote)
        return entry is not None and (entry.size, entry.blake3) == (file.size, digest)

    def _entry(self, remote: str) -> Entry | None:
        """What had this name when its folder was first looked at."""
        folder, _, name = remote.rpartition("/")
        with self._lock:
            known = self._folders.get(folder)
        if known is None:
            try:
                known = {entry.name: entry for entry in listed(self._session, folder)}
            except ServerError as error:
                if error.status not in {400, 404, 409}:
                    raise
                known = {}
            with self._lock:
                self._folders[folder] = known
        return known.get(name)

    def _way(self) -> Transport:
        with self._lock:
            if self._transport is None:
                self._transport = transport_for(self._session)
            return self._transport

    def _end(self, file: LocalFile, status: str, digest: str, path: str | None = None) -> None:
        outcome = Outcome(path or file.remote, "same" if status == "same" else "done", file.size, digest)
        self._report.add(outcome)
        self._watcher.ended(outcome)

    def _fail(self, file: LocalFile, error: ClientError) -> None:
        outcome = Outcome(file.remote, "failed", file.size, error=str(error))
        self._report.add(outcome)
        self._watcher.ended(outcome)


def _grouped(files: Iterable[LocalFile]) -> Generator[list[LocalFile], None, None]:
    group: list[LocalFile] = []
    size = 0
    for file in files:
        if file.size > SMALL:
            yield [file]
            continue
        if len(group) >= BATCH_FILES or size + file.size > BATCH_BYTES:
            yield group
            group, size = [], 0
        group.append(file)
        size += file.size
    if group:
        yield group


def _ms(ns: int) -> bytes:
    return f"{ns // 1_000_000}.{ns % 1_000_000:06}".encode()
