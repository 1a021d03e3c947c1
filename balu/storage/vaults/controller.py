"""``/api/vaults``."""

from litestar import Controller, delete, get, post, put
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, JSONBody

from balu.kernel.caller import Caller
from balu.kernel.unit import Env
from balu.storage.vaults import record as records
from balu.storage.vaults.schemas import VaultCreate, VaultCreated, VaultPassphrase, VaultRead, VaultUnlock
from balu.storage.vaults.service import Vault, VaultService

Vaults = NamedDependency[VaultService]
READ, WRITE = {"scope": "files:read"}, {"scope": "files:write"}
GUESS = {**WRITE, "rate": ("vault_passphrase", 20)}


def provide_vaults(env: NamedDependency[Env], caller: NamedDependency[Caller]) -> VaultService:
    """The caller's vaults."""
    return VaultService(env, caller)


class VaultController(Controller):
    """Encrypted folders; their contents are files like any other while they are unlocked."""

    path, tags = "/vaults", ("vaults",)
    dependencies = {"vaults": Provide(provide_vaults, sync_to_thread=False)}

    @get(operation_id="listVaults", opt=READ)
    async def list(self, vaults: Vaults) -> list[VaultRead]:
        """The caller's vaults, oldest first."""
        return [_read(vault) for vault in await vaults.list()]

    @post(operation_id="createVault", opt=WRITE, status_code=201)
    async def create(self, vaults: Vaults, data: JSONBody[VaultCreate]) -> VaultCreated:
        """A new vault, unlocked. The recovery kit is shown this once."""
        vault, kit = await vaults.create(data.name, data.parent_path, data.passphrase, data.mount)
        shown = _read(vault)
        return VaultCreated(
            id=shown.id, name=shown.name, path=shown.path, folder_id=shown.folder_id,
            volume_id=shown.volume_id, status=shown.status, locks_at=shown.locks_at,
            key_version=shown.key_version, rotating=shown.rotating, created_at=shown.created_at,
            recovery_kit=kit,
        )  # fmt: skip

    @delete("/{vault_id:int}", operation_id="deleteVault", opt=WRITE)
    async def delete(self, vaults: Vaults, vault_id: FromPath[int]) -> None:
        """Move the folder to the trash; the keys are erased with it."""
        await vaults.delete(vault_id)

    @post("/{vault_id:int}/unlock", operation_id="unlockVault", opt=GUESS, status_code=200)
    async def unlock(self, vaults: Vaults, vault_id: FromPath[int], data: JSONBody[VaultUnlock]) -> VaultRead:
        """Open it with its passphrase or recovery kit; 403 for another one."""
        return _read(await vaults.unlock(vault_id, data.passphrase))

    @post("/{vault_id:int}/lock", operation_id="lockVault", opt=WRITE, status_code=200)
    async def lock(self, vaults: Vaults, vault_id: FromPath[int]) -> VaultRead:
        """Forget its keys now."""
        return _read(await vaults.lock(vault_id))

    @put("/{vault_id:int}/passphrase", operation_id="changeVaultPassphrase", opt=GUESS)
    async def change_passphrase(
        self, vaults: Vaults, vault_id: FromPath[int], data: JSONBody[VaultPassphrase]
    ) -> VaultRead:
        """Another passphrase; no file is written again."""
        return _read(await vaults.change_passphrase(vault_id, data.passphrase, data.new_passphrase))


def _read(vault: Vault) -> VaultRead:
    row, record = vault.row, records.decode(vault.row.record)
    return VaultRead(
        id=row.id, name=row.name, path=vault.path, folder_id=row.folder_id, volume_id=row.volume_id,
        status="locked" if vault.locks_at is None else "unlocked", locks_at=vault.locks_at,
        key_version=record.newest.version, rotating=record.is_rotating, created_at=row.created_at,
    )  # fmt: skip
