"""``GET /api/files/list`` in front of the router: what the web interface and clients ask for most."""

import re
from typing import cast
from urllib.parse import parse_qsl

from litestar.types import HTTPScope

from balu.kernel.ranges import etag_list, matches
from balu.kernel.raw import Exchange, RawRoute
from balu.storage.files.mounts import volume_id_of
from balu.storage.files.service import FileService, Listed
from balu.storage.files.window import EVERYTHING, Sort, Window

PLAIN = re.compile(
    rb"(?:(?:path=[^&;]*|mount=[0-9]{0,9}|sort=(?:name|size|modified|type)|order=(?:asc|desc)"
    rb"|offset=[0-9]{1,9}|limit=[1-9][0-9]{0,8})(?:&(?=[^&])|$))*"
)


def takes(scope: HTTPScope) -> bool:
    """Whether the query is a usual one; the others, wrong ones too, are the controller's."""
    return PLAIN.fullmatch(scope["query_string"]) is not None


async def list_folder(exchange: Exchange) -> None:
    """``FileController.list`` without the router's way there, which costs more than the listing."""
    query = dict(parse_qsl(exchange.scope["query_string"].decode("ascii", "replace"), errors="replace"))
    files = FileService(exchange.env, exchange.user)
    window = Window(
        cast("Sort", query.get("sort", "name")), query.get("order") == "desc", int(query.get("offset", 0)),
        int(query.get("limit", EVERYTHING)),
    )  # fmt: skip
    listed = await files.list_path(query.get("path", ""), volume_id_of(query.get("mount")), window)
    status, headers, body = answer(listed, exchange.headers.get("if-none-match"))
    await exchange.respond(status, body or b"", {**headers, "content-type": "application/json"})


def answer(listed: Listed, known: str | None) -> tuple[int, dict[str, str], bytes | None]:
    """``(status, headers, body)``: 304 when the client's ``If-None-Match`` still holds."""
    headers = {"etag": listed.etag, "cache-control": "private, no-cache"}
    if matches(etag_list(known) or (), listed.etag, weak=True):
        return 304, headers, None
    return 200, headers, listed.body


LIST = RawRoute(
    "/api/files/list", frozenset({"GET"}), list_folder, scope="files:read", rate=None, exact=True, takes=takes
)
