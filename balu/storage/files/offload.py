"""A proxy in front may send files itself: it is told which one, after everything was checked here."""

from collections.abc import Mapping
from urllib.parse import quote

from balu.kernel.raw import Exchange
from balu.storage.files.places import Spot
from balu.storage.files.settings import FileSettings

CONDITIONS = {"if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "if-range"}
"""Judged here by revisions; a proxy would judge them once more, by its own idea of the file's tag."""


def offloaded(exchange: Exchange, spot: Spot) -> Mapping[str, str]:
    """The header that hands the file at *spot* over, nothing when this process sends it.

    Only for trusted proxies: to anybody else the header would be an empty answer and the name of a folder.
    """
    settings = exchange.env.part(FileSettings)
    is_plain = exchange.method == "GET" and not CONDITIONS & exchange.headers.keys()
    if settings.offload == "off" or not is_plain or not exchange.is_via_proxy:
        return {}
    path = quote(spot.disk.encode("utf-8", "surrogateescape"), safe="/")
    if settings.offload == "x-accel-redirect":
        return {"x-accel-redirect": f"{settings.offload_prefix}/{spot.home.mounted.id}/{path}"}
    root = quote(spot.home.core.root.encode("utf-8", "surrogateescape"), safe="/")
    return {"x-sendfile": f"{root}/{path}"}
