"""What is on the server: entries, folders and walks over them."""

from collections.abc import Generator
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Gap:
    """Something below a folder that cannot be fetched, as a locked vault."""

    why: str


class _Window(msgspec.Struct):
    files: list[Entry]
    total: int


def normal(path: str) -> str:
    """A remote path without empty and ``.`` components; empty for the home.

    Raises:
        ClientError: no path on a server could be called so.
    """
    if not is_utf8(path):
        raise ClientError(f"{path} is not UTF-8.")
    return "/".join(part for part in path.split("/") if part not in {"", "."})


def is_utf8(path: str) -> bool:
    """Whether the server can be told of it: Python keeps bytes that are no UTF-8 as lone surrogates."""
    return not any("\ud800" <= char <= "\udfff" for char in path)


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


def walked(session: Session, path: str) -> Generator[tuple[str, Entry | Gap | None], None, None]:
    """Every file below a folder, with its path relative to the folder; None stands for an empty folder."""
    waiting = [("", normal(path))]
    while waiting:
        relative, folder = waiting.pop()
        try:
            entries = listed(session, folder)
        except ServerError as error:
            yield relative, Gap(error.detail)
            continue
        if not entries:
            yield relative, None
        for entry in entries:
            if entry.name in {"", ".", ".."} or "/" in entry.name or "\0" in entry.name:
                yield relative, Gap(f"The server sent {entry.name!r}, which is no name.")
                continue
            below = f"{relative}/{entry.name}" if relative else entry.name
            if entry.type == "directory":
                waiting.append((below, joined(folder, entry.name)))
            else:
                yield below, entry


def made(session: Session, path: str) -> bool:
    """Make a folder, and those above it that are missing; False when it is there already.

    Raises:
        ServerError: refused.
    """
    try:
        return _made(session, path)
    except ServerError as error:
        above = path.rpartition("/")[0]
        if error.status != 404 or not above:  # noqa: PLR2004
            raise
    made(session, above)
    return _made(session, path)


def _made(session: Session, path: str) -> bool:
    above, _, name = path.rpartition("/")
    try:
        session.json("POST", "/api/files/folder", {"path": above, "name": name})
    except ServerError as error:
        entry = looked_up(session, path) if error.status == 409 else None  # noqa: PLR2004
        if entry is None or entry.type != "directory":
            raise
        return False
    return True
