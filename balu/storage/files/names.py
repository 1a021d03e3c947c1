"""File names: what may be asked for, how bytes that are not text are kept, what counts as the same name."""

import re
import unicodedata
from typing import Any
from urllib.parse import unquote_to_bytes

from sqlalchemy import String
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from balu.kernel.errors import UnsafePathError

NAME_MAX_BYTES = 255
PATH_MAX_BYTES = 16_384
SUFFIX_MAX_BYTES = 64
"""What is longer after a dot says nothing about the kind of file."""
_SURROGATE = re.compile("[\udc80-\udcff]")
_STORED = re.compile("/([0-9A-F]{2})")


def split(path: str) -> tuple[str, ...]:
    """Components of a path as a client writes it; one leading and one trailing slash are ignored.

    Raises:
        UnsafePathError: an empty component, ``.``, ``..``, a control character that ends lines or
            strings, or a name that is too long. Nothing is repaired: what two sides could read differently
            is refused.
    """
    text = path.removeprefix("/").removesuffix("/")
    if not text:
        return ()
    if any(char in text for char in "\0\r\n"):
        raise UnsafePathError("Names cannot hold NUL or line breaks.")
    if len(raw := _encode(text)) > PATH_MAX_BYTES:
        raise UnsafePathError("This path is too long.")
    for part in raw.split(b"/"):
        if part in {b"", b".", b".."}:
            raise UnsafePathError("Paths cannot hold empty components, '.' or '..'.")
        if len(part) > NAME_MAX_BYTES:
            raise UnsafePathError(f"A name has at most {NAME_MAX_BYTES} bytes.")
    return tuple(text.split("/"))


def check_name(name: str) -> str:
    """*name* if it can be one component.

    Raises:
        UnsafePathError: it is empty, holds a slash, or ``split`` refuses it.
    """
    if "/" in name or split(name) != (name,):
        raise UnsafePathError("This cannot be a name.")
    return name


def name_key(name: str) -> str:
    """What two names share when a person, or a file system without case, takes them for one.

    Case folding can take a name out of NFC, hence the second normalisation.
    """
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def to_wire(name: str) -> str:
    """*name* as text: bytes that are not UTF-8 as %XX, and then a percent sign as %25."""
    if not _SURROGATE.search(name):
        return name
    return _SURROGATE.sub(lambda hit: f"%{ord(hit[0]) - 0xDC00:02X}", name.replace("%", "%25"))


def from_wire(name: str) -> str | None:
    """What ``to_wire`` made *name* of, None when it would not have touched such a name."""
    if "%" not in name:
        return None
    raw = unquote_to_bytes(name).decode("utf-8", "surrogateescape")
    return raw if _SURROGATE.search(raw) and to_wire(raw) == name else None


def numbered(name: str, number: int) -> str:
    """``report (2).pdf`` for ``report.pdf``; shortened at the stem so that it still fits."""
    stem, dot, suffix = name.rpartition(".")
    if not stem or len(_encode(suffix)) > SUFFIX_MAX_BYTES:
        stem, dot, suffix = name, "", ""
    tail = f" ({number}){dot}{suffix}"
    room = NAME_MAX_BYTES - len(_encode(tail))
    return (
        _encode(stem)[:room].decode("utf-8", "ignore" if not _SURROGATE.search(stem) else "surrogateescape")
        + tail
    )


def to_stored(name: str) -> str:
    """*name* as text both databases can hold: a byte that is not UTF-8 becomes a slash and two hex digits.

    A slash cannot be part of a name, so nothing else looks like that.
    """
    return _SURROGATE.sub(lambda hit: f"/{ord(hit[0]) - 0xDC00:02X}", name)


def from_stored(text: str) -> str:
    """The name again."""
    return _STORED.sub(lambda hit: chr(0xDC00 + int(hit[1], 16)), text) if "/" in text else text


class DiskName(TypeDecorator[str]):
    """A column of names, stored as ``to_stored`` says."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:  # noqa: ARG002
        """Text for the database."""
        return None if value is None else to_stored(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:  # noqa: ARG002
        """The name again."""
        return None if value is None else from_stored(value)


def _encode(text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as error:
        raise UnsafePathError("This name is not text.") from error
