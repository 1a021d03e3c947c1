"""What uploads contribute to the application."""

from collections.abc import Mapping
from typing import Any

from balu.kernel.config import Config
from balu.kernel.domain import Domain
from balu.storage.uploads.batch import BATCH
from balu.storage.uploads.form import FORM
from balu.storage.uploads.jobs import expire_uploads
from balu.storage.uploads.manifest import MANIFEST, MANIFEST_CHUNK
from balu.storage.uploads.progress import PROGRESS, PROGRESS_STREAM, PROGRESS_TOKEN
from balu.storage.uploads.raw import CONTENT
from balu.storage.uploads.running import Running
from balu.storage.uploads.trio import SINGLE, TRIO, TRIO_INIT
from balu.storage.uploads.tus import TUS, TUS_CREATE, TUS_OPTIONS


def parts(_config: Config) -> Mapping[type, Any]:
    """What lives as long as the process."""
    return {Running: Running()}


UPLOADS = Domain(
    name="uploads",
    raw=(
        BATCH,
        CONTENT,
        FORM,
        PROGRESS,
        PROGRESS_TOKEN,
        PROGRESS_STREAM,
        SINGLE,
        TRIO_INIT,
        TRIO,
        MANIFEST,
        MANIFEST_CHUNK,
        TUS_OPTIONS,
        TUS_CREATE,
        TUS,
    ),
    jobs=(expire_uploads,),
    parts=parts,
)
