"""The key file of a vault: the root key wrapped twice, and what it wraps (``docs/formats/vault.md``)."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

import msgspec
from argon2.low_level import Type, hash_secret_raw
from msgspec import Meta, structs

from balu.kernel.sealing import BrokenSealError, seal, unseal
from balu.storage.vaults.errors import KeyRecordError, WrongPassphraseError
from balu_core import _native

FORMAT = "balu-vault 1"
TIME_COST, MEMORY_KIB, LANES = 3, 64 * 1024, 4
MOST_MEMORY_KIB, MOST_PASSES = 4 << 20, 100
KEY_BYTES = 32
Positive = Annotated[int, Meta(ge=1, lt=2**32)]
VaultId = Annotated[str, Meta(pattern="^[0-9a-f]{32}$")]


class Passphrase(msgspec.Struct, frozen=True, kw_only=True):
    """The root key under a passphrase (Argon2id)."""

    salt: bytes
    time_cost: Positive
    memory_kib: Positive
    lanes: Positive
    wrapped: bytes


class Kek(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One version of the key that locks file keys, under the root key."""

    version: Positive
    wrapped: bytes
    made_at: Annotated[datetime, Meta(tz=True)] | None = None
    """None for the first one, which is as old as the vault."""
    is_everywhere: bool = False
    """Whether a pass over every file has found none under an earlier version."""


class KeyRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Everything but the secrets."""

    format: str = FORMAT
    vault_id: VaultId
    name: str
    passphrase: Passphrase
    recovery: bytes
    """An age file for the recovery kit; its content is the root key in hex."""
    keks: Annotated[list[Kek], Meta(min_length=1)]

    @property
    def newest(self) -> Kek:
        """What locks new files."""
        return self.keks[-1]

    @property
    def is_rotating(self) -> bool:
        """Whether some file may still be under an earlier KEK."""
        return len(self.keks) > 1 and not self.newest.is_everywhere


@dataclass(frozen=True, slots=True)
class Opened:
    """The secrets of one vault."""

    vault_id: str
    root: bytes
    keks: tuple[tuple[int, bytes], ...]

    def native(self) -> "_native.VaultKeys":
        """For the native half."""
        return _native.VaultKeys(bytes.fromhex(self.vault_id), self.root, self.keks)


def create(vault_id: str, name: str, passphrase: str) -> tuple[KeyRecord, Opened, str]:
    """A new vault's record, its secrets, and the kit's identity, which is kept nowhere. Slow by intent."""
    from balu.storage.vaults import age  # noqa: PLC0415  draws in cryptography, which an idle server saves

    root, kek, identity = secrets.token_bytes(KEY_BYTES), secrets.token_bytes(KEY_BYTES), age.new_identity()
    record = KeyRecord(
        vault_id=vault_id, name=name, passphrase=_wrap_root(vault_id, root, passphrase),
        recovery=age.encrypt(age.recipient_of(identity), root.hex().encode()),
        keks=[Kek(version=1, wrapped=seal(root, kek, _bound_kek(vault_id, 1)))],
    )  # fmt: skip
    return record, Opened(vault_id, root, ((1, kek),)), identity


def encode(record: KeyRecord) -> bytes:
    """As it is stored."""
    return msgspec.json.format(msgspec.json.encode(record), indent=1)


def decode(data: bytes) -> KeyRecord:
    """The other way round.

    Raises:
        KeyRecordError: it is none, or of a later format.
    """
    try:
        record = msgspec.json.decode(data, type=KeyRecord)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise KeyRecordError("This is no key file of a vault.") from error
    known = record.passphrase
    if record.format != FORMAT or known.memory_kib > MOST_MEMORY_KIB or known.time_cost > MOST_PASSES:
        raise KeyRecordError("This key file was written by a later version of Balu.")
    return record


def open_with_passphrase(record: KeyRecord, passphrase: str) -> Opened:
    """The secrets. Slow by intent; call it in a thread.

    Raises:
        WrongPassphraseError: it is another one.
    """
    known = record.passphrase
    key = _derive(passphrase, known.salt, known.time_cost, known.memory_kib, known.lanes)
    try:
        root = unseal(key, known.wrapped, _bound_root(record.vault_id))
    except BrokenSealError:
        raise WrongPassphraseError("This is not the passphrase of the vault.") from None
    return _opened(record, root)


def open_with_kit(record: KeyRecord, identity: str) -> Opened:
    """The secrets, from a recovery kit.

    Raises:
        WrongPassphraseError: the kit is another vault's, or was copied wrongly.
    """
    from balu.storage.vaults import age  # noqa: PLC0415

    try:
        root = bytes.fromhex(age.decrypt(identity, record.recovery).decode())
    except ValueError as error:
        raise WrongPassphraseError(f"This recovery kit does not fit. {error}") from None
    return _opened(record, root)


def open_again(record: KeyRecord, root: bytes) -> Opened:
    """The secrets of a vault whose root key is known, with every KEK it has now."""
    return _opened(record, root)


def with_passphrase(record: KeyRecord, opened: Opened, passphrase: str) -> KeyRecord:
    """The same vault under another passphrase; no file changes. Slow by intent."""
    return structs.replace(record, passphrase=_wrap_root(record.vault_id, opened.root, passphrase))


def with_kek(record: KeyRecord, root: bytes, now: datetime) -> KeyRecord:
    """The same vault with a new KEK beside those it has; files are as they were."""
    version = record.newest.version + 1
    wrapped = seal(root, secrets.token_bytes(KEY_BYTES), _bound_kek(record.vault_id, version))
    return structs.replace(record, keks=[*record.keks, Kek(version=version, wrapped=wrapped, made_at=now)])


def everywhere(record: KeyRecord, *, yes: bool) -> KeyRecord:
    """The same with the word of a pass over every file about its newest KEK."""
    return structs.replace(
        record, keks=[*record.keks[:-1], structs.replace(record.newest, is_everywhere=yes)]
    )


def without_former(record: KeyRecord) -> KeyRecord:
    """The same with its newest KEK alone: what is under another one can never be read again."""
    return structs.replace(record, keks=[record.newest])


def _opened(record: KeyRecord, root: bytes) -> Opened:
    try:
        keks = tuple(
            (kek.version, unseal(root, kek.wrapped, _bound_kek(record.vault_id, kek.version)))
            for kek in record.keks
        )
    except BrokenSealError:
        raise KeyRecordError("The key file of this vault is damaged.") from None
    return Opened(record.vault_id, root, keks)


def _wrap_root(vault_id: str, root: bytes, passphrase: str) -> Passphrase:
    salt = secrets.token_bytes(16)
    key = _derive(passphrase, salt, TIME_COST, MEMORY_KIB, LANES)
    return Passphrase(
        salt=salt, time_cost=TIME_COST, memory_kib=MEMORY_KIB, lanes=LANES,
        wrapped=seal(key, root, _bound_root(vault_id)),
    )  # fmt: skip


def _derive(passphrase: str, salt: bytes, time_cost: int, memory_kib: int, lanes: int) -> bytes:
    secret = passphrase.encode("utf-8", "surrogatepass")
    return hash_secret_raw(secret, salt, time_cost, memory_kib, lanes, KEY_BYTES, Type.ID)


def _bound_root(vault_id: str) -> bytes:
    return b"balu.vault/1 root " + bytes.fromhex(vault_id)


def _bound_kek(vault_id: str, version: int) -> bytes:
    return b"balu.vault/1 kek " + bytes.fromhex(vault_id) + version.to_bytes(4, "big")
