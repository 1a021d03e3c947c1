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
from balu_core import StaleTargetError


class FileNotFoundHereError(NotFoundError):
    """There is no such file or folder."""


class FileExistsHereError(ConflictError):
    """Something with this name exists already."""

    code = "file-exists"


class FolderCycleError(ConflictError):
    """A folder cannot go into itself."""

    code = "folder-cycle"


class FolderNotEmptyError(ConflictError):
    """The folder is not empty."""

    code = "folder-not-empty"


class WrongKindError(ConflictError):
    """This is a different kind of thing."""

    code = "wrong-kind"


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


UNSAFE = {errno.ELOOP, errno.ENAMETOOLONG, errno.EINVAL}
FULL = {errno.ENOSPC, errno.EDQUOT}
REFUSED = {errno.EACCES, errno.EPERM}
WRONG_KIND = {errno.EISDIR, errno.ENOTDIR}
CROSSING = {errno.EXDEV}


@contextmanager
def told(path: str) -> Iterator[None]:
    """Say what the native half refused in words for whoever asked for *path*."""
    shown = path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    try:
        yield
    except StaleTargetError as error:
        raise FileChangedError(f"{shown} was changed meanwhile. Look at it again.") from error
    except ValueError as error:
        raise UnsafePathError(f"{shown!r} cannot be a name here.") from error
    except OSError as error:
        raise explained(error, shown) from error


def explained(error: OSError, shown: str) -> BaluError:
    """What *error* means for whoever asked for *shown*."""
    shown = shown.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    number = error.errno
    if isinstance(error, FileNotFoundError):
        return FileNotFoundHereError(f"There is no file or folder {shown!r}.")
    if isinstance(error, FileExistsError):
        return FileExistsHereError(f"{shown!r} exists already. Choose another name.")
    if number in WRONG_KIND:
        return WrongKindError(f"{shown!r} is a file where a folder is needed, or the other way round.")
    if number in UNSAFE:
        return UnsafePathError(f"{shown!r} leads through a link or has a name that cannot exist here.")
    if number in FULL:
        return NoSpaceError("The disk is full. Free some space and try again.")
    if number in REFUSED:
        return ForbiddenError(
            f"The disk does not allow this for {shown!r}. Check the permissions on the server."
        )
    if number in CROSSING:
        return NestedFilesystemError(f"{shown!r} lies on another file system.")
    return UnavailableError(
        "The disk does not answer as it should. Try again; if it persists, check the disk."
    )
