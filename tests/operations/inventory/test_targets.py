"""Targets: files that a real Prometheus takes, and nothing else in the folder touched."""

import http.server
import io
import shutil
import subprocess
import threading
import time
import zipfile
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from balu.kernel.config import Config
from balu.kernel.testing import Server, free_port, running_server
from balu.operations.inventory.settings import InventorySettings
from balu.operations.inventory.targets import directory_of

WITHIN_S = 120
needs_prometheus = pytest.mark.skipif(
    shutil.which("prometheus") is None or shutil.which("promtool") is None,
    reason="PROMETHEUS IS NOT INSTALLED: apt-get install prometheus; it never saw our files",
)
HOMELAB: list[dict[str, Any]] = [
    {"name": 'na"s: #1', "device_type": "linux_server_physical", "ip_address": "192.168.1.20",
     "function": "Büro\\Ablage", "vendor": "Dell", "model": "R1", "location": "Home / Cellar",
     "networks": ["LAN", "DMZ"], "monitoring_enabled": True,
     "monitors": [{"monitor_type": "node_exporter"}, {"monitor_type": "icmp"},
                  {"monitor_type": "docker", "endpoint": "/stats"},
                  {"monitor_type": "smartctl_exporter", "enabled": False}]},
    {"name": "bsd", "device_type": "freebsd_server", "ip_address": "fd00::5", "monitoring_enabled": True,
     "monitors": [{"monitor_type": "node_exporter", "port": 9101}, {"monitor_type": "https"}]},
    {"name": "blog", "device_type": "url", "ip_address": "https://blog.example:8443/x",
     "monitoring_enabled": True, "monitors": [{"monitor_type": "https"}]},
    {"name": "switch", "device_type": "network_switch", "ip_address": "10.0.0.2",
     "monitoring_enabled": True, "monitors": [{"monitor_type": "snmp"}, {"monitor_type": "dns"},
                                              {"monitor_type": "snmp", "port": 1161}]},
    {"name": "off", "device_type": "icmp_only", "ip_address": "10.0.0.3",
     "monitors": [{"monitor_type": "icmp"}]},
    {"name": "nowhere", "device_type": "icmp_only", "monitoring_enabled": True,
     "monitors": [{"monitor_type": "icmp"}]},
]  # fmt: skip


async def load(client: httpx.AsyncClient, devices: Any = HOMELAB) -> None:
    answer = await client.post("/bulk/devices/import", content=msgspec.json.encode(devices))
    assert answer.is_success, answer.text


async def test_every_enabled_monitor_is_a_target(client: httpx.AsyncClient) -> None:
    await load(client)
    groups = (await client.get("/prometheus/targets")).json()
    found = {
        (directory_of(group["labels"]["device_type"], group["labels"]["monitor_type"]), group["targets"][0])
        for group in groups
    }
    assert found == {
        ("linux_node_exporter", "192.168.1.20:9100"), ("icmp", "192.168.1.20"),
        ("docker", "192.168.1.20:8090"), ("freebsd_node_exporter", "[fd00::5]:9101"),
        ("https", "https://[fd00::5]"), ("https", "https://blog.example:8443/x"), ("snmp", "10.0.0.2"),
        ("snmp", "10.0.0.2:1161"), ("dns", "10.0.0.2:53"),
    }  # fmt: skip
    docker = (await client.get("/prometheus/targets", params={"monitor_type": "docker"})).json()
    assert [one["labels"].pop("__metrics_path__") for one in docker] == ["/stats"]
    assert docker == [{"targets": ["192.168.1.20:8090"], "labels": {
        "device_name": 'na"s: #1', "device_type": "linux_server_physical", "ip_address": "192.168.1.20",
        "deviceFunction": "Büro\\Ablage", "vendor": "Dell", "model": "R1", "location": "Home / Cellar",
        "serial_number": "", "networks": "LAN,DMZ", "interface_type": "", "poe_powered": "false",
        "poe_standards": "", "monitor_type": "docker", "monitor_endpoint": "/stats"}}]  # fmt: skip
    only = (await client.get("/prometheus/targets", params={"directory": "linux_node_exporter"})).json()
    assert [one["targets"] for one in only] == [["192.168.1.20:9100"]]


@pytest.mark.parametrize(
    ("address", "kind", "port", "target"),
    [
        ("10.1.1.9", "snmp", 161, "10.1.1.9"),
        ("10.1.1.9", "snmp", 1161, "10.1.1.9:1161"),
        ("fd00::9", "snmp", 161, "fd00::9"),
        ("fd00::9", "snmp", 1161, "[fd00::9]:1161"),
        ("10.1.1.9", "ipmi", 623, "10.1.1.9"),
        ("10.1.1.9", "ipmi", 6230, "10.1.1.9:6230"),
        ("10.1.1.9", "icmp", 7, "10.1.1.9"),
    ],
)
async def test_a_port_of_its_own_is_told_to_the_exporter(
    client: httpx.AsyncClient, address: str, kind: str, port: int, target: str
) -> None:
    monitor = {"monitor_type": kind, "port": port}
    await load(client, [{"name": "x", "device_type": "network_switch", "ip_address": address,
                         "monitoring_enabled": True, "monitors": [monitor]}])  # fmt: skip
    (group,) = (await client.get("/prometheus/targets")).json()
    assert group["targets"] == [target]


async def test_only_what_differs_is_written_and_only_our_own_is_removed(
    client: httpx.AsyncClient, config: Config
) -> None:
    await load(client)
    first = (await client.post("/prometheus/export")).json()
    folder = Path(first["directory"])
    assert folder == config.data_dir / "inventory" / "prometheus"
    assert (first["written"], first["removed"], first["skipped"]) == (11, 0, 0)
    own = folder / "icmp" / "mine.yml"
    own.write_text("- targets: []\n")
    stamps = stamps_in(folder)
    again = (await client.post("/prometheus/export")).json()
    assert (again["written"], again["removed"], again["skipped"]) == (0, 0, 11)
    assert stamps_in(folder) == stamps
    switch = (await client.get("/search/devices", params={"q": "switch"})).json()["results"][0]
    await client.put(f"/devices/{switch['id']}", json={"monitoring_enabled": False})
    less = (await client.post("/prometheus/export")).json()
    assert (less["written"], less["removed"], less["skipped"]) == (0, 2, 9)
    assert folder / "snmp" / "network_switch.yml" not in stamps_in(folder)
    as_json = (await client.post("/prometheus/export", params={"format": "json"})).json()
    assert (as_json["written"], as_json["removed"]) == (6, 6)
    assert own.read_text() == "- targets: []\n"
    assert not [path for path in stamps_in(folder) if path.suffix == ".new"]


async def test_a_folder_that_somebody_chose_is_never_made(
    client: httpx.AsyncClient, env: Any, tmp_path: Path
) -> None:
    env.parts[InventorySettings] = InventorySettings(targets_dir=str(tmp_path / "unmounted"))
    answer = await client.post("/prometheus/export")
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert stamps_in(tmp_path / "unmounted") == {}


async def test_a_token_reads_targets_and_nothing_else(client: httpx.AsyncClient) -> None:
    await load(client)
    made = (await client.post("/prometheus/tokens", json={"name": "prometheus"})).json()
    key = {"authorization": f"Bearer {made['token']}", "x-test-user": ""}
    assert len((await client.get("/prometheus/targets", headers=key)).json()) == 9
    for path in ("/devices", "/prometheus/tokens", "/prometheus/export", "/stats"):
        assert (await client.get(path, headers=key)).status_code == 401, path
    assert "token" not in (await client.get("/prometheus/tokens")).json()[0]
    wrong = {**key, "authorization": key["authorization"] + "x"}
    assert (await client.get("/prometheus/targets", headers=wrong)).status_code == 401
    assert (await client.delete(f"/prometheus/tokens/{made['id']}")).status_code == 204
    assert (await client.get("/prometheus/targets", headers=key)).status_code == 401


@needs_prometheus
@pytest.mark.parametrize("file_format", ["yaml", "json"])
async def test_promtool_accepts_everything(
    client: httpx.AsyncClient, tmp_path: Path, file_format: str
) -> None:
    await load(client)
    answer = await client.get("/prometheus/export", params={"mode": "download", "format": file_format})
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        archive.extractall(tmp_path / "files")
    config = (await client.get("/prometheus/config")).text
    (tmp_path / "http.yml").write_text(config)
    (tmp_path / "alerts.yml").write_text((await client.get("/prometheus/rules")).text)
    (tmp_path / "balu-token").write_text("x")
    for what, file in (
        ("config", tmp_path / "files" / "prometheus.yml"), ("rules", tmp_path / "files" / "alerts.yml"),
        ("config", tmp_path / "http.yml"),
    ):  # fmt: skip
        check(what, file)


def check(what: str, file: Path) -> None:
    run = subprocess.run(["promtool", "check", what, str(file)], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


def stamps_in(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*.*") if path.is_file()}


class _Exporter(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b"node_time_seconds 1\n"
        self.send_response(200)
        self.send_header("content-type", "text/plain; version=0.0.4")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def exporter() -> Generator[int, None, None]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Exporter) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


@contextmanager
def prometheus(config: Path, tmp_path: Path) -> Generator[httpx.Client, None, None]:
    port = free_port()
    command = [
        "prometheus", f"--config.file={config}", f"--storage.tsdb.path={tmp_path / 'tsdb'}",
        f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn",
    ]  # fmt: skip
    with (tmp_path / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
            yield client
    finally:
        process.terminate()
        process.wait(30)


def until_up(client: httpx.Client, job: str, log: Path) -> dict[str, Any]:
    """The labels of the job's only target once Prometheus has scraped it."""
    deadline = time.monotonic() + WITHIN_S
    found: list[dict[str, Any]] = []
    while time.monotonic() < deadline:
        try:
            found = client.get("/api/v1/targets").json()["data"]["activeTargets"]
        except (httpx.TransportError, ValueError):
            found = []
        for target in found:
            if target["scrapePool"] == job and target["health"] == "up":
                labels: dict[str, Any] = target["labels"]
                return labels
        time.sleep(0.2)
    raise AssertionError(f"never up: {found}\n{log.read_text()[-2000:]}")


def fast(config: str) -> str:
    return config.replace("scrape_interval: 30s", "scrape_interval: 1s")


@needs_prometheus
async def test_prometheus_scrapes_what_was_written(client: httpx.AsyncClient, tmp_path: Path) -> None:
    with exporter() as port:
        device = {
            "name": "Bürö", "device_type": "linux_server_virtual", "ip_address": "127.0.0.1",
            "location": "Home / Cellar", "monitoring_enabled": True,
            "monitors": [{"monitor_type": "node_exporter", "port": port}],
        }  # fmt: skip
        await load(client, [device])
        folder = Path((await client.post("/prometheus/export")).json()["directory"])
        config = folder / "fast.yml"
        config.write_text(fast((folder / "prometheus.yml").read_text()))
        with prometheus(config, tmp_path) as running:
            labels = until_up(running, "linux_node_exporter", tmp_path / "prometheus.log")
    assert (labels["device_name"], labels["location"]) == ("Bürö", "Home / Cellar")
    assert labels["instance"] == f"127.0.0.1:{port}"


@needs_prometheus
def test_prometheus_asks_a_real_server_with_its_own_token(tmp_path: Path) -> None:
    with exporter() as port, running_server(tmp_path / "served") as server:
        token = _signed_in(server)
        headers = {"authorization": f"Bearer {token}"}
        device = {
            "name": "vm", "device_type": "freebsd_server", "ip_address": "127.0.0.1",
            "monitoring_enabled": True, "monitors": [{"monitor_type": "node_exporter", "port": port}],
        }  # fmt: skip
        post: Callable[..., Any] = server.client.post
        assert post("/api/inventory/devices", json=device, headers=headers).status_code == 201
        made = post("/api/inventory/prometheus/tokens", json={"name": "p"}, headers=headers).json()
        config = server.client.get("/api/inventory/prometheus/config", headers=headers).text
        (tmp_path / "prometheus.yml").write_text(fast(config))
        (tmp_path / "balu-token").write_text(made["token"])
        rules = server.client.get("/api/inventory/prometheus/rules", headers=headers).text
        (tmp_path / "alerts.yml").write_text(rules)
        with prometheus(tmp_path / "prometheus.yml", tmp_path) as running:
            labels = until_up(running, "freebsd_node_exporter", tmp_path / "prometheus.log")
    assert labels["device_name"] == "vm"


def _signed_in(server: Server) -> str:
    code = (server.data_dir / "run" / "setup-code").read_text().strip()
    owner = {"username": "ada", "password": "Regen5Tage", "setup_secret": code}
    assert server.client.post("/api/setup/admin", json=owner).status_code == 201
    server.client.cookies.clear()
    answer = server.client.post("/api/auth/login", json={"username": "ada", "password": "Regen5Tage"})
    token: str = answer.json()["access_token"]
    return token
