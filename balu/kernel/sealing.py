"""Short secrets encrypted under a key (AES-256-GCM): a fresh nonce of 12 bytes, then ciphertext and tag.

`cryptography` is loaded where it is used: 9 MiB that an idle server and its job worker save.
"""

import os

NONCE_BYTES, TAG_BYTES = 12, 16


class BrokenSealError(Exception):
    """Sealed under another key, bound to something else, or changed since."""


def seal(key: bytes, secret: bytes, bound: bytes) -> bytes:
    """Encrypt *secret* under *key* (32 bytes); it opens only together with *bound*."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415

    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, secret, bound)


def unseal(key: bytes, sealed: bytes, bound: bytes) -> bytes:
    """What was sealed.

    Raises:
        BrokenSealError: it does not open, or is too short to be sealed.
    """
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415

    if len(sealed) < NONCE_BYTES + TAG_BYTES:
        raise BrokenSealError("This is too short to be sealed.")
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound)
    except InvalidTag as error:
        raise BrokenSealError("This was sealed under another key, or changed.") from error
