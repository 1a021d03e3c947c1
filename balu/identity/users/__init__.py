"""Accounts: who there is, what they may do, how much room they have."""

from balu.identity.users.errors import LastAdminError, UserExistsError, UserNotFoundError, WeakPasswordError
from balu.identity.users.events import UserCreated, UserDeleted, UserDisabled
from balu.identity.users.models import UserRow
from balu.identity.users.passwords import Passwords, check_password
from balu.identity.users.service import NewUser, UserService

__all__ = [
    "LastAdminError", "NewUser", "Passwords", "UserCreated", "UserDeleted", "UserDisabled", "UserExistsError",
    "UserNotFoundError", "UserRow", "UserService", "WeakPasswordError", "check_password",
]  # fmt: skip
