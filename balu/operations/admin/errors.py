"""What can go wrong in the first-run setup."""

from balu.kernel.errors import ForbiddenError, NotFoundError


class SetupDoneError(NotFoundError):
    """There is nothing here."""


class SetupTokenError(ForbiddenError):
    """The setup cannot go on with this token."""


class SetupCodeError(ForbiddenError):
    """The setup code is wrong."""
