"""Bytes that are sent a second time: they are compared with those that are there, and never written."""

from collections.abc import AsyncIterator

from balu.storage.files import FileNotFoundHereError, told
from balu.storage.uploads.errors import UploadBusyError, UploadDiffersError, UploadIncompleteError
from balu.storage.uploads.models import UploadRow
from balu.storage.uploads.service import UploadService
from balu_core import Source


async def compare(
    uploads: UploadService, row: UploadRow, body: AsyncIterator[bytes], at: int, end: int
) -> tuple[int, bytes]:
    """Read *body*, whose bytes from *at* to *end* of the upload are there; how far it went, and what follows.

    What follows is the rest of the piece in which *end* was passed; the body goes on after it. Unfinished
    uploads in vaults cannot be read: there the bytes are only passed over.

    Raises:
        UploadDiffersError: other bytes arrived the first time, or their file is not what it was.
        UploadIncompleteError: what arrived is lost; the upload begins again.
        UploadBusyError: another worker is about to finish this upload.
    """
    source = await _opened(uploads, row)
    try:
        async for chunk in body:
            known = chunk[: end - at]
            if source is not None:
                with told(row.path):
                    present = await uploads.threads.run(source.read, at, len(known))
                if present != known:
                    raise UploadDiffersError(
                        "This chunk arrived before with other bytes. Begin a new upload."
                    )
            at += len(known)
            if len(known) < len(chunk):
                return at, chunk[len(known) :]
    finally:
        if source is not None:
            source.close()
    return at, b""


async def _opened(uploads: UploadService, row: UploadRow) -> Source | None:
    """The bytes of the upload, None where nothing reads them yet."""
    if row.status == "completed":
        return await _published(uploads, row)
    home = await uploads.home_of(row)
    if home.seal is not None:
        return None
    try:
        with told(row.path):
            return await uploads.threads.run(home.core.open_staged, row.id)
    except FileNotFoundHereError:
        pass
    async with uploads.running.lock(row.id):  # this process may just have published them
        row = await uploads.get(row.id)
    if row.status == "completed":
        return await _published(uploads, row)
    if row.staged_ino is not None:
        raise UploadBusyError("This upload is being finished. Try again.", headers={"retry-after": "2"})
    await uploads.start_over(home, row)
    raise UploadIncompleteError("The server lost these bytes. Send them again from chunk 0.")


async def _published(uploads: UploadService, row: UploadRow) -> Source:
    spot = await uploads.place_of(row)
    if await uploads.present(spot, row) is None:
        raise UploadDiffersError("This upload is complete, and its file is gone since. Begin a new upload.")
    with told(spot.path):
        return await uploads.threads.run(spot.home.core.open, spot.disk)
