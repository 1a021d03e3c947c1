"""A key that lives as long as `balu serve` and only in memory: the processes it starts ask for it.

What one worker may know until the next restart, and the others as well, is stored encrypted under it. It is
handed over a socket in Linux's abstract namespace, to processes of the same user alone.
"""

import hashlib
import os
import secrets
import socket
import struct
import threading
from pathlib import Path

KEY_BYTES = 32
WAIT_S = 5.0


def hand_out(data_dir: Path) -> None:
    """Make a key and give it to whoever asks from now on; for the process that starts the others."""
    key, listener = secrets.token_bytes(KEY_BYTES), socket.socket(socket.AF_UNIX)
    try:
        listener.bind(_address(data_dir))
    except OSError:  # another server on the same data directory: its workers have that server's key
        listener.close()
        return
    listener.listen(16)
    threading.Thread(target=_serve, args=(listener, key), name="balu-boot-key", daemon=True).start()


def ask(data_dir: Path) -> bytes:
    """The key of the server on *data_dir*; one of this process's own where no server runs."""
    return _asked(data_dir) or secrets.token_bytes(KEY_BYTES)


def is_served(data_dir: Path) -> bool:
    """Whether a server on *data_dir* hands out its key to this process."""
    return _asked(data_dir) is not None


def _asked(data_dir: Path) -> bytes | None:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(WAIT_S)
        try:
            client.connect(_address(data_dir))
            key = client.recv(KEY_BYTES, socket.MSG_WAITALL) if _is_ours(client) else b""
        except OSError:
            key = b""
    return key if len(key) == KEY_BYTES else None


def _serve(listener: socket.socket, key: bytes) -> None:
    while True:
        peer, _ = listener.accept()
        with peer:
            if _is_ours(peer):
                peer.sendall(key)


def _address(data_dir: Path) -> bytes:
    digest = hashlib.sha256(os.fsencode(data_dir.resolve())).hexdigest()
    return b"\0balu-boot-key-" + digest[:32].encode()


def _is_ours(peer: socket.socket) -> bool:
    """Whether the other end runs as the same user; anybody may try such an address."""
    credentials = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return bool(struct.unpack("3i", credentials)[1] == os.geteuid())
