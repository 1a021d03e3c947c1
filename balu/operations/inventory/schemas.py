"""Wire shapes of devices, monitors and their history."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, UnsetType, field

from balu.operations.inventory.words import Change, DeviceType, Interface, MonitorType, Network, Poe

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
Text = Annotated[str, msgspec.Meta(max_length=200)]
Address = Annotated[str, msgspec.Meta(max_length=2048, description="IPv4, IPv6, host name or URL")]
Notes = Annotated[str, msgspec.Meta(max_length=10_000)]
MonitorNotes = Annotated[str, msgspec.Meta(max_length=500)]
Tags = Annotated[list[Annotated[str, msgspec.Meta(max_length=50)]], msgspec.Meta(max_length=50)]
Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]
Ids = Annotated[list[int], msgspec.Meta(min_length=1, max_length=100)]


class MonitorRead(msgspec.Struct, kw_only=True):
    """One way in which a device is watched."""

    id: int
    device_id: int
    monitor_type: MonitorType
    endpoint: str | None
    """Path, host, host:port or URL instead of the device's address; None: the address."""
    port: int | None
    enabled: bool
    notes: str | None


class MonitorWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A monitor to be; without a port it gets the usual one of its kind."""

    monitor_type: MonitorType
    endpoint: Address | None = None
    port: Port | None = None
    enabled: bool = True
    notes: MonitorNotes | None = None


class MonitorUpdate(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What changes in a monitor; whatever is absent stays."""

    monitor_type: MonitorType | UnsetType = UNSET
    endpoint: Address | UnsetType | None = UNSET
    port: Port | UnsetType | None = UNSET
    enabled: bool | UnsetType = UNSET
    notes: MonitorNotes | UnsetType | None = UNSET


class DeviceRead(msgspec.Struct, kw_only=True):
    """One device with its monitors and the names of what it refers to."""

    id: int
    name: str
    device_type: DeviceType
    ip_address: str | None
    """IPv4, IPv6, host name or URL."""
    function: str | None = field(name="deviceFunction")
    vendor_id: int | None
    vendor_name: str | None
    model_id: int | None
    model_name: str | None
    location_id: int | None
    location_name: str | None
    """The whole path, outermost place first, joined by `` / ``."""
    serial_number: str | None
    networks: list[Network]
    interface_type: list[Interface]
    poe_powered: bool
    poe_standards: list[Poe]
    monitoring_enabled: bool
    tags: list[str]
    notes: str | None
    monitors: list[MonitorRead]
    version: int
    """Counts the changes; also in the ETag as ``"<version>"``."""
    last_seen_at: datetime | None
    checked_at: datetime | None
    rtt_ms: float | None
    created_at: datetime
    updated_at: datetime


class DeviceUpdate(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What changes in a device; whatever is absent stays, null empties."""

    name: Name | UnsetType = UNSET
    device_type: DeviceType | UnsetType = UNSET
    ip_address: Address | UnsetType | None = UNSET
    device_function: Text | UnsetType | None = field(name="deviceFunction", default=UNSET)
    function: Text | UnsetType | None = UNSET
    vendor_id: int | UnsetType | None = UNSET
    model_id: int | UnsetType | None = UNSET
    location_id: int | UnsetType | None = UNSET
    serial_number: Name | UnsetType | None = UNSET
    networks: list[Network] | UnsetType = UNSET
    interface_type: list[Interface] | UnsetType = UNSET
    poe_powered: bool | UnsetType = UNSET
    poe_standards: list[Poe] | UnsetType = UNSET
    monitoring_enabled: bool | UnsetType = UNSET
    tags: Tags | UnsetType = UNSET
    notes: Notes | UnsetType | None = UNSET


class DeviceCreate(DeviceUpdate, kw_only=True, forbid_unknown_fields=True):
    """A new device; what it leaves out comes from the template, if one is named."""

    name: Name
    monitors: list[MonitorWrite] | UnsetType = UNSET
    template_id: int | None = None


class DeviceClone(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """How the copy differs; without a name it is numbered. Serial numbers are never copied."""

    name: Name | None = None
    ip_address: Address | None = None


class DevicePage(msgspec.Struct, kw_only=True):
    """Devices in the order of their names."""

    items: list[DeviceRead]
    total: int
    next: str | None


class ChangeRead(msgspec.Struct, kw_only=True):
    """One change of one device."""

    id: int
    device_id: int
    device_name: str
    change_type: Change
    diff: dict[str, Any]
    """``{field: {"old": …, "new": …}}``; names instead of numbers for vendor, model and location."""
    user: str
    at: datetime


class BulkIds(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which devices, at most 100."""

    device_ids: Ids


class BulkDeleted(msgspec.Struct, kw_only=True):
    """What a bulk delete did; ``POST /bulk/devices/restore`` with the same numbers takes it back."""

    status: str
    """``completed``, ``partial`` or ``failed``."""
    deleted: int
    failed: int
    failed_ids: list[int]


class BulkRestored(msgspec.Struct, kw_only=True):
    """What came back; those that failed lack a free name, are there already or gone for good."""

    status: str
    restored: int
    failed: int
    failed_ids: list[int]
    taken_ids: list[int]
    """Those of them whose name another device has now."""


class DeletedDevice(DeviceRead, kw_only=True):
    """A device as it was when it was deleted."""

    deleted_at: datetime
    deleted_by: str | None
    expires_at: datetime
    """From then on it may be gone for good."""
    name_taken_by: int | None
    """The device that has its name now; this one can only come back under another."""


class DeletedPage(msgspec.Struct, kw_only=True):
    """Deleted devices, the last delete first."""

    items: list[DeletedDevice]
    total: int
    next: str | None
    retention_days: int
    """How long deleted devices can be put back."""


class DeviceRestore(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """How a device comes back; without a name under its own."""

    name: Name | None = None


def given(wish: msgspec.Struct) -> dict[str, Any]:
    """The fields of *wish* that were sent, by their names in Python; ``deviceFunction`` is ``function``."""
    sent = {name: value for name in wish.__struct_fields__ if (value := getattr(wish, name)) is not UNSET}
    if "device_function" in sent:
        sent["function"] = sent.pop("device_function")
    return sent
