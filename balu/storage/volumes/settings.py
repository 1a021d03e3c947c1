"""``[volumes]``: further places for files."""

import msgspec


class VolumeSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[volumes]``: the default volume is always ``volumes/main`` in the data directory."""

    extra: tuple[str, ...] = ()
    """Absolute paths of further directories that become volumes at start."""
