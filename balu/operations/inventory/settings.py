"""``[inventory]`` in the configuration."""

from typing import Annotated

import msgspec


class InventorySettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where Prometheus reads targets, and how much discovery may do."""

    targets_dir: str = ""
    """Folder for Prometheus' files; empty: ``inventory/prometheus`` in the data directory."""
    discovery_per_second: Annotated[int, msgspec.Meta(ge=1, le=2000)] = 100
    """Most probes a second, whatever somebody asks for."""
    retention_days: Annotated[int, msgspec.Meta(ge=1, le=3650)] = 30
    """How long a deleted device can be put back."""
