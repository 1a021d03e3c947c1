"""A second reader of vaults, written after ``docs/formats/vault.md`` alone; it shares nothing with Balu."""

import base64
import hashlib
import json
from pathlib import Path

from cryptography.cobblestone import Cobblestone256Decryptor
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESSIV
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand


class VaultReader:
    """Decrypts files and names, given the root key and the key file's record."""

    def __init__(self, root: bytes, keyfile: bytes) -> None:
        record = json.loads(keyfile)
        self._vault = bytes.fromhex(record["vault_id"])
        self._keks: dict[int, bytes] = {}
        for kek in record["keks"]:
            version = kek["version"].to_bytes(4, "big")
            wrapped, bound = base64.b64decode(kek["wrapped"]), b"balu.vault/1 kek " + self._vault + version
            self._keks[kek["version"]] = AESGCM(root).decrypt(wrapped[:12], wrapped[12:], bound)
        names = HKDFExpand(SHA512(), 64, b"balu.vault/1 names" + self._vault).derive(root)
        self._names = AESSIV(names)

    def name(self, name: str) -> str:
        """The plain name."""
        sealed = base64.b32decode(name.upper() + "=" * (-len(name) % 8))
        return self._names.decrypt(sealed, [self._vault]).decode()

    def file(self, raw: bytes) -> tuple[bytes, bytes]:
        """Plain bytes, and the BLAKE3 the header claims for them."""
        head, sum_ = raw[:4064], raw[4064:4096]
        assert head[:8] == b"baluvlt\x01"
        assert hashlib.sha256(head).digest() == sum_
        assert head[8:24] == self._vault
        kek = self._keks[int.from_bytes(head[40:44], "big")]
        key = AESGCM(kek).decrypt(head[44:56], head[56:104], head[:44])
        digest_key = HKDFExpand(SHA512(), 32, b"balu.vault/1 digest").derive(key)
        blake3 = AESGCM(digest_key).decrypt(head[104:116], head[116:164], head[24:40])
        message = Cobblestone256Decryptor(key, context=b"balu.vault/1" + head[8:40])
        return message.update(raw[4096:]) + message.finalize(), blake3

    def tree(self, folder: Path) -> dict[str, bytes]:
        """Every file below *folder* by its plain path."""
        found: dict[str, bytes] = {}
        for path in sorted(folder.iterdir()):
            if path.name == "vault.balu":
                continue
            name = self.name(path.name)
            if path.is_dir():
                found |= {f"{name}/{rest}": content for rest, content in self.tree(path).items()}
            else:
                found[name] = self.file(path.read_bytes())[0]
        return found
