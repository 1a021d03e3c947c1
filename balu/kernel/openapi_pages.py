"""The API's reference pages, drawn by Swagger UI and Redoc from files of this installation alone."""

import hashlib
import mimetypes
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.params import FromPath

from balu.kernel.errors import NotFoundError
from balu.kernel.http import PUBLIC
from balu.kernel.spa import CSP

FOLDER = "docs"
ASSETS = "/docs/assets"
# Both draw with style attributes and sheets of their own making; scripts stay ours alone.
PAGE_CSP = (
    CSP.format(hashes="")
    .replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")
    .replace("worker-src 'self'", "worker-src 'self' blob:")
    .replace("img-src 'self' blob: data:", "img-src 'self' data:")
)
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="dark">
<title>Balu API</title>
<link rel="icon" href="data:,">
{styles}
</head>
<body>
<header class="bar"><a href="/">Balu</a><nav>{links}</nav></header>
<main id="reference">{inside}</main>
{scripts}
</body>
</html>
"""
LINKS = (("/docs", "Try it"), ("/redoc", "Read it"), ("/api/openapi.json", "openapi.json"))
NOT_BUILT = (
    "<p>The reference pages were not built into this installation. Build them with <code>just web</code>; "
    'the description itself is at <a href="/api/openapi.json">/api/openapi.json</a>.</p>'
)
KINDS = {
    "swagger": (("swagger-ui.css", "balu.css"), ("swagger-ui-bundle.js", "swagger-init.js")),
    "redoc": (("balu.css",), ("redoc.standalone.js", "redoc-init.js")),
}
"""Style sheets and scripts of each page, in order of loading."""
UNUSED_PATH = "/api/openapi"
"""Where Litestar puts its own pages, which nobody is shown: ours answer at the addresses below."""
RATE = {"rate": ("docs", 1200)}


def handlers(web_root: Path) -> list[Any]:
    """The routes of both pages, their assets below *web_root*, and the description."""
    folder = web_root / FOLDER

    @cache
    def load(name: str) -> tuple[bytes, str] | None:
        known = {file for styles, scripts in KINDS.values() for file in (*styles, *scripts)} | {"mark.svg"}
        file = folder / name
        if name not in known or not file.is_file():
            return None
        body = file.read_bytes()
        return body, f'"{hashlib.blake2s(body, digest_size=12).hexdigest()}"'

    def page(kind: str, here: str) -> Response[str]:
        return Response(_draw(kind, here, folder), media_type="text/html", headers={**_page_headers()})

    @get(["/docs", "/api/docs"], opt={**PUBLIC, **RATE}, include_in_schema=False, sync_to_thread=False)
    def try_it() -> Response[str]:
        return page("swagger", "/docs")

    @get(["/redoc", "/api/redoc"], opt={**PUBLIC, **RATE}, include_in_schema=False, sync_to_thread=False)
    def read_it() -> Response[str]:
        return page("redoc", "/redoc")

    @get(ASSETS + "/{name:str}", opt={**PUBLIC, **RATE}, include_in_schema=False, sync_to_thread=False)
    def asset(request: Request[Any, Any, Any], name: FromPath[str]) -> Response[bytes]:
        found = load(name)
        if found is None:
            raise NotFoundError("There is no such file.")
        body, etag = found
        headers = {"etag": etag, "cache-control": "no-cache"}
        if request.headers.get("if-none-match") == etag:
            return Response(b"", status_code=304, headers=headers)
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        return Response(body, media_type=f"{kind}; charset=utf-8", headers=headers)

    @get("/api/openapi.json", opt={**PUBLIC, **RATE}, include_in_schema=False, sync_to_thread=False)
    def describe(request: Request[Any, Any, Any]) -> Response[bytes]:
        body = msgspec.json.encode(request.app.openapi_schema.to_schema())
        return Response(body, media_type="application/json", headers={"cache-control": "no-cache"})

    return [try_it, read_it, asset, describe]


def _page_headers() -> Mapping[str, str]:
    return {"content-security-policy": PAGE_CSP, "cache-control": "no-cache"}


def _draw(kind: str, here: str, folder: Path) -> str:
    styles, scripts = KINDS[kind]
    built = all((folder / name).is_file() for name in (*styles, *scripts))
    current = ' aria-current="page"'
    return PAGE.format(
        styles="\n".join(f'<link rel="stylesheet" href="{ASSETS}/{name}">' for name in styles)
        if built
        else "",
        links=" ".join(f'<a href="{url}"{current if url == here else ""}>{text}</a>' for url, text in LINKS),
        inside="" if built else NOT_BUILT,
        scripts="\n".join(f'<script src="{ASSETS}/{name}" defer></script>' for name in scripts)
        if built
        else "",
    )
