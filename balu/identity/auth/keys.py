"""The server's own secret, and keys derived from it: one for each purpose, none stored anywhere."""

import hmac
import os
import secrets
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from hashlib import sha256
from pathlib import Path

from balu.kernel import sealing
from balu.kernel.config import ConfigError

FILE_NAME = "secret.key"
KEY_BYTES = 32
MIN_DISTINCT = 16
"""A random key of 32 bytes has fewer different ones about once in 10^9 installations."""


class Keys:
    """Derives keys (HKDF-SHA256) and seals small secrets (AES-256-GCM); a part of the Env."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) < KEY_BYTES or len(set(secret)) < MIN_DISTINCT:
            raise ConfigError(f"{FILE_NAME} must hold {KEY_BYTES} random bytes, base64.")
        self._secret = secret

    def derive(self, purpose: str) -> bytes:
        """32 bytes that only this server can compute, different for each *purpose* (RFC 5869, one block)."""
        extracted = hmac.digest(bytes(KEY_BYTES), self._secret, sha256)
        return hmac.digest(extracted, f"balu {purpose}".encode() + b"\x01", sha256)

    def digest(self, purpose: str, text: str) -> bytes:
        """Keyed digest (HMAC-SHA256) of *text*: what the database keeps instead of a secret."""
        return hmac.digest(self.derive(purpose), text.encode(), sha256)

    def seal(self, purpose: str, row: str, secret: bytes) -> bytes:
        """Encrypt *secret* for one row; it opens nowhere else."""
        return sealing.seal(self.derive(purpose), secret, row.encode())

    def open(self, purpose: str, row: str, sealed: bytes) -> bytes:
        """What was sealed for this row.

        Raises:
            ConfigError: sealed under another key, or for another row.
        """
        try:
            return sealing.unseal(self.derive(purpose), sealed, row.encode())
        except sealing.BrokenSealError as error:
            raise ConfigError(f"A stored secret does not belong to this {FILE_NAME}.") from error


def load_keys(data_dir: Path) -> Keys:
    """The keys of this installation; the first start makes the secret, readable by the owner alone.

    Raises:
        ConfigError: the file is too short, not random, or readable by others.
    """
    path = data_dir / FILE_NAME
    if not path.exists():
        _make(path)
    if path.stat().st_mode & 0o077:
        raise ConfigError(f"{path} can be read by others. Run: chmod 600 {path}")
    try:
        return Keys(b64decode(path.read_bytes().strip(), validate=True))
    except Base64Error as error:
        raise ConfigError(f"{path} is not base64; restore it from a backup.") from error


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{FILE_NAME}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(b64encode(os.urandom(KEY_BYTES)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        # A link never replaces: of two processes that start together, both use the first one's key.
        if not path.exists():
            _link(draft, path)
    finally:
        draft.unlink()


def _link(draft: Path, path: Path) -> None:
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
