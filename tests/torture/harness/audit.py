"""Compares disk and database of a Balu at rest: every difference in words, and what a person would see."""

from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from blake3 import blake3
from sqlalchemy import select

from balu.kernel.unit import Env, open_unit
from balu.storage.files import INO_MASK, FileRow, IntentRow, ReservationRow, VersionRow
from balu.storage.trash.models import TrashRow
from balu.storage.trash.recover import count
from balu.storage.uploads.models import UploadRow
from balu.storage.volumes import Mounted, QuotaService, Volumes

FOLDER = "folder"


@dataclass
class Seen:
    """What is where: paths from the volume's root, contents as BLAKE3 or ``folder``."""

    files: dict[str, str] = field(default_factory=dict)
    trash: dict[str, str] = field(default_factory=dict)
    """Former path to contents; of a tree, one digest of all names and contents."""
    versions: list[str] = field(default_factory=list)
    """Former contents, sorted."""
    wrong: list[str] = field(default_factory=list)
    """Differences between disk and rows."""


def digest(path: Path) -> str:
    return blake3(path.read_bytes()).hexdigest()


def walk(root: Path) -> dict[str, str]:
    """Everything below *root* but Balu's own folder."""
    found: dict[str, str] = {}
    for path in root.rglob("*"):
        name = str(path.relative_to(root))
        if name == ".balu" or name.startswith(".balu/"):
            continue
        found[name] = FOLDER if path.is_dir() else digest(path)
    return found


def tree_digest(path: Path) -> str:
    """One digest for a file, or for the names and contents of a tree."""
    if path.is_file():
        return digest(path)
    return blake3(repr(sorted(walk(path).items())).encode()).hexdigest()


async def look(env: Env, *, is_collected: bool = True) -> Seen:
    """Read everything twice, once from the disk and once from the rows, and compare.

    *is_collected*: nothing may be in staging but what uploads under way have there.
    """
    seen = Seen()
    for mounted in await env.part(Volumes).all():
        await _Volume(env, mounted, seen).look(is_collected=is_collected)
    async with open_unit(env, writes=False) as unit:
        intents = (await unit.session.scalars(select(IntentRow))).all()
        seen.wrong += [f"intent left open: {row.op} {row.plan}" for row in intents]
        reserved: dict[int, int] = defaultdict(int)
        for row in (await unit.session.scalars(select(ReservationRow))).all():
            reserved[row.owner_id] += row.size
        for owner in await QuotaService(unit).owners():
            usage, counted = await QuotaService(unit).usage(owner), await count(unit, owner)
            said = (usage.live, usage.trash, usage.versions, usage.reserved)
            is_so = (counted.live, counted.trash, counted.versions, reserved[owner])
            if said != is_so:
                seen.wrong.append(f"ledger of {owner} says {said}, rows say {is_so}")
    return seen


class _Volume:
    def __init__(self, env: Env, mounted: Mounted, seen: Seen) -> None:
        self._env, self._mounted, self._seen = env, mounted, seen
        self._root = Path(mounted.root)
        self._private = self._root / ".balu"

    def _wrong(self, text: str) -> None:
        self._seen.wrong.append(f"{self._mounted.name}: {text}")

    async def _rows(self, kind: Any) -> list[Any]:
        async with open_unit(self._env, writes=False) as unit:
            query = select(kind).where(kind.volume_id == self._mounted.id)
            return list((await unit.session.scalars(query)).all())

    async def look(self, *, is_collected: bool) -> None:
        on_disk = walk(self._root)
        self._seen.files |= on_disk
        rows = {row.id: row for row in await self._rows(FileRow)}
        trashed = {row.id: row for row in await self._rows(TrashRow)}
        self._names(on_disk, rows, trashed)
        self._trash(trashed)
        self._versions(await self._rows(VersionRow))
        uploads = {row.id for row in await self._rows(UploadRow) if row.status == "uploading"}
        for path in (self._private / "staging").iterdir():
            if is_collected and path.name not in uploads:
                self._wrong(f"staging/{path.name} belongs to nobody")

    def _names(self, on_disk: dict[str, str], rows: dict[int, FileRow], trashed: dict[int, TrashRow]) -> None:
        named: dict[str, FileRow] = {}
        for row in rows.values():
            parts, top = [row.name], row
            while top.parent_id is not None and top.parent_id in rows:
                top = rows[top.parent_id]
                parts.append(top.name)
            if top.parent_id is not None:
                self._wrong(f"row {row.id} ({row.name}) hangs below row {top.parent_id}, which is not there")
            elif top.trash_id is None:
                named["/".join(reversed(parts))] = row
            elif top.trash_id not in trashed:
                self._wrong(f"row {row.id} ({row.name}) is in a trash that is not there")
        for path in sorted(on_disk.keys() - named.keys()):
            if on_disk[path] != FOLDER:  # folders get their rows when somebody looks
                self._wrong(f"{path} has no row")
        for path in sorted(named.keys() - on_disk.keys()):
            self._wrong(f"{path} has a row and is not on the disk")
        for path in sorted(on_disk.keys() & named.keys()):
            row, stat = named[path], (self._root / path).stat()
            if on_disk[path] == FOLDER:
                continue
            said = (row.size, row.mtime_ns, row.ino, row.blake3)
            is_so = (stat.st_size, stat.st_mtime_ns, stat.st_ino & INO_MASK, on_disk[path])
            if said[:3] != is_so[:3] or said[3] not in {None, is_so[3]}:  # copies are hashed later
                self._wrong(f"{path}: the row says {said}, the disk {is_so}")

    def _trash(self, trashed: dict[int, TrashRow]) -> None:
        uids = {row.uid: row for row in trashed.values()}
        for path in (self._private / "trash").iterdir():
            if path.name not in uids:
                self._wrong(f"trash/{path.name} has no row: {sorted(item.name for item in path.iterdir())}")
        for uid, row in uids.items():
            item = self._private / "trash" / uid / "item"
            if not item.exists():
                self._wrong(f"trash/{uid} ({row.original_path}) is not on the disk")
            else:
                self._seen.trash[row.original_path] = tree_digest(item)

    def _versions(self, rows: list[VersionRow]) -> None:
        folder = self._private / "versions"
        there = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
        said = {f"{row.file_id}/{row.rev}": row for row in rows}
        for name in sorted(there.keys() ^ said.keys()):
            self._wrong(f"versions/{name} is only {'on the disk' if name in there else 'a row'}")
        for name in there.keys() & said.keys():
            contents = digest(there[name])
            self._seen.versions.append(contents)
            if said[name].blake3 not in {None, contents}:
                self._wrong(f"versions/{name} has other bytes than its row says")
        self._seen.versions.sort()
