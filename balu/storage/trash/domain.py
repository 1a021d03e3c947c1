"""What the trash contributes to the application."""

from balu.kernel.domain import Domain
from balu.storage.trash.batch import BatchController, batch_files
from balu.storage.trash.controller import DeleteController, FolderDeleteController, TrashController
from balu.storage.trash.jobs import (
    examine,
    keep_displaced,
    keep_homes,
    put_back,
    quota_recount,
    recover_trash,
    trash_purge,
)
from balu.storage.trash.raw import DELETE
from balu.storage.trash.settings import TrashSettings

TRASH = Domain(
    name="trash",
    controllers=(TrashController, DeleteController, FolderDeleteController, BatchController),
    raw=(DELETE,),
    jobs=(recover_trash, trash_purge, quota_recount, batch_files),
    listeners=(keep_homes,),
    hooks=(keep_displaced, put_back, examine),
    settings=TrashSettings,
    startup=(recover_trash,),
)
