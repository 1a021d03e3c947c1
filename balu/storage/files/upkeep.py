"""Chores: hashes of what was changed from outside, former contents that are kept long enough, the ledger."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from balu.kernel.errors import NotFoundError, UnavailableError
from balu.kernel.threads import Threads
from balu.kernel.unit import Env, open_unit
from balu.storage.files.events import FilesPurged
from balu.storage.files.intents import Intents
from balu.storage.files.models import RETIRED, FileRow, VersionRow
from balu.storage.files.rows import FileRows, differs
from balu.storage.volumes import QuotaService, Volumes, take_turn

KEEP_VERSIONS = 10
KEEP_AGE = timedelta(days=30)
BATCH = 200


@dataclass(frozen=True, slots=True)
class Hashed:
    """What one round of hashing did."""

    files: int = 0
    bytes: int = 0


class Upkeep:
    """Verbs of the nightly and quarter-hourly chores."""

    def __init__(self, env: Env) -> None:
        self._env = env
        self._threads = env.part(Threads)

    async def rehash(self, *, seconds: float) -> Hashed:
        """Read files without a hash until there are none, or *seconds* have passed."""
        loop = asyncio.get_running_loop()
        until, after, files, total = loop.time() + seconds, 0, 0, 0
        while loop.time() < until:
            query = (
                select(FileRow)
                .where(FileRow.kind == "file", FileRow.blake3.is_(None), FileRow.id > after)
                .order_by(FileRow.id)
                .limit(BATCH)
            )
            async with open_unit(self._env, writes=False) as unit:
                rows = (await unit.session.scalars(query)).all()
            if not rows:
                break
            for row in rows:
                after = row.id
                if loop.time() >= until:
                    break
                if await self._rehash_one(row):
                    files, total = files + 1, total + row.size
        return Hashed(files, total)

    async def _rehash_one(self, row: FileRow) -> bool:
        async with open_unit(self._env, writes=False) as unit:
            path = await FileRows(unit).path_of(row.id)
        if not path:
            return False
        try:
            core = (await self._env.part(Volumes).get(row.volume_id)).core
            entry, blake3 = await self._threads.run(core.hash, "/".join(step.name for step in path))
        except (OSError, UnavailableError, NotFoundError):
            return False  # gone, being written or offline: another round will see
        if differs(row, entry):
            return False  # whoever looks at it next adopts the change first
        async with open_unit(self._env) as unit:
            await take_turn(unit, row.owner_id)
            now = await unit.session.get(FileRow, row.id)
            if now is None or (now.rev, now.ino, now.updated_at) != (row.rev, row.ino, row.updated_at):
                return False
            if now.parent_id is None or await Intents(unit).holds(now.volume_id, now.parent_id, now.name):
                return False
            now.blake3 = blake3
        return True

    async def forget_retired(self) -> int:
        """Remove rows and versions of what was deleted from outside 30 days ago; returns bytes."""
        before = self._env.now() - KEEP_AGE
        query = select(FileRow).where(FileRow.trash_id == RETIRED, FileRow.updated_at < before)
        async with open_unit(self._env, writes=False) as unit:
            tops = (await unit.session.scalars(query.order_by(FileRow.id))).all()
        freed = 0
        for top in tops:
            try:
                freed += await self._forget(top)
            except UnavailableError:
                continue  # its disk is away; another round finds it again
        return freed

    async def _forget(self, top: FileRow) -> int:
        async with open_unit(self._env, writes=False) as unit:
            ids = await FileRows(unit).tree_ids(top.id)
            versions: list[VersionRow] = []
            for start in range(0, len(ids), BATCH):
                kept = select(VersionRow).where(VersionRow.file_id.in_(ids[start : start + BATCH]))
                versions += (await unit.session.scalars(kept)).all()
        for version in versions:
            core = (await self._env.part(Volumes).get(version.volume_id)).core
            await self._threads.run(core.drop_version, version.file_id, version.rev)
        async with open_unit(self._env) as unit:
            await take_turn(unit, top.owner_id)
            freed = await FileRows(unit).drop_versions([version.id for version in versions])
            await FileRows(unit).drop(ids)
            await QuotaService(unit).move(top.owner_id, versions=-freed)
            unit.outbox.publish(FilesPurged(owner_id=top.owner_id, file_ids=ids))
        return freed

    async def prune_versions(self) -> int:
        """Remove what is neither among a file's last ten versions nor younger than 30 days; returns bytes."""
        before = self._env.now() - KEEP_AGE
        newer = aliased(VersionRow)
        rank = (
            select(func.count())
            .where(newer.file_id == VersionRow.file_id, newer.rev > VersionRow.rev)
            .scalar_subquery()
        )
        query = select(VersionRow).where(VersionRow.created_at < before, rank >= KEEP_VERSIONS)
        async with open_unit(self._env, writes=False) as unit:
            old = (await unit.session.scalars(query.order_by(VersionRow.id))).all()
        freed = 0
        for version in old:
            try:
                core = (await self._env.part(Volumes).get(version.volume_id)).core
                await self._threads.run(core.drop_version, version.file_id, version.rev)
            except UnavailableError:
                continue
            async with open_unit(self._env) as unit:
                await take_turn(unit, version.owner_id)
                gone = await FileRows(unit).drop_versions([version.id])
                await QuotaService(unit).move(version.owner_id, versions=-gone)
                freed += gone
        return freed
