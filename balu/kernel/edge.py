"""What is checked before anything looks at a request: framing, Host, and who really connected."""

import ipaddress
import socket
from dataclasses import dataclass
from functools import lru_cache

from litestar.types import Scope

from balu.kernel.config import Server
from balu.kernel.errors import MalformedError

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
MAX_HEADER_BYTES = 65536
FORWARDING = {b"forwarded", b"via", b"x-forwarded-for", b"x-real-ip"}
"""Headers of proxies: whoever sends one does not sit at this machine."""


@lru_cache(maxsize=256)
def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Edge:
    """The guards of one server."""

    names: frozenset[str]
    any_name: bool
    proxies: tuple[Network, ...]
    loopback_is_local: bool = False

    @classmethod
    def of(cls, server: Server) -> "Edge":
        """From ``[server]``; this machine's own names are always accepted.

        Addresses are accepted as they are: a page elsewhere can only borrow a *name* (DNS rebinding).
        """
        machine = socket.gethostname().lower()
        own = {"localhost", machine, f"{machine}.local", *(name.lower() for name in server.hosts)}
        networks = tuple(ipaddress.ip_network(proxy, strict=False) for proxy in server.trusted_proxies)
        return cls(frozenset(own), "*" in server.hosts, networks, server.loopback_is_local)

    def check(self, scope: Scope) -> None:
        """Refuse ambiguous framing and foreign hosts.

        Raises:
            MalformedError: with what was wrong; the connection should be closed.
        """
        size, encoded = 0, False
        hosts: list[bytes] = []
        lengths: set[bytes] = set()
        for key, value in scope["headers"]:
            size += len(key) + len(value)
            if b"\n" in value or b"\r" in value or b"\0" in value:
                raise MalformedError("A header holds a control character.")
            name = key.lower()
            if name == b"host":
                hosts.append(value)
            elif name == b"content-length":
                lengths.add(value)
            elif name == b"transfer-encoding":
                encoded = True
        if size > MAX_HEADER_BYTES:
            raise MalformedError("The headers are too large.")
        if len(hosts) > 1:
            raise MalformedError("More than one Host header.")
        if len(lengths) > 1 or (lengths and encoded):
            raise MalformedError("The length of the body is ambiguous.")
        host = hosts[0].decode("latin-1") if hosts else ""
        if not self.knows(host):
            raise MalformedError(
                f"Unknown host; add {host.partition(':')[0]!r} to server.hosts in balu.toml."
            )
        target = str(scope.get("path", ""))
        if "://" in target.split("/", 1)[0] or not target.startswith(("/", "*")):
            raise MalformedError("Absolute request targets are not accepted.")

    def knows(self, host: str) -> bool:
        """Whether *host* (with or without port) is a name of this server or a plain address."""
        if self.any_name:
            return True
        name = host.lower()
        if name.startswith("["):
            name = name[1:].partition("]")[0]
        elif name.count(":") == 1:
            name = name.partition(":")[0]
        if name.rstrip(".") in self.names:
            return True
        return _is_address(name)

    def is_local(self, scope: Scope) -> bool:
        """Whether this connection is the local channel; to be asked before ``settle_client``.

        That is loopback, and only where the owner said that no proxy of this machine uses it.
        """
        client = scope.get("client")
        if not self.loopback_is_local or not client:
            return False
        if any(key.lower() in FORWARDING for key, _ in scope["headers"]):
            return False
        try:
            return ipaddress.ip_address(client[0]).is_loopback
        except ValueError:
            return False

    def settle_client(self, scope: Scope) -> None:
        """Put the real client's address and scheme into *scope*, as far as trusted proxies tell them."""
        client = scope.get("client")
        if not self.proxies or not client or not self._trusted(client[0]):
            return
        scope["state"]["via_proxy"] = True
        headers = {key.lower(): value.decode("latin-1") for key, value in scope["headers"]}
        chain = [part.strip() for part in headers.get(b"x-forwarded-for", "").split(",") if part.strip()]
        for address in reversed(chain):
            scope["client"] = (address, 0)
            if not self._trusted(address):
                break
        if headers.get(b"x-forwarded-proto") in {"http", "https"}:
            scope["scheme"] = headers[b"x-forwarded-proto"]

    def _trusted(self, address: str) -> bool:
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self.proxies)
