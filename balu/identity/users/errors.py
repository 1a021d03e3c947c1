"""What can go wrong with an account."""

from balu.kernel.errors import (
    BaluError,
    ConflictError,
    InvalidError,
    NotFoundError,
    RateLimitedError,
    TooLargeError,
)


class UserNotFoundError(NotFoundError):
    """There is no such account."""

    code = "user-not-found"


class UserExistsError(ConflictError):
    """The name or the e-mail address is taken."""

    code = "user-exists"


class LastAdminError(ConflictError):
    """Somebody must stay able to administer Balu."""

    code = "user-last-admin"


class WeakPasswordError(InvalidError):
    """This password is too easy to guess."""

    def __init__(self, detail: str, *, field: str = "password") -> None:
        """Say what is missing; *field* is the form field that held the password."""
        super().__init__(detail, field=field)


class PictureTypeError(BaluError):
    """This is not a picture that Balu shows."""

    status, code = 415, "unsupported-type"


class PictureTooLargeError(TooLargeError):
    """The picture is too large."""


class AvatarNotFoundError(NotFoundError):
    """There is no picture."""

    code = "avatar-not-found"


class HashingBusyError(RateLimitedError):
    """Too many sign-ins at once."""
