"""As much of age v1 (age-encryption.org/v1) as a recovery kit needs: one X25519 recipient, a short content.

The stock ``age`` program reads what this writes, and the other way round.
"""

import base64
import binascii
import secrets
from itertools import pairwise
from secrets import compare_digest

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

IDENTITY, RECIPIENT = "age-secret-key-", "age"
_VERSION, _LABEL = b"age-encryption.org/v1\n", b"age-encryption.org/v1/X25519"
_LETTERS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_CHECKSUM = 6
_LAST_CHUNK = bytes(11) + b"\1"
_CHUNK = 64 << 10


def new_identity() -> str:
    """A secret key as the ``age`` program writes it: ``AGE-SECRET-KEY-1…``."""
    return _bech32(IDENTITY, X25519PrivateKey.generate().private_bytes_raw()).upper()


def recipient_of(identity: str) -> str:
    """The public key: ``age1…``.

    Raises:
        ValueError: *identity* is none; a letter is wrong or missing.
    """
    return _bech32(RECIPIENT, _private(identity).public_key().public_bytes_raw())


def encrypt(recipient: str, content: bytes) -> bytes:
    """*content* (less than 64 KiB) for *recipient* alone, as a binary age file."""
    public, file_key = _unbech32(RECIPIENT, recipient), secrets.token_bytes(16)
    ephemeral = X25519PrivateKey.generate()
    share = ephemeral.public_key().public_bytes_raw()
    shared = ephemeral.exchange(X25519PublicKey.from_public_bytes(public))
    body = ChaCha20Poly1305(_hkdf(shared, share + public, _LABEL)).encrypt(bytes(12), file_key, None)
    head = _VERSION + b"-> X25519 " + _b64(share) + b"\n" + _b64(body) + b"\n---"
    nonce = secrets.token_bytes(16)
    sealed = ChaCha20Poly1305(_hkdf(file_key, nonce, b"payload")).encrypt(_LAST_CHUNK, content, None)
    return head + b" " + _b64(_mac(file_key, head)) + b"\n" + nonce + sealed


def decrypt(identity: str, data: bytes) -> bytes:
    """What ``encrypt`` was given.

    Raises:
        ValueError: *data* is not for *identity*, was changed, or *identity* is none.
    """
    private = _private(identity)
    public = private.public_key().public_bytes_raw()
    start, mark, rest = data.partition(b"\n---")
    tag, _, payload = rest.partition(b"\n")
    lines = start.split(b"\n")
    if not start.startswith(_VERSION) or len(payload) > _CHUNK + 32:
        raise ValueError("This is no age file with a short content.")
    try:
        for stanza, body in pairwise(lines):
            if not stanza.startswith(b"-> X25519 "):
                continue
            share = _unb64(stanza.removeprefix(b"-> X25519 "))
            shared = private.exchange(X25519PublicKey.from_public_bytes(share))
            wrapping = ChaCha20Poly1305(_hkdf(shared, share + public, _LABEL))
            try:
                file_key = wrapping.decrypt(bytes(12), _unb64(body), None)
            except InvalidTag:  # another recipient's
                continue
            if compare_digest(_mac(file_key, start + mark), _unb64(tag.strip())):
                key = _hkdf(file_key, payload[:16], b"payload")
                return ChaCha20Poly1305(key).decrypt(_LAST_CHUNK, payload[16:], None)
    except (InvalidTag, binascii.Error):
        raise ValueError("What was encrypted for this key is damaged.") from None
    raise ValueError("This was encrypted for another key.")


def _private(identity: str) -> X25519PrivateKey:
    return X25519PrivateKey.from_private_bytes(_unbech32(IDENTITY, identity.strip().lower()))


def _hkdf(key: bytes, salt: bytes, info: bytes) -> bytes:
    return HKDF(hashes.SHA256(), 32, salt, info).derive(key)


def _mac(file_key: bytes, head: bytes) -> bytes:
    mac = hmac.HMAC(_hkdf(file_key, b"", b"header"), hashes.SHA256())
    mac.update(head)
    return mac.finalize()


def _b64(data: bytes) -> bytes:
    return base64.b64encode(data).rstrip(b"=")


def _unb64(text: bytes) -> bytes:
    return base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)


def _checksum(prefix: str, values: list[int]) -> int:
    check = 1
    for value in [ord(char) >> 5 for char in prefix] + [0] + [ord(char) & 31 for char in prefix] + values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate(_GENERATOR):
            check ^= generator if top >> bit & 1 else 0
    return check


def _bech32(prefix: str, data: bytes) -> str:
    """BIP 173, without its limit of 90 characters."""
    bits = "".join(f"{byte:08b}" for byte in data)
    bits += "0" * (-len(bits) % 5)
    values = [int(bits[at : at + 5], 2) for at in range(0, len(bits), 5)]
    check = _checksum(prefix, [*values, *[0] * _CHECKSUM]) ^ 1
    values += [check >> 5 * (_CHECKSUM - 1 - at) & 31 for at in range(_CHECKSUM)]
    return f"{prefix}1" + "".join(_LETTERS[value] for value in values)


def _unbech32(prefix: str, text: str) -> bytes:
    found, one, rest = text.rpartition("1")
    if found != prefix or not one or any(char not in _LETTERS for char in rest):
        raise ValueError("This is no such key.")
    values = [_LETTERS.index(char) for char in rest]
    if _checksum(prefix, values) != 1:
        raise ValueError("A letter of this key is wrong or missing.")
    bits = "".join(f"{value:05b}" for value in values[:-_CHECKSUM])
    data = bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits) - 7, 8))
    if len(data) != 32:  # noqa: PLR2004  both keys have 256 bits
        raise ValueError("This key has the wrong length.")
    return data
