"""What can be refused about a file, and what the native half's errors mean."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from balu.kernel.errors import (
    BaluError,
    ConflictError,
    ForbiddenError,
    NoSpaceError,
    NotFoundError,
    PreconditionError,
    UnavailableError,
    UnsafePathError,
)
from balu.kernel.log import logger
from balu.kernel.threads import PanickedError
from balu_core import StaleTargetError

log = logger("balu.files")


class FileNotFoundHereError(NotFoundError):
    """There is no such file or folder."""


class FileExistsHereError(ConflictError):
    """Something with this name exists already."""

    code = "file-exists"


class AlikeExistsError(FileExistsHereError):
    """A name that differs only in upper and lower case exists already."""


class FolderCycleError(ConflictError):
    """A folder cannot go into itself."""

    code = "folder-cycle"


class FolderNotEmptyError(ConflictError):
    """The folder is not empty."""

    code = "folder-not-empty"


class WrongKindError(ConflictError):
    """This is a different kind of thing."""

    code = "wrong-kind"


class SharedRootError(ConflictError):
    """This is the list of what others share."""

    code = "shared-root"


class NestedFilesystemError(ConflictError):
    """Another file system is mounted here."""

    code = "nested-filesystem"


class BusyNameError(ConflictError):
    """Somebody else is writing here."""

    code = "busy"


class FileChangedError(PreconditionError):
    """The file was changed meanwhile."""


class DigestError(BaluError):
    """The bytes do not have the announced checksum."""

    status, code = 460, "upload-hash"


class InternalError(BaluError):
    """Something went wrong inside Balu."""

    code = "internal"


class RewrittenError(ConflictError):
    """Other bytes arrived here before."""

    code = "upload-differs"


class UnreadableError(BaluError):
    """The encrypted file is damaged, or was not written by this vault."""

    status, code = 500, "vault-damaged"


MEANINGS: tuple[tuple[frozenset[int], type[BaluError], str], ...] = (
    (frozenset({errno.ENOENT}), FileNotFoundHereError, "There is no file or folder {}."),
    (
        frozenset({errno.EEXIST, errno.ENOTEMPTY}),
        FileExistsHereError,
        "{} exists already. Choose another name.",
    ),
    (
        frozenset({errno.EISDIR, errno.ENOTDIR}),
        WrongKindError,
        "{} is a file where a folder is needed, or the other way round.",
    ),
    (
        frozenset({errno.ELOOP, errno.ENAMETOOLONG, errno.EINVAL}),
        UnsafePathError,
        "{} leads through a link or has a name that cannot exist here.",
    ),
    (
        frozenset({errno.ENOSPC, errno.EDQUOT}),
        NoSpaceError,
        "The disk is full. Free some space and try again.",
    ),
    (
        frozenset({errno.EACCES, errno.EPERM}),
        ForbiddenError,
        "The disk does not allow this for {}. Check the permissions on the server.",
    ),
    (frozenset({errno.EXDEV}), NestedFilesystemError, "{} lies on another file system."),
    (
        frozenset({errno.EBADMSG, errno.EKEYREJECTED}),
        UnreadableError,
        "{} cannot be decrypted. Restore it from a backup or an earlier version.",
    ),
    (
        frozenset({errno.ESTALE}),
        RewrittenError,
        "Other bytes arrived here before. Begin a new upload.",
    ),
)


@contextmanager
def told(path: str) -> Iterator[None]:
    """Say what the native half refused in words for whoever asked for *path*."""
    shown = path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    try:
        yield
    except ValueError as error:
        raise UnsafePathError(f"{shown!r} cannot be a name here.") from error
    except OSError as error:
        raise explained(error, path) from error


def explained(error: OSError, shown: str) -> BaluError:
    """What *error* means for whoever asked for *shown*."""
    shown = shown.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    if isinstance(error, StaleTargetError):
        return FileChangedError(f"{shown} was changed meanwhile. Look at it again.")
    if isinstance(error, PanickedError):
        log.error("the native half panicked", path=shown, reason=str(error))
        return InternalError("This is a mistake in Balu; it is in the server's log. Try again in a minute.")
    for numbers, kind, sentence in MEANINGS:
        if error.errno in numbers:
            return kind(sentence.format(repr(shown)))
    return UnavailableError(
        "The disk does not answer as it should. Try again; if it persists, check the disk."
    )
