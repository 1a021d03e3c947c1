"""Which hosts a discovery asks: a CIDR, a range or a list, at most 1024, in private networks by default."""

import ipaddress
from collections.abc import Sequence

from balu.operations.inventory.errors import DiscoveryTargetError

MAX_HOSTS = 1024
IP = ipaddress.IPv4Address | ipaddress.IPv6Address
PRIVATE = tuple(
    ipaddress.ip_network(text)
    for text in (
        "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10", "fc00::/7",
        "fe80::/10",
    )
)  # fmt: skip
"""RFC 1918, 3927, 6598, 4193 and link-local IPv6; not this machine itself."""


def hosts_of(
    targets: Sequence[str], span: str | None, cidr: str | None, *, allow_public: bool
) -> list[tuple[str, str]]:
    """``(what was asked for, address)`` of every host once, in order.

    Raises:
        DiscoveryTargetError: not an address, too many, none, or not private and *allow_public* is off.
    """
    found: dict[IP, str] = {}
    for text in targets:
        found.setdefault(_address(text, "targets"), text.strip())
    if span:
        for ip in _range(span):
            found.setdefault(ip, str(ip))
    if cidr:
        for ip in _network(cidr):
            found.setdefault(ip, str(ip))
    if not found:
        raise DiscoveryTargetError("targets", "no-hosts")
    if len(found) > MAX_HOSTS:
        raise _too_many(len(found), "targets")
    public = [ip for ip in found if not is_private(ip)]
    if public and not allow_public:
        raise DiscoveryTargetError("targets", "public-host", host=str(public[0]))
    return [(asked, str(ip)) for ip, asked in found.items()]


def is_private(ip: IP) -> bool:
    """Whether *ip* belongs to a home network by its number."""
    return any(ip.version == network.version and ip in network for network in PRIVATE)


def _address(text: str, field: str) -> IP:
    try:
        return ipaddress.ip_address(text.strip())
    except ValueError as error:
        raise DiscoveryTargetError(field, "no-plain-ip", text=text) from error


def _range(text: str) -> list[IP]:
    first_text, separator, last_text = text.partition("-")
    first = _address(first_text, "range")
    last_text = last_text.strip()
    if last_text.isdigit() and first.version == 4:  # noqa: PLR2004  192.168.1.10-50
        last_text = f"{str(first).rpartition('.')[0]}.{last_text}"
    last = _address(last_text, "range") if separator else first
    if first.version != last.version or int(last) < int(first):
        raise DiscoveryTargetError("range", "range-backwards")
    count = int(last) - int(first) + 1
    if count > MAX_HOSTS:
        raise _too_many(count, "range")
    return [first + offset for offset in range(count)]


def _network(text: str) -> list[IP]:
    try:
        network = ipaddress.ip_network(text.strip(), strict=False)
    except ValueError as error:
        raise DiscoveryTargetError("cidr", "no-network", text=text) from error
    # Checked before it is spelled out: a /0 must not become a list.
    if network.num_addresses > MAX_HOSTS + 2:
        raise _too_many(network.num_addresses, "cidr")
    return list(network.hosts())


def _too_many(count: int, field: str) -> DiscoveryTargetError:
    return DiscoveryTargetError(field, "too-many-hosts", count=count, most=MAX_HOSTS)
