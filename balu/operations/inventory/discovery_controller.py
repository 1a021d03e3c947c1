"""``/api/inventory/discovery`` and ``…/reachability``."""

from typing import Any

from litestar import Controller, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from balu.kernel.caller import Caller
from balu.kernel.errors import ForbiddenError
from balu.kernel.http import CallerDep, provide
from balu.kernel.jobs import JobAccepted, ScheduleSwitch, enqueue, read_switch, write_switch
from balu.kernel.unit import Unit
from balu.operations.inventory.controller import READ, WRITE, author_of
from balu.operations.inventory.discovery import DiscoveryService
from balu.operations.inventory.discovery_schemas import (
    DiscoveryRead,
    DiscoveryStart,
    HostsAdded,
    HostsToAdd,
    Reachability,
    ReachabilityWrite,
)
from balu.operations.inventory.jobs import check_reachability, discover_network
from balu.operations.inventory.networks import hosts_of

Discoveries = NamedDependency[DiscoveryService]
UnitDep = NamedDependency[Unit]
DISCOVER: dict[str, Any] = {**WRITE, "rate": ("inventory_discovery", 20)}


class DiscoveryController(Controller):
    """Finding out who is on the network."""

    path, tags = "/inventory", ("inventory",)
    dependencies: Any = {"discoveries": provide(DiscoveryService)}

    @post("/discovery", operation_id="startDiscovery", status_code=202, opt=DISCOVER)
    async def start(self, unit: UnitDep, caller: CallerDep, data: JSONBody[DiscoveryStart]) -> JobAccepted:
        """Ask hosts in the background; ``GET /discovery/{job_id}`` has the results."""
        if data.allow_public and not caller.at_least("admin"):
            raise ForbiddenError("Only an administrator can search outside of private networks.")
        hosts = hosts_of(data.targets, data.range, data.cidr, allow_public=data.allow_public)
        job_id = await enqueue(
            unit, discover_network, owner_id=caller.user_id, hosts=hosts, probe=data.probe, ports=data.ports
        )
        return JobAccepted.of(job_id)

    @get("/discovery/{job_id:int}", operation_id="getDiscovery", opt=READ)
    async def read(self, discoveries: Discoveries, caller: CallerDep, job_id: FromPath[int]) -> DiscoveryRead:
        """How far a discovery is, and what it found."""
        return await discoveries.get(job_id, _whose(caller))

    @post("/discovery/{job_id:int}/devices", operation_id="addDiscovered", status_code=201, opt=DISCOVER)
    async def add(
        self, discoveries: Discoveries, caller: CallerDep, job_id: FromPath[int], data: JSONBody[HostsToAdd]
    ) -> HostsAdded:
        """Make devices of found hosts, in one go."""
        return await discoveries.add(author_of(caller), job_id, _whose(caller), data)

    @get("/reachability", operation_id="getReachability", opt=READ)
    async def reachability(self, unit: UnitDep) -> Reachability:
        """Whether devices are asked if they are there."""
        return _reachability(await read_switch(unit, check_reachability))

    @put("/reachability", operation_id="updateReachability", opt=WRITE)
    async def switch(self, unit: UnitDep, data: JSONBody[ReachabilityWrite]) -> Reachability:
        """Turn the check on or off."""
        wish = ScheduleSwitch(enabled=data.enabled, cron=f"*/{data.every_minutes} * * * *")
        await write_switch(unit, check_reachability, wish)
        return _reachability(wish)


def _whose(caller: Caller) -> int | None:
    return None if caller.at_least("admin") else caller.user_id


def _reachability(switch: ScheduleSwitch) -> Reachability:
    every = switch.cron.split(" ")[0].removeprefix("*/")
    return Reachability(enabled=switch.enabled, every_minutes=int(every) if every.isdigit() else 60)
