"""``POST /api/files/batch``: one act on many files, as a job with progress."""

from collections.abc import Awaitable, Callable, Sequence
from fnmatch import fnmatch
from typing import Annotated, Any, Literal

import msgspec
from litestar import Controller, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import structs

from balu.identity.users import UserService
from balu.kernel.caller import Caller
from balu.kernel.errors import BaluError, InvalidError
from balu.kernel.jobs import JobAccepted, JobService, Run, enqueue, job
from balu.kernel.unit import Unit
from balu.storage.files import (
    SUFFIX,
    WITH_FILES,
    Files,
    FileService,
    Found,
    Spot,
    Window,
    WrongKindError,
    check_name,
    volume_id_of,
    without_names,
)
from balu.storage.trash.service import TrashService

Action = Literal["delete", "move", "copy", "restore", "purge", "undo"]
MAX_FAILURES = 100
MAX_NAMED = 10_000
Step = Callable[[], Awaitable[object]]


RowId = Annotated[int, msgspec.Meta(ge=-(1 << 63), le=(1 << 63) - 1)]
"""What a column can hold; other numbers were never an id."""


class BatchFilter(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Everything in a folder, or what matches of it; for "select all" without sending every id."""

    path: str = ""
    folder_id: RowId | None = None
    contains: str | None = None
    """As the ``filter`` of a listing."""
    pattern: str | None = None
    """Shell pattern such as ``*.jpg``."""
    type: Literal["file", "directory"] | None = None


class BatchCreate(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """*ids* are file ids; for ``restore`` and ``purge`` those of the trash."""

    action: Action
    job_id: RowId | None = None
    """For ``undo``: the batch whose deletes, moves, copies and restores are taken back."""
    ids: Annotated[list[RowId], msgspec.Meta(max_length=100_000)] = []
    paths: Annotated[list[str], msgspec.Meta(max_length=100_000)] = []
    include: Annotated[list[RowId], msgspec.Meta(max_length=100_000)] = []
    """More ids besides what the filter finds."""
    exclude: Annotated[list[RowId], msgspec.Meta(max_length=100_000)] = []
    filter: BatchFilter | None = None
    mount: str | int | None = None
    target_path: str | None = None
    """Folder for ``move`` and ``copy``."""
    folder_id: RowId | None = None
    on_conflict: Literal["fail", "rename", "replace"] = "rename"


class BatchItem(msgspec.Struct, kw_only=True):
    """Something that has another place now, or is new."""

    file_id: int
    path: str
    """Where it is now; names in a vault as they are on the disk."""
    was: str | None
    """Where it was; None for a copy and for what came out of the trash."""
    mount: int
    was_mount: int


class BatchFailure(msgspec.Struct, kw_only=True):
    """Something that could not be done."""

    what: str
    code: str
    detail: str


class BatchResult(msgspec.Struct, kw_only=True):
    """What a batch did."""

    done: int
    failed: int
    total: int
    failures: list[BatchFailure]
    """The first hundred."""
    trash_ids: list[int]
    """Of what was deleted or replaced, for undo; the first ten thousand."""
    items: list[BatchItem]
    """What was moved, copied or restored, for undo; the first ten thousand."""


class BatchController(Controller):
    """One act on many."""

    path, tags = "/files", ("files",)
    dependencies = WITH_FILES

    @post("/batch", operation_id="batchFiles", status_code=202, opt={"scope": "files:write"})
    async def batch(
        self,
        unit: NamedDependency[Unit],
        files: Files,
        own_id: NamedDependency[int],
        data: JSONBody[BatchCreate],
    ) -> JobAccepted:
        """Start it; items fail alone, and the job's result says which."""
        if data.action in {"move", "copy"} and data.target_path is None and data.folder_id is None:
            raise InvalidError("Say where to.", field="target_path")
        if data.action == "undo":
            await former_batch(unit, own_id, data.job_id)
        elif not (data.ids or data.paths or data.include or data.filter):
            raise InvalidError("Name files, or a filter that finds them.", field="ids")
        wish = msgspec.to_builtins(await _stored(files, data))
        job_id = await enqueue(unit, batch_files, owner_id=own_id, wish=wish)
        return JobAccepted(job_id=job_id, status_url=f"/api/jobs/{job_id}")


async def _stored(files: FileService, data: BatchCreate) -> BatchCreate:
    """The same for the row of a job, which must not know the names in a vault.

    Raises:
        VaultLockedError: they cannot be turned into what is on the disk.
    """
    volume_id, include, wish = volume_id_of(data.mount), data.include, data.filter

    async def stored(path: str) -> str:
        return (await files.spot(path, volume_id)).stored_path if f"{SUFFIX}/" in path else path

    if wish is not None:
        folder = await files.find(wish.path, wish.folder_id, volume_id)
        if folder.spot.content_seal is not None:
            include, wish = [*include, *await matching(files, folder.spot, wish)], None
    return structs.replace(
        data, paths=[await stored(path) for path in data.paths], include=include, filter=wish,
        target_path=None if data.target_path is None else await stored(data.target_path),
    )  # fmt: skip


async def matching(files: FileService, folder: Spot, wish: BatchFilter) -> list[int]:
    """Ids of what *wish* means in a folder."""
    listed = await files.list(folder, Window(contains=wish.contains))
    return [
        item.file_id
        for item in listed.items(_Hit)
        if (wish.type is None or item.type == wish.type)
        and (wish.pattern is None or fnmatch(item.name.casefold(), wish.pattern.casefold()))
    ]


async def former_batch(unit: Unit, owner_id: int, job_id: int | None) -> BatchResult:
    """What a batch of the same person did.

    Raises:
        InvalidError: no job is named, or it is none that can be undone.
        JobNotFoundError: there is none, or it is somebody else's.
    """
    if job_id is None:
        raise InvalidError("Say which batch to undo.", field="job_id")
    row = await JobService(unit).get(job_id, owner_id)
    if row.kind != batch_files.name or row.result is None:
        raise InvalidError("Only a batch that has ended can be undone.", field="job_id")
    return msgspec.convert(row.result, BatchResult)


@job(max_attempts=1)
async def batch_files(run: Run, *, wish: dict[str, Any]) -> BatchResult:
    """Delete, move, copy, restore or purge many things, one after the other."""
    data = msgspec.convert(wish, BatchCreate)
    async with run.unit(writes=False) as unit:
        caller = (await UserService(unit).get(run.owner_id or 0)).caller()
    result = BatchResult(done=0, failed=0, total=0, failures=[], trash_ids=[], items=[])
    steps = await _Batch(run, caller, data, result).steps()
    result.total = len(steps)
    for number, (what, step) in enumerate(steps):
        if await run.cancelled():
            break
        try:
            await step()
            result.done += 1
        except BaluError as error:
            result.failed += 1
            if len(result.failures) < MAX_FAILURES:
                result.failures.append(BatchFailure(what=what, code=error.code, detail=without_names(error)))
        await run.progress(100 * (number + 1) / len(steps), f"{number + 1} of {len(steps)}")
    return result


class _Batch:
    def __init__(self, run: Run, caller: Caller, data: BatchCreate, result: BatchResult) -> None:
        self._run, self._caller, self._data, self._result = run, caller, data, result
        self._files = FileService(run.env, caller)
        self._trash = TrashService(run.env)

    async def steps(self) -> list[tuple[str, Step]]:
        """What to do, each with a name for the report."""
        data = self._data
        if data.action == "undo":
            return await self._undoing()
        if data.action in {"restore", "purge"}:
            wanted = [one for one in (*data.ids, *data.include) if one not in set(data.exclude)]
            return [(str(one), self._of_trash(one)) for one in wanted]
        into = await self._folder(data.target_path or "", data.folder_id) if _has_target(data) else None
        steps: list[tuple[str, Step]] = [(path, self._by_path(path, into)) for path in data.paths]
        ids = dict.fromkeys((*data.ids, *data.include, *await self._filtered()))
        steps += [(str(one), self._by_id(one, into)) for one in ids if one not in set(data.exclude)]
        return steps

    async def _folder(self, path: str, folder_id: int | None) -> Spot:
        found = await self._files.find(path, folder_id, volume_id_of(self._data.mount))
        if not found.is_folder:
            raise WrongKindError("The target is not a folder.")
        return found.spot

    async def _filtered(self) -> Sequence[int]:
        wish = self._data.filter
        if wish is None:
            return ()
        return await matching(self._files, await self._folder(wish.path, wish.folder_id), wish)

    def _of_trash(self, trash_id: int) -> Step:
        async def restore() -> object:
            conflict: Literal["fail", "rename"] = "fail" if self._data.on_conflict == "fail" else "rename"
            found = await self._trash.restore(self._caller, trash_id, on_conflict=conflict)
            self._note(found, None)
            return found

        async def purge() -> object:
            return await self._trash.purge_one(self._caller, trash_id)

        return restore if self._data.action == "restore" else purge

    def _by_path(self, path: str, into: Spot | None) -> Step:
        async def act() -> None:
            await self._act(await self._files.find(path, None, volume_id_of(self._data.mount)), into)

        return act

    def _by_id(self, file_id: int, into: Spot | None) -> Step:
        async def act() -> None:
            await self._act(await self._files.find(None, file_id), into)

        return act

    async def _act(self, found: Found, into: Spot | None) -> None:
        data, before = self._data, len(self._files.displaced)
        if data.action == "delete" or into is None:
            self._note_deleted([(await self._trash.delete(found)).id])
            return
        target = into.child(check_name(found.spot.plain_name))
        if data.action == "move":
            moved = await self._files.move(found, target, on_conflict=data.on_conflict, watch=self._watch)
            self._note(moved, found)
        else:
            stored = await self._files.copy(found, target, on_conflict=data.on_conflict, watch=self._watch)
            if stored.outcome == "created":  # bytes over bytes are undone by their version
                self._note(stored.found, None)
        self._note_deleted(self._files.displaced[before:])

    async def _watch(self, _percent: float) -> bool:
        return not await self._run.cancelled()

    def _note_deleted(self, trash_ids: Sequence[int]) -> None:
        self._result.trash_ids += trash_ids[: MAX_NAMED - len(self._result.trash_ids)]

    def _note(self, found: Found, source: Found | None) -> None:
        if len(self._result.items) < MAX_NAMED:
            spot = found.spot
            was = source.spot if source else spot
            item = BatchItem(
                file_id=found.row.id, path=spot.stored_path, was=was.stored_path if source else None,
                mount=spot.home.mounted.id, was_mount=was.home.mounted.id,
            )  # fmt: skip
            self._result.items.append(item)

    async def _undoing(self) -> list[tuple[str, Step]]:
        """The steps of a former batch backwards; what came to life since is numbered, never replaced."""
        async with self._run.unit(writes=False) as unit:
            former = await former_batch(unit, self._caller.user_id, self._data.job_id)
        steps = [(item.path, self._take_back(item)) for item in reversed(former.items)]
        return steps + [(str(one), self._put_back(one)) for one in reversed(former.trash_ids)]

    def _take_back(self, item: BatchItem) -> Step:
        async def act() -> None:
            found = await self._files.find(None, item.file_id)
            if item.was is None:
                self._note_deleted([(await self._trash.delete(found)).id])
            else:
                target = await self._files.spot(item.was, item.was_mount)
                self._note(await self._files.move(found, target, on_conflict="rename"), found)

        return act

    def _put_back(self, trash_id: int) -> Step:
        async def act() -> None:
            self._note(await self._trash.restore(self._caller, trash_id, on_conflict="rename"), None)

        return act


class _Hit(msgspec.Struct):
    file_id: int
    name: str
    type: str


def _has_target(data: BatchCreate) -> bool:
    return data.action in {"move", "copy"}
