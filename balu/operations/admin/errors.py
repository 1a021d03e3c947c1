"""What can go wrong in the first-run setup."""

from balu.kernel.errors import ForbiddenError, NotFoundError


class SetupDoneError(NotFoundError):
    """There is nothing here."""


class SetupCodeError(ForbiddenError):
    """The setup code is wrong."""
