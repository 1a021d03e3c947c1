"""Balu from the other side: a client for the command line and for programs."""

from balu.client.api import Client
from balu.client.errors import (
    ClientError,
    LocalFileError,
    NotSignedInError,
    ServerError,
    UnreachableError,
    WrongBytesError,
)
from balu.client.remote import Entry
from balu.client.report import Outcome, Quiet, Report, Watcher

__all__ = [
    "Client",
    "ClientError",
    "Entry",
    "LocalFileError",
    "NotSignedInError",
    "Outcome",
    "Quiet",
    "Report",
    "ServerError",
    "UnreachableError",
    "Watcher",
    "WrongBytesError",
]
