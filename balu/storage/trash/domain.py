"""What the trash contributes to the application."""

from collections.abc import Mapping
from typing import Any

from balu.kernel.config import Config
from balu.kernel.domain import Domain
from balu.storage.files import Bin
from balu.storage.trash.batch import BatchController, batch_files
from balu.storage.trash.controller import DeleteController, FolderDeleteController, TrashController
from balu.storage.trash.jobs import (
    examine,
    keep_displaced,
    keep_homes,
    quota_recount,
    recover_trash,
    trash_purge,
)
from balu.storage.trash.raw import DELETE
from balu.storage.trash.service import TrashBin
from balu.storage.trash.settings import TrashSettings


def parts(_config: Config) -> Mapping[type, Any]:
    """What lives as long as the process."""
    return {Bin: TrashBin()}


TRASH = Domain(
    name="trash",
    controllers=(TrashController, DeleteController, FolderDeleteController, BatchController),
    raw=(DELETE,),
    jobs=(recover_trash, trash_purge, quota_recount, batch_files),
    listeners=(keep_homes,),
    hooks=(keep_displaced, examine),
    settings=TrashSettings,
    parts=parts,
    startup=(recover_trash,),
)
