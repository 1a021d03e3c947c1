"""A streaming reader of ``multipart/form-data`` (RFC 7578): bounded memory, nothing spooled."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from email.message import Message
from urllib.parse import unquote

from balu.kernel.errors import MalformedError, TooLargeError

MAX_PARTS = 2000
MAX_HEAD_BYTES = 16 << 10
MAX_FIELD_BYTES = 64 << 10
MAX_BOUNDARY = 200


def boundary_of(content_type: str | None) -> bytes:
    """The boundary in a Content-Type header.

    Raises:
        MalformedError: it is no form, or the boundary is missing or absurd.
    """
    message = Message()
    message["content-type"] = content_type or ""
    boundary = message.get_param("boundary")
    if message.get_content_type() != "multipart/form-data" or not isinstance(boundary, str) or not boundary:
        raise MalformedError("Send the files as multipart/form-data with a boundary.")
    if len(boundary) > MAX_BOUNDARY or not boundary.isascii():
        raise MalformedError("This boundary is none.")
    return boundary.encode("ascii")


@dataclass(slots=True)
class Part:
    """One part; its bytes can be taken once, before the next part is asked for."""

    name: str
    filename: str | None
    _reader: "FormReader" = field(repr=False)

    def chunks(self) -> AsyncIterator[bytes]:
        """The bytes as they arrive."""
        return self._reader.part_bytes()

    async def text(self) -> str:
        """A short field as text.

        Raises:
            TooLargeError: longer than 64 KiB.
        """
        collected = bytearray()
        async for chunk in self.chunks():
            collected += chunk
            if len(collected) > MAX_FIELD_BYTES:
                raise TooLargeError("A form field is too long.")
        return collected.decode("utf-8", "replace")


class FormReader:
    """Cuts a body into parts; holds at most one chunk and a delimiter's length."""

    def __init__(self, body: AsyncIterator[bytes], boundary: bytes) -> None:
        self._body = body
        self._delimiter = b"\r\n--" + boundary
        self._buffer = b"\r\n"  # so that the first delimiter looks like all the others
        self._in_part = False

    async def parts(self) -> AsyncIterator[Part]:
        """Every part in order; what of a part was not taken is skipped.

        Raises:
            MalformedError: not what RFC 7578 describes, or cut short.
            TooLargeError: too many parts, or headers that are too long.
        """
        async for _ in self._until_delimiter():  # the preamble means nothing
            pass
        for _ in range(MAX_PARTS):
            if await self._at_end():
                return
            head = await self._head()
            name, filename = disposition(head)
            self._in_part = True
            yield Part(name, filename, self)
            async for _ in self.part_bytes():
                pass
        raise TooLargeError(f"At most {MAX_PARTS} parts fit into one form.")

    async def part_bytes(self) -> AsyncIterator[bytes]:
        """What is left of the present part."""
        if self._in_part:
            async for chunk in self._until_delimiter():
                yield chunk
            self._in_part = False

    async def _until_delimiter(self) -> AsyncIterator[bytes]:
        keep = len(self._delimiter) - 1
        while True:
            found = self._buffer.find(self._delimiter)
            if found >= 0:
                before, self._buffer = self._buffer[:found], self._buffer[found + keep + 1 :]
                if before:
                    yield before
                return
            if len(self._buffer) > keep:
                ready, self._buffer = self._buffer[:-keep], self._buffer[-keep:]
                yield ready
            await self._more()

    async def _at_end(self) -> bool:
        while len(self._buffer) < 2:  # noqa: PLR2004  "--" or a line break
            await self._more()
        if self._buffer.startswith(b"--"):
            async for _ in self._body:  # the epilogue means nothing, but it must arrive
                pass
            return True
        return False

    async def _head(self) -> bytes:
        while (end := self._buffer.find(b"\r\n\r\n")) < 0:
            if len(self._buffer) > MAX_HEAD_BYTES:
                raise TooLargeError("The headers of a part are too long.")
            await self._more()
        head, self._buffer = self._buffer[:end], self._buffer[end + 4 :]
        if head.strip(b" \t") and not head.startswith((b"\r\n", b" ", b"\t")):
            raise MalformedError("A boundary is followed by something else.")
        return head

    async def _more(self) -> None:
        async for chunk in self._body:
            if chunk:
                self._buffer += chunk
                return
        raise MalformedError("The form ends in the middle.")


def disposition(head: bytes) -> tuple[str, str | None]:
    """Field name and file name from a part's headers.

    Browsers send names as UTF-8 and write only quotes and line breaks as %22, %0D and %0A.

    Raises:
        MalformedError: there is no name.
    """
    for line in head.decode("utf-8", "surrogateescape").split("\r\n"):
        key, _, value = line.partition(":")
        if key.strip().lower() == "content-disposition":
            break
    else:
        raise MalformedError("A part has no Content-Disposition.")
    kind, *parameters = _parameters(value)
    found = dict(parameter.partition("=")[::2] for parameter in parameters)
    values = {name.strip().lower(): _unquoted(text.strip()) for name, text in found.items()}
    if kind.strip().lower() != "form-data" or "name" not in values:
        raise MalformedError("A part has no name.")
    filename = values.get("filename")
    if (extended := values.get("filename*")) is not None:
        charset, _, rest = extended.partition("'")
        filename = unquote(
            rest.partition("'")[2], encoding="utf-8" if charset.lower() == "utf-8" else "latin-1"
        )
    elif filename is not None:
        filename = filename.replace("%22", '"').replace("%0D", "\r").replace("%0A", "\n")
    return values["name"], filename


def _parameters(text: str) -> list[str]:
    """*text* cut at semicolons outside quotes."""
    found, quoted, start, index = [], False, 0, 0
    while index < len(text):
        if text[index] == "\\" and quoted:
            index += 1
        elif text[index] == '"':
            quoted = not quoted
        elif text[index] == ";" and not quoted:
            found.append(text[start:index])
            start = index + 1
        index += 1
    return [*found, text[start:]]


def _unquoted(text: str) -> str:
    if len(text) < 2 or not (text.startswith('"') and text.endswith('"')):  # noqa: PLR2004  two quotes
        return text
    return text[1:-1].replace('\\"', '"').replace("\\\\", "\\")
