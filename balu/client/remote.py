"""What is on the server: entries, folders and walks over them."""

from collections.abc import Generator
from datetime import datetime
from typing import Literal

import msgspec

from balu.client.errors import ClientError, ServerError
from balu.client.session import Session

PAGE = 2000


class Entry(msgspec.Struct, kw_only=True, frozen=True):
    """A file or folder on the server."""

    name: str
    path: str
    size: int
    type: Literal["file", "directory"]
    modified_at: datetime
    etag: str
    blake3: str | None = None


class _Window(msgspec.Struct):
    files: list[Entry]
    total: int


def normal(path: str) -> str:
    """A remote path without slashes at its ends."""
    return path.strip("/")


def joined(*parts: str) -> str:
    """Remote paths put together; empty parts count for nothing."""
    return "/".join(filter(None, map(normal, parts)))


def listed(session: Session, path: str) -> list[Entry]:
    """Everything in a folder.

    Raises:
        ServerError: 404 when there is no such folder.
    """
    found: list[Entry] = []
    while True:
        query = {"path": normal(path), "offset": str(len(found)), "limit": str(PAGE)}
        answer = session.request("GET", "/api/files/list", params=query)
        window = msgspec.json.decode(answer.content, type=_Window)
        found += window.files
        if not window.files or len(found) >= window.total:
            return found


def looked_up(session: Session, path: str) -> Entry | None:
    """One file or folder, None when there is none; the home itself has no entry."""
    folder, _, name = normal(path).rpartition("/")
    try:
        query = {"path": folder, "filter": name}
        answer = session.request("GET", "/api/files/list", params=query)
    except ServerError as error:
        if error.status in {404, 409}:
            return None
        raise
    entries = msgspec.json.decode(answer.content, type=_Window).files
    return next((entry for entry in entries if entry.name == name), None)


def walked(session: Session, path: str) -> Generator[tuple[str, Entry], None, None]:
    """Every file below a folder, with its path relative to the folder.

    Raises:
        ClientError: the server sends a name that is none.
    """
    waiting = [("", normal(path))]
    while waiting:
        relative, folder = waiting.pop()
        for entry in listed(session, folder):
            if entry.name in {"", ".", ".."} or "/" in entry.name or "\0" in entry.name:
                raise ClientError(f"The server sent {entry.name!r}, which is no name.")
            below = f"{relative}/{entry.name}" if relative else entry.name
            if entry.type == "directory":
                waiting.append((below, joined(folder, entry.name)))
            else:
                yield below, entry
