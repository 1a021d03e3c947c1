"""What can go wrong with a volume or with the space on it."""

from balu.kernel.errors import ConflictError, InvalidError, NoSpaceError, NotFoundError, UnavailableError


class VolumeNotFoundError(NotFoundError):
    """There is no such volume."""

    code = "volume-not-found"


class VolumeOfflineError(UnavailableError):
    """The volume is offline."""

    code = "volume-offline"


class VolumeInUseError(ConflictError):
    """The volume is still in use."""

    code = "volume-in-use"


class VolumePathError(InvalidError):
    """This directory cannot become a volume."""


class QuotaExceededError(NoSpaceError):
    """Your storage is full."""


class NoRoomError(NoSpaceError):
    """The disk is full."""
