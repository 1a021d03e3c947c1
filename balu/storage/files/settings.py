"""``[files]``: who sends the bytes of whole files."""

from typing import Annotated, Literal

import msgspec


class FileSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[files]``."""

    offload: Literal["off", "x-accel-redirect", "x-sendfile"] = "off"
    """Header by which a trusted proxy is told to send a file itself."""
    offload_prefix: Annotated[str, msgspec.Meta(pattern="^/[a-z0-9/_-]*[a-z0-9]$")] = "/balu-files"
    """Where an ``x-accel-redirect`` proxy has the volumes: ``<prefix>/<volume id>/<path>``."""
