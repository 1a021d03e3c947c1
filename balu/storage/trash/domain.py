"""What the trash contributes to the application."""

from balu.kernel.domain import Domain
from balu.storage.trash.controller import DeleteController, TrashController
from balu.storage.trash.raw import DELETE
from balu.storage.trash.settings import TrashSettings

TRASH = Domain(
    name="trash",
    controllers=(TrashController, DeleteController),
    raw=(DELETE,),
    settings=TrashSettings,
)
