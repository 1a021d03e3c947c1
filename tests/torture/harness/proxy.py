"""A TCP proxy in front of a server that can reset a connection at a chosen byte."""

import socket
import struct
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress

RESET = struct.pack("ii", 1, 0)
"""SO_LINGER that makes close() send a reset instead of an end."""


class Proxy:
    """Passes bytes on; ``arm`` makes the next connection end after so many bytes from the client."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._left: int | None = None
        self.resets = 0
        self._lock = threading.Lock()

    def arm(self, after: int | None) -> None:
        """Reset whatever connection brings this many bytes from now on; None never."""
        with self._lock:
            self._left = after

    def serve(self) -> None:
        """Accept until closed."""
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._connect, args=(client,), daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _connect(self, client: socket.socket) -> None:
        with suppress(OSError):
            server = socket.create_connection(("127.0.0.1", self._target))
            back = threading.Thread(target=_pass, args=(server, client), daemon=True)
            back.start()
            self._forward(client, server)
            back.join()

    def _forward(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while data := client.recv(1 << 16):
                passed, ends = self._cut(len(data))
                server.sendall(data[:passed])
                if ends:
                    for end in (client, server):
                        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                        end.close()
                    return
        with suppress(OSError):
            server.shutdown(socket.SHUT_WR)

    def _cut(self, length: int) -> tuple[int, bool]:
        """How many of the next *length* bytes go through, and whether the connection ends after them."""
        with self._lock:
            if self._left is None:
                return length, False
            if self._left >= length:
                self._left -= length
                return length, False
            passed, self._left = self._left, None
            self.resets += 1
            return passed, True


def _pass(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(1 << 16):
            target.sendall(data)
    with suppress(OSError):
        target.close()


@contextmanager
def proxied(target: int) -> Generator[Proxy, None, None]:
    """A proxy for the server on port *target*."""
    proxy = Proxy(target)
    threading.Thread(target=proxy.serve, daemon=True).start()
    try:
        yield proxy
    finally:
        proxy.close()
