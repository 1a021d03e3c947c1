"""``POST /api/files/upload``: files of a form, streamed into staging one after the other."""

from dataclasses import dataclass, field, replace

import msgspec

from balu.kernel.errors import InvalidError, MalformedError
from balu.kernel.raw import Exchange, RawRoute
from balu.kernel.unit import open_unit
from balu.storage.files import (
    FileItem,
    FileService,
    Home,
    Intents,
    OnConflict,
    Right,
    Spot,
    Staged,
    Terms,
    Writer,
    split,
    volume_id_of,
)
from balu.storage.uploads.multipart import FormReader, Part, boundary_of
from balu.storage.uploads.raw import conflict_of
from balu.storage.volumes import QuotaService

FILE_FIELDS = {"files", "files[]", "file", "file[]"}
FORM_OVERHEAD = 1 << 20


class Uploaded(msgspec.Struct, kw_only=True):
    """What arrived."""

    message: str
    uploaded: int
    upload_ids: list[str]
    files: list[FileItem]


@dataclass(slots=True)
class _Form:
    """What is known so far: the query at first, then the fields as they come."""

    path: str | None
    on_conflict: OnConflict
    waiting: list[tuple[str, Staged]] = field(default_factory=list)
    done: Uploaded = field(default_factory=lambda: Uploaded(message="", uploaded=0, upload_ids=[], files=[]))


async def upload_form(exchange: Exchange) -> None:
    """Store every file of the form in the folder ``path``; 201 when all of them are there."""
    reader = FormReader(exchange.body(), boundary_of(exchange.headers.get("content-type")))
    files = FileService(exchange.env, exchange.user)
    home = await files.places.home(exchange.user, volume_id_of(exchange.query("mount")))
    if size := exchange.content_length:
        async with open_unit(exchange.env, writes=False) as unit:
            await QuotaService(unit).check(home.owner_id, size - FORM_OVERHEAD)
    form = _Form(exchange.query("path"), conflict_of(exchange.query("on_conflict")))
    door = _Door(exchange, files, home, form)
    try:
        async for part in reader.parts():
            await door.take(part)
        await door.publish_waiting()
        if not form.done.uploaded:
            raise InvalidError(
                "The form holds no file. Send each one, with its name, as files.", field="files"
            )
    finally:
        await door.drop_waiting()
    form.done.message = f"{form.done.uploaded} files uploaded"
    await exchange.json(201, form.done)


class _Door:
    def __init__(self, exchange: Exchange, files: FileService, home: Home, form: _Form) -> None:
        self._env, self._files, self._home, self._form = exchange.env, files, home, form
        self._writer = Writer(exchange.env)

    async def take(self, part: Part) -> None:
        """One part: a file, or a field that says where files go."""
        form = self._form
        if part.filename is None:
            if part.name == "path":
                form.path = await part.text()
            elif part.name == "on_conflict":
                form.on_conflict = conflict_of(await part.text())
            return
        if part.filename == "":  # what browsers send for a field in which nothing was chosen
            return
        if part.name not in FILE_FIELDS:
            raise InvalidError(f"Send files in the field files, not {part.name!r}.", field=part.name)
        name = part.filename
        if not split(name):
            raise MalformedError("A file has no name.")
        home = self._home
        if form.path is not None:
            folder = await self._files.places.spot(self._home, form.path)
            folder.need(Right.EDIT)
            home = folder.home
            if folder.content_seal is not None:
                _ = folder.content_seal.keys
        staged = await self._writer.receive(home, part.chunks(), size=None, terms=Terms())
        if form.path is None:  # the field may still come; until then the bytes wait, paid for
            form.waiting.append((name, await self._paid(staged)))
        else:
            await self._publish(name, staged)

    async def _paid(self, staged: Staged) -> Staged:
        if missing := staged.size - staged.reserved:
            try:
                async with open_unit(self._env) as unit:
                    home = staged.home
                    await Intents(unit).reserve(home.mounted.id, home.owner_id, staged.id, missing)
            except BaseException:
                await self._writer.drop(staged)
                raise
        return replace(staged, reserved=staged.size)

    async def publish_waiting(self) -> None:
        """Files that came before it was clear where they go."""
        while self._form.waiting:
            name, staged = self._form.waiting.pop(0)
            await self._publish(name, staged)

    async def drop_waiting(self) -> None:
        """After a failure: nothing stays in staging."""
        for _, staged in self._form.waiting:
            await self._writer.drop(staged)

    async def _publish(self, name: str, staged: Staged) -> None:
        form, parts = self._form, split(name)
        try:
            folder = await self._files.places.spot(self._home, form.path or "")
            _check_home(folder, staged)
            if len(parts) == 1:
                await self._writer.folder(folder)
        except BaseException:
            await self._writer.drop(staged)
            raise
        terms = Terms(on_conflict=form.on_conflict, parents=len(parts) > 1)
        stored = await self._writer.publish(folder.child(*parts), staged, terms)
        form.done.uploaded += 1
        form.done.upload_ids.append(staged.id)
        form.done.files.append(self._files.item(stored.found))


def _check_home(folder: Spot, staged: Staged) -> None:
    if folder.home.file_id != staged.home.file_id:
        raise MalformedError("Send the field path before the files when they go to a shared folder.")


FORM = RawRoute("/api/files/upload", frozenset({"POST"}), upload_form, scope="files:write", exact=True)
