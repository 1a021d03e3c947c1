"""``PUT /api/files/content/{path}``: a body becomes a file."""

import base64
from decimal import Decimal
from typing import Any, cast, get_args

import msgspec

from balu.kernel.errors import InvalidError, MalformedError, TooLargeError
from balu.kernel.ranges import etag_list
from balu.kernel.raw import Exchange, RawRoute
from balu.storage.files import (
    FileItem,
    FileService,
    Gatherer,
    OnConflict,
    Outcome,
    Terms,
    Writer,
    check_name,
    repr_digest,
    volume_id_of,
)

MAX_SIZE = (1 << 63) - 1
DIGEST_HEADERS = ("repr-digest", "content-digest")


async def put_content(exchange: Exchange) -> None:
    """Store the body under the path; 201 for a new name, 200 for new bytes or the same ones again."""
    if exchange.rest.endswith("/"):
        raise MalformedError("End the address with the name of the file.")
    if "content-range" in exchange.headers:
        raise MalformedError("Parts of a file cannot be sent this way; use a resumable upload.")
    size = exchange.content_length
    if size is not None and size > MAX_SIZE:
        raise TooLargeError("No file can be that large.")
    files = FileService(exchange.env, exchange.user)
    spot = await files.spot(exchange.rest, volume_id_of(exchange.query("mount")))
    check_name(spot.name)
    terms, gatherer = terms_of(exchange), exchange.env.part(Gatherer)
    if size is not None and gatherer.suits(spot, size, terms):
        landed = await gatherer.put(spot, exchange.body(), size=size, terms=terms)
        await answer(exchange, files.item_at(landed.spot, landed.entry, landed.row), landed.outcome)
    else:
        stored = await Writer(exchange.env).put(spot, exchange.body(), size=size, terms=terms)
        await answer(exchange, files.item(stored.found), stored.outcome)


async def answer(exchange: Exchange, item: FileItem, outcome: Outcome) -> None:
    """Tell the client what became of its bytes."""
    headers = {"etag": item.etag}
    if digest := repr_digest(item.blake3, item.checksum):
        headers["repr-digest"] = digest
    await exchange.json(201 if outcome == "created" else 200, item, headers)


def terms_of(exchange: Exchange) -> Terms:
    """Conditions and wishes from the request's headers and query.

    Raises:
        InvalidError: one of them cannot be read.
    """
    digests = digests_of(exchange)
    mtime = exchange.query("mtime") or exchange.headers.get("x-mtime")
    return Terms(
        on_conflict=conflict_of(exchange.query("on_conflict")),
        if_match=etag_list(exchange.headers.get("if-match")),
        if_none_match=etag_list(exchange.headers.get("if-none-match")),
        mtime_ns=None if mtime is None else mtime_of(mtime),
        parents=exchange.query("parents") in {"1", "true"},
        blake3=digests.get("blake3"),
        sha256=digests.get("sha-256"),
    )


def conflict_of(text: str | None) -> OnConflict:
    """What to do when the name is taken; ``replace`` unless said otherwise.

    Raises:
        InvalidError: no such way.
    """
    if text is None or text == "":
        return "replace"
    if text not in get_args(OnConflict):
        raise InvalidError("Choose fail, rename or replace.", field="on_conflict")
    return cast("OnConflict", text)


def mtime_of(text: str) -> int:
    """Milliseconds since the epoch, whole or with a fraction, as nanoseconds.

    Raises:
        InvalidError: no number, or beyond what a file system can keep.
    """
    try:
        ns = msgspec.json.decode(text.encode(), type=Decimal) * 1_000_000
        # Compared before it is a whole number: writing out a few digits with a large exponent takes minutes.
        can_be_kept = 0 <= ns < MAX_SIZE
    except (msgspec.DecodeError, ArithmeticError, ValueError) as error:
        raise InvalidError("mtime is a number of milliseconds since 1970.", field="mtime") from error
    if not can_be_kept:
        raise InvalidError("This time cannot be kept.", field="mtime")
    return int(ns)


def digests_of(exchange: Exchange) -> dict[str, str]:
    """Digests in hex by algorithm, from RFC 9530 fields; algorithms that Balu does not check are left out.

    Raises:
        InvalidError: one that Balu checks cannot be read.
    """
    found: dict[str, Any] = {}
    for header in DIGEST_HEADERS:
        for item in exchange.headers.get(header, "").split(","):
            key, _, value = item.strip().partition("=")
            if key.lower() not in {"blake3", "sha-256"}:
                continue
            try:
                raw = base64.b64decode(value.removeprefix(":").removesuffix(":"), validate=True)
            except ValueError as error:  # also for what is not ASCII
                raise InvalidError("This digest is not base64.", field=header) from error
            if len(raw) != 32:  # noqa: PLR2004  both algorithms have 256 bits
                raise InvalidError("This digest has the wrong length.", field=header)
            found[key.lower()] = raw.hex()
    return found


CONTENT = RawRoute("/api/files/content", frozenset({"PUT"}), put_content, scope="files:write")
