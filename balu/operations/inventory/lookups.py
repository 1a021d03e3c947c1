"""What a host is called and who made it: reverse DNS, mDNS, and the network card's number."""

import asyncio
import ipaddress
import re
import secrets
import socket
import struct
from collections.abc import Callable
from functools import cache
from pathlib import Path

MDNS = {4: ("224.0.0.251", 5353), 6: ("ff02::fb", 5353)}
"""RFC 6762."""
PTR, IN, UNICAST_REPLY = 12, 1, 0x8000
WITHIN_S = 1.0
MAX_JUMPS = 20
POINTER = 0xC0
RESOLVERS, ARP = Path("/etc/resolv.conf"), Path("/proc/net/arp")
VENDOR_FILES = (
    Path("/usr/share/ieee-data/oui.txt"), Path("/var/lib/ieee-data/oui.txt"),
    Path("/usr/share/hwdata/oui.txt"),
    Path("/usr/share/nmap/nmap-mac-prefixes"), Path("/usr/share/arp-scan/ieee-oui.txt"),
)  # fmt: skip
"""Lists that distributions ship; the first that is there counts."""
VENDOR_LINE = re.compile(r"^([0-9A-F]{6})(?:[ \t]+\(base 16\))?[ \t]+(\S.*)$", re.MULTILINE)
COMMON = {
    "B827EB": "Raspberry Pi", "DCA632": "Raspberry Pi", "E45F01": "Raspberry Pi", "D83ADD": "Raspberry Pi",
    "2CCF67": "Raspberry Pi", "28CDC1": "Raspberry Pi", "001132": "Synology", "9009D0": "Synology",
    "245EBE": "QNAP", "00089B": "QNAP", "24A43C": "Ubiquiti", "788A20": "Ubiquiti", "FCECDA": "Ubiquiti",
    "802AA8": "Ubiquiti", "687251": "Ubiquiti", "001788": "Philips Lighting", "000E58": "Sonos",
    "5CAAFD": "Sonos", "240AC4": "Espressif", "30AEA4": "Espressif", "A4CF12": "Espressif",
    "ECFABC": "Espressif", "3CA62F": "AVM", "C80E14": "AVM", "4419B6": "Hikvision", "3C6A2C": "TP-Link",
    "50C7BF": "TP-Link", "525400": "QEMU", "BC2411": "Proxmox", "005056": "VMware", "000C29": "VMware",
    "00155D": "Microsoft Hyper-V", "080027": "VirtualBox", "00163E": "Xen", "B8AEED": "Elitegroup (NUC)",
}  # fmt: skip
"""Makes that homelabs are full of, for machines without such a list."""


async def reverse_name(ip: str) -> str | None:
    """The host's name in the resolvers' reverse zone, or in the multicast one of its own network."""
    for ask in (_from_dns, _from_mdns):
        if (found := await ask(ip)) is not None:
            return found
    return None


async def _from_dns(ip: str) -> str | None:
    for server in _resolvers():
        if (found := await _ask(server, 53, ip, unicast=False)) is not None:
            return found
    return None


async def _from_mdns(ip: str) -> str | None:
    group, port = MDNS[ipaddress.ip_address(ip).version]
    return await _ask(group, port, ip, unicast=True)


def macs() -> dict[str, str]:
    """Card numbers of IPv4 neighbours by address; only hosts on this network's own wire have one."""
    if not ARP.exists():
        return {}
    rows = (line.split() for line in ARP.read_text(encoding="ascii").splitlines()[1:])
    return {row[0]: row[3] for row in rows if len(row) > 3 and row[3] != "00:00:00:00:00:00"}  # noqa: PLR2004


def vendor_of(mac: str) -> str | None:
    """Who made the card, None where nobody knows or the number is made up."""
    prefix = mac.replace(":", "").upper()[:6]
    if prefix in COMMON:
        return COMMON[prefix]
    if int(prefix[1], 16) & 2:
        return None  # locally administered: random, for privacy
    return _vendors().get(prefix)


@cache
def _vendors() -> dict[str, str]:
    for path in VENDOR_FILES:
        if path.exists():
            text = path.read_text(encoding="utf-8", errors="replace")
            return {found[1]: found[2].strip() for found in VENDOR_LINE.finditer(text)}
    return {}


def _resolvers() -> list[str]:
    if not RESOLVERS.exists():
        return []
    lines = (line.split() for line in RESOLVERS.read_text(encoding="utf-8", errors="replace").splitlines())
    return [words[1].partition("%")[0] for words in lines if len(words) > 1 and words[0] == "nameserver"][:2]


class _Asker(asyncio.DatagramProtocol):
    def __init__(self, accept: Callable[[bytes], str | None]) -> None:
        self.answer: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
        self._accept = accept

    def datagram_received(self, data: bytes, _addr: object) -> None:
        found = self._accept(data)
        if found is not None and not self.answer.done():
            self.answer.set_result(found)

    def error_received(self, _error: Exception) -> None:
        if not self.answer.done():
            self.answer.set_result(None)


async def _ask(server: str, port: int, ip: str, *, unicast: bool) -> str | None:
    name = ipaddress.ip_address(ip).reverse_pointer
    number = 0 if unicast else secrets.randbelow(0xFFFF)
    query = struct.pack("!6H", number, 0 if unicast else 0x0100, 1, 0, 0, 0)
    query += b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"
    query += struct.pack("!2H", PTR, IN | (UNICAST_REPLY if unicast else 0))
    family = socket.AF_INET6 if ":" in server else socket.AF_INET
    loop = asyncio.get_running_loop()
    try:
        transport, asker = await loop.create_datagram_endpoint(
            lambda: _Asker(lambda data: pointer_in(data, name, number)), family=family, local_addr=None
        )
    except OSError:
        return None
    try:
        transport.sendto(query, (server, port))
        return await asyncio.wait_for(asker.answer, WITHIN_S)
    except (TimeoutError, OSError):
        return None
    finally:
        transport.close()


def pointer_in(data: bytes, name: str, number: int) -> str | None:
    """The host that a DNS answer (RFC 1035) gives for the reverse *name*; None when it gives none."""
    try:
        found, flags, questions, answers, _, _ = struct.unpack_from("!6H", data)
        if found != number or not flags & 0x8000:
            return None
        at = 12
        for _ in range(questions):
            _, at = _name_at(data, at)
            at += 4
        for _ in range(answers):
            owner, at = _name_at(data, at)
            kind, _, _, length = struct.unpack_from("!2HIH", data, at)
            at += 10
            if kind == PTR and owner.casefold() == name.casefold():
                return _name_at(data, at)[0] or None
            at += length
    except (struct.error, IndexError, UnicodeDecodeError):
        return None  # whatever it is, it is no answer to our question
    return None


def _name_at(data: bytes, at: int) -> tuple[str, int]:
    labels: list[str] = []
    after: int | None = None
    for _ in range(MAX_JUMPS * 8):
        length = data[at]
        if length & POINTER == POINTER:
            after = at + 2 if after is None else after
            at = (length & ~POINTER) << 8 | data[at + 1]
            continue
        at += 1
        if length == 0:
            return ".".join(labels), at if after is None else after
        labels.append(data[at : at + length].decode("ascii"))
        at += length
    raise IndexError
