"""Conditional requests and byte ranges (RFC 9110, sections 13 and 14): pure decisions, no I/O."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Literal
from urllib.parse import quote

MAX_RANGES = 64
"""More in one request only serves attacks; such a request gets the whole content."""
_SPEC = re.compile(r"([0-9]{0,19})-([0-9]{0,19})")
Verdict = Literal["go", "not-modified", "failed"]


@dataclass(frozen=True, slots=True)
class Range:
    """Bytes *start* to *end*, both included."""

    start: int
    end: int

    def __len__(self) -> int:
        return self.end - self.start + 1


class UnsatisfiableRangeError(ValueError):
    """No requested range overlaps the content."""


def etag_list(header: str | None) -> tuple[str, ...] | None:
    """Entity tags of If-Match or If-None-Match, with their quotes and ``W/``; None without the header."""
    if header is None:
        return None
    tags: list[str] = []
    rest = header.strip()
    while rest:
        if rest.startswith("*"):
            tags.append("*")
            rest = rest[1:]
        else:
            weak = rest.startswith("W/")
            body = rest[2:] if weak else rest
            if not body.startswith('"') or '"' not in body[1:]:
                break  # what follows is no entity tag and matches nothing
            tag, _, rest = body[1:].partition('"')
            tags.append(f'{"W/" if weak else ""}"{tag}"')
        rest = rest.lstrip(" \t,")
    return tuple(tags)


def matches(tags: tuple[str, ...], etag: str | None, *, weak: bool) -> bool:
    """Whether *etag* (None: nothing exists) is among *tags*, by weak or strong comparison."""
    if etag is None:
        return False
    if "*" in tags:
        return True
    if weak:
        return etag.removeprefix("W/") in {tag.removeprefix("W/") for tag in tags}
    return not etag.startswith("W/") and etag in tags


def judge(headers: Mapping[str, str], etag: str | None, modified: datetime | None, method: str) -> Verdict:
    """Evaluate the preconditions in the order of RFC 9110, section 13.2.2.

    *etag* and *modified* describe what exists, None for nothing. Times have whole seconds on the wire.
    """
    if (wanted := etag_list(headers.get("if-match"))) is not None:
        if not matches(wanted, etag, weak=False):
            return "failed"
    elif (since := _http_date(headers.get("if-unmodified-since"))) is not None and (
        modified is None or modified.replace(microsecond=0) > since
    ):
        return "failed"
    reads = method in {"GET", "HEAD"}
    if (unwanted := etag_list(headers.get("if-none-match"))) is not None:
        if matches(unwanted, etag, weak=True):
            return "not-modified" if reads else "failed"
    elif (
        reads
        and (since := _http_date(headers.get("if-modified-since"))) is not None
        and modified is not None
        and modified.replace(microsecond=0) <= since
    ):
        return "not-modified"
    return "go"


def parse(header: str | None, size: int) -> list[Range] | None:
    """The ranges of a ``Range`` header, clipped to *size*, in the order asked for.

    None means: answer with the whole content (no header, another unit, bad syntax, too many, or
    ranges that overlap so often that together they are larger than the content).

    Raises:
        UnsatisfiableRangeError: nothing asked for lies inside.
    """
    items = _specs(header)
    if items is None:
        return None
    found: list[Range] = []
    for first, last in items:
        if first is None:
            start, end = max(0, size - (last or 0)), size - 1
        else:
            start, end = first, size - 1 if last is None else min(last, size - 1)
        if start <= end:
            found.append(Range(start, end))
    if not found:
        raise UnsatisfiableRangeError
    if len(found) > 1 and sum(map(len, found)) > size:
        return None
    return found


def _specs(header: str | None) -> list[tuple[int | None, int | None]] | None:
    """First and last of each range as written, None for anything that is not a list of byte ranges."""
    unit, separator, text = (header or "").partition("=")
    items = [item.strip() for item in text.split(",") if item.strip()]
    if not separator or unit.strip().lower() != "bytes" or not 0 < len(items) <= MAX_RANGES:
        return None
    found: list[tuple[int | None, int | None]] = []
    for item in items:
        hit = _SPEC.fullmatch(item)
        if hit is None or hit[0] == "-":
            return None
        first, last = (int(text) if text else None for text in hit.groups())
        if first is not None and last is not None and first > last:
            return None
        found.append((first, last))
    return found


def range_applies(header: str | None, etag: str, modified: datetime) -> bool:
    """Whether ``If-Range`` (None: always) lets a Range header count."""
    if header is None:
        return True
    if '"' in header:
        return matches((header.strip(),), etag, weak=False)
    exact = _http_date(header)
    return exact is not None and exact == modified.replace(microsecond=0)


def http_date(moment: datetime) -> str:
    """*moment*, which has a zone, as IMF-fixdate."""
    return format_datetime(moment, usegmt=True)


def content_disposition(name: str, *, inline: bool = False) -> str:
    """RFC 6266 header: a plain fallback, and the exact name in RFC 8187 coding."""
    raw = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    plain = "".join(char if " " <= char <= "~" and char not in '"\\%;/' else "_" for char in raw)
    kind = "inline" if inline else "attachment"
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(raw, safe='')}"


def _http_date(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        parsed = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None  # RFC 9110: a date that cannot be read is ignored
    return parsed if parsed.tzinfo is not None else None
