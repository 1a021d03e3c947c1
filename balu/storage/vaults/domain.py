"""What vaults contribute to the application."""

from collections.abc import Mapping
from typing import Any

from balu.kernel.config import Config
from balu.kernel.domain import Domain
from balu.storage.files import Seals
from balu.storage.vaults.commands import (
    create_vault,
    list_vaults,
    lock_vault,
    recover_vault,
    rotate_command,
    unlock_vault,
)
from balu.storage.vaults.controller import VaultController
from balu.storage.vaults.jobs import erase_keys, lock_idle_vaults
from balu.storage.vaults.opened import OpenVaults
from balu.storage.vaults.rotation import (
    RotationController,
    erase_vault_locks,
    recover_vaults,
    rotate_vault,
)
from balu.storage.vaults.settings import VaultSettings


def parts(config: Config) -> Mapping[type, Any]:
    """What lives as long as the process."""
    return {Seals: OpenVaults(config.data_dir)}


VAULTS = Domain(
    name="vaults",
    controllers=(VaultController, RotationController),
    jobs=(lock_idle_vaults, rotate_vault, recover_vaults, erase_vault_locks),
    listeners=(erase_keys,),
    commands=(list_vaults, create_vault, unlock_vault, lock_vault, rotate_command, recover_vault),
    settings=VaultSettings,
    parts=parts,
    startup=(recover_vaults,),
)
