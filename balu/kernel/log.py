"""Structured logs on standard error: readable on a terminal, JSON elsewhere."""

import logging
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

from balu.kernel.config import LogSettings

if TYPE_CHECKING:
    import structlog
else:
    # structlog draws in rich for tracebacks that a server never shows: 14 MiB in every process.
    absent = object()
    rich = sys.modules.get("rich", absent)
    if rich is absent:
        sys.modules["rich"] = None
    structlog = import_module("structlog")
    if rich is absent:
        del sys.modules["rich"]


def logger(name: str) -> Any:
    """A structured logger: ``log.info("what happened", key=value)``."""
    return structlog.get_logger(name)


def configure(settings: LogSettings) -> None:
    """Set up structlog and the standard library's loggers once per process."""
    level = logging.getLevelName(settings.level.upper())
    readable = settings.format == "console" or (settings.format == "auto" and sys.stderr.isatty())
    renderer = structlog.dev.ConsoleRenderer() if readable else structlog.processors.JSONRenderer()
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
