"""First-run setup: a one-time code on the console, claimed by one conditional UPDATE."""

import hmac
import os
import secrets
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite

from balu.identity.auth import AppPasswordService, AuthService, Client, Keys, SignedIn, Tokens
from balu.identity.users import (
    NewUser,
    Passwords,
    UserNotFoundError,
    UserRow,
    UserService,
    check_password,
)
from balu.kernel.caller import Caller
from balu.kernel.config import Config
from balu.kernel.errors import UnauthorizedError
from balu.kernel.unit import Env, Unit, open_unit
from balu.operations.admin.errors import SetupCodeError, SetupDoneError, SetupTokenError
from balu.operations.admin.models import SetupRow

CODE_BYTES = 16
CODE_KEY = "setup code v1"
ONLY = 1
SETUP_LIFE = timedelta(seconds=1800)


@dataclass(frozen=True, slots=True)
class Claimed:
    """The owner's first session, and a token for the rest of the setup."""

    signed: SignedIn
    setup_token: str


async def setup_code(env: Env) -> str | None:
    """The one-time code, made at the first call and kept in ``run/setup-code``; None once setup is done."""
    async with open_unit(env) as unit:
        if not await setup_required(unit):
            code_path(env).unlink(missing_ok=True)  # an account made otherwise leaves it behind
            return None
        stored = await _stored(unit)
        path = code_path(env)
        known = _read(path)
        if known is not None and stored is not None and hmac.compare_digest(_digest(env, known), stored):
            return known
        code = secrets.token_urlsafe(CODE_BYTES)
        _write(path, code)
        await unit.session.execute(
            update(SetupRow).where(SetupRow.id == ONLY).values(digest=_digest(env, code))
        )
    return code


async def completed_steps(unit: Unit) -> list[str]:
    """What of the setup is done, in that order."""
    if await setup_required(unit):
        return []
    steps = await unit.session.scalar(select(SetupRow.steps).where(SetupRow.id == ONLY))
    return ["admin", *(steps or [])]


async def add_user(env: Env, token: str, new: NewUser) -> UserRow:
    """Make an ordinary account with the owner's setup token.

    Raises:
        SetupTokenError, SetupDoneError: see ``_step``.
        WeakPasswordError, UserExistsError: see ``UserService.create``.
    """
    async with open_unit(env, writes=False) as unit:
        await _owner(unit, token)
    check_password(new.password, new.username)
    password_hash = await env.part(Passwords).hash(new.password)
    async with open_unit(env) as unit:
        await _step(unit, token, "users")
        return await UserService(unit).create_hashed(new, password_hash)


async def open_file_access(unit: Unit, token: str, *, samba: bool, webdav: bool) -> str | None:
    """Let the owner reach files over the network; returns an app password when *webdav* is wanted.

    Raises:
        SetupTokenError, SetupDoneError: see ``_step``.
    """
    owner = await _step(unit, token, "file-access")
    by = Caller(owner.id, owner.username, owner.grade)
    await UserService(unit).update(owner.id, by, {"smb_enabled": samba})
    if not webdav:
        return None
    scopes = ("files:read", "files:write")
    _, secret = await AppPasswordService(unit).create(owner.id, "WebDAV", scopes, None)
    return secret


async def complete(unit: Unit, token: str) -> list[str]:
    """End the setup: the token opens nothing any more; returns the steps that were done.

    Raises:
        SetupTokenError, SetupDoneError: see ``_step``.
    """
    await _step(unit, token, "complete")
    return await completed_steps(unit)


async def setup_required(unit: Unit) -> bool:
    """Whether nobody can administer Balu yet and nobody ever claimed it."""
    claimed = await unit.session.scalar(select(SetupRow.claimed_at).where(SetupRow.id == ONLY))
    return claimed is None and not await UserService(unit).has_admin()


async def claim(env: Env, new: NewUser, code: str, client: Client) -> Claimed:
    """Make the owner's account, once.

    Raises:
        SetupDoneError: somebody did, for ever after.
        SetupCodeError: not the code that the console shows.
    """
    async with open_unit(env, writes=False) as unit:
        if not await setup_required(unit):
            raise SetupDoneError("There is nothing here.")
        stored = await unit.session.scalar(select(SetupRow.digest).where(SetupRow.id == ONLY))
    digest = _digest(env, code)
    if stored is None or not hmac.compare_digest(digest, stored):
        raise SetupCodeError("Use the code that the server printed when it started.")
    check_password(new.password, new.username)
    password_hash = await env.part(Passwords).hash(new.password)
    async with open_unit(env) as unit:
        await _claim_row(unit, digest)
        if await UserService(unit).has_admin():
            raise SetupDoneError("There is nothing here.")
        user = await UserService(unit).create_hashed(new, password_hash)
        signed = await AuthService(env).begin(unit, user, client, cookie=True)
    code_path(env).unlink(missing_ok=True)
    token = Tokens(env.part(Keys)).issue("setup", user.id, env.now(), SETUP_LIFE)
    return Claimed(signed, token)


def code_path(env: Env) -> Path:
    """Where the code can be read by whoever owns the data directory."""
    return env.part(Config).data_dir / "run" / "setup-code"


async def _claim_row(unit: Unit, digest: bytes) -> None:
    free = update(SetupRow).where(
        SetupRow.id == ONLY, SetupRow.digest == digest, SetupRow.claimed_at.is_(None)
    )
    won = await unit.session.scalar(free.values(claimed_at=unit.now(), digest=None).returning(SetupRow.id))
    if won is None:
        raise SetupDoneError("There is nothing here.")


async def _owner(unit: Unit, token: str) -> UserRow:
    try:
        claims = Tokens(unit.env.part(Keys)).read("setup", token, unit.now())
        owner = await UserService(unit).get(claims["sub"])
    except (UnauthorizedError, UserNotFoundError) as error:
        raise SetupTokenError("This setup has ended. Go on in Balu's own pages.") from error
    if owner.grade != "superadmin" or not owner.is_active:
        raise SetupTokenError("This setup has ended. Go on in Balu's own pages.")
    return owner


async def _step(unit: Unit, token: str, name: str) -> UserRow:
    """Note a step and return the owner.

    Raises:
        SetupTokenError: not the owner's token, or half an hour is over.
        SetupDoneError: the setup was completed.
    """
    owner = await _owner(unit, token)
    steps = await unit.session.scalar(select(SetupRow.steps).where(SetupRow.id == ONLY).with_for_update())
    if steps is None or "complete" in steps:
        raise SetupDoneError("There is nothing here.")
    if name not in steps:
        noted = update(SetupRow).where(SetupRow.id == ONLY).values(steps=[*steps, name])
        await unit.session.execute(noted)
    return owner


async def _stored(unit: Unit) -> bytes | None:
    make = postgresql.insert if unit.session.get_bind().dialect.name == "postgresql" else sqlite.insert
    await unit.session.execute(make(SetupRow).values(id=ONLY).on_conflict_do_nothing())
    # Locked, so that of two processes that start together the second one sees the first one's code.
    row = select(SetupRow.digest).where(SetupRow.id == ONLY).with_for_update()
    return await unit.session.scalar(row)


def _digest(env: Env, code: str) -> bytes:
    return env.part(Keys).digest(CODE_KEY, code)


def _read(path: Path) -> str | None:
    return path.read_text(encoding="ascii").strip() if path.exists() else None


def _write(path: Path, code: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(code + "\n")
