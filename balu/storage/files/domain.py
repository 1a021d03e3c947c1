"""What files contribute to the application."""

from collections.abc import Mapping
from typing import Any

from balu.kernel.config import Config
from balu.kernel.domain import Domain
from balu.storage.files.archive import ARCHIVE
from balu.storage.files.carrying import carry_files
from balu.storage.files.controller import FileController
from balu.storage.files.folders import FolderController
from balu.storage.files.gather import Gatherer
from balu.storage.files.jobs import (
    end_grants,
    prune_versions,
    recover_files,
    rehash_files,
    scrub_files,
    upload_cleanup,
    verify,
)
from balu.storage.files.listing import LIST
from balu.storage.files.permissions import PermissionController
from balu.storage.files.places import Homes
from balu.storage.files.raw import DOWNLOAD
from balu.storage.files.seals import Seals
from balu.storage.files.settings import FileSettings
from balu.storage.files.tending import (
    TendingController,
    check_command,
    check_files,
    fsck_command,
    scan_command,
    scan_files,
)
from balu.storage.files.transfer import TransferController


def parts(_config: Config) -> Mapping[type, Any]:
    """What lives as long as the process."""
    return {Homes: Homes(), Seals: Seals(), Gatherer: Gatherer()}


FILES = Domain(
    name="files",
    controllers=(
        FileController,
        PermissionController,
        FolderController,
        TendingController,
        TransferController,
    ),
    raw=(LIST, DOWNLOAD, ARCHIVE),
    jobs=(
        carry_files,
        scan_files,
        check_files,
        recover_files,
        upload_cleanup,
        rehash_files,
        prune_versions,
        scrub_files,
    ),
    listeners=(end_grants,),
    commands=(verify, scan_command, check_command, fsck_command),
    settings=FileSettings,
    parts=parts,
    startup=(recover_files,),
)
