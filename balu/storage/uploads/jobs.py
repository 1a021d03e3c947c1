"""Clean-up of uploads that nobody continues."""

from balu.kernel.jobs import Run, job
from balu.storage.uploads.service import UploadService


@job(schedule="23 * * * *", missed="once", lane="expire_uploads")
async def expire_uploads(run: Run) -> int:
    """Give up uploads without a byte for seven days, and forget those that ended as long ago."""
    return await UploadService(run.env).expire()
