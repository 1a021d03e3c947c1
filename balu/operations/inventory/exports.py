"""Exports: every device as CSV or JSON, a batch at a time, so that memory stays flat."""

from collections.abc import AsyncGenerator
from typing import Literal

import msgspec

from balu.kernel.unit import Env, open_unit
from balu.operations.inventory.models import DeviceRow
from balu.operations.inventory.reading import BATCH, devices_query, read_all
from balu.operations.inventory.schemas import DeviceRead
from balu.operations.inventory.search import Filters, SearchService
from balu.operations.inventory.tables import csv_text, plain

Format = Literal["json", "csv"]


async def exported(env: Env, filters: Filters, file_format: Format) -> AsyncGenerator[str, None]:
    """The file in pieces; no transaction is open while they travel."""
    if file_format == "csv":
        yield csv_text([], header=True)
        async for devices in batches(env, filters):
            yield csv_text(devices, header=False)
        return
    separator = "[\n"
    async for devices in batches(env, filters):
        for device in devices:
            yield separator + msgspec.json.encode(plain(device)).decode()
            separator = ",\n"
    yield "[]\n" if separator == "[\n" else "\n]\n"


async def batches(env: Env, filters: Filters) -> AsyncGenerator[list[DeviceRead], None]:
    """Devices that fit, oldest first, ``BATCH`` at a time, each batch from a transaction of its own."""
    last = 0
    while True:
        async with open_unit(env, writes=False) as unit:
            where = await SearchService(unit).conditions(filters)
            query = devices_query(*where, DeviceRow.id > last).order_by(DeviceRow.id).limit(BATCH)
            found = await read_all(unit.session, query)
        if found:
            yield found
            last = found[-1].id
        if len(found) < BATCH:
            return
