"""Many clients that hardly send or read: they cost little memory, end in time, and hinder nobody."""

import asyncio
import os
import socket
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from balu.kernel.testing import Server
from tests.conformance.test_tus import sign_in

EACH = int(os.environ.get("TORTURE_SLOW", "100"))
"""Clients of each of three kinds."""
MIB = 1 << 20
HEAD = "HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: {auth}\r\n"
pytestmark = pytest.mark.torture


def memory_of(server: Server) -> int:
    """Resident bytes of the server and all it started."""
    total = 0
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            session = (folder / "stat").read_text().rpartition(")")[2].split()[3]
            status = (folder / "status").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(session) == server.process.pid:
            total += next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
    return total * 1024


def wait_until_empty(folder: Path) -> None:
    deadline = time.monotonic() + 60
    while left := list(folder.iterdir()):
        assert time.monotonic() < deadline, left
        time.sleep(0.1)


class Slow:
    """One connection that says *opening* and then a byte a second, or reads a little."""

    def __init__(self, port: int, opening: str, *, reads: bool) -> None:
        self.received, self.is_over = b"", False
        self._port, self._opening, self._reads = port, opening, reads

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        with socket.socket() as line:
            line.setblocking(False)
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 << 10)
            await loop.sock_connect(line, ("127.0.0.1", self._port))
            await loop.sock_sendall(line, self._opening.encode())
            try:
                while block := await self._step(loop, line):
                    self.received += block[:100] if len(self.received) < 1000 else b""
            except OSError:
                pass
            self.is_over = True

    async def _step(self, loop: asyncio.AbstractEventLoop, line: socket.socket) -> bytes:
        if self._reads:
            await asyncio.sleep(1)
            return await loop.sock_recv(line, 4096)
        try:
            async with asyncio.timeout(1):
                return await loop.sock_recv(line, 4096)
        except TimeoutError:
            await loop.sock_sendall(line, b"x")
            return b"."


async def test_slow_clients_cost_little_and_end_in_time(server: Server) -> None:
    auth, port = sign_in(server)["Authorization"], urlsplit(server.url).port or 0
    server.client.put("/api/files/content/big", content=os.urandom(16 * MIB), headers={"authorization": auth})
    server.client.get("/api/files/download/big", headers={"authorization": auth})
    head, before = HEAD.format(auth=auth), memory_of(server)
    heads = [Slow(port, "GET /api/health HTTP/1.1\r\nHost: ", reads=False) for _ in range(EACH)]
    bodies = [
        Slow(port, f"PUT /api/files/content/u{n} {head}Content-Length: 99999\r\n\r\n", reads=False)
        for n in range(EACH)
    ]
    readers = [Slow(port, f"GET /api/files/download/big {head}\r\n", reads=True) for _ in range(EACH)]
    tasks = [asyncio.create_task(slow.run()) for slow in (*heads, *bodies, *readers)]
    started, peak = time.monotonic(), 0
    while not all(slow.is_over for slow in (*heads, *bodies)):
        assert time.monotonic() - started < 150, "slow senders are still connected"
        answer = await asyncio.to_thread(server.client.get, "/api/health")
        assert answer.status_code == 200
        peak = max(peak, memory_of(server) - before)
        await asyncio.sleep(0.5)
    assert all(b" 408 " in slow.received for slow in bodies)
    assert not any(slow.is_over for slow in readers), "4 kB/s is slow, but not too slow"
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert peak < EACH * 400 * 1024, f"{peak / MIB:.0f} MiB more for {3 * EACH} slow clients"
    await asyncio.to_thread(wait_until_empty, server.data_dir / "volumes" / "main" / ".balu" / "staging")
