"""``balu users …``."""

import sys
from typing import Any

import rich_click as click
from msgspec import ValidationError, convert

from balu.identity.users.errors import UserNotFoundError
from balu.identity.users.models import UserRow
from balu.identity.users.passwords import Passwords, check_password
from balu.identity.users.schemas import UserCreate
from balu.identity.users.service import NewUser, UserService
from balu.kernel.caller import GRADES, Caller
from balu.kernel.commands import Env, command
from balu.kernel.errors import InvalidError
from balu.kernel.unit import open_unit

NAME = click.argument("name")
PASSWORD = click.option(
    "--password-stdin", is_flag=True, required=True, help="Read the password from standard input."
)
CONSOLE = Caller(user_id=0, username="console", grade="superadmin", via="local")
"""Whoever can run commands on the data directory owns the box."""


@command(
    "users add",
    NAME,
    click.option(
        "--role", type=click.Choice(GRADES), default="user", show_default=True, help="What it may do."
    ),
    click.option("--email", help="E-mail address."),
    click.option("--quota", type=int, help="Most bytes the account may take up."),
    PASSWORD,
)
async def add(
    env: Env, *, name: str, role: str, email: str | None, quota: int | None, password_stdin: bool
) -> str:
    """Make an account. The first administrator becomes the owner."""
    given = {"username": name, "password": _password(read=password_stdin), "email": email, "grade": role}
    try:
        new = convert({**given, "quota_bytes": quota}, UserCreate)
    except ValidationError as error:
        raise InvalidError(str(error)) from error
    async with open_unit(env) as unit:
        row = await UserService(unit).create(
            NewUser(
                username=new.username, password=new.password, email=new.email, grade=new.grade or "user",
                quota_bytes=new.quota_bytes,
            )
        )  # fmt: skip
    return f"Account {row.username} ({row.grade}) was made; its number is {row.id}."


@command("users list", database="there")
async def show(env: Env) -> list[dict[str, Any]]:
    """List every account."""
    async with open_unit(env, writes=False) as unit:
        rows = await UserService(unit).list()
    names = ("id", "username", "grade", "is_active", "email", "quota_bytes")
    return [{name: getattr(row, name) for name in names} for row in rows]


@command("users set-password", NAME, PASSWORD, database="there")
async def set_password(env: Env, *, name: str, password_stdin: bool) -> str:
    """Set a new password and end every session of the account."""
    row, password = await _named(env, name), _password(read=password_stdin)
    check_password(password, row.username)
    password_hash = await env.part(Passwords).hash(password)
    async with open_unit(env) as unit:
        await UserService(unit).set_password_hash(row.id, password_hash)
    return f"The password of {row.username} was set and its sessions were ended."


@command("users disable", NAME, database="there")
async def disable(env: Env, *, name: str) -> str:
    """Keep an account from signing in; its files stay."""
    row = await _named(env, name)
    async with open_unit(env) as unit:
        await UserService(unit).update(row.id, CONSOLE, {"is_active": False})
    return f"{row.username} cannot sign in any more."


@command("users enable", NAME, database="there")
async def enable(env: Env, *, name: str) -> str:
    """Let an account sign in again."""
    row = await _named(env, name)
    async with open_unit(env) as unit:
        await UserService(unit).update(row.id, CONSOLE, {"is_active": True})
    return f"{row.username} can sign in."


async def _named(env: Env, name: str) -> UserRow:
    async with open_unit(env, writes=False) as unit:
        row = await UserService(unit).find(name)
    if row is None:
        raise UserNotFoundError(f"There is no account called {name}.")
    return row


def _password(*, read: bool) -> str:
    return sys.stdin.readline().rstrip("\r\n") if read else ""


COMMANDS = (add, show, set_password, disable, enable)
