"""What accounts contribute to the application."""

from balu.identity.users.avatar_controller import AvatarController
from balu.identity.users.controller import SettingsController, UserController
from balu.identity.users.jobs import COMMANDS
from balu.identity.users.passwords import Passwords
from balu.kernel.domain import Domain

USERS = Domain(
    name="users",
    controllers=(UserController, AvatarController, SettingsController),
    commands=COMMANDS,
    parts=lambda _: {Passwords: Passwords()},
)
