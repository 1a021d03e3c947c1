"""Native half of Balu: confined paths, the commit protocol, upload sinks and download sources.

Every function is synchronous and lets go of the GIL; call it from a thread. ``Sink.push`` is the
exception: it only copies, never waits and belongs on the event loop. Paths are ``str`` as
``os.fsdecode`` makes them (surrogate escapes for bytes that are not UTF-8), relative to a volume's
root, without a leading slash; the empty string is the root. Ids of staged and deleted things are 1 to
64 of ``A-Z a-z 0-9 - _``, usually 32 lower-case hex digits; former contents go by two integers.

Refusals: ``ValueError`` for a name that cannot exist here (empty component, ``.``, ``..``, NUL,
longer than 255 bytes, ``.balu`` at the root in any case) or an id that is none, ``OSError`` subclasses
with ``errno`` and ``filename`` (relative to the root) for what the file system says
(``FileNotFoundError``, ``FileExistsError``, ``NotADirectoryError``, ``PermissionError``, ENOSPC,
EDQUOT, EXDEV for another mount on the way, ELOOP for a symbolic link on the way).
"""
# ruff: noqa: PYI021 - this stub is the reference manual

from collections.abc import Callable, Sequence
from typing import Any, Literal, Self, TypeAlias, final

__all__ = [
    "Entry",
    "ItemTemplate",
    "Listing",
    "Part",
    "Progress",
    "Published",
    "Sink",
    "Source",
    "StaleTargetError",
    "VaultKeys",
    "Volume",
    "blake3_hex",
    "version",
]

_Kind: TypeAlias = Literal["file", "directory", "symlink", "other"]
_Sort: TypeAlias = Literal["name", "size", "modified", "type"]

_Store: TypeAlias = Literal["files", "staging", "versions", "trash"]
"""Where a file of a volume lies: under a visible name, or in one of the folders of ``.balu``."""

_Row: TypeAlias = tuple[Any, ...]
"""Id, stored name, kind, owner, size, mtime_ns, ino, revision, BLAKE3, SHA-256."""

class StaleTargetError(OSError):
    """The name no longer holds what the caller saw: ``errno`` is ESTALE, nothing was changed."""

@final
class Entry:
    """What one name held at the moment of asking; links are never followed."""

    name: str
    kind: _Kind
    size: int
    """Bytes; 0 for anything but files."""
    mtime_ns: int
    ctime_ns: int
    btime_ns: int
    """Birth time in ns since the epoch, 0 where the file system has none."""
    ino: int

@final
class Listing:
    """A window into one sorted directory."""

    entries: list[Entry]
    total: int
    """Entries that match the filter, before offset and limit; ``.balu`` at the root is not counted."""
    etag: str
    """Changes when a name is added, removed or renamed in the directory."""

    def __len__(self) -> int:
        """Entries in the window."""

    def stored_names(self) -> list[str]:
        """Names of the entries as rows have them: a byte that is not UTF-8 as a slash and two hex digits."""

    def stale(self, rows: list[_Row]) -> list[Entry]:
        """Entries without a row, or whose row says something else."""

    def json(
        self, rows: list[_Row], template: ItemTemplate, prefix: str, folder_id: int
    ) -> tuple[bytes, str, int]:
        """``{"files": …, "total": …, "folder_id": …, "etag": …}``, its ETag, and how many ``stale`` has.

        Entries without a row are left out; *prefix* (``folder/``) stands before the name in a path.
        """

@final
class ItemTemplate:
    """The JSON of one entry as literals and slots, the same for all entries of a listing."""

    def __new__(
        cls, parts: Sequence[tuple[bytes, str]], tail: bytes, mime: Callable[[str, str], str | None]
    ) -> Self:
        """Literals, each followed by a slot, then *tail*.

        Slots: name, path, size, type, modified_at, owner_id, mime_type, file_id, checksum, blake3, etag,
        readable. *mime* is asked with a name and ``file``, once for each suffix.
        """

@final
class Published:
    """The outcome of putting staged bytes under a name."""

    entry: Entry
    displaced: Entry | None
    """The inode that held the name before and is a version now; None for a new name."""

@final
class VaultKeys:
    """The keys of an open vault; see ``docs/formats/vault.md``. They are overwritten when it is dropped."""

    def __new__(cls, vault_id: bytes, root: bytes, keks: Sequence[tuple[int, bytes]]) -> Self:
        """*root* has 32 bytes; *keks* are ``(version, 32 bytes)``, newest last. ValueError without one."""

    version: int
    """The newest version of the KEK: what is written now is locked by it."""

    def rewrap(self, header: bytes) -> bytes | None:
        """The same header locked by the newest version, None when it is so already.

        OSError(EKEYREJECTED) for another vault or a version that is not known, EBADMSG for what is damaged.
        """

    def seal_name(self, name: str) -> str:
        """The name as it stands on the disk. ValueError beyond 143 bytes."""

    def open_names(self, names: Sequence[str]) -> list[str | None]:
        """Plain names in the same order, None for what is no name of this vault."""

@final
class Volume:
    """One directory tree, held by a descriptor; nothing outside it can be reached through this object.

    Resolution uses openat2 with RESOLVE_BENEATH, NO_SYMLINKS, NO_MAGICLINKS and NO_XDEV.
    """

    root: str

    def __new__(cls, root: str) -> Self:
        """Open *root*. Raises OSError when it is missing or not a directory."""

    def sealed(self, keys: VaultKeys) -> Volume:
        """The same tree through the keys of a vault; paths and entries stay those of the disk.

        ``stage``, ``stage_many``, ``allocate``, ``part`` and ``seal`` take plain bytes, their offsets,
        lengths and digests, and write encrypted files; ``open`` and ``open_version`` read them, with the
        plain size in ``Source.entry``. What was allocated through keys is continued through them. Chunks by
        themselves begin at multiples of 16 KiB, there are no holes, and ``append`` cannot be used.

        OSError(EKEYREJECTED) for a file of another vault or key, EBADMSG for one that is damaged, cut or not
        encrypted. OSError(ESTALE) from a part that would write other bytes where an earlier try wrote some.
        """

    def put_keys(self, vault_id: str, data: bytes) -> None:
        """Keep *data* as ``.balu/vaults/<vault id>.keys``, durably, in place of what was there."""

    def keys(self, vault_id: str) -> bytes | None:
        """What ``put_keys`` kept, None for nothing."""

    def drop_keys(self, vault_id: str) -> None:
        """Remove it."""

    def stored(self, store: Literal["staging", "versions", "trash"]) -> list[tuple[str, Entry]]:
        """Everything in one of the volume's own folders, as ``walk`` returns it."""

    def header(self, store: _Store, name: str) -> tuple[Entry, bytes, tuple[bytes, int] | None]:
        """The first 4096 bytes of a file as they stand on the disk, fewer when it is shorter.

        Where they are a header, also the id of the vault and the version of its KEK. *name* is a path in
        *store*, as ``walk`` and ``stored`` have it.
        """

    def put_header(self, store: _Store, name: str, header: bytes, *, ino: int, mtime_ns: int) -> None:
        """Replace the header of a vault's file in place and sync it; inode, size and time stay.

        Only a form of the same header under an earlier KEK, or one that a crash left half written, is
        replaced: StaleTargetError for anything else and for another inode. BlockingIOError (EAGAIN) while
        a staged file is being written. Asking again is harmless.
        """

    def register(self, volume_id: str) -> None:
        """Make ``.balu`` (0700), its folders and the marker; asking again with the same id changes nothing.

        Raises FileExistsError when the marker names another volume.
        """

    def volume_id(self) -> str | None:
        """Id in the marker, None when there is none (never registered, or the disk is not mounted)."""

    def online(self) -> bool:
        """Whether the root path still leads to the directory that was opened and its marker is readable."""

    def carries(self, volume_id: str) -> bool:
        """Whether it is online and its marker names *volume_id*; keeps the GIL."""

    def probe(self) -> dict[str, bool | int | str]:
        """Try out what the file system offers; needs a registered volume.

        Keys: ``filesystem`` (name, or its number in hex), ``exchange``, ``noreplace``, ``reflink``,
        ``hard_links``, ``xattr``, ``case_sensitive`` (bools), ``name_max`` (bytes).
        """

    def space(self) -> tuple[int, int, int, int]:
        """``(total, available, inodes_total, inodes_available)`` of the file system, bytes and counts."""

    def stat(self, path: str) -> Entry:
        """What *path* holds; the entry of the root has an empty name."""

    def listing(
        self,
        path: str,
        *,
        sort: _Sort = "name",
        descending: bool = False,
        offset: int = 0,
        limit: int = 500,
        contains: str | None = None,
    ) -> Listing:
        """One window of a directory: folders first, then by *sort*, ties by name.

        Names compare case-insensitively with digit runs as numbers (``a2`` before ``a10``). *contains*
        keeps names that hold it, ignoring case. Names made, removed or renamed show at once. By *size*
        and *modified*, an entry rewritten in place may keep its place for up to 2 s; what is returned
        about each entry is always asked for by this call. O(n log n) cold, O(limit) warm.
        """

    def listing_now(
        self,
        path: str,
        *,
        sort: _Sort = "name",
        descending: bool = False,
        offset: int = 0,
        limit: int = 500,
    ) -> Listing | None:
        """``listing`` of a small window without waiting for a disk; keeps the GIL.

        None when something would have to be read, when more than 64 entries would be shown, and when
        anything is wrong, which ``listing`` says.
        """

    def make_dir(self, path: str, *, parents: bool = False) -> Entry:
        """Create a directory (mode 0755 less umask) and sync its parent.

        *parents* makes missing ones too, and then an existing directory is no error.
        """

    def move(self, source: str, target: str) -> Entry:
        """Rename without replacing and sync both directories.

        FileExistsError when *target* exists; where the file system takes both names for one, because
        they differ only in case or normalisation, the rename goes through a temporary name.
        """

    def copy(self, source: str, staging_id: str) -> tuple[int, int]:
        """Copy a file or tree into ``.balu/staging/<id>``, synced, links left out; returns (files, bytes).

        Uses FICLONE, then copy_file_range, then read and write; modes and the times of files come along.
        The copy is published by ``publish``; a copy that fails leaves nothing.
        """

    def progress(self) -> Progress:
        """A fresh one for ``carry``."""

    def carry(
        self, origin: Volume, source: str, staging_id: str, progress: Progress
    ) -> list[tuple[str, Entry, str | None]]:
        """Copy a file or tree of another volume into ``.balu/staging/<id>``, synced and read back.

        Returns every entry of the source as it was, with its path relative to *source* (empty for itself)
        and the BLAKE3 of files, parents before children. Links inside a tree come along as links, blocks
        of zeros become holes. A copy that fails leaves nothing. ESTALE when a file changed meanwhile, EIO
        when what arrived is not what was read, EINVAL for pipes and devices, ECANCELED after ``stop``.
        """

    def measure(self, path: str) -> tuple[int, int, int]:
        """``(files, directories, bytes)`` below *path*; a file counts as (1, 0, size).

        Links are not followed, other mounts not entered, and ``.balu`` at the root is not counted.
        """

    def walk(self, path: str) -> list[tuple[str, Entry]]:
        """Every entry below *path* with its path relative to *path*, parents before children.

        Other mounts are listed and not entered; the root is walked without ``.balu``.
        """

    def hash(self, path: str) -> tuple[Entry, str]:
        """Read a file and return it with its BLAKE3 in hex. OSError(ESTALE) when it changed meanwhile."""

    def open_now(self, path: str) -> Source | None:
        """``open`` from what the kernel has in memory, None when it would have to ask the disk."""

    def open(self, path: str) -> Source:
        """Open a regular file for reading; IsADirectoryError for directories, ELOOP for links."""

    def stage(self, staging_id: str, *, size: int | None = None, sha256: bool = False) -> Sink:
        """Create ``.balu/staging/<id>`` (O_EXCL, 0600) and reserve *size* bytes when known.

        Below 1 MiB nothing is reserved, and no thread is started for bytes that come quickly; from
        16 MiB on, writes go past the page cache where the file system allows it. *size* is a hint:
        ``finish`` cuts to what came.
        FileExistsError when the id is taken, ENOSPC or EDQUOT when the size cannot be had.
        """

    def allocate(self, staging_id: str, *, size: int | None = None, sparse: bool = False) -> Entry:
        """Create ``.balu/staging/<id>`` for parts, durably, at its final length when that is known.

        Its blocks are reserved unless it is *sparse*, and then every range nobody writes stays a hole.
        FileExistsError when the id is taken, ENOSPC or EDQUOT when the size cannot be had.
        """

    def part(
        self,
        staging_id: str,
        *,
        offset: int,
        spans: bytes | None = None,
        length: int | None = None,
        whole: int | None = None,
        check: Literal["sha1", "sha256", "blake3"] | None = None,
    ) -> Part:
        """Open a range of a staged file for writing; nobody else can while the part lives.

        With *spans* (what ``Part.sync`` or ``Part.end`` returned at this *offset*, empty at the start) the
        part goes on after them: at most 256 KiB are read again. Without *spans* it is a chunk by itself,
        in any order and beside others, and only *length* bytes from *offset* are locked. *whole* is the
        file's final length, needed for chunks. *check* asks for one more digest of this part's bytes.

        BlockingIOError (EAGAIN) while another part, here or in another process, covers the range.
        """

    def append(self, staging_id: str, length: int, part: Part) -> None:
        """Push the first *length* bytes of another staged file into *part*; EIO when there are fewer."""

    def seal(
        self, staging_id: str, *, size: int, spans: bytes, reads: int = 268_435_456
    ) -> tuple[Entry, str | None]:
        """Cut a complete staged file to *size*, sync it, return it with its BLAKE3 in hex.

        *spans* are those of all parts, joined in any order. What they do not cover (holes, ends of chunks
        that are no multiple of 256 KiB) is read; when that is more than *reads* bytes there is no hash.
        O(number of spans) apart from that.

        BlockingIOError while somebody writes, EIO when the file is shorter than *size*.
        """

    def staged(self, staging_id: str) -> Entry | None:
        """The staged file or tree, None when there is none."""

    def stage_many(self, pieces: Sequence[tuple[str, int]], data: bytes) -> list[tuple[Entry, str]]:
        """Write staged files of ``(id, length)`` whose bytes lie back to back in *data*.

        Returns their BLAKE3 in hex. Nothing is synced, and after an error the files before it stay staged.
        """

    def sync_many(self, staging_ids: Sequence[str]) -> None:
        """Make staged files durable.

        Each by itself in 32 threads, or, from 64 on and while little else waits to be written, all by one
        ``syncfs``. After an error all of them must be given up.
        """

    def publish_many(
        self, names: Sequence[tuple[str, str, int | None]]
    ) -> list[Entry | OSError | ValueError]:
        """Give staged files ``(id, target, mtime_ns)`` names that are free; each directory is synced once.

        Outcomes in order; they stand for themselves. FileExistsError and ValueError leave the file staged;
        after another error only ``settle`` knows. Dressing as with ``publish``.
        """

    def publish(
        self,
        staging_id: str,
        target: str,
        *,
        replaces: Entry | None = None,
        version: tuple[int, int] | None = None,
        mtime_ns: int | None = None,
    ) -> Published:
        """Put what is staged under *target* and sync what was touched.

        Without *replaces*: FileExistsError when the name is taken. With it: the names are exchanged
        after checking that *target* still holds that inode, size and mtime (StaleTargetError otherwise),
        and the old inode becomes ``versions/<file id>/<rev>`` of *version*, or is removed without one.
        Both refusals leave everything as it was; any other OSError may come after the swap, and then
        ``settle`` decides. Mode, owner and extended attributes follow the old inode or the parent's
        defaults; *mtime_ns* sets the time of last change.
        """

    def settle(
        self, staging_id: str, target: str, *, staged_ino: int, version: tuple[int, int] | None
    ) -> bool:
        """Finish or undo an interrupted ``publish``; asking again is harmless.

        True when *target* holds *staged_ino*: the old inode, if it still lies in staging, becomes
        *version* (or is removed without one) and everything is synced. False when the name was never
        given: staging is left as it is.
        """

    def discard(self, staging_id: str) -> bool:
        """Remove a staged file or tree; False when there was none."""

    def staging(self) -> list[Entry]:
        """Everything staged, for collection."""

    def trash(self, path: str, trash_id: str, *, origin: bytes) -> Entry:
        """Sync *origin* to ``trash/<id>/origin.json``, move *path* to ``trash/<id>/item``, sync both sides.

        Returns the entry under the name it had. FileExistsError when the id already holds something.
        """

    def trashed(self, trash_id: str) -> Entry | None:
        """The deleted thing (its name is ``item``), None when it is gone."""

    def trashed_tree(self, trash_id: str) -> list[tuple[str, Entry]]:
        """Everything below a deleted folder, as ``walk`` returns it; nothing for a file."""

    def restore(self, trash_id: str, target: str) -> Entry:
        """Move a deleted thing back without replacing; FileExistsError when *target* is taken."""

    def purge(self, trash_id: str) -> int:
        """Remove a deleted thing for good by descriptor, links not followed.

        Returns the bytes of the files whose last name went, 0 when it was gone. Interrupted purges can
        be repeated.
        """

    def open_staged(self, staging_id: str) -> Source:
        """Open a staged file for reading; what parts still hold back is not in it."""

    def open_version(self, file_id: int, rev: int) -> Source:
        """Open former contents for reading."""

    def drop_version(self, file_id: int, rev: int) -> int:
        """Remove former contents; returns bytes freed, 0 when gone."""

    def close(self) -> None:
        """Let go of the descriptor; later calls raise OSError(EBADF)."""

@final
class Progress:
    """How far a ``carry`` is; may be watched and stopped from any thread."""

    bytes: int
    """Handled so far: every byte counts twice, when it is copied and when it is read back."""

    def stop(self) -> None:
        """Ask it to end."""

@final
class Sink:
    """Bytes on their way into staging: gathered, hashed and written by a thread of its own.

    One caller at a time. After an error every later call raises it again and nothing can be finished.
    Memory stays below about 6 MiB for any size, and near 64 KiB while bytes come slowly. An object that
    is dropped lets thread and buffers go and leaves the staged file to whoever knows its id.
    """

    received: int

    def push(self, data: bytes) -> bool:
        """Take all of *data* without waiting, with one copy.

        False when the queue (4 MiB) is full: *data* has been taken, and ``drain`` must be called before
        the next ``push``. Raises what the writer met, EBADF after ``finish`` or ``abandon``.
        """

    def drain(self) -> None:
        """Wait until there is room, in a thread. Raises what the writer met (ENOSPC, EIO)."""

    def finish(self) -> tuple[Entry, str]:
        """Write what is left, truncate to what was received, fsync once.

        Returns the staged file and its BLAKE3 in hex.
        """

    def sha256(self) -> str | None:
        """SHA-256 in hex after ``finish`` when it was asked for."""

    def abandon(self) -> None:
        """Stop and remove the staged file; harmless at any time.

        After ``publish`` it does nothing, because the id no longer names what this sink wrote.
        """

@final
class Part:
    """Bytes on their way into a range of a staged file. Memory and threads as with ``Sink``.

    An object that is dropped lets go of its range once nothing is being written any more; what was
    not synced counts as never received.
    """

    received: int

    def push(self, data: bytes) -> bool:
        """As ``Sink.push``."""

    def drain(self) -> None:
        """As ``Sink.drain``."""

    def sync(self) -> tuple[int, bytes]:
        """Make durable what is written so far and return the offset after it with the spans to keep.

        ``push`` may go on meanwhile; up to 5 MiB that were pushed may not be included.
        """

    def end(self) -> tuple[int, bytes, str | None]:
        """Write and sync the rest; returns offset, spans, and the digest that was asked for in hex."""

    def halt(self) -> None:
        """Stop; after it nothing is written any more."""

@final
class Source:
    """A file open for reading."""

    entry: Entry
    """What was opened, from the descriptor."""
    blake3: str | None
    """Of the plain bytes of a file in a vault, as its header has it; None for others."""

    def read(self, offset: int, length: int) -> bytes:
        """Up to *length* bytes from *offset*, fewer only at the end of the file."""

    def read_now(self, offset: int, length: int) -> bytes | None:
        """Exactly *length* bytes from memory, None when they are not all there."""

    def fileno(self) -> int:
        """The descriptor, valid until ``close``. OSError(EOPNOTSUPP) for a file in a vault."""

    def close(self) -> None:
        """Close the descriptor; closing twice is harmless."""

def blake3_hex(data: bytes) -> str:
    """BLAKE3 of *data*, 64 hex digits."""

def version() -> str:
    """Version of the native half."""
