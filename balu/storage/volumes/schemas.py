"""Wire shapes of volumes and space."""

from typing import Annotated, Literal

import msgspec

State = Literal["online", "offline"]


class Mountpoint(msgspec.Struct, kw_only=True):
    """A volume as file managers show it."""

    id: str
    """A string, as BaluHost clients expect; send it back as ``mount``."""
    name: str
    type: str
    path: str
    size_bytes: int
    used_bytes: int
    available_bytes: int
    raid_level: str | None
    status: str
    is_default: bool


class Mountpoints(msgspec.Struct, kw_only=True):
    """Every volume."""

    mountpoints: list[Mountpoint]
    default_mountpoint: str


class SpaceAvailable(msgspec.Struct, kw_only=True):
    """What the caller may still write."""

    state: State
    """Of the default volume; nothing is available on one that is offline."""
    available_bytes: int
    used_bytes: int
    quota_bytes: int | None
    trash_bytes: int
    version_bytes: int


class RootUsage(msgspec.Struct, kw_only=True):
    """What the caller takes up."""

    used_bytes: int
    live_bytes: int
    reserved_bytes: int
    trash_bytes: int
    version_bytes: int


class VolumeCreate(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Make an existing directory a volume."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    path: Annotated[str, msgspec.Meta(min_length=1, max_length=4096)]


class VolumePatch(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Rename it, or make it the default one."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=100)] | None = None
    is_default: Literal[True] | None = None


class VolumeRead(msgspec.Struct, kw_only=True):
    """A volume as administrators see it."""

    id: int
    name: str
    path: str
    is_default: bool
    state: State
    size_bytes: int
    available_bytes: int
    features: dict[str, object]


class VolumeList(msgspec.Struct, kw_only=True):
    """Every volume."""

    items: list[VolumeRead]
    total: int
