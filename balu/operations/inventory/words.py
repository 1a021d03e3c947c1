"""The words of the inventory, written as they are sent: kinds of devices, monitors, networks, sockets."""

from typing import Literal, get_args

DeviceType = Literal[
    "linux_server_physical", "linux_server_virtual", "freebsd_server", "network_switch", "wireless_ap",
    "icmp_only", "ip_camera", "video_streamer", "iot_device", "url", "dns_record", "ipmi_console", "ups_nut",
]  # fmt: skip
MonitorType = Literal[
    "node_exporter", "smartctl_exporter", "snmp", "icmp", "http", "https", "dns", "ipmi", "nut", "docker"
]
Network = Literal["LAN", "IoT", "DMZ", "GUEST", "ALL"]
Interface = Literal[
    "10Base-T", "100Base-TX", "1000Base-T (1GbE)", "2.5GBase-T (2.5GbE)", "5GBase-T (5GbE)",
    "10GBase-T (10GbE)", "SFP (1GbE)", "SFP+ (10GbE)", "25G SFP28", "40G QSFP+", "50G SFP56",
    "100G QSFP28", "100G QSFP56", "200G QSFP56-DD", "400G QSFP-DD", "Wi-Fi 4 (802.11n)",
    "Wi-Fi 5 (802.11ac)", "Wi-Fi 6 (802.11ax)", "Wi-Fi 6E (6GHz)", "Wi-Fi 7 (802.11be)", "Other",
]  # fmt: skip
Poe = Literal[
    "PoE (802.3af)", "PoE+ (802.3at)", "PoE++ (802.3bt Type 3)", "PoE+++ (802.3bt Type 4)", "Passive PoE",
    "Other",
]  # fmt: skip
Change = Literal["create", "update", "delete", "bulk_import", "bulk_delete", "restore"]
LocationKind = Literal["site", "room", "rack", "unit"]

DEVICE_TYPES: tuple[str, ...] = get_args(DeviceType)
MONITOR_TYPES: tuple[str, ...] = get_args(MonitorType)
NETWORKS: tuple[str, ...] = get_args(Network)
INTERFACES: tuple[str, ...] = get_args(Interface)
POE: tuple[str, ...] = get_args(Poe)
LOCATION_KINDS: tuple[LocationKind, ...] = get_args(LocationKind)
"""From the outside in; a location lies in one of a kind to the left of its own."""

PORTS: dict[str, int | None] = {
    "node_exporter": 9100, "smartctl_exporter": 9633, "snmp": 161, "icmp": None, "http": 80, "https": 443,
    "dns": 53, "ipmi": 623, "nut": 3493, "docker": 8090,
}  # fmt: skip
"""Port of a monitor that names none."""

USUAL_MONITORS: dict[str, str] = {
    "linux_server_physical": "node_exporter", "linux_server_virtual": "node_exporter",
    "freebsd_server": "node_exporter", "network_switch": "snmp", "wireless_ap": "snmp", "icmp_only": "icmp",
    "ip_camera": "icmp", "video_streamer": "icmp", "iot_device": "icmp", "url": "https", "dns_record": "dns",
    "ipmi_console": "ipmi", "ups_nut": "nut",
}  # fmt: skip
"""What watches a device of a type when a file only says that it is monitored."""

CSV_COLUMNS = (
    "name", "device_type", "ip_address", "function", "vendor", "model", "location", "serial_number",
    "networks", "interface_type", "poe_powered", "poe_standards", "monitoring_enabled",
)  # fmt: skip
EXTRA_COLUMNS = ("tags", "notes", "monitors")
"""Columns behind those, so that an export holds everything; imports may leave them out."""

SEPARATOR = " / "
"""Between the names of a location's path, outermost first."""
