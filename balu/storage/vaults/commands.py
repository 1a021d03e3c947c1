"""``balu vaults …``: what administrators do on the machine itself."""

import asyncio
from pathlib import Path
from typing import Any

import rich_click as click

from balu.identity.users import UserNotFoundError, UserService
from balu.kernel import bootkey
from balu.kernel.caller import Caller
from balu.kernel.commands import Env, Verdict, command
from balu.kernel.config import Config
from balu.kernel.jobs import run_now
from balu.kernel.unit import open_unit
from balu.storage.vaults import record as records
from balu.storage.vaults.errors import NoServerError
from balu.storage.vaults.recover import recover
from balu.storage.vaults.rotation import rotate_vault
from balu.storage.vaults.service import Vault, VaultService

USER = click.option("--user", "username", required=True, help="Whose vault it is.")
VAULT_ID = click.argument("vault_id", type=int)
PASSPHRASE = click.option(
    "--passphrase", prompt=True, hide_input=True, envvar="VAULT_PASSPHRASE", help="Asked for when left out."
)
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@command("vaults list", USER)
async def list_vaults(env: Env, *, username: str) -> Any:
    """The vaults of one user."""
    return [_row(vault) for vault in await (await _vaults(env, username)).list()]


@command("vaults create", USER, click.argument("name"), click.option("--parent", default=""), PASSPHRASE)
async def create_vault(env: Env, *, username: str, name: str, parent: str, passphrase: str) -> Any:
    """Make a vault and print its recovery kit; keep it where neither the disk nor this machine is."""
    vaults = await _vaults(env, username)
    vault, kit = await vaults.create(name, parent, passphrase)
    if not await _is_served(env):  # this process alone could read it, and it ends here
        vault = await vaults.lock(vault.row.id)
    return [{**_row(vault), "recovery_kit": kit}]


@command("vaults unlock", USER, VAULT_ID, PASSPHRASE)
async def unlock_vault(env: Env, *, username: str, vault_id: int, passphrase: str) -> Any:
    """Open a vault of the running server; a recovery kit does as well."""
    if not await _is_served(env):
        raise NoServerError(
            "A vault is open in a running server. Start `balu serve` first, as the same user."
        )
    return [_row(await (await _vaults(env, username)).unlock(vault_id, passphrase))]


@command("vaults lock", USER, VAULT_ID)
async def lock_vault(env: Env, *, username: str, vault_id: int) -> Any:
    """Lock a vault now."""
    return [_row(await (await _vaults(env, username)).lock(vault_id))]


@command("vaults rotate", USER, VAULT_ID)
async def rotate_command(env: Env, *, username: str, vault_id: int) -> Any:
    """Lock the keys of files by a new key, in an unlocked vault of the running server; contents stay."""
    vault = await (await _vaults(env, username)).rotate(vault_id)
    return [await run_now(env, rotate_vault, owner_id=vault.row.owner_id, vault_id=vault_id)]


@command(
    "vaults recover",
    click.argument("keyfile", type=click.Path(exists=True, dir_okay=False, path_type=Path)),
    click.argument("folder", type=FOLDER),
    click.argument("target", type=click.Path(path_type=Path)),
    click.option(
        "--kit", prompt="Recovery kit or passphrase", hide_input=True, envvar="VAULT_KIT",
        help="AGE-SECRET-KEY-1…, or the passphrase. Asked for when left out.",
    ),
)  # fmt: skip
async def recover_vault(env: Env, *, keyfile: Path, folder: Path, target: Path, kit: str) -> Verdict:  # noqa: ARG001
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


def _row(vault: Vault) -> dict[str, Any]:
    status = "locked" if vault.locks_at is None else "unlocked"
    return {"id": vault.row.id, "name": vault.row.name, "path": vault.path, "status": status}
