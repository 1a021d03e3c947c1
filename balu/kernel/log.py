"""Structured logs on standard error: readable on a terminal, JSON elsewhere."""

import logging
import sys
from datetime import UTC, datetime
from typing import Any, TextIO

import msgspec

from balu.kernel.config import LogSettings
from balu.kernel.hidden import hidden

with hidden("rich"):  # for tracebacks that a server never shows: 14 MiB in every process
    import structlog


def logger(name: str) -> Any:
    """A structured logger: ``log.info("what happened", key=value)``."""
    return structlog.get_logger(name)


def configure(settings: LogSettings) -> None:
    """Set up structlog and the standard library's loggers once per process."""
    level = logging.getLevelName(settings.level.upper())
    readable = _is_readable(settings)
    # A pretty traceback shows the values of variables, and some of them are secrets.
    console = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    renderer = console if readable else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info
            if not readable
            else structlog.processors.StackInfoRenderer(),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(level=max(level, logging.WARNING), stream=sys.stderr, force=True)


class AccessLog:
    """One line for each request, as structlog writes it; JSON takes a short way, because there are many."""

    def __init__(self, settings: LogSettings, out: TextIO) -> None:
        self._out = out
        self._log = logger("balu.access") if _is_readable(settings) else None

    @classmethod
    def of(cls, settings: LogSettings) -> "AccessLog | None":
        """The log of these settings, None when it is off or the level hides it."""
        return cls(settings, sys.stderr) if settings.access and settings.level in {"debug", "info"} else None

    def write(self, **fields: Any) -> None:
        """Log a request; *path* is one of its fields."""
        if self._log is not None:
            self._log.info("request", **fields)
            return
        now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        fields["path"] = fields["path"].encode("utf-8", "replace").decode()
        line = msgspec.json.encode({**fields, "event": "request", "level": "info", "timestamp": now})
        self._out.write(line.decode() + "\n")
        self._out.flush()


def _is_readable(settings: LogSettings) -> bool:
    return settings.format == "console" or (settings.format == "auto" and sys.stderr.isatty())
