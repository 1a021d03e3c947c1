"""Volumes: the directory trees files live on, their space, and who may fill how much of it."""

from balu.storage.volumes.errors import (
    NoRoomError,
    QuotaExceededError,
    VolumeNotFoundError,
    VolumeOfflineError,
)
from balu.storage.volumes.models import QuotaRow, VolumeRow
from balu.storage.volumes.quota import QuotaService, Usage
from balu.storage.volumes.registry import Mounted, Volumes
from balu.storage.volumes.service import VolumeService, check_room, reserve_bytes
from balu.storage.volumes.turns import has_turn, take_turn

__all__ = [
    "Mounted",
    "NoRoomError",
    "QuotaExceededError",
    "QuotaRow",
    "QuotaService",
    "Usage",
    "VolumeNotFoundError",
    "VolumeOfflineError",
    "VolumeRow",
    "VolumeService",
    "Volumes",
    "check_room",
    "has_turn",
    "reserve_bytes",
    "take_turn",
]
