"""Wire shapes of the search and the tiles."""

from typing import Any

import msgspec

from balu.operations.inventory.schemas import DeviceRead


class Found(msgspec.Struct, kw_only=True):
    """One page of what a search found."""

    results: list[DeviceRead]
    count: int
    """How many devices fit in all."""
    next: str | None
    """The cursor of the next page: how many devices to pass over."""
    filters_applied: dict[str, Any]


class VendorCount(msgspec.Struct, kw_only=True):
    """Devices of one vendor; ``vendor_id`` None: those without."""

    vendor_id: int | None
    name: str | None
    count: int


class LocationCount(msgspec.Struct, kw_only=True):
    """Devices at exactly one place; ``location_id`` None: those without."""

    location_id: int | None
    path: str | None
    count: int


class Stats(msgspec.Struct, kw_only=True):
    """Totals for the tiles."""

    total_devices: int
    enabled_devices: int
    """Those with monitoring on."""
    disabled_devices: int
    device_type_counts: dict[str, int]
    vendor_counts: list[VendorCount]
    """The largest first, at most 50."""
    location_counts: list[LocationCount]
    """The largest first, at most 50."""
    reachable_devices: int
    """Those that answered the last check."""
    unreachable_devices: int
    unchecked_devices: int
