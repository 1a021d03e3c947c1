"""Discovery: ask many hosts at a bounded rate, tell results as they come, take them into the inventory."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence

import msgspec
from sqlalchemy import select

from balu.kernel.jobs import JobNotFoundError, JobRow, JobService
from balu.kernel.unit import Unit
from balu.operations.inventory.addresses import clean_address
from balu.operations.inventory.discovery_schemas import (
    DiscoveryRead,
    DiscoverySummary,
    HostFound,
    HostKnown,
    HostsAdded,
    HostsToAdd,
    HostToAdd,
    found_of,
)
from balu.operations.inventory.drafts import Sheet
from balu.operations.inventory.errors import FieldError
from balu.operations.inventory.fields import MAX_NAME, key_of
from balu.operations.inventory.history import Author
from balu.operations.inventory.imports import Importer
from balu.operations.inventory.lookups import macs, reverse_name, vendor_of
from balu.operations.inventory.models import DeviceRow
from balu.operations.inventory.probes import Probe
from balu.operations.inventory.reading import LIVE
from balu.operations.inventory.tables import Raw, Table

KIND = "discover_network"
AT_ONCE = 128
"""Hosts that are asked or looked up at the same time."""
CHUNK = 500


async def ask_all(
    hosts: Sequence[tuple[str, str]], probe: Probe, *, stop: Callable[[], bool]
) -> AsyncGenerator[HostFound, None]:
    """Ask every host and yield it when it is done; once *stop* says so, nobody is waited for any more."""
    waiting = iter(hosts)
    running: set[asyncio.Task[HostFound]] = set()
    try:
        while True:
            while len(running) < AT_ONCE:
                host = next(waiting, None)
                if host is None:
                    break
                running.add(asyncio.create_task(_ask(host, probe)))
            if not running:
                return
            done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                yield task.result()
            if stop():
                return
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def _ask(host: tuple[str, str], probe: Probe) -> HostFound:
    asked, ip = host
    answer = await probe.ask(ip)
    reachable = answer.rtt_ms is not None
    mac = macs().get(ip) if reachable else None
    return HostFound(
        input=asked, ip=ip, hostname=await reverse_name(ip) if reachable else None, mac=mac,
        mac_vendor=vendor_of(mac) if mac else None, reachable=reachable, rtt_ms=answer.rtt_ms,
        port=answer.port, error=answer.error,
    )  # fmt: skip


class DiscoveryService:
    """Discoveries as people see them, and what they add to the inventory."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._session = unit.session

    async def get(self, job_id: int, owner_id: int | None) -> DiscoveryRead:
        """One discovery; *owner_id* None sees everybody's.

        Raises:
            JobNotFoundError: no such discovery, or somebody else's.
        """
        row = await self._job(job_id, owner_id)
        result = row.result or {}
        found = found_of(result.get("results", []))
        known = await self._known([one.ip for one in found])
        return DiscoveryRead(
            job_id=row.id, status=row.state, progress=row.progress, message=row.message, error=row.error,
            summary=msgspec.convert(result["summary"], DiscoverySummary) if result else None,
            results=[
                HostKnown(
                    **msgspec.structs.asdict(one),
                    device_id=known.get(one.ip, (None, None))[0],
                    device_name=known.get(one.ip, (None, None))[1],
                )
                for one in found
            ],
        )  # fmt: skip

    async def add(self, author: Author, job_id: int, owner_id: int | None, wish: HostsToAdd) -> HostsAdded:
        """Make devices of hosts that were found; those the inventory has already are passed over."""
        results = (await self.get(job_id, owner_id)).results
        by_ip = {one.ip: one for one in results}
        hosts = wish.hosts or [HostToAdd(ip=one.ip) for one in results if one.reachable]
        strange = next((host.ip for host in hosts if clean_address(host.ip) not in by_ip), None)
        if strange is not None:
            raise FieldError("hosts", "not-found-there", host=strange)
        new = [host for host in hosts if by_ip[clean_address(host.ip)].device_id is None]
        wanted = [_name_of(host, by_ip[clean_address(host.ip)]) for host in new]
        names = await self._free_names(wanted)
        rows = [
            Raw(
                index, index + 1,
                {"name": name, "device_type": host.device_type, "ip_address": host.ip, "tags": wish.tags,
                 "vendor": by_ip[clean_address(host.ip)].mac_vendor,
                 "monitoring_enabled": wish.monitoring_enabled, "monitors": [{"monitor_type": "icmp"}]},
            )
            for index, (host, name) in enumerate(zip(new, names, strict=True))
        ]  # fmt: skip
        sheet = Sheet(Table(rows, "balu", ()))
        report = await Importer(self._unit).run(author, sheet, on_error="skip")
        return HostsAdded(
            created=report.created, skipped=len(hosts) - len(new),
            created_devices=report.created_devices, failed_devices=report.failed_devices,
        )  # fmt: skip

    async def _job(self, job_id: int, owner_id: int | None) -> JobRow:
        row = await JobService(self._unit).get(job_id, owner_id)
        if row.kind != KIND:
            raise JobNotFoundError("There is no such discovery.")
        return row

    async def _known(self, addresses: Sequence[str]) -> dict[str, tuple[int, str]]:
        found: dict[str, tuple[int, str]] = {}
        for start in range(0, len(addresses), CHUNK):
            some = addresses[start : start + CHUNK]
            query = select(DeviceRow.ip_address, DeviceRow.id, DeviceRow.name)
            rows = await self._session.execute(query.where(DeviceRow.ip_address.in_(some), LIVE))
            found |= {str(ip): (device_id, name) for ip, device_id, name in rows}
        return found

    async def _free_names(self, wanted: Sequence[str]) -> list[str]:
        """*wanted*, numbered where a device or an earlier one of them has the name."""
        taken = set((await self._session.scalars(select(DeviceRow.name_key).where(LIVE))).all())
        names: list[str] = []
        for wish in wanted:
            name, number = wish[:MAX_NAME], 1
            while key_of(name) in taken:
                number += 1
                tail = f" ({number})"
                name = wish[: MAX_NAME - len(tail)] + tail
            taken.add(key_of(name))
            names.append(name)
        return names


def _name_of(host: HostToAdd, found: HostFound) -> str:
    return host.name or (found.hostname or "").partition(".")[0] or found.ip
