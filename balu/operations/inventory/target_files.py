"""Targets as files that Prometheus reads (file_sd): written whole or not at all, only where they differ."""

import fcntl
import io
import os
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import msgspec

from balu.kernel.errors import UnavailableError
from balu.operations.inventory.prometheus import ALERTS, BLACKBOX, file_config
from balu.operations.inventory.targets import DIRECTORIES, Files, TargetGroup
from balu.operations.inventory.words import DEVICE_TYPES

Format = Literal["yaml", "json"]
ENDINGS = {"yaml": "yml", "json": "json"}
STAMP = (1980, 1, 1, 0, 0, 0)
"""Time of files in a ZIP: the same inventory makes the same bytes."""


class Exported(msgspec.Struct, kw_only=True):
    """What writing did to the folder, in files."""

    written: int
    removed: int
    skipped: int
    """Those that were the same already."""
    directory: str


def render(groups: Files, file_format: Format) -> dict[str, bytes]:
    """Every file by its path below the folder, a ready configuration and alert rules included."""
    write = _yaml if file_format == "yaml" else _json
    ending = ENDINGS[file_format]
    files = {
        f"{directory}/{device_type}.{ending}": write(found)
        for (directory, device_type), found in sorted(groups.items())
    }
    fixed = {"prometheus.yml": file_config(), "alerts.yml": ALERTS, "blackbox.yml": BLACKBOX}
    return {**files, **{name: text.encode() for name, text in fixed.items()}}


def zipped(files: Mapping[str, bytes]) -> bytes:
    """*files* as a ZIP."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            info = zipfile.ZipInfo(name, STAMP)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, data)
    return out.getvalue()


def write_files(folder: Path, files: Mapping[str, bytes], *, make: bool) -> Exported:
    """Bring *folder* to exactly *files*; of what else lies there only our own old files are removed.

    Raises:
        UnavailableError: the folder is not there and *make* is off, or it cannot be written.
    """
    try:
        if make:
            folder.mkdir(parents=True, exist_ok=True)
        with _alone(folder):
            written = sum(_replace(folder / name, data) for name, data in files.items())
            stale = [folder / name for name in _ours() if name not in files and (folder / name).is_file()]
            for path in stale:
                path.unlink()
    except OSError as error:
        raise UnavailableError(
            f"{folder} cannot be written: {error.strerror}. Mount it, or change inventory.targets_dir."
        ) from error
    return Exported(written=written, removed=len(stale), skipped=len(files) - written, directory=str(folder))


def _ours() -> Iterator[str]:
    """Every path a file of targets can have; nothing else is ever removed."""
    for directory in DIRECTORIES:
        for device_type in DEVICE_TYPES:
            for ending in ENDINGS.values():
                yield f"{directory}/{device_type}.{ending}"


def _replace(path: Path, data: bytes) -> bool:
    if path.is_file() and path.read_bytes() == data:
        return False
    path.parent.mkdir(exist_ok=True)
    # A name that no pattern of Prometheus matches, in the same folder so that the rename is atomic.
    draft = path.with_name(f".{path.name}.new")
    with draft.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    return True


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    lock = os.open(folder / ".balu.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _json(groups: list[TargetGroup]) -> bytes:
    return msgspec.json.format(msgspec.json.encode(groups), indent=2) + b"\n"


def _yaml(groups: list[TargetGroup]) -> bytes:
    """Block YAML whose scalars are JSON strings, which every YAML parser reads as double-quoted text."""
    lines: list[str] = []
    for group in groups:
        lines.append("- targets:")
        lines += [f"    - {_scalar(target)}" for target in group.targets]
        lines.append("  labels:")
        lines += [f"    {name}: {_scalar(value)}" for name, value in group.labels.items()]
    return ("\n".join(lines) + "\n").encode()


def _scalar(text: str) -> str:
    return msgspec.json.encode(text).decode().replace("\x7f", "\\u007f")
