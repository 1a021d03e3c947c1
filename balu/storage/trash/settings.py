"""``[trash]``: how long deleted things can come back."""

from typing import Annotated

import msgspec


class TrashSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[trash]``."""

    retention_days: Annotated[int, msgspec.Meta(ge=1, le=3650)] = 30
