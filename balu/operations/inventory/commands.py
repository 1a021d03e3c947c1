"""``balu inventory …``."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import rich_click as click

from balu.kernel.commands import Env, Verdict, command
from balu.kernel.errors import InvalidError
from balu.kernel.jobs import run_now
from balu.kernel.unit import open_unit
from balu.operations.inventory.deleted import DeletedService
from balu.operations.inventory.devices import DeviceService
from balu.operations.inventory.drafts import Sheet
from balu.operations.inventory.errors import FieldError, ImportRefusedError
from balu.operations.inventory.exports import exported
from balu.operations.inventory.history import CONSOLE
from balu.operations.inventory.import_schemas import FailedDevice
from balu.operations.inventory.imports import Importer, carry_out, planned
from balu.operations.inventory.jobs import discover_network
from balu.operations.inventory.networks import hosts_of
from balu.operations.inventory.plans import row_diff
from balu.operations.inventory.search import Filters, SearchService
from balu.operations.inventory.tables import Raw, Table, read_table
from balu.operations.inventory.target_service import write_targets
from balu.operations.inventory.words import DEVICE_TYPES

TYPE = click.option("--type", "device_type", type=click.Choice(DEVICE_TYPES), help="Only this kind.")
WORDS = click.argument("words", nargs=-1)
SHOWN = ("id", "name", "device_type", "ip_address", "vendor_name", "model_name", "location_name", "tags")
MOST_TOLD = 100
"""So many wrong rows are written out."""
SHOWN_DELETED = ("id", "name", "device_type", "ip_address", "deleted_at", "deleted_by", "expires_at")


@command(
    "inventory list",
    WORDS,
    TYPE,
    click.option(
        "--limit", type=click.IntRange(1, 200), default=50, show_default=True, help="At most so many."
    ),
    click.option("--offset", type=click.IntRange(0), default=0, help="Pass over so many first."),
    click.option("--deleted", is_flag=True, help="Those that can be put back, the last delete first."),
)
async def show(
    env: Env, *, words: tuple[str, ...], device_type: str | None, limit: int, offset: int, deleted: bool
) -> list[dict[str, Any]]:
    """List devices that hold all WORDS, by name."""
    found: Sequence[Any]
    async with open_unit(env, writes=False) as unit:
        if deleted:
            gone = DeletedService(unit)
            found, total = await gone.list(" ".join(words), device_type, offset=offset, limit=limit)
        else:
            filters = Filters(q=" ".join(words) or None, type=device_type)
            found, total = await SearchService(unit).find(filters, offset=offset, limit=limit)
    if (shown := offset + len(found)) < total:
        print(f"{len(found)} of {total} devices; --offset {shown} shows more.", file=sys.stderr)  # noqa: T201
    names = SHOWN_DELETED if deleted else SHOWN
    return [{name: getattr(device, name) for name in names} for device in found]


@command(
    "inventory add",
    click.argument("name"),
    click.option("--type", "device_type", type=click.Choice(DEVICE_TYPES), required=True, help="Its kind."),
    click.option("--address", help="IP address, host name or URL."),
    click.option("--function", help="What it is for."),
    click.option("--vendor", help="Who makes it; made if it is new."),
    click.option("--model", help="What the vendor calls it."),
    click.option("--location", help="Where it stands: site / room / rack / unit."),
    click.option("--monitor", "monitors", multiple=True, help="A kind of monitor; may be repeated."),
)
async def add(env: Env, *, name: str, address: str | None, monitors: tuple[str, ...], **more: Any) -> str:
    """Make a device; monitors turn monitoring on."""
    cells = {
        "name": name, "ip_address": address, **more, "monitoring_enabled": bool(monitors),
        "monitors": [{"monitor_type": kind} for kind in monitors],
    }  # fmt: skip
    async with open_unit(env) as unit:
        if await DeviceService(unit).find(name) is not None:
            raise FieldError("name", "name-taken", name=name)
        sheet = Sheet(Table([Raw(0, 1, cells)], "balu", ()))
        try:
            report = await Importer(unit).run(CONSOLE, sheet, on_error="abort")
        except ImportRefusedError as error:
            raise _as_field(error.extra["failed_devices"][0]) from error
    return f"{name} was added; its number is {report.created_devices[0].id}."


@command(
    "inventory import",
    click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False)),
    click.option("--dry-run", is_flag=True, help="Only say what would change."),
    click.option("--skip-bad", is_flag=True, help="Import the good rows although others are wrong."),
)
async def load(env: Env, *, file: Path, dry_run: bool, skip_bad: bool) -> Any:
    """Import a CSV or JSON FILE; also exports of NetBox and Snipe-IT."""
    sheet = Sheet(read_table(file.read_bytes()))  # noqa: ASYNC240  nothing else runs in a command
    if dry_run:
        plan = await planned(env, sheet)
        report = plan.report(dry_run=True)
        for row in (row_diff(step) for steps in plan.steps.batches() for step in steps):
            new = row.device_id is None
            changes = ", ".join(
                f"{field}: {_said(one['new'])}"
                if new
                else f"{field}: {_said(one['old'])} -> {_said(one['new'])}"
                for field, one in row.diff.items()
            )
            print(f"row {row.row}: {row.action} {row.name} ({changes})", file=sys.stderr)  # noqa: T201
    else:
        try:
            report = await carry_out(env, CONSOLE, sheet, "skip" if skip_bad else "abort")
        except ImportRefusedError as error:
            wrong: list[FailedDevice] = error.extra["failed_devices"]
            _tell(wrong)
            told = f"Nothing was imported; wrong rows: {len(wrong)}. Mend them or use --skip-bad."
            raise ImportRefusedError(told) from error
    _tell(report.failed_devices)
    names = ("status", "dry_run", "created", "updated", "unchanged", "failed", "dialect")
    # A dry run ends as the import would; who skips bad rows has said that they do not matter.
    refused = report.failed > 0 and not skip_bad
    return Verdict({name: getattr(report, name) for name in names}, 1 if refused else 0)


def _tell(wrong: Sequence[FailedDevice]) -> None:
    for failed in wrong[:MOST_TOLD]:
        print(failed.error, file=sys.stderr)  # noqa: T201
    if len(wrong) > MOST_TOLD:
        print(f"{len(wrong) - MOST_TOLD} more rows are wrong.", file=sys.stderr)  # noqa: T201


def _said(value: Any) -> str:
    """A field's value for people."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        value = "; ".join(one["monitor_type"] if isinstance(one, dict) else one for one in value)
    return str(value or "nothing")


def _as_field(wrong: FailedDevice) -> InvalidError:
    """What is wrong with the only row, without calling it one."""
    (issue, *_) = wrong.issues
    return InvalidError(" ".join(f"{one.error} {one.fix}" for one in wrong.issues), field=issue.field)


@command(
    "inventory restore",
    click.argument("numbers", nargs=-1, required=True, type=click.IntRange(1)),
    click.option("--name", help="Another name, where its own was given away; for one device."),
)
async def restore(env: Env, *, numbers: tuple[int, ...], name: str | None) -> Any:
    """Put deleted devices back, by the NUMBERS that list --deleted shows; all of them or none."""
    if name is not None and len(numbers) > 1:
        raise InvalidError("--name is for one device.", field="name")
    async with open_unit(env) as unit:
        deleted = DeletedService(unit)
        back = [await deleted.restore_one(CONSOLE, number, name) for number in numbers]
    return [{name: getattr(device, name) for name in SHOWN} for device in back]


@command(
    "inventory export",
    TYPE,
    click.option("--format", "file_format", type=click.Choice(["csv", "json"]), default="csv"),
    click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Else standard output."),
)
async def save(env: Env, *, device_type: str | None, file_format: str, output: Path | None) -> str | None:
    """Write every device as CSV or JSON."""
    pieces = exported(env, Filters(type=device_type), "json" if file_format == "json" else "csv")
    if output is None:
        async for piece in pieces:
            sys.stdout.write(piece)
        return None
    try:
        with output.open("w", encoding="utf-8", newline="") as out:
            async for piece in pieces:
                out.write(piece)
    except OSError as error:
        told = f"{output} cannot be written: {error.strerror}. Name a file in a folder that is there."
        raise InvalidError(told, field="output") from error
    return f"The devices were written to {output}."


@command(
    "inventory discover",
    click.argument("where", nargs=-1, required=True),
    click.option("--probe", type=click.Choice(["auto", "icmp", "tcp"]), default="auto", show_default=True),
    click.option("--port", "ports", type=click.IntRange(1, 65535), multiple=True, help="TCP port to ask."),
    click.option("--public", is_flag=True, help="Also addresses outside of private networks."),
)
async def discover(
    env: Env, *, where: tuple[str, ...], probe: str, ports: tuple[int, ...], public: bool
) -> list[dict[str, Any]]:
    """Ask a CIDR, a range (a-b) or addresses who is there; shows those that answer."""
    hosts: dict[str, str] = {}
    for text in where:
        span, cidr = (text, None) if "-" in text else (None, text if "/" in text else None)
        listed = [] if span or cidr else [text]
        hosts |= {ip: asked for asked, ip in hosts_of(listed, span, cidr, allow_public=public)}
    hosts_of([*hosts], None, None, allow_public=public)  # also all of them together are at most so many
    asked = [(text, ip) for ip, text in hosts.items()]
    result = await run_now(env, discover_network, hosts=asked, probe=probe, ports=list(ports))
    shown = ("ip", "hostname", "mac", "mac_vendor", "rtt_ms", "port")
    return [{name: host[name] for name in shown} for host in result["results"] if host["reachable"]]


@command(
    "inventory targets",
    click.option("--format", "file_format", type=click.Choice(["yaml", "json"]), default="yaml"),
)
async def targets(env: Env, *, file_format: str) -> Any:
    """Write the files that Prometheus reads."""
    return await write_targets(env, "json" if file_format == "json" else "yaml")


COMMANDS = (show, add, load, restore, save, discover, targets)
