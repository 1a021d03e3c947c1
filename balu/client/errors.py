"""What can go wrong on the way to a server.

ClientError
├── NotSignedInError    nobody is signed in, or the session has ended
├── ServerError         the server refused; carries status and code of its problem document
├── UnreachableError    no answer, however often it was tried
├── LocalFileError      a file here cannot be read or written, or changed while it was read
└── WrongBytesError     the bytes that arrived are not those that were sent
"""


class ClientError(Exception):
    """The root of them all; the message is for people."""


class NotSignedInError(ClientError):
    """Nobody is signed in."""


class ServerError(ClientError):
    """The server refused."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail = status, code, detail


class UnreachableError(ClientError):
    """The server does not answer."""


class LocalFileError(ClientError):
    """A local file cannot be used."""


class WrongBytesError(ClientError):
    """The bytes changed on the way."""
