"""A ready configuration for Prometheus: scrape jobs for every kind of monitor, and rules that alert."""

from collections.abc import Iterable

from balu.operations.inventory.targets import DIRECTORIES

DIRECT = ("linux_node_exporter", "freebsd_node_exporter", "node_exporter", "smartctl_exporter", "docker")
"""Jobs that ask the device itself; all others ask an exporter about it."""
PROBES = {
    "icmp": ("/probe", "icmp", "127.0.0.1:9115"),
    "http": ("/probe", "http_2xx", "127.0.0.1:9115"),
    "https": ("/probe", "http_2xx", "127.0.0.1:9115"),
    "dns": ("/probe", "dns", "127.0.0.1:9115"),
    "snmp": ("/snmp", "if_mib", "127.0.0.1:9116"),
    "ipmi": ("/ipmi", "default", "127.0.0.1:9290"),
    "nut": ("/nut", "", "127.0.0.1:9995"),
}
"""Path, module and address of the exporter: blackbox, snmp, ipmi and NUT exporter with their usual ports."""
HEAD = """\
# Written by Balu. Exporters for probes are expected on this machine; change addresses that differ.
global:
  scrape_interval: 30s
  evaluation_interval: 30s
rule_files:
  - alerts.yml
scrape_configs:
"""
ALERTS = """\
groups:
  - name: balu
    rules:
      - alert: DeviceDown
        expr: up{job=~".*node_exporter|smartctl_exporter|docker"} == 0
        for: 5m
        labels: {severity: critical}
        annotations:
          summary: "{{ $labels.device_name }} does not answer ({{ $labels.monitor_type }})"
      - alert: ProbeFailed
        expr: probe_success == 0
        for: 5m
        labels: {severity: critical}
        annotations:
          summary: "{{ $labels.device_name }} cannot be reached ({{ $labels.monitor_type }})"
      - alert: ExporterMissing
        expr: up{job=~"icmp|https?|dns|snmp|ipmi|nut"} == 0
        for: 10m
        labels: {severity: warning}
        annotations:
          summary: "{{ $labels.device_name }} is not checked: the {{ $labels.job }} exporter fails"
      - alert: CertificateEnds
        expr: probe_ssl_earliest_cert_expiry - time() < 14 * 86400
        for: 1h
        labels: {severity: warning}
        annotations:
          summary: "The certificate of {{ $labels.device_name }} ends in less than 14 days"
      - alert: DiskFailing
        expr: smartctl_device_smart_status == 0
        for: 5m
        labels: {severity: critical}
        annotations:
          summary: "A disk of {{ $labels.device_name }} fails its self-assessment"
      - alert: DiskAlmostFull
        expr: >-
          node_filesystem_avail_bytes{fstype!~"tmpfs|overlay|squashfs"}
          / node_filesystem_size_bytes{fstype!~"tmpfs|overlay|squashfs"} < 0.05
        for: 15m
        labels: {severity: warning}
        annotations:
          summary: "{{ $labels.mountpoint }} of {{ $labels.device_name }} has less than 5 % left"
      - alert: MemoryAlmostFull
        expr: node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes < 0.05
        for: 15m
        labels: {severity: warning}
        annotations:
          summary: "{{ $labels.device_name }} has less than 5 % of its memory left"
"""
BLACKBOX = """\
# For the blackbox exporter: --config.file=blackbox.yml
modules:
  icmp: {prober: icmp, timeout: 5s}
  http_2xx: {prober: http, timeout: 10s}
  dns:
    prober: dns
    timeout: 5s
    dns: {query_name: "example.org", query_type: A}
"""


def file_config() -> str:
    """``prometheus.yml`` beside the folders of targets; paths are relative to it."""
    return HEAD + "".join(_job(directory, _file_discovery(directory)) for directory in DIRECTORIES)


def http_config(base_url: str) -> str:
    """``prometheus.yml`` that asks Balu at *base_url*; the token lies beside it in ``balu-token``."""
    return HEAD + "".join(_job(directory, _http_discovery(base_url, directory)) for directory in DIRECTORIES)


def _job(directory: str, discovery: Iterable[str]) -> str:
    lines = [f"  - job_name: {directory}", *(f"    {line}" for line in discovery)]
    if directory not in DIRECT:
        path, module, exporter = PROBES[directory]
        lines.append(f"    metrics_path: {path}")
        if module:
            lines.append(f"    params: {{module: [{module}]}}")
        lines += [
            "    relabel_configs:",
            "      - {source_labels: [__address__], target_label: __param_target}",
            "      - {source_labels: [__param_target], target_label: instance}",
            f"      - {{target_label: __address__, replacement: '{exporter}'}}",
        ]
    return "\n".join(lines) + "\n"


def _file_discovery(directory: str) -> list[str]:
    return ["file_sd_configs:", f"  - files: [{directory}/*.yml, {directory}/*.json]"]


def _http_discovery(base_url: str, directory: str) -> list[str]:
    return [
        "http_sd_configs:",
        f"  - url: '{base_url}/api/inventory/prometheus/targets?directory={directory}'",
        # Without the type Prometheus 2.42 sends the bare token here.
        "    authorization: {type: Bearer, credentials_file: balu-token}",
    ]
