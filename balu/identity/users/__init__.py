"""Accounts: who there is, what they may do, how much room they have."""

from balu.identity.users.controller import browser_language, settings_of, user_of
from balu.identity.users.errors import LastAdminError, UserExistsError, UserNotFoundError, WeakPasswordError
from balu.identity.users.events import UserCreated, UserDeleted, UserDisabled
from balu.identity.users.models import UserRow
from balu.identity.users.passwords import Passwords, check_password
from balu.identity.users.schemas import Email, Language, Password, Plain, SettingsRead, Username, UserRead
from balu.identity.users.service import NewUser, UserService
from balu.identity.users.standing import Standing, standing_of

__all__ = [
    "Email",
    "Language",
    "LastAdminError",
    "NewUser",
    "Password",
    "Passwords",
    "Plain",
    "SettingsRead",
    "Standing",
    "UserCreated",
    "UserDeleted",
    "UserDisabled",
    "UserExistsError",
    "UserNotFoundError",
    "UserRead",
    "UserRow",
    "UserService",
    "Username",
    "WeakPasswordError",
    "browser_language",
    "check_password",
    "settings_of",
    "standing_of",
    "user_of",
]
