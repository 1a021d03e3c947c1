"""Trash: what was deleted, and can come back until it is purged."""

from balu.storage.trash.models import TrashRow
from balu.storage.trash.service import Purged, TrashService

__all__ = ["Purged", "TrashRow", "TrashService"]
