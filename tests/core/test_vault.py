"""Files of a vault: written by every door of the native half, read by it and by an independent reader."""

import base64
import errno
import json
import random
from pathlib import Path

import pytest
from blake3 import blake3
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from balu_core import Volume
from balu_core._native import VaultKeys
from tests.core.vault_reader import VaultReader

VAULT, ROOT, KEK = bytes(range(16)), bytes(range(32)), bytes(range(32, 64))
CHUNK = 16_384
EDGES = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 5 * CHUNK, (3 << 20) + 7]
GOLDEN = Path(__file__).with_name("vault-golden.bin")


@pytest.fixture
def keys() -> VaultKeys:
    return VaultKeys(VAULT, ROOT, [(1, KEK)])


@pytest.fixture
def sealed(volume: Volume, keys: VaultKeys) -> Volume:
    return volume.sealed(keys)


@pytest.fixture(scope="module")
def reader() -> VaultReader:
    nonce = bytes(12)
    wrapped = nonce + AESGCM(ROOT).encrypt(nonce, KEK, b"balu.vault/1 kek " + VAULT + b"\0\0\0\1")
    record = {
        "vault_id": VAULT.hex(),
        "keks": [{"version": 1, "wrapped": base64.b64encode(wrapped).decode()}],
    }
    return VaultReader(ROOT, json.dumps(record).encode())


def sample(size: int) -> bytes:
    return random.Random(size).randbytes(size)


def put(volume: Volume, staging_id: str, data: bytes, size: int | None = None) -> str:
    sink = volume.stage(staging_id, size=size)
    for at in range(0, len(data), 50_000):
        if not sink.push(data[at : at + 50_000]):
            sink.drain()
    digest = sink.finish()[1]
    volume.publish(staging_id, staging_id)
    return digest


@pytest.mark.parametrize("declared", [True, False])
@pytest.mark.parametrize("size", [*EDGES, (17 << 20) + 5])
def test_what_is_stored_is_read_by_both_readers(
    root: Path, sealed: Volume, reader: VaultReader, size: int, declared: bool
) -> None:
    data = sample(size)
    assert put(sealed, "file", data, size if declared else None) == blake3(data).hexdigest()
    source = sealed.open("file")
    assert (source.entry.size, source.blake3) == (size, blake3(data).hexdigest())
    assert source.read(0, size + 10) == data
    assert reader.file((root / "file").read_bytes()) == (data, blake3(data).digest())
    assert size < CHUNK or data[:1000] not in (root / "file").read_bytes()


def test_ranges_are_those_of_the_plain_bytes(sealed: Volume) -> None:
    data, dice = sample(300_000), random.Random(1)
    put(sealed, "file", data)
    source = sealed.open("file")
    for _ in range(200):
        offset, length = dice.randrange(310_000), dice.randrange(70_000)
        assert source.read(offset, length) == data[offset : offset + length]
    with pytest.raises(OSError, match="not supported") as refused:
        source.fileno()
    assert refused.value.errno == errno.EOPNOTSUPP


@pytest.mark.parametrize("size", EDGES)
def test_parts_in_order_with_any_cuts_make_the_same_file(
    root: Path, sealed: Volume, reader: VaultReader, size: int
) -> None:
    data, dice = sample(size), random.Random(size)
    cuts = sorted({dice.randrange(size + 1) for _ in range(5)} | {size})
    sealed.allocate("up", size=None if size % 2 else size)
    offset, spans = 0, b""
    for cut in cuts:
        part = sealed.part("up", offset=offset, spans=spans, whole=size)
        part.push(data[offset:cut])
        offset, spans, _ = part.end()
        assert offset == cut
        part.halt()
        del part
    entry, digest = sealed.seal("up", size=size, spans=spans)
    assert digest == blake3(data).hexdigest()
    sealed.publish("up", "file")
    assert reader.file((root / "file").read_bytes()) == (data, blake3(data).digest())
    assert entry.size == (root / "file").stat().st_size


def test_chunks_in_any_order_make_the_same_file(root: Path, sealed: Volume, reader: VaultReader) -> None:
    chunk, data = 1 << 20, sample((3 << 20) + 12_345)
    sealed.allocate("up", size=len(data))
    spans: dict[int, bytes] = {}
    for number in (2, 0, 3, 1):
        piece = data[number * chunk : (number + 1) * chunk]
        part = sealed.part("up", offset=number * chunk, length=len(piece), whole=len(data), check="blake3")
        part.push(piece)
        _, spans[number], check = part.end()
        assert check == blake3(piece).hexdigest()
        part.halt()
        del part
    _, digest = sealed.seal("up", size=len(data), spans=b"".join(spans[number] for number in sorted(spans)))
    assert digest == blake3(data).hexdigest()
    sealed.publish("up", "file")
    assert reader.file((root / "file").read_bytes())[0] == data


def test_a_repeat_may_not_differ_because_the_key_and_counter_would_be_used_twice(sealed: Volume) -> None:
    sealed.allocate("up", size=100_000)

    def send(data: bytes) -> tuple[int, bytes, str | None]:
        part = sealed.part("up", offset=0, spans=b"", whole=100_000)
        try:
            part.push(data)
            return part.end()
        finally:
            part.halt()

    send(b"a" * 50_000)
    assert send(b"a" * 70_000)[0] == 70_000
    with pytest.raises(OSError, match="Stale") as refused:
        send(b"b" * 50_000)
    assert refused.value.errno == errno.ESTALE


def test_many_small_files_are_encrypted_as_well(root: Path, sealed: Volume, reader: VaultReader) -> None:
    contents = [sample(size) for size in (0, 5, 20_000)]
    pieces = [(f"s{number}", len(content)) for number, content in enumerate(contents)]
    staged = sealed.stage_many(pieces, b"".join(contents))
    sealed.sync_many([staging_id for staging_id, _ in pieces])
    sealed.publish_many([(staging_id, staging_id, None) for staging_id, _ in pieces])
    for (staging_id, _), (_, digest), content in zip(pieces, staged, contents, strict=True):
        assert digest == blake3(content).hexdigest()
        assert reader.file((root / staging_id).read_bytes())[0] == content


@pytest.mark.parametrize("at", [0, 30, 60, 130, 4095, 4096, 4130, 4160, -1])
def test_a_changed_byte_is_noticed_when_the_file_is_opened(root: Path, sealed: Volume, at: int) -> None:
    put(sealed, "file", b"secret")
    raw = bytearray((root / "file").read_bytes())
    raw[at] ^= 1
    (root / "file").write_bytes(raw)
    with pytest.raises(OSError, match="Bad message") as refused:
        sealed.open("file")
    assert refused.value.errno == errno.EBADMSG


def test_a_file_cut_anywhere_is_never_opened(root: Path, sealed: Volume) -> None:
    put(sealed, "file", sample(2 * CHUNK + 9))
    raw = (root / "file").read_bytes()
    for length in (0, 4095, 4152, 4152 + 16, 4152 + 16_400, 4152 + 2 * 16_400, len(raw) - 1):
        (root / "file").write_bytes(raw[:length])
        with pytest.raises(OSError, match="Bad message"):
            sealed.open("file")


def test_other_keys_open_nothing(volume: Volume, sealed: Volume) -> None:
    put(sealed, "file", b"secret")
    for keys in (VaultKeys(bytes(16), ROOT, [(1, KEK)]), VaultKeys(VAULT, ROOT, [(2, KEK)])):
        with pytest.raises(OSError, match="rejected") as refused:
            volume.sealed(keys).open("file")
        assert refused.value.errno == errno.EKEYREJECTED
    with pytest.raises(OSError, match="Bad message") as refused:
        volume.sealed(VaultKeys(VAULT, ROOT, [(1, ROOT)])).open("file")
    assert refused.value.errno == errno.EBADMSG


def test_names_come_back_and_are_those_of_the_second_reader(keys: VaultKeys, reader: VaultReader) -> None:
    for name in ("a", "Größe.txt", "x" * 143):
        sealed = keys.seal_name(name)
        assert len(sealed) <= 255
        assert keys.open_names([sealed]) == [name]
        assert reader.name(sealed) == name
    assert keys.open_names(["vault.balu", "plain", ""]) == [None, None, None]
    with pytest.raises(ValueError, match="too long"):
        keys.seal_name("x" * 144)


def test_key_files_are_replaced_whole(volume: Volume) -> None:
    assert volume.keys("v1") is None
    volume.put_keys("v1", b"one")
    volume.put_keys("v1", b"two")
    assert volume.keys("v1") == b"two"
    volume.drop_keys("v1")
    volume.drop_keys("v1")
    assert volume.keys("v1") is None


def test_the_format_stays_what_it_was(root: Path, sealed: Volume, reader: VaultReader) -> None:
    """A file from the day the format was fixed: 20,000 bytes, each its offset modulo 251."""
    plain = bytes(index % 251 for index in range(20_000))
    (root / "golden").write_bytes(GOLDEN.read_bytes())
    source = sealed.open("golden")
    assert (source.read(0, 30_000), source.blake3) == (plain, blake3(plain).hexdigest())
    assert reader.file(GOLDEN.read_bytes())[0] == plain
    broken = bytearray(GOLDEN.read_bytes())
    broken[5000] ^= 1
    with pytest.raises(InvalidTag):
        reader.file(bytes(broken))
