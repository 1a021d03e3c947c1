"""``balu login``, ``put``, ``get`` and ``ls``."""

import functools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import msgspec
import rich_click as click

from balu.client import credentials as saved
from balu.client import show
from balu.client.api import JOBS, Client, OnConflict
from balu.client.errors import ClientError, NotSignedInError
from balu.client.remote import Entry

EXIT_FAILED, EXIT_NOT_SIGNED_IN = 1, 5
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
quiet_option = click.option("--quiet", "-q", is_flag=True, help="Show no progress.")
jobs_option = click.option(
    "--jobs", type=click.IntRange(1, 32), default=JOBS, show_default=True, help="Transfers at once."
)


def told(function: Callable[..., Any]) -> Callable[..., Any]:
    """Refusals become one sentence on standard error and an exit code."""

    @functools.wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except NotSignedInError as error:
            click.echo(f"balu: {error}", err=True)
            sys.exit(EXIT_NOT_SIGNED_IN)
        except ClientError as error:
            click.echo(f"balu: {error}", err=True)
            sys.exit(EXIT_FAILED)

    return run


@click.command()
@click.argument("url")
@click.option("--username", "-u", help="Name of the account; asked for when it is missing.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@told
def login(url: str, username: str | None, *, password_stdin: bool) -> None:
    """Sign in to the server at URL and remember it."""
    if not url.startswith(("http://", "https://")):
        url = f"https://{url}"
    name = username or click.prompt("User name", err=True)
    if password_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    else:
        password = click.prompt("Password", hide_input=True, err=True)
    with Client.login(url, name, password, lambda: str(click.prompt("Code", err=True))) as client:
        client.remember()
        click.echo(f"Signed in as {client.username} ({saved.config_file()}).", err=True)


@click.command()
def logout() -> None:
    """Forget who is signed in on this machine."""
    saved.forget()


@click.command()
@click.argument("sources", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.argument("remote")
@click.option(
    "--on-conflict",
    type=click.Choice(["replace", "rename", "fail"]),
    default="replace",
    show_default=True,
    help="What happens to a name that is taken; replaced files become versions.",
)
@jobs_option
@quiet_option
@json_option
@told
def put(
    sources: tuple[Path, ...], remote: str, on_conflict: str, jobs: int, *, quiet: bool, as_json: bool
) -> None:
    """Send files and folders to REMOTE ("." is your home). Run it again to go on where it stopped.

    What cannot be read or is refused is named, everything else is sent, and the exit code is 1.
    """
    with Client.saved() as client, show.watching("sending", quiet=quiet, as_json=as_json) as bars:
        wish = cast("OnConflict", on_conflict)
        found = client.put(sources, remote, on_conflict=wish, jobs=jobs, watcher=bars)
    show.report(found, "sent", as_json=as_json)
    sys.exit(EXIT_FAILED if found.failed else 0)


@click.command()
@click.argument("remotes", nargs=-1, required=True)
@click.argument("local", type=click.Path(path_type=Path))
@jobs_option
@quiet_option
@json_option
@told
def get(remotes: tuple[str, ...], local: Path, jobs: int, *, quiet: bool, as_json: bool) -> None:
    """Fetch files and folders ("." is your home) to LOCAL. Run it again to go on where it stopped.

    What cannot be fetched, as a locked vault, is named, everything else is fetched, and the exit code is 1.
    """
    with Client.saved() as client, show.watching("fetching", quiet=quiet, as_json=as_json) as bars:
        found = client.get(remotes, local, jobs=jobs, watcher=bars)
    show.report(found, "fetched", as_json=as_json)
    sys.exit(EXIT_FAILED if found.failed else 0)


@click.command()
@click.argument("remote", default="")
@json_option
@told
def ls(remote: str, *, as_json: bool) -> None:
    """List a folder on the server."""
    with Client.saved() as client:
        entries = client.list(remote)
    if as_json:
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(entries)).decode() + "\n")
        return
    for entry in entries:
        click.echo(_line(entry))


def _line(entry: Entry) -> str:
    folder = entry.type == "directory"
    size = "-" if folder else str(entry.size)
    name = show.readable(entry.name)
    return f"{size:>14}  {entry.modified_at:%Y-%m-%d %H:%M}  {name}{'/' if folder else ''}"


COMMANDS: dict[str, click.Command] = {
    "login": login, "logout": logout, "put": put, "get": get, "ls": ls,
}  # fmt: skip
