"""Delete into the trash, put back, remove for good."""

import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta

import msgspec
from sqlalchemy import ColumnElement, case, delete, func, select

from balu.identity.users import UserRow
from balu.kernel.caller import Caller
from balu.kernel.errors import InvalidError, MalformedError, UnavailableError
from balu.kernel.threads import Threads, finish
from balu.kernel.unit import Env, Unit, open_unit, persistently
from balu.storage.files import (
    BATCH,
    DOUBTFUL,
    BusyNameError,
    FileExistsHereError,
    FileNotFoundHereError,
    FileRow,
    FileRows,
    FilesPurged,
    Found,
    Home,
    IntentRow,
    Intents,
    OnConflict,
    Places,
    Right,
    Seals,
    Spot,
    VaultBoundaryError,
    VersionRow,
    Writer,
    begin,
    explained,
    split,
    to_stored,
    to_wire,
    told,
)
from balu.storage.trash.errors import TrashNotFoundError
from balu.storage.trash.models import TrashRow
from balu.storage.trash.record import RestorePlan, TrashPlan, record_restore, record_trash
from balu.storage.trash.settings import TrashSettings
from balu.storage.volumes import QuotaService, Volumes, take_turn

YOUNG = timedelta(hours=24)
"""Automatic purges spare anything younger."""


@dataclass(frozen=True, slots=True)
class Purged:
    """What a purge removed."""

    items: int = 0
    freed_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Sums:
    """What somebody's trash comes to: all that they see, and what of it is their own."""

    total: int
    size: int
    own_total: int
    own_size: int


class TrashService:
    """Verbs on deleted things; opens short Units of its own."""

    def __init__(self, env: Env) -> None:
        self._env = env
        self._threads = env.part(Threads)
        self._places = Places(env)

    async def delete_homes(self, owner_id: int) -> None:
        """Move every home of an account that is gone into the trash."""
        query = select(FileRow).where(
            FileRow.owner_id == owner_id, FileRow.parent_id.is_(None), FileRow.trash_id.is_(None)
        )
        async with open_unit(self._env, writes=False) as unit:
            rows = (await unit.session.scalars(query)).all()
        for row in rows:
            mounted = await self._env.part(Volumes).get(row.volume_id)
            home = Home(mounted, row.id, row.name, owner_id)
            with told(row.name):
                entry = await self._threads.run(home.core.stat, row.name)
            await finish(self._delete(Found(Spot(home, ()), entry, row)))

    async def delete(self, found: Found) -> TrashRow:
        """Move a file or tree into the trash by one rename.

        Raises:
            MalformedError: it is the home itself.
            BusyNameError: somebody is writing to this name.
        """
        if not found.spot.parts:
            raise MalformedError("Name what to delete; the home folder itself stays.")
        found.spot.need(Right.DELETE)
        item: TrashRow = await finish(self._delete(found))
        return item

    async def _delete(self, found: Found) -> TrashRow:
        spot, home, op_id = found.spot, found.spot.home, secrets.token_hex(16)
        core = home.core
        with told(spot.path):
            files, _, size = await self._threads.run(core.measure, spot.disk)
        keep = timedelta(days=self._env.part(TrashSettings).retention_days)
        plan = TrashPlan(
            uid=op_id, volume_id=home.mounted.id, owner_id=home.owner_id, file_id=found.row.id,
            parent_id=found.row.parent_id or 0, name=to_stored(found.entry.name), original_path=spot.own_path,
            kind=found.entry.kind, size=size, files=files, expires_at=self._env.now() + keep,
            vault_uid=None if spot.seal is None else spot.seal.vault_id,
        )  # fmt: skip
        name = (plan.volume_id, plan.parent_id, found.entry.name)
        await begin(self._env, "trash", op_id, [name], msgspec.to_builtins(plan))
        try:
            await self._places.check_unchanged(found)
        except BaseException:
            async with open_unit(self._env) as unit:
                await Intents(unit).close(op_id)
            raise
        origin = msgspec.json.encode({**msgspec.to_builtins(plan), "deleted_at": self._env.now()})
        await self._on_disk(op_id, spot, op_id, lambda: core.trash(spot.disk, op_id, origin=origin))
        return await persistently(lambda: self._record_trash(op_id, plan))

    async def _record_trash(self, op_id: str, plan: TrashPlan) -> TrashRow:
        async with open_unit(self._env) as unit:
            return await record_trash(unit, op_id, plan)

    async def _on_disk(self, op_id: str, spot: Spot, uid: str, call: Callable[[], object]) -> None:
        """Do it, or take the intent back; recovery decides when it may have been done nevertheless."""
        was_there = await self._is_trashed(spot, uid)
        try:
            await self._threads.run(call)
        except OSError as error:
            is_there = await self._is_trashed(spot, uid)
            is_left = error.errno in DOUBTFUL or is_there is None or is_there != was_there
            if not is_left and not was_there:  # a note of where it came from may be left
                with suppress(OSError):
                    await self._threads.run(spot.home.core.purge, uid)
            async with open_unit(self._env) as unit:
                await (Intents(unit).leave(op_id) if is_left else Intents(unit).close(op_id))
            raise explained(error, spot.path) from error

    async def _is_trashed(self, spot: Spot, uid: str) -> bool | None:
        """Whether the trash of the volume holds it, None when the disk does not say."""
        try:
            return await self._threads.run(spot.home.core.trashed, uid) is not None
        except OSError:
            return None

    async def list(
        self, caller: Caller, *, before: int | None, limit: int
    ) -> tuple[Sequence[TrashRow], Sums]:
        """Deleted things that the caller may put back, newest first, below id *before*; with their sums.

        Administrators also see those of accounts that are gone.
        """
        seen = (_in_reach(caller), TrashRow.purging.is_(False))
        query = select(TrashRow).where(*seen).order_by(TrashRow.id.desc()).limit(limit)
        if before is not None:
            query = query.where(TrashRow.id < before)
        async with open_unit(self._env, writes=False) as unit:
            rows = (await unit.session.scalars(query)).all()
            is_own = TrashRow.owner_id == caller.user_id
            parts = (case((is_own, 1), else_=0), case((is_own, TrashRow.size), else_=0))
            sums = [func.coalesce(func.sum(part), 0) for part in (TrashRow.size, *parts)]
            found = (await unit.session.execute(select(func.count(), *sums).where(*seen))).one()
        return rows, Sums(*map(int, found))

    async def get(self, caller: Caller, trash_id: int) -> TrashRow:
        """One of them; 404 also for somebody else's."""
        seen = (_in_reach(caller), TrashRow.purging.is_(False))
        query = select(TrashRow).where(TrashRow.id == trash_id, *seen)
        async with open_unit(self._env, writes=False) as unit:
            row = (await unit.session.scalars(query)).one_or_none()
        if row is None:
            raise TrashNotFoundError("This is not in the trash, or not any more.")
        return row

    async def restore(
        self,
        caller: Caller,
        trash_id: int,
        *,
        target_path: str | None = None,
        on_conflict: OnConflict = "fail",
    ) -> Found:
        """Put it back; missing folders on the way are made.

        What was of an account that is gone comes among the caller's own files, and is theirs from then on.

        Raises:
            FileExistsHereError: the place is taken and *on_conflict* is not ``rename``.
        """
        item = await self.get(caller, trash_id)
        home = await self._places.home(caller, item.volume_id)
        if item.owner_id != caller.user_id:
            if item.vault_uid is not None:
                raise VaultBoundaryError("It lay in a vault, which opened for its owner alone. Delete it.")
            target_path = target_path or to_wire(item.name)
        parts = split(target_path) if target_path else (*split(item.original_path)[:-1], item.name)
        seal = await self._env.part(Seals).of(home, parts)
        is_locked = seal is not None and seal.opened is None
        spot = Spot(home if is_locked else replace(home, seal=seal), parts)
        if item.vault_uid and item.vault_uid != (seal and seal.vault_id) and not target_path:
            raise VaultBoundaryError("Its vault is not where it was. Put the vault back there first.")
        if target_path:
            spot = await self._places.target(home, target_path)
            if spot.home.file_id != home.file_id:
                raise InvalidError(
                    "Put it back among your own files first, then move it.", field="target_path"
                )
            former: str | None = item.vault_uid
            if item.owner_id == caller.user_id:
                before = await self._places.spot(home, item.original_path)
                former = None if before.seal is None else before.seal.vault_id
            if former != (spot.seal and spot.seal.vault_id):
                raise VaultBoundaryError("Put it back where it was, then move it.")
        parent = await Writer(self._env).folder(spot.parent, make=True)
        place, number = spot, 0
        while True:
            try:
                await self._refuse_taken(place)
                found: Found = await finish(self._restore(item, place, parent))
            except FileExistsHereError:
                if on_conflict != "rename" or is_locked:  # another name could not be encrypted
                    raise
                number += 1
                place = spot.numbered(number)
            else:
                return found

    async def _refuse_taken(self, place: Spot) -> None:
        if await self._places.stat(place) is not None:
            raise FileExistsHereError(f"{place.path!r} exists already. Choose another place.")

    async def put_back(self, found: Found, trash_id: int) -> None:
        """Give what was just deleted its name again.

        Raises:
            FileExistsHereError, BusyNameError: something else has it, or may have it.
        """
        async with open_unit(self._env, writes=False) as unit:
            item = await unit.session.get(TrashRow, trash_id)
        if item is not None:
            await self._restore(item, found.spot, await self._places.find(found.spot.parent))

    async def _restore(self, item: TrashRow, place: Spot, parent: Found) -> Found:
        op_id, home = secrets.token_hex(16), place.home
        plan = RestorePlan(
            uid=item.uid, volume_id=item.volume_id, owner_id=item.owner_id, file_id=item.file_id,
            parent_id=parent.row.id, name=to_stored(place.name),
            heir_id=None if home.owner_id == item.owner_id else home.owner_id,
        )  # fmt: skip
        name = (plan.volume_id, plan.parent_id, place.name)
        wish = msgspec.to_builtins(plan)
        await begin(self._env, "restore", op_id, [name], wish, check=lambda unit: _claim(unit, item))
        await self._on_disk(op_id, place, item.uid, lambda: home.core.restore(item.uid, place.disk))
        await persistently(lambda: self._record_restore(op_id, plan))
        return await self._places.find(place)

    async def _record_restore(self, op_id: str, plan: RestorePlan) -> None:
        async with open_unit(self._env) as unit:
            await record_restore(unit, op_id, plan)

    async def purge(self, owner_id: int) -> Purged:
        """Remove all of an owner's deleted things for good."""
        query = select(TrashRow.id).where(TrashRow.owner_id == owner_id, TrashRow.purging.is_(False))
        async with open_unit(self._env, writes=False) as unit:
            ids = list((await unit.session.scalars(query)).all())
        return await self.purge_each(ids)

    async def purge_one(self, caller: Caller, trash_id: int) -> Purged:
        """Remove one of them for good.

        Raises:
            TrashNotFoundError: it is not there.
            BusyNameError: it is being put back.
        """
        await self.get(caller, trash_id)
        done = await self.purge_each([trash_id])
        if not done.items:
            await self.get(caller, trash_id)
            raise BusyNameError("It is being put back.", headers={"retry-after": "2"})
        return done

    async def purge_each(self, trash_ids: Sequence[int]) -> Purged:
        """Remove these for good, one after the other; each is hidden first, so a crash only delays it.

        What is being put back at that moment is left out.
        """
        items = freed = 0
        for trash_id in trash_ids:
            async with open_unit(self._env) as unit:
                item = await unit.session.get(TrashRow, trash_id, with_for_update=True)
                if item is not None and await _is_restored(unit, item):
                    item = None
                if item is not None:
                    item.purging = True
            if item is not None:
                freed += await self._purge(item)
                items += 1
        return Purged(items, freed)

    async def _purge(self, item: TrashRow) -> int:
        core = (await self._env.part(Volumes).get(item.volume_id)).core
        with told(item.original_path):
            await self._threads.run(core.purge, item.uid)
        async with open_unit(self._env, writes=False) as unit:
            ids = await FileRows(unit).tree_ids(item.file_id)
            versions: list[VersionRow] = []
            for start in range(0, len(ids), BATCH):
                part = select(VersionRow).where(VersionRow.file_id.in_(ids[start : start + BATCH]))
                versions += (await unit.session.scalars(part)).all()
        for version in versions:  # a file that changed its volume left them behind
            there = (await self._env.part(Volumes).get(version.volume_id)).core
            with told(item.original_path):
                await self._threads.run(there.drop_version, version.file_id, version.rev)
        async with open_unit(self._env) as unit:
            await take_turn(unit, item.owner_id)
            gone = await unit.session.scalar(
                delete(TrashRow).where(TrashRow.id == item.id).returning(TrashRow.size)
            )
            if gone is None:
                return 0
            kept = await FileRows(unit).drop_versions([version.id for version in versions])
            await FileRows(unit).drop(ids)
            await QuotaService(unit).move(item.owner_id, trash=-item.size, versions=-kept)
            unit.outbox.publish(FilesPurged(owner_id=item.owner_id, file_ids=ids))
        return item.size + kept

    async def purge_expired(self) -> Purged:
        """Remove what is past its time, and finish purges that were interrupted."""
        now = self._env.now()
        due = select(TrashRow.id).where(
            TrashRow.purging | ((TrashRow.expires_at <= now) & (TrashRow.deleted_at <= now - YOUNG))
        )
        async with open_unit(self._env, writes=False) as unit:
            ids = list((await unit.session.scalars(due.order_by(TrashRow.id))).all())
        items = freed = 0
        for trash_id in ids:
            try:
                done = await self.purge_each([trash_id])
            except UnavailableError:  # its disk is away; the next round finds it again
                continue
            items, freed = items + done.items, freed + done.freed_bytes
        return Purged(items, freed)

    async def delete_path(self, caller: Caller, path: str, volume_id: int | None = None) -> TrashRow | None:
        """Delete what the caller means by *path*: a path, or the id of something where no such path exists.

        None when there is nothing, which is what a delete is for.
        """
        home: Home = await self._places.home(caller, volume_id)
        spot = await self._places.spot(home, path)
        try:
            return await self.delete(await self._places.find(spot))
        except FileNotFoundHereError:
            if not (path.isascii() and path.isdigit()):
                return None
        try:
            return await self.delete(await self._places.by_id(caller, int(path)))
        except FileNotFoundHereError:
            return None


def _in_reach(caller: Caller) -> ColumnElement[bool]:
    """What the caller may see, put back and remove."""
    own = TrashRow.owner_id == caller.user_id
    if not caller.at_least("admin"):
        return own
    return own | TrashRow.owner_id.not_in(select(UserRow.id))


async def _claim(unit: Unit, item: TrashRow) -> None:
    """Refuse what a purge or another restore has got hold of; whoever comes later sees the intent.

    Raises:
        TrashNotFoundError: it is gone, or about to go.
        BusyNameError: it is being put back already.
    """
    row = await unit.session.get(TrashRow, item.id, with_for_update=True)
    if row is None or row.purging:
        raise TrashNotFoundError("This is not in the trash, or not any more.")
    if await _is_restored(unit, row):
        raise BusyNameError("It is being put back already.", headers={"retry-after": "2"})


async def _is_restored(unit: Unit, item: TrashRow) -> bool:
    """Whether a restore of it has begun; the caller holds its row, so that none begins meanwhile."""
    query = select(IntentRow.plan).where(IntentRow.op == "restore", IntentRow.volume_id == item.volume_id)
    return any(plan.get("uid") == item.uid for plan in (await unit.session.scalars(query)).all())
