"""What a domain declares, for the composition root to put together."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
from litestar import Controller

from balu.kernel.commands import Command
from balu.kernel.config import Config
from balu.kernel.events import Hook, Listener
from balu.kernel.raw import RawRoute

if TYPE_CHECKING:
    from balu.kernel.jobs import Job


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """One folder's contribution: faces, reactions, settings. Everything but the name is optional."""

    name: str
    controllers: tuple[type[Controller], ...] = ()
    raw: tuple[RawRoute, ...] = ()
    jobs: "tuple[Job, ...]" = ()
    listeners: tuple[Listener, ...] = ()
    hooks: tuple[Hook, ...] = ()
    commands: tuple[Command, ...] = ()
    settings: type[msgspec.Struct] | None = None
    """Its section in the configuration is called as the domain."""
    parts: Callable[[Config], Mapping[type, Any]] | None = None
    """Drivers and other long-lived things, one of each type, made once per process."""
    secret_paths: tuple[str, ...] = ()
    """Path prefixes whose next segment is a secret, such as a token sent by mail: never logged."""
    startup: "tuple[Job, ...]" = ()
    """Jobs that must have run before the first request is served (recovery), in order of the domains."""
