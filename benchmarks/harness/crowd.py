"""Clients that take and send little by little, in a process of their own beside those that are measured."""

import contextlib
import multiprocessing
import resource
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection as Pipe
from types import TracebackType
from typing import Self

from benchmarks.harness.client import WrongAnswerError

STEP_BYTES = 16 << 10
"""What each of them takes or sends in a second."""
_TICKS_PER_S = 50
_ANSWERS_WITHIN_S = 120.0
_CONTEXT = multiprocessing.get_context("spawn")


@dataclass(frozen=True, slots=True)
class Slow:
    """One client: the head of its request, and whether a body follows or an answer is read."""

    head: bytes
    sends: bool


class Crowd:
    """A context manager: within it every client has had something of its answer, or has sent something.

    Raises:
        WrongAnswerError: one of them was refused or dropped.
    """

    def __init__(self, port: int, clients: Sequence[Slow]) -> None:
        self._pipe, self._theirs = _CONTEXT.Pipe()
        self._process = _CONTEXT.Process(target=_run, args=(port, clients, self._theirs), daemon=True)

    def __enter__(self) -> Self:
        self._process.start()
        self._theirs.close()  # so that its death shows
        try:
            self._insist(self._heard())
        except WrongAnswerError:
            self._process.kill()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._process.kill()
            return
        self._pipe.send(None)
        lost = self._heard()
        self._process.join()
        self._insist(lost)

    def _heard(self) -> Sequence[str]:
        if not self._pipe.poll(_ANSWERS_WITHIN_S):
            message = "the slow clients are not served"
            raise WrongAnswerError(message)
        try:
            lost: Sequence[str] = self._pipe.recv()
        except EOFError as error:
            message = "the process of the slow clients died"
            raise WrongAnswerError(message) from error
        return lost

    def _insist(self, lost: Sequence[str]) -> None:
        if lost:
            message = f"{len(lost)} slow clients were dropped, the first after {lost[0]!r}"
            raise WrongAnswerError(message)


class _Line:
    def __init__(self, port: int, client: Slow) -> None:
        self._client = client
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 << 10)
        self._socket.connect(("127.0.0.1", port))
        self._socket.sendall(client.head)
        self._socket.setblocking(False)
        self.started = False
        self.lost: str | None = None

    def step(self) -> None:
        """Take or send a little; an upload that is answered, and an answer that ends, are lost."""
        try:
            if self._client.sends:
                self._socket.send(bytes(STEP_BYTES))
                self.started = True
            block = self._socket.recv(STEP_BYTES)
        except BlockingIOError:
            return
        except OSError as error:
            self.lost = str(error)
            return
        if self._client.sends or not block or not (self.started or block.startswith(b"HTTP/1.1 200")):
            self.lost = block[:100].decode("latin-1") or "the end"
        self.started = True

    def close(self) -> None:
        self._socket.close()


def _run(port: int, clients: Sequence[Slow], pipe: Pipe) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with contextlib.ExitStack() as stack:
        lines = []
        for client in clients:
            lines.append(line := _Line(port, client))
            stack.callback(line.close)
        told = False
        while not pipe.poll():
            for tick in range(_TICKS_PER_S):
                due = time.monotonic() + 1 / _TICKS_PER_S
                for line in lines[tick::_TICKS_PER_S]:
                    if line.lost is None:
                        line.step()
                if pipe.poll():
                    break
                time.sleep(max(0.0, due - time.monotonic()))
            lost = [line.lost for line in lines if line.lost is not None]
            if not told and (lost or all(line.started for line in lines)):
                pipe.send(lost)
                told = True
        pipe.send([line.lost for line in lines if line.lost is not None])
