"""Collecting the targets of the whole inventory, and bringing them to where Prometheus reads."""

from pathlib import Path

from balu.kernel.config import Config
from balu.kernel.threads import Threads
from balu.kernel.unit import Env
from balu.operations.inventory.exports import batches
from balu.operations.inventory.search import Filters
from balu.operations.inventory.settings import InventorySettings
from balu.operations.inventory.target_files import Exported, Format, render, write_files
from balu.operations.inventory.targets import Files, add_groups


async def all_targets(env: Env) -> Files:
    """The targets of every monitored device."""
    found: Files = {}
    async for devices in batches(env, Filters(monitoring_enabled=True)):
        add_groups(found, devices)
    return found


async def write_targets(env: Env, file_format: Format) -> Exported:
    """Write the files into the configured folder."""
    chosen = env.part(InventorySettings).targets_dir
    folder = Path(chosen) if chosen else env.part(Config).data_dir / "inventory" / "prometheus"
    files = render(await all_targets(env), file_format)
    # A folder that somebody chose may be a mount that is missing just now: it is never made.
    return await env.part(Threads).run(write_files, folder, files, make=not chosen)
