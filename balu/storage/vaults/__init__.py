"""Vaults: folders whose files and names are encrypted on the disk."""

from balu.storage.vaults.service import VaultService

__all__ = ["VaultService"]
