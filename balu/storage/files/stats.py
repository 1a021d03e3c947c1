"""Totals of one owner, and which names are taken."""

from collections import Counter
from collections.abc import Sequence

from sqlalchemy import func, select

from balu.kernel.caller import Caller
from balu.kernel.errors import UnsafePathError
from balu.kernel.unit import Env, open_unit
from balu.storage.files.items import mime_of, moment
from balu.storage.files.models import FileRow
from balu.storage.files.names import from_wire, split
from balu.storage.files.places import Spot
from balu.storage.files.schemas import Duplicate, FileStats, TypeTotal
from balu.storage.files.seals import plain_size
from balu.storage.files.service import FileService
from balu.storage.volumes import QuotaService

TOP = 10
AT_ONCE = 5000


async def check_exists(files: FileService, folder: Spot, names: Sequence[str]) -> list[Duplicate]:
    """Those of *names* (each may hold slashes) that exist below *folder*, in the order asked for."""
    found: list[Duplicate] = []
    for name in names:
        try:
            spot = folder.child(*(from_wire(part) or part for part in split(name)))
            entry = await files.places.stat(spot)
        except UnsafePathError:
            continue  # nothing has such a name; who tries to give it is told why
        if entry is None:
            continue
        row = await files.places.row_of(spot, entry)
        found.append(
            Duplicate(
                filename=name,
                size_bytes=entry.size if spot.seal is None else plain_size(entry.size),
                modified_at=moment(entry.mtime_ns),
                checksum=row.sha256,
            )
        )
    return found


async def stats(env: Env, caller: Caller) -> FileStats:
    """What the rows know about one owner's files, trash aside."""
    mine = (FileRow.owner_id == caller.user_id, FileRow.trash_id.is_(None))
    async with open_unit(env, writes=False) as unit:
        kinds = await unit.session.execute(
            select(FileRow.kind, func.count(), func.coalesce(func.sum(FileRow.size), 0))
            .where(*mine, FileRow.parent_id.is_not(None))
            .group_by(FileRow.kind)
        )
        totals = {kind: (count, int(size)) for kind, count, size in kinds}
        largest = (
            select(FileRow.id).where(*mine, FileRow.kind == "file").order_by(FileRow.size.desc()).limit(TOP)
        )
        top = list((await unit.session.scalars(largest)).all())
        usage = await QuotaService(unit).usage(caller.user_id)
        counts: Counter[str] = Counter()
        sizes: Counter[str] = Counter()
        page = select(FileRow.id, FileRow.name, FileRow.size).where(*mine, FileRow.kind == "file")
        page, after = page.order_by(FileRow.id).limit(AT_ONCE), 0
        while True:
            part = (await unit.session.execute(page.where(FileRow.id > after))).all()
            for _, name, size in part:
                family = (mime_of(name, "file") or "other").partition("/")[0]
                counts[family] += 1
                sizes[family] += size
            if len(part) < AT_ONCE:
                break
            after = part[-1].id
    files = FileService(env, caller)
    shown = [files.item(found) for found in await files.places.find_all(caller, top)]
    count, size = totals.get("file", (0, 0))
    return FileStats(
        total_files=count, total_folders=totals.get("directory", (0, 0))[0], total_size=size, top_files=shown,
        by_type=[TypeTotal(type=kind, files=counts[kind], size=sizes[kind]) for kind in sorted(counts)],
        trash_size=usage.trash,
    )  # fmt: skip
