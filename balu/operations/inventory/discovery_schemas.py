"""Wire shapes of discoveries and of the reachability check."""

from typing import Annotated, Any, Literal

import msgspec

from balu.operations.inventory.import_schemas import CreatedDevice, FailedDevice
from balu.operations.inventory.schemas import Name, Port
from balu.operations.inventory.words import DeviceType


class DiscoveryStart(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which hosts to ask: a list, a range (``a-b``), a CIDR, or several of them; at most 1024 in all."""

    targets: Annotated[list[str], msgspec.Meta(max_length=1024)] = []
    range: str | None = None
    cidr: str | None = None
    probe: Literal["auto", "icmp", "tcp"] = "auto"
    ports: Annotated[list[Port], msgspec.Meta(max_length=10)] = []
    """TCP ports to ask; naming some means TCP."""
    allow_public: bool = False
    """Leave private networks; for administrators."""


class HostFound(msgspec.Struct, kw_only=True):
    """What one host answered."""

    input: str
    ip: str
    hostname: str | None
    mac: str | None
    mac_vendor: str | None
    reachable: bool
    rtt_ms: float | None
    port: int | None
    """The TCP port that answered."""
    error: str | None


class DiscoverySummary(msgspec.Struct, kw_only=True):
    """A discovery in numbers."""

    asked: int
    """Less than ``total`` while it runs, and after a cancel."""
    total: int
    reachable: int
    failed: int
    probe: str


class HostKnown(HostFound, kw_only=True):
    """The same, with the device that has this address already."""

    device_id: int | None
    device_name: str | None


class DiscoveryRead(msgspec.Struct, kw_only=True):
    """A discovery: how far it is, and what it found once it is over."""

    job_id: int
    status: str
    progress: int
    message: str | None
    error: str | None
    summary: DiscoverySummary | None
    results: list[HostKnown]
    """Empty while it runs; until then they arrive as live events."""


class HostToAdd(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A found host that becomes a device."""

    ip: str
    name: Name | None = None
    """Without it the host's own name, else its address."""
    device_type: DeviceType = "icmp_only"


class HostsToAdd(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which hosts become devices; none named: all that answered and are not in the inventory."""

    hosts: Annotated[list[HostToAdd], msgspec.Meta(max_length=1024)] = []
    monitoring_enabled: bool = False
    tags: list[str] = []


class HostsAdded(msgspec.Struct, kw_only=True):
    """What became of them."""

    created: int
    skipped: int
    """Those whose address a device has already."""
    created_devices: list[CreatedDevice]
    failed_devices: list[FailedDevice]


class Reachability(msgspec.Struct, kw_only=True):
    """Whether and how often every device is asked if it is there."""

    enabled: bool
    every_minutes: int


class ReachabilityWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """When to ask; off by default."""

    enabled: bool
    every_minutes: Annotated[int, msgspec.Meta(ge=1, le=59)] = 5


def found_of(plain: Any) -> list[HostFound]:
    """Results as a job keeps them."""
    return msgspec.convert(plain, list[HostFound])
