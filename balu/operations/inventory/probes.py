"""Is anybody there? ICMP echo where this process may send it, TCP connections otherwise."""

import asyncio
import errno
import ipaddress
import os
import socket
import struct
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

ANSWER_WITHIN_S = 1.0
ATTEMPTS = 2
PORTS = (22, 80, 443, 445, 8080, 53)
"""Asked in this order when no ports are named; a refusal is an answer, too."""
ECHO = {4: (8, 0), 6: (128, 129)}
"""Types of echo request and reply (RFC 792, RFC 4443)."""
HEADER = struct.Struct("!BBHHH")
MIN_IP_HEADER = 20
AWAY = {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN, errno.ETIMEDOUT, errno.EACCES, errno.EPERM}


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of asking one host."""

    rtt_ms: float | None
    """None: nobody answered."""
    port: int | None = None
    """The TCP port that answered."""
    error: str | None = None


class Probe(Protocol):
    """Asks hosts; made for one discovery and closed after it."""

    name: str

    async def ask(self, ip: str) -> Answer:
        """Ask once or twice, and wait at most about two seconds in all."""
        ...

    def close(self) -> None:
        """Let go of sockets."""
        ...


class Pace:
    """Lets callers through at most so many a second, evenly."""

    def __init__(self, per_second: int) -> None:
        self._gap_s = 1.0 / per_second
        self._next = 0.0

    async def wait(self) -> None:
        """Until it is the caller's turn."""
        now = asyncio.get_running_loop().time()
        turn = max(now, self._next)
        self._next = turn + self._gap_s
        if turn > now:
            await asyncio.sleep(turn - now)


class IcmpProbe:
    """Echo requests over one socket for each IP version."""

    name = "icmp"

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._sockets: dict[int, socket.socket] = {}
        self._waiting: dict[tuple[str, int], asyncio.Future[float]] = {}
        self._number = 0
        self._id = os.getpid() & 0xFFFF

    @classmethod
    def permitted(cls) -> bool:
        """Whether the system lets this process send echo requests."""
        try:
            _icmp_socket(4).close()
        except OSError:
            return False
        return True

    async def ask(self, ip: str) -> Answer:
        """As ``Probe.ask``."""
        for _ in range(ATTEMPTS):
            await self._pace.wait()
            try:
                rtt_ms = await self._echo(ip)
            except OSError as error:
                if error.errno in AWAY:
                    continue
                return Answer(None, error=error.strerror)
            if rtt_ms is not None:
                return Answer(rtt_ms)
        return Answer(None)

    def close(self) -> None:
        """As ``Probe.close``."""
        loop = asyncio.get_running_loop()
        for sock in self._sockets.values():
            loop.remove_reader(sock)
            sock.close()

    async def _echo(self, ip: str) -> float | None:
        loop, version = asyncio.get_running_loop(), ipaddress.ip_address(ip).version
        sock = self._socket(version)
        self._number = (self._number + 1) & 0xFFFF
        key = (ip, self._number)
        future: asyncio.Future[float] = loop.create_future()
        self._waiting[key] = future
        begun = loop.time()
        try:
            sock.sendto(_echo_request(version, self._id, self._number), (ip, 0))
            answered = await asyncio.wait_for(future, ANSWER_WITHIN_S)
        except TimeoutError:
            return None
        finally:
            del self._waiting[key]
        return round((answered - begun) * 1000, 3)

    def _socket(self, version: int) -> socket.socket:
        if version not in self._sockets:
            sock = _icmp_socket(version)
            sock.setblocking(False)
            self._sockets[version] = sock
            asyncio.get_running_loop().add_reader(sock, self._read, sock, version)
        return self._sockets[version]

    def _read(self, sock: socket.socket, version: int) -> None:
        now = asyncio.get_running_loop().time()
        while True:
            try:
                data, (sender, *_) = sock.recvfrom(2048)
            except OSError:  # nothing more, or an error that belongs to one of the hosts
                return
            if version == 4 and sock.type == socket.SOCK_RAW:  # noqa: PLR2004
                data = data[(data[0] & 0x0F) * 4 :]
            if len(data) < HEADER.size:
                continue
            kind, _, _, _, number = HEADER.unpack_from(data)
            future = self._waiting.get((str(ipaddress.ip_address(sender.partition("%")[0])), number))
            if kind == ECHO[version][1] and future is not None and not future.done():
                future.set_result(now)


class TcpProbe:
    """Connections to a few ports, one after the other."""

    name = "tcp"

    def __init__(self, pace: Pace, ports: Sequence[int] = ()) -> None:
        self._pace = pace
        self._ports = tuple(ports) or PORTS

    async def ask(self, ip: str) -> Answer:
        """As ``Probe.ask``, but for every port."""
        for port in self._ports:
            await self._pace.wait()
            begun = asyncio.get_running_loop().time()
            try:
                async with asyncio.timeout(ANSWER_WITHIN_S):
                    _, writer = await asyncio.open_connection(ip, port)
                writer.close()
                with suppress(OSError):
                    await writer.wait_closed()
            except ConnectionRefusedError:
                return Answer(_since(begun))
            except TimeoutError:
                continue
            except OSError as error:
                if error.errno in AWAY:
                    continue
                return Answer(None, error=error.strerror)
            return Answer(_since(begun), port)
        return Answer(None)

    def close(self) -> None:
        """Nothing stays open."""


def make_probe(wish: str, pace: Pace, ports: Sequence[int] = ()) -> Probe:
    """``icmp``, ``tcp``, or what this process may do (``auto``)."""
    if wish == "icmp" or (wish == "auto" and not ports and IcmpProbe.permitted()):
        return IcmpProbe(pace)
    return TcpProbe(pace, ports)


def _since(begun: float) -> float:
    return round((asyncio.get_running_loop().time() - begun) * 1000, 3)


def _icmp_socket(version: int) -> socket.socket:
    family = socket.AF_INET if version == 4 else socket.AF_INET6  # noqa: PLR2004
    protocol = socket.IPPROTO_ICMP if version == 4 else socket.IPPROTO_ICMPV6  # noqa: PLR2004
    try:  # allowed to groups in net.ipv4.ping_group_range, without any privilege
        return socket.socket(family, socket.SOCK_DGRAM, protocol)
    except PermissionError:
        return socket.socket(family, socket.SOCK_RAW, protocol)


def _echo_request(version: int, identity: int, number: int) -> bytes:
    kind, payload = ECHO[version][0], b"balu discovery.."
    bare = HEADER.pack(kind, 0, 0, identity, number) + payload
    # The kernel fills in the checksum of ICMPv6, which covers addresses only it knows.
    checksum = _checksum(bare) if version == 4 else 0  # noqa: PLR2004
    return HEADER.pack(kind, 0, checksum, identity, number) + payload


def _checksum(data: bytes) -> int:
    """RFC 1071."""
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF
