"""Settings: one frozen Struct a section, from balu.toml and the environment, read once at start."""

import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, TypeVar

import msgspec

T = TypeVar("T", bound=msgspec.Struct)
ENV_PREFIX = "BALU_"
PLAIN_VARIABLES = {"BALU_DATA_DIR", "BALU_FAILPOINT"}
"""Variables with the prefix that are not settings."""

_SIGN_IN = re.compile(r"(?<=://)([^:/?#]*):([^?#]*)@")
_PARAMETER = re.compile(r"([?&][^=&#]*(?:pass|secret|token)[^=&#]*)=[^&#]*", re.IGNORECASE)

DATABASES = ("postgresql://", "postgresql+psycopg://", "sqlite://", "sqlite+aiosqlite://")

Port = Annotated[int, msgspec.Meta(ge=0, le=65535)]


class ConfigError(Exception):
    """The configuration cannot be used; the message names file or variable, key and fix."""

    exit_code: ClassVar[int] = 3
    """Of every `balu` command that meets it."""


class Server(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[server]``: where Balu listens and whom it believes."""

    host: str = "127.0.0.1"
    port: Port = 8000
    workers: Annotated[int, msgspec.Meta(ge=1, le=64)] = 1
    hosts: tuple[str, ...] = ()
    """Names in Host besides addresses, localhost and this machine's own; ``*`` allows all."""
    base_url: str = ""
    """Public address for links, such as ``https://nas.example``; empty: what the request says."""
    trusted_proxies: tuple[str, ...] = ()
    """Addresses or networks whose X-Forwarded-For and -Proto count."""
    loopback_is_local: bool = False
    """Whether loopback proves that somebody sits at this machine; never with a proxy on it."""
    drain_timeout_s: Annotated[int, msgspec.Meta(ge=1, le=3600)] = 60


class DatabaseSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[database]``: empty for SQLite in the data directory, or ``postgresql://…``."""

    url: str = ""

    def __post_init__(self) -> None:
        """Refuse what Balu cannot store in before anything tries."""
        if self.url and not self.url.startswith(DATABASES):
            raise ValueError("url must begin with postgresql:// or sqlite+aiosqlite:///")


class JobSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[jobs]``: where messages wait, and how many run at once."""

    storage: Literal["sqlite", "redis"] = "sqlite"
    redis_url: str = "redis://127.0.0.1:6379/0"
    workers: Annotated[int, msgspec.Meta(ge=1, le=32)] = 2
    history_days: Annotated[int, msgspec.Meta(ge=1, le=3650)] = 30


class LogSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[log]``: what goes to standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "json", "console"] = "auto"
    access: bool = True


class LimitSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[limits]``: requests a minute of one user or address, where a route has no limit of its own."""

    reads_per_minute: Annotated[int, msgspec.Meta(ge=1)] = 1200
    writes_per_minute: Annotated[int, msgspec.Meta(ge=1)] = 600


class MailSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[mail]``: the SMTP server that takes Balu's messages; without a host none are sent."""

    host: str = ""
    port: Port = 587
    tls: Literal["starttls", "tls", "none"] = "starttls"
    """``tls`` from the first byte (usually port 465); ``none`` for a server on this machine only."""
    username: str = ""
    """Empty: without signing in."""
    password_file: str = ""
    """File that holds the password alone, read for each message."""
    sender: str = ""
    """Address that messages come from."""

    def __post_init__(self) -> None:
        """Refuse a half-written section at start instead of losing a message later."""
        if self.host and "@" not in self.sender:
            raise ValueError("with a host, sender must be an e-mail address")
        if bool(self.username) != bool(self.password_file):
            raise ValueError("username and password_file belong together")


KERNEL_SECTIONS: Mapping[str, type[msgspec.Struct]] = {
    "server": Server,
    "database": DatabaseSettings,
    "jobs": JobSettings,
    "log": LogSettings,
    "limits": LimitSettings,
    "mail": MailSettings,
}


@dataclass(frozen=True, slots=True)
class Config:
    """Every section, and where each value came from."""

    data_dir: Path
    sections: Mapping[str, msgspec.Struct]
    origins: Mapping[str, str]
    """``section.key`` to ``default``, the file's path or the variable's name."""

    def of(self, kind: type[T]) -> T:
        """The section of this type."""
        for section in self.sections.values():
            if isinstance(section, kind):
                return section
        raise LookupError(f"no section of type {kind.__name__}")

    @property
    def database_url(self) -> str:
        """Address of the database, the embedded one by default."""
        return self.of(DatabaseSettings).url or f"sqlite+aiosqlite:///{self.data_dir / 'balu.db'}"


def make_data_dir(path: Path) -> None:
    """Make the data directory where there is none, for this user alone.

    Raises:
        ConfigError: it cannot be made, or is none.
    """
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be the data directory ({error.strerror}). Choose another with --data-dir."
        ) from error


def without_passwords(value: Any) -> Any:
    """The same, but for the password of an address: what a person may see on the screen or in a log."""
    if not isinstance(value, str):
        return value
    return _PARAMETER.sub(r"\1=***", _SIGN_IN.sub(r"\1:***@", value))


def default_data_dir(environ: Mapping[str, str] | None = None) -> Path:
    """``BALU_DATA_DIR``, or ``balu`` in the user's data folder (XDG base directories)."""
    env = os.environ if environ is None else environ
    if chosen := env.get("BALU_DATA_DIR"):
        return Path(chosen)
    base = env.get("XDG_DATA_HOME")
    return (Path(base) if base else Path.home() / ".local" / "share") / "balu"


def load_config(
    data_dir: Path | None,
    sections: Mapping[str, type[msgspec.Struct]],
    *,
    environ: Mapping[str, str] | None = None,
    only_known: bool = False,
) -> Config:
    """Merge defaults, ``balu.toml`` and the environment, in rising order.

    *only_known* passes over sections that are not in *sections*: for the supervisor, which does not load
    the domains; its workers read everything and refuse what nobody knows.

    Raises:
        ConfigError: unreadable file, unknown section or key, or a value outside its bounds.
    """
    env = os.environ if environ is None else environ
    home = (data_dir or default_data_dir(env)).absolute()
    known = {**KERNEL_SECTIONS, **sections}
    layers = [
        (str(home / "balu.toml"), _from_file(home / "balu.toml")),
        ("environment", _from_environment(env, known)),
    ]
    values: dict[str, dict[str, Any]] = {name: {} for name in known}
    origins = {f"{name}.{key}": "default" for name, kind in known.items() for key in kind.__struct_fields__}
    for origin, layer in layers:
        for section, keys in layer.items():
            if only_known and section not in known:
                continue
            if section not in known or not isinstance(keys, dict):
                raise ConfigError(f"{origin}: unknown section [{section}]; known are {_names(known)}.")
            for key, value in keys.items():
                if key not in known[section].__struct_fields__:
                    fields = _names(known[section].__struct_fields__)
                    raise ConfigError(f"{origin}: [{section}] has no key '{key}'; known are {fields}.")
                values[section][key] = value
                is_env = origin == "environment"
                origins[f"{section}.{key}"] = (
                    f"{ENV_PREFIX}{section.upper()}__{key.upper()}" if is_env else origin
                )
    built = {name: _build(name, kind, values[name], origins) for name, kind in known.items()}
    return Config(home, built, origins)


def _from_file(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from error


def _from_environment(env: Mapping[str, str], known: Mapping[str, type[msgspec.Struct]]) -> dict[str, Any]:
    found: dict[str, dict[str, Any]] = {}
    for variable, text in env.items():
        if not variable.startswith(ENV_PREFIX) or variable in PLAIN_VARIABLES:
            continue
        section, separator, key = variable.removeprefix(ENV_PREFIX).lower().partition("__")
        if not separator:
            raise ConfigError(f"{variable}: not a setting; write BALU_<SECTION>__<KEY>.")
        kind = known.get(section)
        hint = kind.__annotations__.get(key) if kind else None
        wants_list = "tuple" in str(hint)
        items = [item.strip() for item in text.split(",") if item.strip()]
        found.setdefault(section, {})[key] = items if wants_list else text
    return found


def _build(name: str, kind: type[T], values: dict[str, Any], origins: Mapping[str, str]) -> T:
    try:
        return msgspec.convert(values, kind, strict=False)
    except msgspec.ValidationError as error:
        where = ", ".join(sorted({origins[f"{name}.{key}"] for key in values})) or name
        raise ConfigError(f"{where}: [{name}] {error}") from error


def _names(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
