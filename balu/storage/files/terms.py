"""What a write demands and what it comes to; the same for one file and for many at once."""

from dataclasses import dataclass
from typing import Literal

from msgspec import structs

from balu.kernel.ranges import matches
from balu.storage.files.errors import DigestError, FileChangedError, FileExistsHereError
from balu.storage.files.facts import RowFacts
from balu.storage.files.models import FileRow
from balu.storage.files.names import to_stored
from balu.storage.files.places import Found, Home, Spot
from balu.storage.files.record import PutPlan
from balu_core import Entry

OnConflict = Literal["fail", "rename", "replace"]
Outcome = Literal["created", "replaced", "unchanged"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Under which conditions, and how, bytes may take a name."""

    on_conflict: OnConflict = "replace"
    if_match: tuple[str, ...] | None = None
    if_none_match: tuple[str, ...] | None = None
    mtime_ns: int | None = None
    parents: bool = False
    """Whether missing folders are made."""
    blake3: str | None = None
    sha256: str | None = None
    """Digests in hex that the bytes must have."""


@dataclass(frozen=True, slots=True)
class Staged:
    """Complete and synced, but not visible."""

    id: str
    home: Home
    entry: Entry
    size: int
    """Bytes altogether; of a tree the sum."""
    reserved: int
    blake3: str | None = None
    sha256: str | None = None
    digest: str | None = None
    """BLAKE3 of the bytes as they were sent; in a vault those on the disk have another one."""
    is_kept: bool = False
    """Whether the bytes stay when they cannot be published, because their upload outlives the request."""


@dataclass(frozen=True, slots=True)
class Stored:
    """Where bytes ended up."""

    found: Found
    outcome: Outcome


def check_terms(place: Spot, row: FileRow | RowFacts | None, terms: Terms, *, same: bool) -> None:
    """Refuse a write that *terms* do not allow over *row*; *same*: it brings the present bytes again."""
    etag = row.etag if row is not None else None
    if terms.if_match is not None and not matches(terms.if_match, etag, weak=False):
        former = f'"{row.id}.{row.rev - 1}"' if row is not None else ""
        if not (same and former in terms.if_match):
            raise FileChangedError(f"{place.path!r} is not what you last saw. Load it again.", etag=etag)
    if terms.if_none_match is not None and matches(terms.if_none_match, etag, weak=True):
        raise FileChangedError(f"{place.path!r} exists already.", etag=etag)
    if row is not None and terms.on_conflict != "replace":
        raise taken(place, "already")


def check_digests(terms: Terms, blake3: str, sha256: str | None) -> None:
    """Refuse bytes with other digests than announced."""
    if (terms.blake3 or blake3) != blake3 or (terms.sha256 or sha256) != sha256:
        raise DigestError("The bytes do not have the announced checksum. Send them again.")


def put_plan(parent_id: int, place: Spot, base: FileRow | RowFacts | None, staged: Staged) -> PutPlan:
    """What the intent of a write says; *base* is what the name holds now."""
    plan = PutPlan(
        volume_id=place.home.mounted.id, owner_id=place.home.owner_id, parent_id=parent_id,
        name=to_stored(place.name), staged_ino=staged.entry.ino, size=staged.size, blake3=staged.blake3,
        sha256=staged.sha256,
    )  # fmt: skip
    if base is None:
        return plan
    return structs.replace(
        plan, base_id=base.id, base_rev=base.rev, base_size=base.size, base_mtime_ns=base.mtime_ns,
        base_blake3=base.blake3,
    )  # fmt: skip


def taken(place: Spot, how: str) -> FileExistsHereError:
    """The refusal for a name that is in use."""
    return FileExistsHereError(f"{place.path!r} exists {how}. Choose another name or replace it.")


def staged_of(
    home: Home,
    staging_id: str,
    entry: Entry,
    blake3: str | None,
    *,
    sha256: str | None = None,
    reserved: int = 0,
    is_kept: bool = False,
) -> Staged:
    """What was staged for *home*; *blake3* and *sha256* are those of the bytes as they were sent."""
    if home.seal is None:
        return Staged(staging_id, home, entry, entry.size, reserved, blake3, sha256, blake3, is_kept)
    return Staged(staging_id, home, entry, entry.size, reserved, digest=blake3, is_kept=is_kept)
