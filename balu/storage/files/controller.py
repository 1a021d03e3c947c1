"""``/api/files`` and ``/api/folders``: listings, folders, names and places."""

from typing import Annotated, Any, Literal

from litestar import Controller, Request, Response, get, post, put
from litestar.di import NamedDependency, Provide
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from balu.kernel.caller import Caller
from balu.kernel.errors import InvalidError
from balu.kernel.http import spelled
from balu.kernel.jobs import JobAccepted, enqueue
from balu.kernel.unit import Env, open_unit
from balu.storage.files.archive import archive_url
from balu.storage.files.carrying import CarryWish, carry_files
from balu.storage.files.listing import answer
from balu.storage.files.mounts import volume_id_of
from balu.storage.files.names import check_name
from balu.storage.files.places import Found, Spot
from balu.storage.files.schemas import (
    ArchiveReady,
    ArchiveWanted,
    Duplicates,
    FileCopy,
    FileItem,
    FileList,
    FileMove,
    FileMoved,
    FileRename,
    FileStats,
    FolderCreate,
    FolderMade,
    NamesToCheck,
    OnConflict,
)
from balu.storage.files.service import FileService
from balu.storage.files.stats import check_exists, stats
from balu.storage.files.window import EVERYTHING, Window

Files = NamedDependency[FileService]
READ = {"scope": "files:read"}
WRITE = {"scope": "files:write"}
AS_A_JOB = {
    202: ResponseSpec(JobAccepted, generate_examples=False, description="It takes long: a job does it.")
}


def provide_files(env: NamedDependency[Env], caller: NamedDependency[Caller]) -> FileService:
    """The caller's files."""
    return FileService(env, caller)


WITH_FILES = {"files": Provide(provide_files, sync_to_thread=False)}

MOST = 1 << 53
"""Entries of one listing; beyond it a number is none that every client can write."""


class FileController(Controller):
    """Everything under ``/api/files`` that is not bytes."""

    path, tags = "/files", ("files",)
    dependencies = WITH_FILES

    @get("/list", operation_id="listFiles", opt=READ, responses=None)
    async def list(  # noqa: PLR0913, PLR0917  a listing has as many knobs as the address has parameters
        self,
        request: Request[Any, Any, Any],
        files: Files,
        path: FromQuery[str] = "",
        folder_id: FromQuery[int | None] = None,
        mount: FromQuery[str | None] = None,
        sort: FromQuery[Literal["name", "size", "modified", "type"]] = "name",
        order: FromQuery[Literal["asc", "desc"]] = "asc",
        offset: Annotated[int, QueryParameter(ge=0, le=MOST)] = 0,
        limit: Annotated[int | None, QueryParameter(ge=1, le=MOST)] = None,
        contains: Annotated[str | None, QueryParameter(name="filter")] = None,
    ) -> Response[FileList]:
        """A window into a folder, folders first; 304 when ``If-None-Match`` still holds."""
        window = Window(sort, order == "desc", offset, limit or EVERYTHING, contains or None)
        listed = (
            await files.list((await files.find(None, folder_id)).spot, window)
            if folder_id
            else await files.list_path(path, volume_id_of(mount), window)
        )
        status, headers, body = answer(listed, request.headers.get("if-none-match"))
        return Response(body, status_code=status, media_type="application/json", headers=headers)  # type: ignore[arg-type]

    @get("/{file_id:int}", operation_id="getFile", opt=READ)
    async def read(self, files: Files, file_id: FromPath[int]) -> FileItem:
        """One file or folder."""
        return files.item(await files.find(None, file_id))

    @post(["/folder", "/mkdir"], operation_id=spelled("createFolder", "/mkdir"), opt=WRITE, status_code=200)
    async def make_folder(self, files: Files, data: JSONBody[FolderCreate]) -> FolderMade:
        """A new folder in an existing one."""
        parent = await files.spot(data.path, volume_id_of(data.mount_id))
        found = await files.make_folder(parent.child(check_name(data.name)))
        return FolderMade(message="Folder created", folder_id=found.row.id)

    @put("/rename", operation_id="renameFile", opt=WRITE)
    async def rename(self, files: Files, data: JSONBody[FileRename]) -> FileMoved:
        """Another name in the same folder."""
        source = await files.find(
            _one_of(data.old_path, data.file_id), data.file_id, volume_id_of(data.mount)
        )
        moved = await files.move(source, source.spot.renamed(check_name(data.new_name)))
        return FileMoved(message="Renamed", file=files.item(moved))

    @put("/move", operation_id="moveFile", opt=WRITE, responses=AS_A_JOB)
    async def move(
        self,
        files: Files,
        env: NamedDependency[Env],
        caller: NamedDependency[Caller],
        data: JSONBody[FileMove],
    ) -> Response[FileMoved]:
        """Another folder, name or volume; 202 and a job where many bytes have to be carried."""
        source = await files.find(
            _one_of(data.source_path, data.file_id), data.file_id, volume_id_of(data.mount)
        )
        target = await _target(
            files, source, data.target_path or data.new_path, data.folder_id, data.target_mount
        )
        if await files.is_long(source, target):
            return await _later(env, caller, "move", source, target, data.on_conflict)
        moved = await files.move(source, target, on_conflict=data.on_conflict)
        return Response(FileMoved(message="Moved", file=files.item(moved), replaced=files.displaced))

    @post("/copy", operation_id="copyFile", opt=WRITE, status_code=201, responses=AS_A_JOB)
    async def copy(
        self,
        files: Files,
        env: NamedDependency[Env],
        caller: NamedDependency[Caller],
        data: JSONBody[FileCopy],
    ) -> Response[FileMoved]:
        """A second, independent file or folder; 202 and a job where many bytes have to be carried."""
        source = await files.find(
            _one_of(data.source_path, data.file_id), data.file_id, volume_id_of(data.mount)
        )
        target = await _target(files, source, data.target_path, data.folder_id, data.target_mount)
        if await files.is_long(source, target):
            return await _later(env, caller, "copy", source, target, data.on_conflict)
        stored = await files.copy(source, target, on_conflict=data.on_conflict)
        return Response(FileMoved(message="Copied", file=files.item(stored.found), replaced=files.displaced))

    @post("/check-exists", operation_id="checkFilesExist", opt=READ, status_code=200)
    async def check_exists(self, files: Files, data: JSONBody[NamesToCheck]) -> Duplicates:
        """Which of these names are taken in a folder."""
        folder = await files.spot(data.target_path, volume_id_of(data.mount))
        return Duplicates(duplicates=await check_exists(files, folder, data.filenames))

    @post("/archive", operation_id="prepareArchive", opt=READ)
    async def archive(
        self, files: Files, env: NamedDependency[Env], data: JSONBody[ArchiveWanted]
    ) -> ArchiveReady:
        """Where to download these files and folders as one archive."""
        return ArchiveReady(url=await archive_url(env, files, data))

    @get("/stats", operation_id="getFileStats", opt=READ)
    async def stats(self, env: NamedDependency[Env], caller: NamedDependency[Caller]) -> FileStats:
        """Totals, the ten largest files, and kinds."""
        return await stats(env, caller)


def _one_of(path: str | None, file_id: int | None) -> str | None:
    if (path is None) == (file_id is None):
        raise InvalidError("Name the file either by path or by id.", field="file_id")
    return path


async def _target(
    files: FileService, source: Found, path: str | None, folder_id: int | None, mount: str | int | None
) -> Spot:
    if (path is None) == (folder_id is None):
        raise InvalidError("Name the target either by path or by folder.", field="folder_id")
    if folder_id is not None:
        return (await files.find(None, folder_id)).spot.child(source.spot.plain_name)
    volume_id = volume_id_of(mount)
    if volume_id is None and source.spot.given is None:
        volume_id = source.spot.home.mounted.id
    spot = await files.spot(path or "", volume_id)
    check_name(spot.name)
    return spot


async def _later(
    env: Env,
    caller: Caller,
    action: Literal["move", "copy"],
    source: Found,
    target: Spot,
    conflict: OnConflict,
) -> Response[FileMoved]:
    wish = CarryWish(
        action=action, file_id=source.row.id, target_path=target.stored_path,
        target_mount=target.home.mounted.id, on_conflict=conflict,
    )  # fmt: skip
    async with open_unit(env) as unit:
        job_id = await enqueue(unit, carry_files, owner_id=caller.user_id, wish=wish)
    body = JobAccepted(job_id=job_id, status_url=f"/api/jobs/{job_id}")
    return Response(body, status_code=202)  # type: ignore[arg-type]
