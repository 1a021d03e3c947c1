"""What can go wrong when signing in."""

from balu.kernel.errors import (
    BaluError,
    ConflictError,
    ForbiddenError,
    MalformedError,
    NotFoundError,
    RateLimitedError,
)
from balu.kernel.errors import UnauthorizedError as _UnauthorizedError


class SignInError(_UnauthorizedError):
    """Name, password or code are wrong."""


class PausedError(RateLimitedError):
    """Too many wrong attempts."""


class RegistrationClosedError(ForbiddenError):
    """Nobody can sign up here."""


class SessionNotFoundError(NotFoundError):
    """There is no such session."""

    code = "session-not-found"


class ApiKeyNotFoundError(NotFoundError):
    """There is no such API token."""

    code = "api-key-not-found"


class AppPasswordNotFoundError(NotFoundError):
    """There is no such app password."""

    code = "app-password-not-found"


class TooManyAppPasswordsError(ConflictError):
    """There are too many app passwords."""


class ResetEndedError(BaluError):
    """This link has ended."""

    status, code = 410, "password-reset-ended"


class SecondFactorOnError(MalformedError):
    """The second factor is on already."""


class SecondFactorOffError(ConflictError):
    """The second factor is off."""


class ScopeTooWideError(ForbiddenError):
    """A token cannot give more than its maker has."""
