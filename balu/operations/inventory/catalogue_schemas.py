"""Wire shapes of vendors, models, locations, templates and saved views."""

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from balu.operations.inventory.schemas import MonitorWrite, Name
from balu.operations.inventory.words import LocationKind


class VendorRead(msgspec.Struct, kw_only=True):
    """Who makes devices."""

    id: int
    name: str
    device_count: int
    model_count: int


class VendorWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A vendor's name."""

    name: Name


class VendorPage(msgspec.Struct, kw_only=True):
    """Vendors by name."""

    items: list[VendorRead]
    total: int
    next: str | None


class ModelRead(msgspec.Struct, kw_only=True):
    """What a vendor calls one of its devices."""

    id: int
    name: str
    vendor_id: int
    vendor_name: str
    device_count: int


class ModelWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A new model."""

    name: Name
    vendor_id: int


class ModelUpdate(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What changes in a model; whatever is absent stays."""

    name: Name | None = None
    vendor_id: int | None = None


class ModelPage(msgspec.Struct, kw_only=True):
    """Models by name."""

    items: list[ModelRead]
    total: int
    next: str | None


class LocationRead(msgspec.Struct, kw_only=True):
    """A place in the tree."""

    id: int
    name: str
    kind: LocationKind
    parent_id: int | None
    path: str
    """Names from the outermost place to this one, joined by `` / ``."""
    device_count: int
    """Devices at exactly this place."""
    tree_device_count: int
    """Devices here and in every place inside."""


class LocationWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A new place; without a kind it is the next smaller one of its parent's."""

    name: Name
    parent_id: int | None = None
    kind: LocationKind | None = None


class LocationUpdate(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What changes in a place; whatever is absent stays, a parent of null makes it outermost."""

    name: Name | UnsetType = UNSET
    parent_id: int | UnsetType | None = UNSET
    kind: LocationKind | UnsetType = UNSET


class LocationPage(msgspec.Struct, kw_only=True):
    """Places by path, so that every parent stands before its children."""

    items: list[LocationRead]
    total: int
    next: str | None


class Merge(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which entry stays."""

    into_id: int


class TemplateRead(msgspec.Struct, kw_only=True):
    """What new devices begin with."""

    id: int
    name: str
    fields: dict[str, Any]
    """As in a device, names of vendor, model and location included (``vendor_name`` …)."""
    monitors: list[dict[str, Any]]


class TemplateWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A template to be; *fields* are those of a new device, all optional."""

    name: Name
    fields: dict[str, Any]
    monitors: list[MonitorWrite] = []


class TemplateUpdate(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What changes in a template; whatever is absent stays."""

    name: Name | UnsetType = UNSET
    fields: dict[str, Any] | UnsetType = UNSET
    monitors: list[MonitorWrite] | UnsetType = UNSET


class TemplatePage(msgspec.Struct, kw_only=True):
    """Templates by name."""

    items: list[TemplateRead]
    total: int
    next: str | None


class Preset(msgspec.Struct, kw_only=True):
    """A template that Balu brings along; *key* is for translations."""

    key: str
    name: str
    fields: dict[str, Any]
    monitors: list[dict[str, Any]]


class ViewRead(msgspec.Struct, kw_only=True):
    """A saved search."""

    id: int
    name: str
    query: dict[str, Any]
    """The parameters of ``GET /search/devices``, and what else the page wants to keep."""
    shared: bool
    own: bool


class ViewWrite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A search to keep; a shared one is seen by everybody."""

    name: Name
    query: dict[str, Any]
    shared: bool = False


class ViewUpdate(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What changes in a saved search; whatever is absent stays."""

    name: Name | UnsetType = UNSET
    query: dict[str, Any] | UnsetType = UNSET
    shared: bool | UnsetType = UNSET


class ViewPage(msgspec.Struct, kw_only=True):
    """Saved searches by name: one's own, and those that others share."""

    items: list[ViewRead]
    total: int
    next: str | None
