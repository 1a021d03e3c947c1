"""``balu vaults …``: what administrators do on the machine itself."""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import rich_click as click
from click.core import ParameterSource

from balu.identity.users import UserNotFoundError, UserService
from balu.kernel import bootkey
from balu.kernel.caller import Caller
from balu.kernel.commands import Env, Verdict, command
from balu.kernel.config import Config
from balu.kernel.jobs import run_now
from balu.kernel.unit import open_unit
from balu.storage.files import SUFFIX
from balu.storage.vaults import record as records
from balu.storage.vaults.errors import NoServerError, VaultNotFoundError
from balu.storage.vaults.recover import recover
from balu.storage.vaults.rotation import rotate_vault
from balu.storage.vaults.service import Vault, VaultService

USER = click.option("--user", "username", required=True, help="Whose vault it is.")
VAULT = click.argument("vault", metavar="VAULT")
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


def secret(
    name: str, envvar: str, prompt: str, text: str
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """``--NAME`` and ``--NAME-stdin``; without both, and without the variable, it is asked for."""

    def note(context: click.Context, _: click.Parameter, value: bool) -> None:
        context.meta[f"balu.{name}"] = value

    def take(context: click.Context, option: click.Parameter, value: str | None) -> str | None:
        if context.resilient_parsing:
            return value
        if context.meta[f"balu.{name}"]:
            if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
                raise click.UsageError(f"Give --{name} or --{name}-stdin, not both.")
            value = sys.stdin.readline().rstrip("\r\n")
            if not value:
                raise click.BadParameter("nothing came from standard input.", context, option)
        return str(click.prompt(prompt, hide_input=True, err=True)) if value is None else value

    def both(function: Callable[..., Any]) -> Callable[..., Any]:
        given = click.option(
            f"--{name}", envvar=envvar, show_envvar=True, callback=take,
            help=f"{text} Others on this machine can see it here; asked for when left out.",
        )  # fmt: skip
        read = click.option(
            f"--{name}-stdin", is_flag=True, is_eager=True, expose_value=False, callback=note,
            help="Read it from standard input.",
        )  # fmt: skip
        return given(read(function))

    return both


PASSPHRASE = secret("passphrase", "VAULT_PASSPHRASE", "Passphrase", "The passphrase.")
KIT = secret("kit", "VAULT_KIT", "Recovery kit or passphrase", "AGE-SECRET-KEY-1…, or the passphrase.")


@command("vaults list", USER, database="there")
async def list_vaults(env: Env, *, username: str) -> Any:
    """The vaults of one user."""
    return [_row(vault) for vault in await (await _vaults(env, username)).list()]


@command(
    "vaults create", USER, click.argument("name"), click.option("--parent", default=""), PASSPHRASE,
    database="there",
)  # fmt: skip
async def create_vault(env: Env, *, username: str, name: str, parent: str, passphrase: str) -> Any:
    """Make a vault and print its recovery kit; keep it where neither the disk nor this machine is."""
    vaults = await _vaults(env, username)
    vault, kit = await vaults.create(name, parent, passphrase)
    if not await _is_served(env):  # this process alone could read it, and it ends here
        vault = await vaults.lock(vault.row.id)
    return [{**_row(vault), "recovery_kit": kit}]


@command("vaults unlock", USER, VAULT, PASSPHRASE, database="there")
async def unlock_vault(env: Env, *, username: str, vault: str, passphrase: str) -> Any:
    """Open VAULT, a number or a path, in the running server; a recovery kit does as well."""
    if not await _is_served(env):
        raise NoServerError(
            "A vault is open in a running server. Start `balu serve` first, as the same user."
        )
    vaults = await _vaults(env, username)
    return [_row(await vaults.unlock(await _number(vaults, vault), passphrase))]


@command("vaults lock", USER, VAULT, database="there")
async def lock_vault(env: Env, *, username: str, vault: str) -> Any:
    """Lock VAULT, a number or a path, now."""
    vaults = await _vaults(env, username)
    return [_row(await vaults.lock(await _number(vaults, vault)))]


@command("vaults rotate", USER, VAULT, database="there")
async def rotate_command(env: Env, *, username: str, vault: str) -> Any:
    """Lock the keys of files by a new key, in an unlocked vault of the running server; contents stay."""
    vaults = await _vaults(env, username)
    row = (await vaults.rotate(await _number(vaults, vault))).row
    return [await run_now(env, rotate_vault, owner_id=row.owner_id, vault_id=row.id)]


@command(
    "vaults recover",
    click.argument("keyfile", type=click.Path(exists=True, dir_okay=False, path_type=Path)),
    click.argument("folder", type=FOLDER),
    click.argument("target", type=click.Path(path_type=Path)),
    KIT,
    database="none",
)
async def recover_vault(*, keyfile: Path, folder: Path, target: Path, kit: str) -> Verdict:
    """Decrypt a vault's FOLDER into the new folder TARGET, with its KEYFILE (.balu/vaults/….keys).

    Exits 1 when a file was damaged; everything else is in TARGET nevertheless.
    """
    record = records.decode(await asyncio.to_thread(keyfile.read_bytes))
    is_kit = kit.strip().upper().startswith("AGE-SECRET-KEY-1")
    opened = await asyncio.to_thread(
        records.open_with_kit if is_kit else records.open_with_passphrase, record, kit
    )
    found = await asyncio.to_thread(recover, opened, folder, target)
    return Verdict(found, 1 if found.damaged else 0)


async def _is_served(env: Env) -> bool:
    return await asyncio.to_thread(bootkey.is_served, env.part(Config).data_dir)


async def _vaults(env: Env, username: str) -> VaultService:
    async with open_unit(env, writes=False) as unit:
        user = await UserService(unit).find(username)
    if user is None:
        raise UserNotFoundError(f"There is no user {username}.")
    return VaultService(env, Caller(user_id=user.id, username=user.username, grade=user.grade))


async def _number(vaults: VaultService, given: str) -> int:
    """The number of the vault that somebody calls by its number or its path; ``.vault`` may be left out."""
    every = await vaults.list()
    path = given.strip("/").removesuffix(SUFFIX) + SUFFIX
    numbered = [vault for vault in every if str(vault.row.id) == given]
    for vault in numbered or [vault for vault in every if vault.path == path]:
        return vault.row.id
    raise VaultNotFoundError("There is no such vault. `balu vaults list` shows them.")


def _row(vault: Vault) -> dict[str, Any]:
    status = "locked" if vault.locks_at is None else "unlocked"
    return {"id": vault.row.id, "name": vault.row.name, "path": vault.path, "status": status}
