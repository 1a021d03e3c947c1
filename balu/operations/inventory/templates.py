"""Templates people make, and presets that Balu brings along."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from balu.kernel.unit import Unit
from balu.operations.inventory.catalogue_schemas import Preset, TemplateRead
from balu.operations.inventory.errors import FieldError, InventoryExistsError, InventoryNotFoundError
from balu.operations.inventory.fields import OWN, catalogue_name, clean, clean_monitor, key_of
from balu.operations.inventory.history import History
from balu.operations.inventory.models import LocationRow, ModelRow, TemplateRow, VendorRow

NAMES = ("vendor_name", "model_name", "location_name")
"""A template keeps names, so that it survives merges and can be used in another inventory."""


class TemplateService:
    """The only way in or out of the ``inventory_template`` table."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._session = unit.session

    async def list(self, *, offset: int, limit: int) -> tuple[Sequence[TemplateRead], int]:
        """Templates by name, and how many there are."""
        total = await self._session.scalar(select(func.count()).select_from(TemplateRow))
        query = select(TemplateRow).order_by(TemplateRow.name_key).limit(limit).offset(offset)
        return [_read(row) for row in await self._session.scalars(query)], total or 0

    async def create(
        self, name: str, fields: Mapping[str, Any], monitors: Sequence[Mapping[str, Any]]
    ) -> TemplateRead:
        """Keep fields and monitors under a name.

        Raises:
            FieldError: a field does not fit, or no device has it.
            InventoryExistsError: the name is taken.
        """
        now = self._unit.now()
        row = TemplateRow(fields={}, monitors=[], created_at=now, updated_at=now)
        self._session.add(row)
        return await self._store(row, {"name": name, "fields": fields, "monitors": monitors})

    async def update(self, template_id: int, given: Mapping[str, Any]) -> TemplateRead:
        """Change what *given* names; raises as ``create``."""
        return await self._store(await self._row(template_id), given)

    async def delete(self, template_id: int) -> None:
        """Forget a template; devices made from it stay as they are."""
        await self._session.delete(await self._row(template_id))
        History(self._unit).tell_catalogue("template", template_id)

    async def start_of(self, template_id: int) -> tuple[dict[str, Any], Sequence[Mapping[str, Any]]]:
        """Fields and monitors a new device begins with; names that no longer exist are left out."""
        row = await self._row(template_id)
        fields = {name: value for name, value in row.fields.items() if name in OWN}
        vendor, model, place = (row.fields.get(name) for name in NAMES)
        if vendor:
            found = select(VendorRow.id).where(VendorRow.name_key == key_of(vendor))
            fields["vendor_id"] = await self._session.scalar(found)
        if model and fields.get("vendor_id"):
            mine = select(ModelRow.id).where(ModelRow.vendor_id == fields["vendor_id"])
            fields["model_id"] = await self._session.scalar(mine.where(ModelRow.name_key == key_of(model)))
        if place:
            at = select(LocationRow.id).where(LocationRow.path_key == key_of(place))
            fields["location_id"] = await self._session.scalar(at)
        return fields, row.monitors

    async def _store(self, row: TemplateRow, given: Mapping[str, Any]) -> TemplateRead:
        if "name" in given:
            row.name = catalogue_name("name", given["name"])
            row.name_key = key_of(row.name)
        if "fields" in given:
            row.fields = _fields(given["fields"])
        if "monitors" in given:
            row.monitors = [clean_monitor(monitor) for monitor in given["monitors"]]
        row.updated_at = self._unit.now()
        try:
            await self._session.flush()
        except IntegrityError as error:
            raise InventoryExistsError(f"A template called {row.name} exists already.") from error
        History(self._unit).tell_catalogue("template", row.id)
        return _read(row)

    async def _row(self, template_id: int) -> TemplateRow:
        row = await self._session.get(TemplateRow, template_id)
        if row is None:
            raise InventoryNotFoundError("There is no such template.")
        return row


def _fields(given: Mapping[str, Any]) -> dict[str, Any]:
    given = {("function" if name == "deviceFunction" else name): value for name, value in given.items()}
    unknown = sorted(set(given) - {*OWN, *NAMES} | ({"name"} & set(given)))
    if unknown:
        known = ", ".join(field for field in (*OWN, *NAMES) if field != "name")
        raise FieldError("fields", "template-field", named=unknown[0], known=known)
    names = {name: catalogue_name(name, given[name]) for name in NAMES[:2] if given.get(name)}
    if given.get("location_name"):
        names["location_name"] = str(given["location_name"])[:500]
    return {**clean(given), **names}


def _read(row: TemplateRow) -> TemplateRead:
    fields = {("deviceFunction" if name == "function" else name): value for name, value in row.fields.items()}
    return TemplateRead(id=row.id, name=row.name, fields=fields, monitors=row.monitors)


def _preset(key: str, name: str, monitors: Sequence[str], **fields: Any) -> Preset:
    return Preset(
        key=key,
        name=name,
        fields={"monitoring_enabled": True, **clean(fields)},
        monitors=[clean_monitor({"monitor_type": kind}) for kind in monitors],
    )


PRESETS = (
    _preset("linux_server", "Linux server", ["node_exporter", "smartctl_exporter"],
            device_type="linux_server_physical", interface_type=["1000Base-T (1GbE)"], networks=["LAN"]),
    _preset("virtual_machine", "Virtual machine", ["node_exporter"],
            device_type="linux_server_virtual", networks=["LAN"]),
    _preset("container_host", "Container host", ["node_exporter", "docker"],
            device_type="linux_server_physical", networks=["LAN"]),
    _preset("freebsd_server", "FreeBSD server", ["node_exporter"],
            device_type="freebsd_server", networks=["LAN"]),
    _preset("managed_switch", "Managed switch", ["snmp", "icmp"],
            device_type="network_switch", interface_type=["1000Base-T (1GbE)"], networks=["ALL"]),
    _preset("access_point", "Wi-Fi access point", ["snmp", "icmp"], device_type="wireless_ap",
            interface_type=["Wi-Fi 6 (802.11ax)"], poe_powered=True, poe_standards=["PoE+ (802.3at)"]),
    _preset("ip_camera", "IP camera", ["icmp"], device_type="ip_camera", networks=["IoT"],
            poe_powered=True, poe_standards=["PoE (802.3af)"]),
    _preset("iot_device", "Smart home device", ["icmp"], device_type="iot_device", networks=["IoT"],
            interface_type=["Wi-Fi 4 (802.11n)"]),
    _preset("web_page", "Web page", ["https"], device_type="url"),
    _preset("ups", "UPS", ["nut"], device_type="ups_nut", networks=["LAN"]),
    _preset("ipmi", "IPMI console", ["ipmi"], device_type="ipmi_console", networks=["LAN"]),
)  # fmt: skip
"""What a homelab usually has."""
