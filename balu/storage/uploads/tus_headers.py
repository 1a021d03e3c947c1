"""The headers of tus: lengths, metadata, checksums and lists of parts, read strictly."""

import base64
from collections.abc import Mapping
from typing import get_args
from urllib.parse import urlsplit

from balu.kernel.errors import InvalidError, MalformedError, TooLargeError
from balu.storage.uploads.service import MAX_SIZE
from balu.storage.uploads.transfer import Algorithm, Checksum

ALGORITHMS: tuple[Algorithm, ...] = get_args(Algorithm)
DIGEST_BYTES = {"sha1": 20, "sha256": 32, "blake3": 32}
MAX_DIGITS = 19
MAX_PARTS = 1000
MAX_METADATA = 16_384


def required_length(headers: Mapping[str, str], name: str) -> int:
    """A header that must be a non-negative integer below 2^63.

    Raises:
        MalformedError: missing, or anything else.
        TooLargeError: an integer, but too large.
    """
    text = headers.get(name)
    if text is None or not (text.isascii() and text.isdigit()):
        raise MalformedError(f"{name.title()} must be a non-negative integer.")
    if len(text.lstrip("0")) > MAX_DIGITS or int(text) > MAX_SIZE:
        raise TooLargeError("No file can be that large.")
    return int(text)


def length_of(headers: Mapping[str, str]) -> int | None:
    """The upload's length, None when the client will say it later.

    Raises:
        MalformedError: neither or both were said.
    """
    deferred = headers.get("upload-defer-length")
    if deferred is None:
        return required_length(headers, "upload-length")
    if deferred != "1" or "upload-length" in headers:
        raise MalformedError("Send either Upload-Length or Upload-Defer-Length: 1.")
    return None


def metadata_of(text: str) -> dict[str, str]:
    """Keys and decoded values of Upload-Metadata.

    Raises:
        InvalidError: a key twice or empty, a value that is not base64 of UTF-8.
    """
    found: dict[str, str] = {}
    if len(text) > MAX_METADATA:
        raise InvalidError("Upload-Metadata is too long.", field="Upload-Metadata")
    for pair in text.split(",") if text.strip() else ():
        key, _, value = pair.strip().partition(" ")
        if not key or not key.isascii() or key in found:
            raise InvalidError("Upload-Metadata has an empty or repeated key.", field="Upload-Metadata")
        try:
            found[key] = base64.b64decode(value.strip(), validate=True).decode()
        except ValueError as error:
            raise InvalidError(
                f"The value of {key!r} is not base64 of UTF-8.", field="Upload-Metadata"
            ) from error
    return found


def checksum_of(headers: Mapping[str, str]) -> Checksum | None:
    """What Upload-Checksum announces, None without it.

    Raises:
        MalformedError: an unknown algorithm, or no digest of its length.
    """
    text = headers.get("upload-checksum")
    if text is None:
        return None
    name, _, value = text.strip().partition(" ")
    for algorithm in ALGORITHMS:
        if algorithm == name:
            break
    else:
        raise MalformedError(f"Upload-Checksum knows {', '.join(ALGORITHMS)}.")
    try:
        digest = base64.b64decode(value.strip(), validate=True)
    except ValueError as error:  # also for what is not ASCII
        raise MalformedError("The checksum is not base64.") from error
    if len(digest) != DIGEST_BYTES[algorithm]:
        raise MalformedError("The checksum has the wrong length.")
    return Checksum(algorithm, digest.hex())


def parts_of(concat: str, prefix: str) -> list[str]:
    """Ids of the partial uploads in ``final;<url> <url>``.

    Raises:
        MalformedError: none, too many, one twice, or an address that is no upload.
    """
    kind, _, addresses = concat.partition(";")
    try:
        paths = [urlsplit(address).path for address in addresses.split()]
    except ValueError as error:  # half a bracket
        raise MalformedError("Upload-Concat lists addresses of uploads.") from error
    ids = [path.removeprefix(prefix + "/") for path in paths]
    if kind != "final" or not ids or len(ids) > MAX_PARTS or len(set(ids)) != len(ids):
        raise MalformedError("Upload-Concat lists each part once.")
    if any(not path.startswith(prefix + "/") for path in paths):
        raise MalformedError("Upload-Concat lists addresses of uploads.")
    return ids
