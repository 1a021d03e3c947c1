"""Ways for one larger file to the server: one request, or one that goes on where it was interrupted."""

import base64
import fcntl
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any, Protocol

import msgspec
from blake3 import blake3

from balu.client.credentials import state_dir, write_private
from balu.client.errors import LocalFileError, ServerError, UnreachableError, WrongBytesError
from balu.client.local import LocalFile, span
from balu.client.session import Session, blake3_of, digest_field, quoted

VERSION = "1.0.0"
PIECE = 32 << 20
PIECE_MIN = 1 << 20
TRIES = 10
Moved = Callable[[int], None]


class Transport(Protocol):
    """Brings one file to the server and returns where it is there."""

    def send(self, file: LocalFile, digest: str, on_conflict: str, moved: Moved) -> str:
        """Store the bytes of *file*, whose BLAKE3 is *digest*; tells *moved* how many bytes went.

        Raises:
            ServerError, UnreachableError, LocalFileError: see there.
            WrongBytesError: the server holds other bytes.
        """
        ...


def transport_for(session: Session) -> Transport:
    """The best the server offers."""
    answer = session.request("OPTIONS", "/api/uploads", ok=range(200, 500))
    return Tus(session) if answer.is_success and "tus-version" in answer.headers else Put(session)


class Put:
    """One request; an interrupted one begins again."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def send(self, file: LocalFile, digest: str, on_conflict: str, moved: Moved) -> str:
        """See ``Transport``."""
        sent = 0

        def body() -> Generator[bytes, None, None]:
            nonlocal sent
            moved(-sent)
            sent = 0
            for block in span(file.source, 0, file.size):
                yield block
                sent += len(block)
                moved(len(block))

        answer = self._session.request(
            "PUT", f"/api/files/content/{quoted(file.remote)}", body=body,
            params={"parents": "1", "on_conflict": on_conflict, "mtime": _ms(file.mtime_ns)},
            headers={
                "content-length": str(file.size), "content-type": "application/octet-stream",
                "repr-digest": digest_field(digest),
            },
        )  # fmt: skip
        _compare(file, digest, blake3_of(answer.headers))
        return str(answer.json()["path"])


class Tus:
    """tus 1.0.0: what arrived stays, also when this program is killed; unfinished uploads are remembered."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def send(self, file: LocalFile, digest: str, on_conflict: str, moved: Moved) -> str:
        """See ``Transport``."""
        mine = self._session.credentials
        parts = (mine.url, mine.username, file.remote, digest, str(file.mtime_ns), on_conflict)
        key = blake3("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()
        place = _Unfinished(key)
        address = place.read()
        offset = self._offset(address) if address else None
        if address is None or offset is None:
            address, offset = self._create(file, digest, on_conflict), 0
            place.write(address)
        moved(offset)
        stored = self._rest(file, address, offset, moved)
        place.write(None)
        _compare(file, digest, stored)
        return file.remote

    def _create(self, file: LocalFile, digest: str, on_conflict: str) -> str:
        folder, _, name = file.remote.rpartition("/")
        told = {
            "filename": name, "path": folder, "mtime": _ms(file.mtime_ns), "on_conflict": on_conflict,
            "blake3": digest,
        }  # fmt: skip
        metadata = ",".join(f"{key} {base64.b64encode(text.encode()).decode()}" for key, text in told.items())
        answer = self._session.request(
            "POST", "/api/uploads", ok=(201,),
            headers={"tus-resumable": VERSION, "upload-length": str(file.size), "upload-metadata": metadata},
        )  # fmt: skip
        return str(answer.headers["location"])

    def _offset(self, address: str) -> int | None:
        """How far the server is, None when the upload is no more."""
        try:
            answer = self._session.request("HEAD", address, headers={"tus-resumable": VERSION})
        except ServerError as error:
            if error.status in {403, 404, 410}:
                return None
            raise
        return int(answer.headers["upload-offset"])

    def _rest(self, file: LocalFile, address: str, offset: int, moved: Moved) -> str | None:
        """Send what is missing; returns the BLAKE3 the server computed."""
        piece, failures = PIECE, 0
        while True:
            end = min(offset + piece, file.size)
            try:
                answer = self._piece(file, address, offset, end)
            except (UnreachableError, ServerError) as error:
                failures += 1
                if isinstance(error, ServerError):
                    if error.status == 413 and piece > PIECE_MIN:  # noqa: PLR2004  a proxy on the way
                        piece //= 2
                        continue
                    if error.status not in {408, 409, 423, 500}:
                        raise
                known = self._offset(address)
                if known is None or failures > TRIES:
                    raise
                moved(known - offset)
                offset = known
                continue
            failures = 0
            moved(end - offset)
            offset = end
            if offset == file.size:
                return blake3_of(answer.headers)

    def _piece(self, file: LocalFile, address: str, offset: int, end: int) -> Any:
        return self._session.request(
            "PATCH", address, ok=(204,), once=True, body=lambda: span(file.source, offset, end),
            headers={
                "tus-resumable": VERSION, "upload-offset": str(offset), "content-length": str(end - offset),
                "content-type": "application/offset+octet-stream",
            },
        )  # fmt: skip


class _Unfinished:
    """The address of one unfinished upload, kept over restarts of this program."""

    def __init__(self, key: str) -> None:
        self._key = key
        self._path = state_dir() / "uploads.json"

    def read(self) -> str | None:
        """The address, None when nothing was begun."""
        return self._all().get(self._key)

    def write(self, address: str | None) -> None:
        """Remember it, or forget it."""
        with self._locked():
            known = self._all()
            known.pop(self._key, None)
            if address is not None:
                known[self._key] = address
            write_private(self._path, msgspec.json.encode(known))

    def _all(self) -> dict[str, str]:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=dict[str, str])
        except (FileNotFoundError, msgspec.DecodeError):
            return {}

    @contextmanager
    def _locked(self) -> Generator[None, None, None]:
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self._path.with_suffix(".lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                yield
        except OSError as error:
            raise LocalFileError(f"{self._path}: {error.strerror}") from error


def _ms(ns: int) -> str:
    return f"{ns // 1_000_000}.{ns % 1_000_000:06}"


def _compare(file: LocalFile, sent: str, stored: str | None) -> None:
    if stored is not None and stored != sent:
        raise WrongBytesError(f"The server holds other bytes than {file.source}. Send it again.")
