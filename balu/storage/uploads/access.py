"""Who may continue an upload: its owner, signed in anywhere, or whoever holds the upload's own credential."""

import secrets

from balu.kernel.caller import authorize
from balu.kernel.errors import UnauthorizedError
from balu.kernel.raw import Exchange
from balu.kernel.unit import open_unit
from balu.storage.uploads.errors import UploadNotFoundError
from balu.storage.uploads.models import UploadRow
from balu.storage.uploads.running import epoch_of
from balu.storage.uploads.service import UploadService, digest_of

SCOPE = "files:write"
TOKEN_HEADER = "upload-token"  # noqa: S105  the name of a header


async def upload_of(exchange: Exchange, upload_id: str) -> UploadRow:
    """The upload, if the request may touch it. The route's ``auth`` is ``optional``.

    Raises:
        UnauthorizedError: neither a session nor a credential of the upload.
        UploadNotFoundError: there is none, or it is somebody else's.
        ForbiddenError: the account or token may not write.
    """
    token, caller = exchange.headers.get(TOKEN_HEADER), exchange.caller
    uploads = UploadService(exchange.env)
    if caller is None and token is None:
        raise UnauthorizedError("Sign in first.", headers={"www-authenticate": "Bearer"})
    try:
        row = await uploads.get(upload_id)
    except UploadNotFoundError:
        if caller is None:
            raise UnauthorizedError("Sign in first.", headers={"www-authenticate": "Bearer"}) from None
        raise
    epoch = await epoch_of(exchange.env, row.owner_id)
    fresh = epoch is not None and epoch == row.epoch
    if (
        token is not None
        and row.token is not None
        and fresh
        and secrets.compare_digest(digest_of(token), row.token)
    ):
        return row
    if caller is None:
        raise UnauthorizedError("Sign in first.", headers={"www-authenticate": "Bearer"})
    authorize(caller, "user", exchange.method, SCOPE)
    if caller.user_id != row.owner_id:
        raise UploadNotFoundError("There is no such upload. Begin it again.")
    if not fresh:  # the credential from before is not revived, only the upload goes on
        async with open_unit(exchange.env) as unit:
            await uploads.change(unit, row.id, token=None, epoch=epoch or 0)
        row.epoch = epoch or 0
    return row
