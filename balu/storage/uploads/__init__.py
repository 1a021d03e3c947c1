"""Uploads: bytes coming in over HTTP, in their several dialects."""

from balu.storage.uploads.access import SCOPE, TOKEN_HEADER, upload_of
from balu.storage.uploads.models import UploadRow
from balu.storage.uploads.multipart import FormReader, boundary_of
from balu.storage.uploads.progress import missing_of, percent_of
from balu.storage.uploads.service import MAX_SIZE, UploadService, Wish
from balu.storage.uploads.transfer import Checksum, Incoming, Transfer

__all__ = [
    "MAX_SIZE",
    "SCOPE",
    "TOKEN_HEADER",
    "Checksum",
    "FormReader",
    "Incoming",
    "Transfer",
    "UploadRow",
    "UploadService",
    "Wish",
    "boundary_of",
    "missing_of",
    "percent_of",
    "upload_of",
]
