"""Addresses of devices: IPv4, IPv6, a host name or a URL, checked and in one spelling."""

import ipaddress
import re
from typing import Literal
from urllib.parse import urlsplit

from balu.operations.inventory.errors import FieldError

Kind = Literal["ip", "host", "url"]
FIELD = "ip_address"
MAX_LENGTH = 2048
MAX_HOST = 253
LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
URL_SCHEMES = ("http", "https", "rtsp", "rtsps", "rtmp", "srt", "tcp", "udp")


def clean_address(text: str) -> str:
    """*text* in its one spelling: IPv6 compressed, host names in lower case without a final dot.

    Raises:
        FieldError: it is none of the four.
    """
    text = text.strip()
    if len(text) > MAX_LENGTH:
        raise FieldError(FIELD, "too-long", count=len(text), most=MAX_LENGTH)
    if "://" in text:
        return _url(text)
    bare = text.removeprefix("[").removesuffix("]") if text.startswith("[") else text
    if (found := _ip(bare)) is not None:
        return found
    if "/" in text:
        host, _, rest = text.partition("/")
        if _ip(host) is not None and rest.isdigit():
            raise FieldError(FIELD, "network-for-address", text=text, host=host)
        raise FieldError(FIELD, "path-for-address", text=text)
    return _host(text)


def kind_of(address: str) -> Kind:
    """What a clean address is."""
    if "://" in address:
        return "url"
    return "host" if _ip(address) is None else "ip"


def host_of(address: str) -> str:
    """The machine a clean address names: itself, or the host of its URL."""
    return urlsplit(address).hostname or "" if "://" in address else address


def order_of(address: str | None) -> str | None:
    """A key that sorts addresses as numbers: IPv4, then IPv6, then host names and hosts of URLs."""
    if address is None:
        return None
    host = host_of(address)
    if _ip(host) is None:
        return f"h{host}"
    ip = ipaddress.ip_address(host)
    return f"{ip.version}{int(ip):032x}"


def with_port(host: str, port: int) -> str:
    """``host:port`` with brackets around IPv6."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _ip(text: str) -> str | None:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None


def _host(text: str) -> str:
    host = text.lower().removesuffix(".")
    labels = host.split(".")
    if len(host) <= MAX_HOST and all(LABEL.fullmatch(label) for label in labels) and not labels[-1].isdigit():
        return host
    if labels[-1].isdigit() or ":" in host:
        raise FieldError(FIELD, "no-ip", text=text)
    raise FieldError(FIELD, "no-host" if host.isascii() else "host-letters", text=text)


def _url(text: str) -> str:
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise FieldError(FIELD, "no-url", text=text) from error
    if parts.scheme.lower() not in URL_SCHEMES:
        raise FieldError(FIELD, "url-scheme", scheme=parts.scheme, known=", ".join(URL_SCHEMES))
    if parts.username is not None or parts.password is not None:
        raise FieldError(FIELD, "url-password")
    if not host or any(mark.isspace() for mark in text):
        raise FieldError(FIELD, "no-url", text=text)
    host = _ip(host) or _host(host)
    place = with_port(host, port) if port is not None else f"[{host}]" if ":" in host else host
    query = f"?{parts.query}" if parts.query else ""
    fragment = f"#{parts.fragment}" if parts.fragment else ""
    return f"{parts.scheme.lower()}://{place}{parts.path}{query}{fragment}"
