"""Encrypted folders, as files see them: a seal turns names and bytes around on their way to the disk.

What a vault is, who opens it and for how long is the business of ``vaults``; it puts its own ``Seals`` into
the Env. Without them no folder is sealed.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from balu.kernel.errors import BaluError, ForbiddenError, UnsafePathError

if TYPE_CHECKING:
    from balu.storage.files.places import Home
    from balu_core import Volume
    from balu_core._native import VaultKeys

SUFFIX = ".vault"
"""How the folder of a vault is called on the disk; without it nobody would look for its seal."""
FRONT, CHUNK, TAG = 4096 + 56, 16_384, 16
"""Of ``docs/formats/vault.md``: bytes before the first chunk, of a chunk, and of its tag."""

SEALED_NAME = re.compile("[a-z2-7]{28,255}")


class VaultLockedError(BaluError):
    """The vault is locked."""

    status, code = 423, "vault-locked"


class VaultNotGivenError(ForbiddenError):
    """A vault is its owner's alone."""

    code = "vault-not-given"


class VaultBoundaryError(BaluError):
    """Bytes cannot pass into or out of a vault this way."""

    status, code = 409, "vault-boundary"


@dataclass(frozen=True, slots=True)
class Seal:
    """One encrypted folder. Names are as on the disk; ``inside`` means encrypted."""

    vault_id: str
    depth: int
    """How many components lead from the home to the folder itself, which is not encrypted."""
    opened: "VaultKeys | None"
    """None while it is locked."""
    is_foreign: bool = False
    """Whether it is looked at by somebody else than its owner; nothing opens it then."""

    def foreign(self) -> "Seal":
        """The same for everybody else, whom a grant on a folder above lets see that there is a vault."""
        return replace(self, opened=None, is_foreign=True)

    @property
    def keys(self) -> "VaultKeys":
        """What opens names and contents.

        Raises:
            VaultLockedError: nobody has unlocked it, or not lately.
            VaultNotGivenError: it is somebody else's.
        """
        if self.is_foreign:
            raise VaultNotGivenError("What is in a vault is its owner's alone. Ask for a copy outside of it.")
        if self.opened is None:
            raise VaultLockedError("This vault is locked. Unlock it with its passphrase first.")
        return self.opened

    def inside(self, name: str) -> str:
        """*name* as it stands on the disk; one that is encrypted already stays.

        Raises:
            UnsafePathError: it has more than 143 bytes.
        """
        if self.keys.open_names([name])[0] is not None:
            return name
        try:
            return self.keys.seal_name(name)
        except ValueError as error:
            raise UnsafePathError("In a vault, a name has at most 143 bytes.") from error

    def plain(self, names: Sequence[str]) -> list[str | None]:
        """Plain names in the same order, None for what is none of the vault's."""
        return self.keys.open_names(names)

    def through(self, core: "Volume") -> "Volume":
        """The volume with plain contents; while locked as it is, which is enough to move the folder."""
        return core if self.opened is None else core.sealed(self.opened)


@dataclass(frozen=True, slots=True)
class SeenVault:
    """A vault by its id, wherever its folder is now."""

    name: str
    opened: "VaultKeys | None"
    """None while it is locked."""


class Seals:
    """Finds the seal of a path; a part of the Env."""

    async def of(self, home: "Home", parts: Sequence[str]) -> Seal | None:  # noqa: ARG002
        """The seal of the first encrypted folder on the way to *parts*, None for none."""
        return None

    async def seen(self, vault_id: str) -> SeenVault | None:  # noqa: ARG002
        """The vault of this id, None where there is none any more."""
        return None


def without_names(error: BaluError) -> str:
    """What a refusal says, for rows that must not know the names in a vault."""
    return f"{error.title}." if f"{SUFFIX}/" in error.detail else error.detail


def looks_sealed(name: str) -> bool:
    """Whether a name on the disk may be an encrypted one."""
    return SEALED_NAME.fullmatch(name) is not None


def plain_size(size: int) -> int:
    """Plain bytes in a file of *size* bytes; 0 for a length no complete file has."""
    chunks, last = divmod(max(size - FRONT, 0), CHUNK + TAG)
    return chunks * CHUNK + max(last - TAG, 0)
