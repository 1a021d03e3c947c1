"""``DELETE /api/files/…`` in all its spellings: one act, in front of the router."""

import re
from dataclasses import dataclass

from balu.kernel.raw import Exchange, RawRoute
from balu.storage.files import volume_id_of
from balu.storage.trash.schemas import Deleted
from balu.storage.trash.service import TrashService

ELSEWHERE = re.compile(r"/api/files/(upload/chunked/[0-9A-Fa-f-]{32,36}|\d+/permissions/[^/]+)/?")
"""The router's own DELETE addresses below ``/api/files``."""


@dataclass(frozen=True, slots=True)
class DeleteRoute(RawRoute):
    """Everything below the prefix but what the router answers; so a folder called ``list`` can be deleted."""

    def matches(self, method: str, path: str) -> bool:
        """Whether this is a path to delete."""
        return RawRoute.matches(self, method, path) and ELSEWHERE.fullmatch(path) is None


async def delete_path(exchange: Exchange) -> None:
    """``{path}``, ``raw/{path}``, ``delete?path=`` and ``?path=``: 200 also when nothing is there."""
    rest = exchange.rest
    if rest in {"", "delete", "delete/"} and exchange.query("path") is not None:
        rest = exchange.query("path") or ""
    elif rest.startswith("raw/"):
        rest = rest.removeprefix("raw/")
    item = await TrashService(exchange.env).delete_path(
        exchange.user, rest, volume_id_of(exchange.query("mount"))
    )
    done = (
        Deleted(message="Moved to trash", trash_id=item.id)
        if item
        else Deleted(message="Nothing here", trash_id=None)
    )
    await exchange.json(200, done)


DELETE = DeleteRoute(
    "/api/files", frozenset({"DELETE"}), delete_path, scope="files:write", rate=("write", 600)
)
