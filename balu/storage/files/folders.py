"""``/api/folders``: folders by their ids; deleting one is the trash's business."""

from typing import Annotated

from litestar import Controller, get, patch, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import UNSET

from balu.storage.files.controller import READ, WITH_FILES, WRITE, Files
from balu.storage.files.errors import WrongKindError
from balu.storage.files.items import moment
from balu.storage.files.names import check_name
from balu.storage.files.places import Found
from balu.storage.files.schemas import FileItem, FolderChildren, FolderNew, FolderPatch, FolderRead
from balu.storage.files.service import FileService
from balu.storage.files.window import Window


class FolderController(Controller):
    """The same folders as ``/api/files`` shows, for clients that think in ids."""

    path, tags = "/folders", ("folders",)
    dependencies = WITH_FILES

    @get(operation_id="listFolders", opt=READ)
    async def list(
        self,
        files: Files,
        parent_id: FromQuery[int | None] = None,
        offset: Annotated[int, QueryParameter(ge=0)] = 0,
        limit: Annotated[int, QueryParameter(ge=1, le=1000)] = 1000,
    ) -> FolderChildren:
        """A folder, the home without *parent_id*, and a window into it: folders first."""
        return await _children(files, await _folder(files, parent_id), Window(offset=offset, limit=limit))

    @get("/{folder_id:int}", operation_id="getFolder", opt=READ)
    async def read(self, files: Files, folder_id: FromPath[int]) -> FolderChildren:
        """One folder and the first thousand things in it."""
        return await _children(files, await _folder(files, folder_id), Window(limit=1000))

    @post(operation_id="createFolderById", opt=WRITE, status_code=201)
    async def create(self, files: Files, data: JSONBody[FolderNew]) -> FolderRead:
        """A new folder."""
        parent = await _folder(files, data.parent_id)
        return _read(await files.make_folder(parent.spot.child(check_name(data.name))))

    @patch("/{folder_id:int}", operation_id="updateFolder", opt=WRITE)
    async def update(self, files: Files, folder_id: FromPath[int], data: JSONBody[FolderPatch]) -> FolderRead:
        """Another name, another parent, or both."""
        source = await _folder(files, folder_id)
        into = source.spot.parent
        if data.parent_id is not UNSET:
            into = (await _folder(files, data.parent_id)).spot
        name = source.spot.plain_name if data.name is UNSET else check_name(data.name)
        return _read(await files.move(source, into.child(name)))


async def _folder(files: FileService, folder_id: int | None) -> Found:
    found = await files.find("", folder_id)
    if not found.is_folder:
        raise WrongKindError("This is a file, not a folder.")
    return found


async def _children(files: FileService, found: Found, window: Window) -> FolderChildren:
    listed = await files.list(found.spot, window)
    return FolderChildren(folder=_read(found), items=listed.items(FileItem), total=listed.total)


def _read(found: Found) -> FolderRead:
    row = found.row
    return FolderRead(
        id=row.id,
        name=found.spot.path.rpartition("/")[2],
        path=found.spot.path,
        parent_id=None if found.spot.is_top else row.parent_id,
        modified_at=moment(found.entry.mtime_ns),
    )
