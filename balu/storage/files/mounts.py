"""The volume a client names."""

from balu.kernel.errors import InvalidError


def volume_id_of(mount: str | int | None) -> int | None:
    """Id in a ``mount`` or ``mount_id`` field, None where the client leaves the choice to us.

    Raises:
        InvalidError: it is no number.
    """
    if mount is None or mount == "":
        return None
    text = str(mount)
    if not (text.isascii() and text.isdigit()):
        raise InvalidError("A mount is the number of a volume.", field="mount")
    return int(text)
