"""What sync contributes to the application."""

from balu.access.sync.raw import UPLOAD, UPLOAD_START
from balu.kernel.domain import Domain

SYNC = Domain(name="sync", raw=(UPLOAD_START, UPLOAD))
