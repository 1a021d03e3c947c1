"""Claim: an inventory of 10,000 devices is searched in less than 50 ms, imported and exported in seconds.

``python -m benchmarks.inventory`` works on the services in this process, on SQLite and, where its programs
are installed, on PostgreSQL; wall and CPU time go to ``inventory.json``. CPU is this process's alone.
"""

import argparse
import asyncio
import json
import os
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from balu.app import DOMAINS
from balu.kernel.config import Config
from balu.kernel.env import open_env
from balu.kernel.migrate import upgrade
from balu.kernel.testing import make_config, postgresql_cluster, postgresql_programs
from balu.kernel.unit import Env, open_unit
from balu.operations.inventory.devices import DeviceService
from balu.operations.inventory.drafts import Sheet
from balu.operations.inventory.exports import exported
from balu.operations.inventory.history import CONSOLE
from balu.operations.inventory.imports import carry_out
from balu.operations.inventory.search import Filters, SearchService
from balu.operations.inventory.tables import read_table
from benchmarks.harness.machine import machine

RESULTS = Path(__file__).with_suffix(".json")
ROUNDS = 7
TYPES = ("linux_server_virtual", "linux_server_physical", "network_switch", "ip_camera", "iot_device")


def table(count: int) -> bytes:
    """A CSV file of *count* devices as a large homelab would have them."""
    head = (
        "name,device_type,ip_address,function,vendor,model,location,serial_number,networks,"
        "monitoring_enabled,tags"
    )
    rows = (
        f"host-{n:06},{TYPES[n % 5]},10.{n >> 16}.{n >> 8 & 255}.{n & 255},role {n % 40},Vendor {n % 60},"
        f"Model {n % 300},Site {n % 4} / Room {n % 40} / Rack {n % 400},SN{n:08},{'LAN' if n % 3 else 'IoT'},"
        f"{'true' if n % 2 else 'false'},tag{n % 25}"
        for n in range(count)
    )
    return "\n".join((head, *rows)).encode()


async def measured(call: Callable[[], Awaitable[Any]], rounds: int = ROUNDS) -> dict[str, float]:
    """Median and best wall and median CPU milliseconds; the first call warms up unless it is the only one.

    Where others keep the machine busy the median tells about them, the best about this work.
    """
    walls, cpus = [], []
    for turn in range(rounds + (rounds > 1)):
        wall, cpu = time.perf_counter(), time.process_time()
        await call()
        if turn or rounds == 1:
            walls.append((time.perf_counter() - wall) * 1000)
            cpus.append((time.process_time() - cpu) * 1000)
    figures = {"wall_ms": statistics.median(walls), "best_ms": min(walls), "cpu_ms": statistics.median(cpus)}
    return {name: round(figure, 1) for name, figure in figures.items()}


async def run(env: Env, count: int) -> dict[str, dict[str, float]]:
    """Every figure for *count* devices."""
    data = table(count)

    async def load() -> None:
        report = await carry_out(env, CONSOLE, Sheet(read_table(data)), "abort")
        assert report.failed == 0
        assert report.created + report.unchanged == count

    async def save() -> None:
        size = 0
        async for piece in exported(env, Filters(), "csv"):
            size += len(piece)
        assert size > count

    def find(filters: Filters, **more: Any) -> Callable[[], Awaitable[Any]]:
        async def call() -> None:
            async with open_unit(env, writes=False) as unit:
                await SearchService(unit).find(filters, offset=0, limit=50, **more)

        return call

    async def first() -> None:
        async with open_unit(env, writes=False) as unit:
            await DeviceService(unit).list(None, offset=0, limit=50)

    combined = Filters(
        q="role", type=TYPES[0], vendor_id=1, location_id=1, monitoring_enabled=True, poe_powered=False,
        has_ip=True,
    )  # fmt: skip
    return {
        "import": await measured(load, 1),
        "import again": await measured(load, 1),
        "list": await measured(first),
        "search one word": await measured(find(Filters(q="host-0099"))),
        "search three words": await measured(find(Filters(q="vendor rack switch"))),
        "search by address": await measured(find(Filters(has_ip=True), sort="ip_address")),
        "search by vendor, descending": await measured(find(Filters(), sort="vendor_name", descending=True)),
        "search eight filters": await measured(find(combined)),
        "export": await measured(save, 1),
    }


@contextmanager
def databases(folder: Path) -> Generator[dict[str, Callable[[str], Config]], None, None]:
    """Ways to a fresh configuration, by kind of database."""

    def on_sqlite(name: str) -> Config:
        return make_config(folder / f"sqlite-{name}", DOMAINS)

    programs = postgresql_programs()
    if programs is None:
        yield {"sqlite": on_sqlite}
        return
    folder.chmod(0o755)
    with postgresql_cluster(programs, folder / "c") as cluster:

        def on_postgresql(name: str) -> Config:
            url = cluster.create(f"bench_{name}")
            return make_config(folder / f"pg-{name}", DOMAINS, database_url=url)

        yield {"sqlite": on_sqlite, "postgresql": on_postgresql}


async def measure(config: Config, count: int) -> dict[str, dict[str, float]]:
    async with open_env(config, DOMAINS) as env:
        return await run(env, count)


def main() -> None:
    """Print a table and store it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.inventory", description=__doc__)
    parser.add_argument("--sizes", default="10000,100000")
    parser.add_argument("--databases", default="sqlite,postgresql")
    chosen = parser.parse_args()
    known = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    found: dict[str, Any] = known.get("figures", {})
    with tempfile.TemporaryDirectory(prefix="balu-bench-") as root, databases(Path(root)) as kinds:
        for size in map(int, chosen.sizes.split(",")):
            for kind, configure in kinds.items():
                if kind not in chosen.databases.split(","):
                    continue
                config = configure(str(size))
                upgrade(config)
                figures = found[f"{kind} {size}"] = asyncio.run(measure(config, size))
                print(f"\n{kind}, {size:,} devices")
                for work, figure in figures.items():
                    told = "  ".join(f"{name} {value:>10}" for name, value in figure.items())
                    print(f"  {work:30} {told}")
    load = round(os.getloadavg()[2], 1)
    facts = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine(), "load_15min": load}
    RESULTS.write_text(json.dumps({**facts, "figures": found}, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    import balu.kernel.sqlite  # noqa: F401  the SQLite that Balu brings along, before anything opens one

    main()
