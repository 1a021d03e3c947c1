"""Connections that stand still: what an answer left in the server's buffers goes when its client does not."""

import asyncio
import os
import socket
import stat
from pathlib import Path

STANDS_STILL_S = 90
TRIES, PAUSE_S = 300, 0.1
DESCRIPTORS = Path("/proc/self/fd")


async def drop_standing() -> None:
    """Tell the kernel to reset connections that took nothing for 90 s, once this process listens.

    The application can end an answer, but not make the server forget bytes that nobody takes; accepted
    connections have this setting (TCP_USER_TIMEOUT) from the socket that listens.
    """
    for _ in range(TRIES):
        if _set_all():
            return
        await asyncio.sleep(PAUSE_S)


def _set_all() -> bool:
    is_set = [_set(int(path.name)) for path in DESCRIPTORS.iterdir()]
    return any(is_set)


def _set(descriptor: int) -> bool:
    """Whether *descriptor* is a listening TCP socket, which is set then.

    Nothing is copied or closed: closing any descriptor of a file drops all locks this process holds on it,
    and SQLite relies on its own (fcntl(2), POSIX advisory locks).
    """
    try:
        if not stat.S_ISSOCK(os.fstat(descriptor).st_mode):
            return False
        found = socket.socket(fileno=descriptor)
    except OSError:
        return False
    try:
        if found.family not in {socket.AF_INET, socket.AF_INET6}:
            return False
        if not found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            return False
        found.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, STANDS_STILL_S * 1000)
        return True
    finally:
        found.detach()
