"""/api/users/{id}/avatar."""

from typing import Any

from litestar import Controller, Request, Response, delete, get, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.params import FromPath

from balu.identity.users.avatars import AvatarService
from balu.identity.users.controller import own_or_admin
from balu.identity.users.errors import PictureTypeError
from balu.identity.users.pictures import MAX_BYTES
from balu.kernel.http import CallerDep, provide

Avatars = NamedDependency[AvatarService]
CHANGE = {"auth": "viewer", "rate": ("user_operations", 30)}
FORM_BYTES = 16 * 1024
"""What a form adds to the picture in it."""
SEALED = "default-src 'none'; frame-ancestors 'none'; sandbox"


class AvatarController(Controller):
    """Pictures of people."""

    path, tags = "/users/{user_id:int}/avatar", ("users",)
    dependencies = {"avatars": provide(AvatarService)}

    @get("/", operation_id="getAvatar", opt={"auth": "viewer"}, media_type="image/*")
    async def read(self, avatars: Avatars, caller: CallerDep, user_id: FromPath[int]) -> Response[bytes]:
        """Show a picture. Its address changes with it, so it may be kept."""
        own_or_admin(caller, user_id)
        row = await avatars.get(user_id)
        headers = {"cache-control": "private, max-age=31536000, immutable", "content-security-policy": SEALED}
        return Response(row.body, media_type=row.media_type, headers=headers)

    @post(
        "/",
        operation_id="setAvatar",
        status_code=204,
        opt=CHANGE,
        request_max_body_size=MAX_BYTES + FORM_BYTES,
    )
    async def set(
        self, request: Request[Any, Any, Any], avatars: Avatars, caller: CallerDep, user_id: FromPath[int]
    ) -> None:
        """Replace the picture by a PNG or JPEG, sent as it is or as the file of a form."""
        own_or_admin(caller, user_id)
        await avatars.set(user_id, await _picture(request))

    @delete("/", operation_id="deleteAvatar", status_code=204, opt=CHANGE)
    async def remove(self, avatars: Avatars, caller: CallerDep, user_id: FromPath[int]) -> None:
        """Remove the picture."""
        own_or_admin(caller, user_id)
        await avatars.forget(user_id)


async def _picture(request: Request[Any, Any, Any]) -> bytes:
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        return await request.body()
    for value in (await request.form()).values():
        if isinstance(value, UploadFile):
            return await value.read()
    raise PictureTypeError("Send a picture as the file of the form.")
