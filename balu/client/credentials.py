"""Who is signed in where: one file only its owner can read, below the XDG configuration directory."""

import os
import tempfile
from pathlib import Path

import msgspec

from balu.client.errors import LocalFileError, NotSignedInError


class Credentials(msgspec.Struct, kw_only=True):
    """A signed-in user of one server."""

    url: str
    username: str = ""
    access_token: str = ""
    expires_at: float = 0.0
    """Seconds since 1970 when the access token ends; 0 for one that does not."""
    refresh_token: str = ""


def config_file() -> Path:
    """Where they are kept."""
    return _below("XDG_CONFIG_HOME", ".config") / "credentials.json"


def state_dir() -> Path:
    """Where unfinished uploads are remembered."""
    return _below("XDG_STATE_HOME", ".local/state")


def load() -> Credentials:
    """What ``save`` wrote; ``BALU_URL`` and ``BALU_TOKEN`` in the environment come first.

    Raises:
        NotSignedInError: nobody has signed in.
        LocalFileError: the file cannot be read.
    """
    url, token = os.environ.get("BALU_URL", ""), os.environ.get("BALU_TOKEN", "")
    if url and token:
        return Credentials(url=url.rstrip("/"), access_token=token)
    path = config_file()
    try:
        return msgspec.json.decode(path.read_bytes(), type=Credentials)
    except FileNotFoundError as error:
        raise NotSignedInError("Sign in first: balu login URL") from error
    except (OSError, msgspec.DecodeError) as error:
        raise LocalFileError(f"{path} cannot be read; sign in again: balu login URL") from error


def save(credentials: Credentials) -> None:
    """Keep them, replacing the former ones whole."""
    write_private(config_file(), msgspec.json.encode(credentials))


def forget() -> None:
    """Remove them."""
    config_file().unlink(missing_ok=True)


def write_private(path: Path, content: bytes) -> None:
    """Replace a file that only its owner can read.

    Raises:
        LocalFileError: the disk refuses.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, draft = tempfile.mkstemp(dir=path.parent)  # made with mode 0600
        with open(descriptor, "wb") as file:  # noqa: PTH123  the descriptor, not a path
            file.write(content)
        Path(draft).replace(path)
    except OSError as error:
        raise LocalFileError(f"{path} cannot be written: {error.strerror}") from error


def _below(variable: str, fallback: str) -> Path:
    base = os.environ.get(variable, "")
    return (Path(base) if base.startswith("/") else Path.home() / fallback) / "balu"
