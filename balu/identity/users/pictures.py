"""Checks PNG and JPEG files and keeps only what draws the picture. Nothing is decoded here.

Metadata (with places and times), comments, animations and whatever follows the picture's end are left
out, so that a picture is a picture and nothing else. PNG: W3C Portable Network Graphics, third edition;
JPEG: ITU-T T.81, annex B.
"""

import struct
import zlib
from collections.abc import Iterator

from balu.identity.users.errors import PictureTooLargeError, PictureTypeError

MAX_BYTES = 512 * 1024
MAX_SIDE = 1024
PNG_START = b"\x89PNG\r\n\x1a\n"
PNG_KEPT = {b"IHDR", b"PLTE", b"tRNS", b"gAMA", b"sRGB", b"IDAT", b"IEND"}
JPEG_START = b"\xff\xd8"
APP0, APP14, SOS, EOI = 0xE0, 0xEE, 0xDA, 0xD9
FRAMES = frozenset({0xC0, 0xC1, 0xC2})
"""Baseline, extended and progressive; browsers show no other kinds."""
JPEG_KEPT = FRAMES | {APP0, APP14, 0xC4, 0xDB, 0xDD, SOS}
NOT_SHOWN = "Choose a PNG or JPEG picture."


def clean(body: bytes) -> tuple[str, bytes]:
    """Media type and bytes of the picture in *body*, without anything else.

    Raises:
        PictureTypeError: neither PNG nor JPEG, or a broken one.
        PictureTooLargeError: more than 512 KiB or 1024 pixels a side.
    """
    if len(body) > MAX_BYTES:
        raise PictureTooLargeError(f"Choose a picture of at most {MAX_BYTES // 1024} KiB.")
    try:
        if body.startswith(PNG_START):
            return "image/png", PNG_START + b"".join(_png(body))
        if body.startswith(JPEG_START):
            return "image/jpeg", JPEG_START + b"".join(_jpeg(body)) + bytes((0xFF, EOI))
    except (struct.error, IndexError) as error:
        raise PictureTypeError(NOT_SHOWN) from error
    raise PictureTypeError(NOT_SHOWN)


def _png(body: bytes) -> Iterator[bytes]:
    at, number, has_pixels = len(PNG_START), 0, False
    while True:
        length, kind = struct.unpack_from(">I4s", body, at)
        chunk = body[at : at + 12 + length]
        (told,) = struct.unpack_from(">I", chunk, 8 + length)
        if told != zlib.crc32(chunk[4 : 8 + length]) or (number == 0) != (kind == b"IHDR"):
            raise PictureTypeError(NOT_SHOWN)
        if number == 0:
            _check_sides(*struct.unpack_from(">II", chunk, 8))
        has_pixels = has_pixels or kind == b"IDAT"
        if kind in PNG_KEPT:
            yield chunk
        if kind == b"IEND":
            break
        at, number = at + len(chunk), number + 1
    if not has_pixels:
        raise PictureTypeError(NOT_SHOWN)


def _jpeg(body: bytes) -> Iterator[bytes]:
    at, frames, scans = len(JPEG_START), 0, 0
    while True:
        if body[at] != 0xFF:  # noqa: PLR2004  every marker begins so
            raise PictureTypeError(NOT_SHOWN)
        marker = body[at + 1]
        if marker == EOI:
            break
        if marker == 0xFF:  # noqa: PLR2004  fill bytes may stand before a marker
            at += 1
            continue
        (length,) = struct.unpack_from(">H", body, at + 2)
        end = at + 2 + length
        if length < 2 or end > len(body):  # noqa: PLR2004  the length counts itself
            raise PictureTypeError(NOT_SHOWN)
        if marker in FRAMES:
            height, width = struct.unpack_from(">HH", body, at + 5)
            _check_sides(width, height)
            frames += 1
        if marker == SOS:
            scans += 1
            end = _scan_end(body, end)
        if marker in JPEG_KEPT:
            yield body[at:end]
        at = end
    if frames != 1 or not scans:
        raise PictureTypeError(NOT_SHOWN)


def _scan_end(body: bytes, at: int) -> int:
    """Where the next marker stands: coded data escapes FF as FF 00 and may hold restart markers."""
    while True:
        at = body.find(b"\xff", at)
        if at < 0:
            raise PictureTypeError(NOT_SHOWN)
        following = body[at + 1]
        if following != 0 and not 0xD0 <= following <= 0xD7:  # noqa: PLR2004
            return at
        at += 2


def _check_sides(width: int, height: int) -> None:
    if not (width and height):
        raise PictureTypeError(NOT_SHOWN)
    if width > MAX_SIDE or height > MAX_SIDE:
        raise PictureTooLargeError(f"Choose a picture of at most {MAX_SIDE} pixels a side.")
