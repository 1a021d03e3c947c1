"""What somebody may do in a place, and through which grant they came there."""

from dataclasses import dataclass
from enum import IntFlag


class Right(IntFlag):
    """Stored as a number, so the values never change."""

    NONE = 0
    VIEW = 1
    EDIT = 2
    DELETE = 4
    SHARE = 8


EVERY_RIGHT = Right.VIEW | Right.EDIT | Right.DELETE | Right.SHARE
SHARED = "Shared with me"
"""First component of paths to what others gave; the same in every language, because clients store paths."""


@dataclass(frozen=True, slots=True)
class Given:
    """How somebody sees a place in another person's home."""

    depth: int
    """How many components of the owner's path lead to what was given; those are not shown."""
    label: str
    """What is shown instead of them."""
    owner_name: str
    rights: Right
