"""What happened to an account."""

from balu.kernel.events import Event


class UserCreated(Event, frozen=True):
    """An account was made."""

    user_id: int
    username: str


class UserDeleted(Event, frozen=True):
    """An account is gone; its number is never given to anyone else."""

    user_id: int
    username: str


class UserDisabled(Event, frozen=True):
    """An account cannot sign in any more."""

    user_id: int
