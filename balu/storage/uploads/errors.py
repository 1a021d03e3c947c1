"""What can be refused about an upload that outlives its requests."""

from balu.kernel.errors import BaluError, ConflictError, MalformedError, NotFoundError


class UploadNotFoundError(NotFoundError):
    """There is no such upload."""

    code = "upload-not-found"


class UploadOffsetError(ConflictError):
    """The bytes do not begin where the upload ended."""

    code = "upload-offset"


class UploadOrderError(MalformedError):
    """A chunk is missing before this one."""

    code = "upload-offset"


class UploadDiffersError(ConflictError):
    """This chunk arrived before with other bytes."""

    code = "upload-differs"


class UploadIncompleteError(ConflictError):
    """The upload is not complete."""

    code = "upload-incomplete"


class UploadBusyError(ConflictError):
    """Somebody else writes to this upload."""

    code = "busy"


class UploadSupersededError(ConflictError):
    """A newer request took this upload over."""

    code = "upload-superseded"


class UploadEndedError(BaluError):
    """This upload has ended."""

    status, code = 410, "upload-expired"
