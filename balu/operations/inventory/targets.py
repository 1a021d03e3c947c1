"""What Prometheus watches: a target for every enabled monitor of a monitored device that has an address."""

from collections.abc import Iterable

import msgspec

from balu.operations.inventory.addresses import host_of, with_port
from balu.operations.inventory.schemas import DeviceRead, MonitorRead
from balu.operations.inventory.words import MONITOR_TYPES, PORTS

NODE = "node_exporter"
NODE_DIRECTORIES = {
    "linux_server_physical": "linux_node_exporter", "linux_server_virtual": "linux_node_exporter",
    "freebsd_server": "freebsd_node_exporter",
}  # fmt: skip
DIRECTORIES = ("linux_node_exporter", "freebsd_node_exporter", *MONITOR_TYPES)
HOST_FIRST = {"snmp", "ipmi"}
"""Kinds whose exporters know the usual port themselves, and take another one behind the host."""


class TargetGroup(msgspec.Struct, kw_only=True):
    """One target with its labels, as file_sd and http_sd want it."""

    targets: list[str]
    labels: dict[str, str]


Files = dict[tuple[str, str], list[TargetGroup]]
"""Groups by directory and device type."""


def directory_of(device_type: str, monitor_type: str) -> str:
    """The folder, and the name of the scrape job, of a monitor."""
    return NODE_DIRECTORIES.get(device_type, NODE) if monitor_type == NODE else monitor_type


def add_groups(found: Files, devices: Iterable[DeviceRead]) -> None:
    """Join the targets of *devices* to *found*."""
    for device in devices:
        if not device.monitoring_enabled:
            continue
        for monitor in device.monitors:
            target = target_of(device, monitor) if monitor.enabled else None
            if target is not None:
                key = (directory_of(device.device_type, monitor.monitor_type), device.device_type)
                found.setdefault(key, []).append(_group(device, monitor, target))


def target_of(device: DeviceRead, monitor: MonitorRead) -> str | None:
    """What is probed; None without an address.

    The monitor's endpoint may be a path on the device, a host, ``host:port`` or a whole URL.
    """
    endpoint = monitor.endpoint or ""
    path = endpoint if endpoint.startswith("/") else ""
    place = "" if path else endpoint
    address = device.ip_address or ""
    if monitor.monitor_type in {"http", "https"}:
        if "://" in place or ("://" in address and not endpoint):
            return place or address
        host = _reachable(place or host_of(address), monitor, usual=PORTS[monitor.monitor_type])
        return f"{monitor.monitor_type}://{host}{path}" if host else None
    host = host_of(place or address)
    usual = PORTS[monitor.monitor_type]
    if monitor.monitor_type in HOST_FIRST and monitor.port == usual:
        return host or None
    return _reachable(host, monitor, usual=None) or None


def _reachable(host: str, monitor: MonitorRead, *, usual: int | None) -> str:
    """*host* with the monitor's port, unless it names one itself or the port is the *usual* one."""
    if not host or monitor.port is None:
        return host
    names_port = host.rpartition(":")[2].isdigit() and (host.count(":") == 1 or "]:" in host)
    if names_port:
        return host
    if monitor.port == usual:
        return f"[{host}]" if ":" in host and not host.startswith("[") else host
    return with_port(host.removeprefix("[").removesuffix("]"), monitor.port)


def _group(device: DeviceRead, monitor: MonitorRead, target: str) -> TargetGroup:
    labels = {
        "device_name": device.name,
        "device_type": device.device_type,
        "ip_address": device.ip_address or "",
        "deviceFunction": device.function or "",
        "vendor": device.vendor_name or "",
        "model": device.model_name or "",
        "location": device.location_name or "",
        "serial_number": device.serial_number or "",
        "networks": ",".join(device.networks),
        "interface_type": ",".join(device.interface_type),
        "poe_powered": "true" if device.poe_powered else "false",
        "poe_standards": ",".join(device.poe_standards),
        "monitor_type": monitor.monitor_type,
        "monitor_endpoint": monitor.endpoint or "",
    }
    if monitor.monitor_type not in {"http", "https"} and (monitor.endpoint or "").startswith("/"):
        labels["__metrics_path__"] = monitor.endpoint or ""
    return TargetGroup(targets=[target], labels=labels)
