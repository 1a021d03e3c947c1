"""The `balu` command: serve, worker, and every domain's commands."""

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import rich_click as click

from balu import __version__
from balu.kernel import show
from balu.kernel.config import (
    Config,
    ConfigError,
    LogSettings,
    default_data_dir,
    load_config,
    without_passwords,
)
from balu.kernel.errors import BaluError

EXIT_REFUSED = 1
CLIENT_COMMANDS = ("get", "login", "logout", "ls", "put")
"""Commands that talk to a server instead of working on a data directory."""
EPILOG = (
    "Exit codes: 0 done, 1 refused or failed (also in part), 2 wrong usage, 3 the configuration cannot be "
    "used, 4 a volume is away (fsck, volumes check), 5 nobody is signed in (put, get, ls)."
)


def data_dir_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """``--data-dir``, which every command has."""
    return click.option(
        "--data-dir",
        type=click.Path(path_type=Path, file_okay=False),
        envvar="BALU_DATA_DIR",
        show_envvar=True,
        help="Where Balu keeps its database, settings and default volume.",
    )(function)


def json_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """``--json``, which every command that prints data has."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")(function)


class Commands(click.RichGroup):
    """Balu's own commands at once, those of the domains when one of them is asked for.

    The supervisor of `balu serve` must not load every domain: its memory is paid while the box idles.
    """

    group_class = click.RichGroup  # groups below have their own commands only

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command, sorted."""
        return sorted({*super().list_commands(ctx), *CLIENT_COMMANDS, *domain_commands()})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """One of ours, else one of the client's or of a domain's."""
        if cmd_name in CLIENT_COMMANDS:
            from balu.client.commands import COMMANDS  # noqa: PLC0415  a server needs no client

            return COMMANDS[cmd_name]
        return super().get_command(ctx, cmd_name) or domain_commands().get(cmd_name)


@click.group(cls=Commands, epilog=EPILOG)
@click.version_option(__version__, prog_name="balu")
def cli() -> None:
    """Balu: your files, on your own disks."""


@cli.command()
@data_dir_option
@click.option("--host", help="Address to listen on [default: 127.0.0.1].")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on [default: 8000].")
@click.option("--jobs/--no-jobs", default=True, show_default=True, help="Run the job worker as well.")
def serve(data_dir: Path | None, host: str | None, port: int | None, *, jobs: bool) -> None:
    """Serve files, API and web UI, and run background jobs."""
    from balu.kernel.serve import serve as run  # noqa: PLC0415  Granian is only needed here

    # Web and job workers are processes of their own and read the same places.
    os.environ["BALU_DATA_DIR"] = str((data_dir or default_data_dir()).absolute())
    for key, value in (("BALU_SERVER__HOST", host), ("BALU_SERVER__PORT", port)):
        if value is not None:
            os.environ[key] = str(value)
    run(load_config(None, {}, only_known=True), jobs=jobs)


@cli.command()
@data_dir_option
def worker(data_dir: Path | None) -> None:
    """Run background jobs only."""
    from balu.app import DOMAINS  # noqa: PLC0415
    from balu.kernel.jobs.worker import run_worker  # noqa: PLC0415

    run_worker(_config(data_dir), DOMAINS)


@cli.group()
def config() -> None:
    """See and check the settings."""


@config.command("check")
@data_dir_option
def config_check(data_dir: Path | None) -> None:
    """Say whether the settings can be used."""
    checked = _config(data_dir)
    click.echo(f"The settings are fine ({checked.data_dir / 'balu.toml'}).")


@config.command("show")
@data_dir_option
@json_option
def config_show(data_dir: Path | None, *, as_json: bool) -> None:
    """Print every setting with the origin of its value; passwords in addresses are shown as ***."""
    found = _config(data_dir)
    rows = [
        {
            "setting": f"{name}.{key}",
            "value": without_passwords(getattr(section, key)),
            "origin": found.origins[f"{name}.{key}"],
        }
        for name, section in found.sections.items()
        for key in section.__struct_fields__
    ]
    show.rows(rows, as_json=as_json)


@cli.group()
def migrate() -> None:
    """See and change the step the database is at; `balu serve` upgrades by itself."""


@migrate.command("up")
@data_dir_option
def migrate_up(data_dir: Path | None) -> None:
    """Take every step that is missing, after a copy of the database."""
    from balu.kernel import migrate as steps  # noqa: PLC0415

    found = _config(data_dir)
    steps.upgrade(found)
    click.echo(f"The database is at step {steps.current(found)}.")


@migrate.command("down")
@click.argument("to", default="-1")
@data_dir_option
def migrate_down(to: str, data_dir: Path | None) -> None:
    """Undo one step, or all down to the step TO (`base` for all), after a copy of the database."""
    from balu.kernel import migrate as steps  # noqa: PLC0415

    found = _config(data_dir)
    steps.downgrade(found, to)
    click.echo(f"The database is at step {steps.current(found) or 'none'}.")


@migrate.command("status")
@data_dir_option
@json_option
def migrate_status(data_dir: Path | None, *, as_json: bool) -> None:
    """Say where the database is and what is missing."""
    from balu.kernel import migrate as steps  # noqa: PLC0415

    found = _config(data_dir)
    status = {"current": steps.current(found), "head": steps.head(), "pending": steps.pending(found)}
    show.rows([status], as_json=as_json)


@cli.command()
@data_dir_option
@json_option
def doctor(data_dir: Path | None, *, as_json: bool) -> None:
    """Say what is missing on this host, what for, and how to get it."""
    from balu.kernel.doctor import examine  # noqa: PLC0415

    findings = examine(_config(data_dir))
    show.rows(findings, as_json=as_json)
    if any(finding["state"] == "broken" for finding in findings):
        sys.exit(EXIT_REFUSED)


def _config(data_dir: Path | None) -> Config:
    from balu.app import read_config  # noqa: PLC0415
    from balu.kernel.log import configure  # noqa: PLC0415  structlog is not needed to serve

    found = read_config(data_dir)
    configure(found.of(LogSettings))  # on standard error: what a command prints is its data alone
    return found


def domain_commands() -> dict[str, click.Command]:
    """The domains' commands as click commands and groups, by their first word."""
    from balu.app import DOMAINS  # noqa: PLC0415

    top: dict[str, click.Command] = {}
    for domain in DOMAINS:
        for declared in domain.commands:
            *groups, name = declared.path.split()
            home: dict[str, click.Command] = top
            for group in groups:
                found = home.setdefault(group, click.RichGroup(name=group, help=f"Commands of {group}."))
                if isinstance(found, click.Group):
                    home = found.commands  # type: ignore[assignment]
            home[name] = _as_click(name, declared)
    return top


def _as_click(name: str, declared: Any) -> click.Command:
    from balu.app import DOMAINS  # noqa: PLC0415
    from balu.kernel.commands import Verdict  # noqa: PLC0415
    from balu.kernel.env import open_env  # noqa: PLC0415
    from balu.kernel.migrate import ensure_current  # noqa: PLC0415

    async def run(config: Config, options: dict[str, Any]) -> Any:
        if declared.database == "none":
            return await declared.run(**options)
        await ensure_current(config, makes=declared.database == "made")
        async with open_env(config, DOMAINS) as env:
            return await declared.run(env, **options)

    def invoke(data_dir: Path | None, *, as_json: bool, **options: Any) -> None:
        found = asyncio.run(run(_config(data_dir), options))
        show.result(found.shown if isinstance(found, Verdict) else found, as_json=as_json)
        if isinstance(found, Verdict):
            sys.exit(found.exit_code)

    decorated: Callable[..., Any] = invoke
    for option in reversed((*declared.options, data_dir_option, json_option)):
        decorated = option(decorated)
    return click.command(name, help=declared.help)(decorated)


def main() -> None:
    """Run the command line; refusals are one sentence on standard error."""
    try:
        cli(prog_name="balu")
    except ConfigError as error:
        click.echo(f"balu: {error}", err=True)
        sys.exit(error.exit_code)
    except BaluError as error:
        click.echo(f"balu: {error.detail}", err=True)
        sys.exit(EXIT_REFUSED)


if __name__ == "__main__":
    main()
