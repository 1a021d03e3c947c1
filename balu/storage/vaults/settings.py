"""``[vaults]``: when they lock by themselves."""

from typing import Annotated

import msgspec


class VaultSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[vaults]``."""

    idle_minutes: Annotated[int, msgspec.Meta(ge=1, le=1440)] = 15
    """A vault nobody used for so long is locked."""
