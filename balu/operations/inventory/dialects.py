"""What other inventories call their columns: NetBox' and Snipe-IT's exports, and spellings of our own."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from balu.operations.inventory.words import CSV_COLUMNS, EXTRA_COLUMNS, SEPARATOR

OWN = {
    **{name: name for name in (*CSV_COLUMNS, *EXTRA_COLUMNS)},
    "devicefunction": "function", "device_function": "function", "vendor_name": "vendor",
    "model_name": "model", "location_name": "location", "ip": "ip_address", "address": "ip_address",
    "type": "device_type", "serial": "serial_number", "interface_types": "interface_type",
}  # fmt: skip
NETBOX = {
    "name": "name", "role": "function", "device_role": "function", "manufacturer": "vendor",
    "type": "model", "device_type": "model", "serial": "serial_number", "serial_number": "serial_number",
    "site": "site", "location": "room", "rack": "rack", "position": "position",
    "ip_address": "ip_address", "primary_ip": "ip_address", "primary_ip4": "ip4", "primary_ipv4": "ip4",
    "ipv4_address": "ip4", "primary_ip6": "ip6", "primary_ipv6": "ip6", "ipv6_address": "ip6",
    "tags": "tags", "comments": "notes", "description": "description", "asset_tag": "asset_tag",
}  # fmt: skip
SNIPE_IT = {
    "asset_name": "name", "item_name": "name", "name": "name", "asset_tag": "asset_tag",
    "serial": "serial_number", "serial_number": "serial_number", "model": "model", "model_name": "model",
    "category": "function", "manufacturer": "vendor", "location": "location",
    "default_location": "default_location", "ip_address": "ip_address", "ip": "ip_address", "notes": "notes",
}  # fmt: skip
MEANINGLESS = {
    "id", "vendor_id", "model_id", "location_id", "version", "created_at", "updated_at", "last_seen_at",
    "checked_at", "rtt_ms",
}  # fmt: skip
"""What the API says about a device besides; reading it back changes nothing."""
GUESSES = (
    (r"switch|router|firewall|gateway|patch", "network_switch"),
    (r"access point|wireless|wi-?fi|wlan|\bap\b", "wireless_ap"),
    (r"camera|cctv|kamera|nvr", "ip_camera"),
    (r"\bups\b|\busv\b|power|pdu", "ups_nut"),
    (r"ipmi|idrac|\bilo\b|\bbmc\b|management", "ipmi_console"),
    (r"virtual|\bvm\b|container|\blxc\b", "linux_server_virtual"),
    (r"freebsd|opnsense|pfsense|truenas core", "freebsd_server"),
    (r"iot|sensor|plug|thermostat|light|smart|controller", "iot_device"),
    (r"stream|media|tv\b", "video_streamer"),
    (
        r"server|nas|storage|hypervisor|host|desktop|workstation|laptop|computer|\bpc\b",
        "linux_server_physical",
    ),
)


def columns_of(names: Sequence[str]) -> tuple[dict[str, str], str, Sequence[str]]:
    """What the columns *names* mean, whose dialect that is, and which of them mean nothing here."""
    keys = {name: re.sub(r"[^a-z0-9]+", "_", name.casefold()).strip("_") for name in names}
    found = set(keys.values())
    dialect, known = "balu", OWN
    if found & {"asset_name", "item_name"}:
        dialect, known = "snipe-it", SNIPE_IT
    elif "manufacturer" in found and found & {"site", "rack", "role", "device_role", "tenant"}:
        dialect, known = "netbox", NETBOX
    elif "asset_tag" in found:  # NetBox has such a column, too
        dialect, known = "snipe-it", SNIPE_IT
    columns: dict[str, str] = {}
    for name, key in keys.items():
        # Of two columns that mean the same the first one counts.
        if key in known and known[key] not in columns.values():
            columns[name] = known[key]
    first = {name: at for at, name in reversed([*enumerate(names)])}
    ignored = [
        name
        for at, name in enumerate(names)
        if name and (name not in columns or first[name] != at) and keys[name] not in MEANINGLESS
    ]
    return columns, dialect, ignored


def translate(cells: Mapping[str, Any], dialect: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """A row's cells under our names, and guesses for a new device."""
    if dialect == "balu":
        return dict(cells), {}
    given = {name: str(value or "").strip() for name, value in cells.items()}
    own: dict[str, Any] = {
        name: given[name]
        for name in ("name", "function", "vendor", "model", "serial_number", "notes", "tags")
        if name in given
    }
    if "ip_address" in given or "ip4" in given or "ip6" in given:
        address = given.get("ip_address") or given.get("ip4") or given.get("ip6") or ""
        own["ip_address"] = address.partition("/")[0]
    if dialect == "netbox":
        _from_netbox(given, own)
    else:
        _from_snipe_it(given, own)
    return own, {"device_type": _guess(f"{own.get('function', '')} {own.get('model', '')}")}


def _from_netbox(given: Mapping[str, str], own: dict[str, Any]) -> None:
    if given.keys() & {"site", "room", "rack"}:
        position = re.sub(r"\.0$", "", given.get("position", ""))
        unit = f"U{position}" if position and given.get("rack") else ""
        levels = (given.get("site", ""), given.get("room", ""), given.get("rack", ""), unit)
        own["location"] = SEPARATOR.join(level for level in levels if level)
    if not own.get("notes") and given.get("description"):
        own["notes"] = given["description"]
    if tag := _asset(given):
        own["tags"] = ", ".join(filter(None, (own.get("tags"), tag)))


def _from_snipe_it(given: Mapping[str, str], own: dict[str, Any]) -> None:
    own["name"] = given.get("name") or given.get("asset_tag", "")
    if "location" in given or "default_location" in given:
        own["location"] = given.get("location") or given.get("default_location") or ""
    if tag := _asset(given):
        own["tags"] = tag


def _asset(given: Mapping[str, str]) -> str:
    """The number on the device's sticker as a tag."""
    number = re.sub(r"[,;|]", "-", given.get("asset_tag", ""))
    return f"asset {number}" if number else ""


def _guess(words: str) -> str:
    text = words.casefold()
    return next((kind for pattern, kind in GUESSES if re.search(pattern, text)), "icmp_only")
