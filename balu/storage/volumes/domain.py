"""What volumes contribute to the application."""

from collections.abc import Mapping
from typing import Any

from balu.kernel.config import Config
from balu.kernel.domain import Domain
from balu.storage.volumes.controller import SpaceController, VolumeController
from balu.storage.volumes.jobs import prepare_volumes
from balu.storage.volumes.registry import Volumes
from balu.storage.volumes.settings import VolumeSettings


def parts(_config: Config) -> Mapping[type, Any]:
    """What lives as long as the process."""
    return {Volumes: Volumes()}


VOLUMES = Domain(
    name="volumes",
    controllers=(VolumeController, SpaceController),
    settings=VolumeSettings,
    parts=parts,
    startup=(prepare_volumes,),
)
