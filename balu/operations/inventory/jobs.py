"""What runs by itself: discoveries, the check who is there, fresh target files, and the end of deletes."""

import asyncio
import socket
from typing import Any

from sqlalchemy import select, update

from balu.kernel.jobs import Run, job
from balu.kernel.live import tell
from balu.operations.inventory.addresses import host_of, kind_of
from balu.operations.inventory.deleted import DeletedService
from balu.operations.inventory.discovery import AT_ONCE, ask_all
from balu.operations.inventory.discovery_schemas import DiscoverySummary, HostFound
from balu.operations.inventory.history import TOPIC
from balu.operations.inventory.models import DeviceRow
from balu.operations.inventory.probes import IcmpProbe, Pace, Probe, TcpProbe, make_probe
from balu.operations.inventory.reading import LIVE
from balu.operations.inventory.settings import InventorySettings

TELL_EVERY_S = 0.5
RESOLVED_WITHIN_S = 3.0
BATCH = 500


@job(lane="inventory-network")
async def discover_network(
    run: Run, *, hosts: list[tuple[str, str]], probe: str, ports: list[int]
) -> dict[str, Any]:
    """Ask *hosts*, ``(what was asked for, address)``; results are told to the owner as they come."""
    asking = make_probe(probe, Pace(run.env.part(InventorySettings).discovery_per_second), ports)
    found: list[HostFound] = []
    untold: list[HostFound] = []
    told = asyncio.get_running_loop().time()
    stop = asyncio.Event()
    try:
        async for host in ask_all(hosts, asking, stop=stop.is_set):
            found.append(host)
            untold += [host] if host.reachable or host.error else []
            now = asyncio.get_running_loop().time()
            if untold and now - told >= TELL_EVERY_S:
                told = now
                await _tell(run, untold)
                untold = []
            await run.progress(100 * len(found) / len(hosts), _message(found, len(hosts)))
            if await run.cancelled():
                stop.set()
    finally:
        asking.close()
    if untold:
        await _tell(run, untold)
    order = {ip: number for number, (_, ip) in enumerate(hosts)}
    found.sort(key=lambda host: order[host.ip])
    summary = DiscoverySummary(
        asked=len(found), total=len(hosts), reachable=sum(host.reachable for host in found),
        failed=sum(host.error is not None for host in found), probe=asking.name,
    )  # fmt: skip
    return {"summary": summary, "results": found}


async def _tell(run: Run, hosts: list[HostFound]) -> None:
    async with run.unit() as unit:
        told = {"change": "discovery", "job_id": run.id, "results": hosts}
        tell(unit, TOPIC, told, user_id=run.owner_id)


def _message(found: list[HostFound], total: int) -> str:
    return f"{len(found)} of {total} asked, {sum(host.reachable for host in found)} found"


@job(schedule="*/5 * * * *", enabled=False, missed="skip", lane="inventory-network")
async def check_reachability(run: Run) -> dict[str, int]:
    """Ask every device with an address whether it is there, and note when it was last seen."""
    async with run.unit(writes=False) as unit:
        query = select(DeviceRow.id, DeviceRow.ip_address).where(LIVE, DeviceRow.ip_address.is_not(None))
        devices = [(device_id, str(address)) for device_id, address in await unit.session.execute(query)]
    pace = Pace(run.env.part(InventorySettings).discovery_per_second)
    probe: Probe = IcmpProbe(pace) if IcmpProbe.permitted() else TcpProbe(pace)
    slots = asyncio.Semaphore(AT_ONCE)
    reachable = done = 0

    async def ask(device_id: int, address: str) -> tuple[int, float | None]:
        async with slots:
            ip = await _resolved(address)
            return device_id, (await probe.ask(ip)).rtt_ms if ip else None

    try:
        for start in range(0, len(devices), BATCH):
            if await run.cancelled():
                break
            answers = await asyncio.gather(*(ask(*device) for device in devices[start : start + BATCH]))
            await _note(run, answers)
            reachable += sum(rtt is not None for _, rtt in answers)
            done += len(answers)
            await run.progress(100 * done / len(devices), f"{done} of {len(devices)} asked")
    finally:
        probe.close()
    return {"asked": done, "reachable": reachable}


async def _note(run: Run, answers: list[tuple[int, float | None]]) -> None:
    async with run.unit() as unit:
        now = unit.now()
        for device_id, rtt_ms in answers:
            values: dict[str, Any] = {"checked_at": now, "rtt_ms": rtt_ms}
            if rtt_ms is not None:
                values["last_seen_at"] = now
            # Being seen is no change of the device: its version and its history stay.
            seen = update(DeviceRow).where(DeviceRow.id == device_id)
            await unit.session.execute(seen.values(**values, updated_at=DeviceRow.updated_at))
        tell(unit, TOPIC, {"change": "reachability", "count": len(answers)})


async def _resolved(address: str) -> str | None:
    host = host_of(address)
    if kind_of(host) == "ip":
        return host
    loop = asyncio.get_running_loop()
    try:
        found = await asyncio.wait_for(
            loop.getaddrinfo(host, None, type=socket.SOCK_STREAM), RESOLVED_WITHIN_S
        )
    except (OSError, TimeoutError):
        return None
    return str(found[0][4][0]) if found else None


@job(schedule="41 3 * * *")
async def purge_deleted_devices(run: Run) -> int:
    """Forget devices for good that were deleted ``inventory.retention_days`` ago."""
    async with run.unit() as unit:
        deleted = DeletedService(unit)
        return await deleted.purge(unit.now() - deleted.keep)
