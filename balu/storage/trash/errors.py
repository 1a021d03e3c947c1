"""What can be refused about the trash."""

from balu.kernel.errors import NotFoundError


class TrashNotFoundError(NotFoundError):
    """This is not in the trash."""

    code = "trash-not-found"
