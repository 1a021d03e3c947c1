"""The ``file`` table: find rows by path, take over what the disk shows, count trees."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Select, and_, bindparam, delete, func, literal, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import aliased

from balu.kernel.errors import BaluError
from balu.kernel.live import tell
from balu.kernel.threads import Threads
from balu.kernel.unit import Unit
from balu.storage.files.events import LIVE, Change, FileChanged
from balu.storage.files.facts import BATCH, JOIN_DEPTH
from balu.storage.files.intents import Intents
from balu.storage.files.models import INO_MASK, FileRow, GrantRow, JournalRow, VersionRow
from balu.storage.files.names import name_key
from balu.storage.files.seals import looks_sealed
from balu.storage.volumes import QuotaService, Volumes, take_turn
from balu_core import Entry


class FileRows:
    """Rows in one transaction. Names are as on the disk; who may see them was settled before."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._session = unit.session

    async def chain(self, top_id: int, parts: Sequence[str]) -> list[FileRow]:
        """The rows of *parts* below *top_id*, as far as there are any; one statement for 24 levels."""
        found: list[FileRow] = []
        for start in range(0, len(parts), JOIN_DEPTH):
            level = parts[start : start + JOIN_DEPTH]
            values = {f"p{index}": name for index, name in enumerate(level)}
            hit = (await self._session.execute(_chain(len(level)), {"top": top_id, **values})).one_or_none()
            rows = [row for row in hit or () if row is not None]
            found += rows
            if len(rows) < len(level):
                break
            top_id = rows[-1].id
        return found

    async def child(
        self, parent_id: int, name: str, *, lock: bool = False
    ) -> tuple[FileRow | None, list[FileRow]]:
        """The row of *name*, and those of other names that only differ in case or normalisation."""
        values = {"parent": parent_id, "key": name_key(name)}
        rows = (await self._session.scalars(LOCKED_CHILD if lock else CHILD, values)).all()
        exact = next((row for row in rows if row.name == name), None)
        return exact, [row for row in rows if row is not exact]

    async def get(self, file_id: int) -> FileRow | None:
        """One row by its id."""
        return await self._session.get(FileRow, file_id)

    async def owner_of(self, file_id: int) -> int | None:
        """Whose turn it takes to change the row; None when there is none. Loads nothing."""
        found: int | None = await self._session.scalar(select(FileRow.owner_id).where(FileRow.id == file_id))
        return found

    async def path_of(self, file_id: int) -> list[FileRow]:
        """The row and those above it, home first; empty when it, or a folder above it, is deleted."""
        up = select(FileRow.id, FileRow.parent_id, literal(0).label("height")).where(FileRow.id == file_id)
        tree = up.cte("up", recursive=True)
        above = select(FileRow.id, FileRow.parent_id, tree.c.height + 1).join(
            tree, FileRow.id == tree.c.parent_id
        )
        tree = tree.union_all(above)
        query = select(FileRow).join(tree, tree.c.id == FileRow.id).order_by(tree.c.height.desc())
        rows = list((await self._session.scalars(query)).all())
        if not rows or rows[0].parent_id is not None or rows[0].trash_id is not None:
            return []
        return rows

    async def paths_of(self, file_ids: Sequence[int]) -> list[list[FileRow]]:
        """``path_of`` for several at once, in their order; what is deleted is left out."""
        steps: dict[int, list[FileRow]] = {file_id: [] for file_id in file_ids}
        for start in range(0, len(file_ids), BATCH):
            part = FileRow.id.in_(file_ids[start : start + BATCH])
            up = select(FileRow.id.label("of"), FileRow.id, FileRow.parent_id, literal(0).label("height"))
            tree = up.where(part).cte("up", recursive=True)
            above = select(tree.c.of, FileRow.id, FileRow.parent_id, tree.c.height + 1)
            tree = tree.union_all(above.join(tree, FileRow.id == tree.c.parent_id))
            query = select(tree.c.of, FileRow).join(tree, tree.c.id == FileRow.id)
            for file_id, row in await self._session.execute(query.order_by(tree.c.height.desc())):
                steps[file_id].append(row)
        return [
            path for path in steps.values() if path and path[0].parent_id is None and path[0].trash_id is None
        ]

    async def folders_like(self, owner_id: int, ending: str) -> list[list[FileRow]]:
        """``path_of`` every folder of an owner whose name ends so."""
        query = select(FileRow.id).where(
            FileRow.owner_id == owner_id, FileRow.kind == "directory", FileRow.name_key.like(f"%{ending}")
        )
        return await self.paths_of((await self._session.scalars(query)).all())

    async def adopt(
        self, volume_id: int, owner_id: int, parent_id: int, entries: Iterable[Entry]
    ) -> dict[str, FileRow]:
        """Make the rows say what the disk shows for these names, and count outside changes in the ledger.

        A new name gets a row; other bytes raise the revision and forget the hashes. Returns rows by name.
        What a write of ours has just published is paid for already: its room is used, not reserved any more.
        """
        await take_turn(self._unit, owner_id)
        wanted = {entry.name: entry for entry in entries}
        known = await self._named(parent_id, list(wanted))
        missing = [
            _values(volume_id, owner_id, parent_id, entry)
            for name, entry in wanted.items()
            if name not in known
        ]
        live, taken = 0, dict[tuple[str, int], int]()
        for start in range(0, len(missing), BATCH):
            for new in await self._insert(missing[start : start + BATCH]):
                live += new.size
                known[new.name] = new
                taken[new.name, new.ino] = new.size
                self.note(new, "create")
        if len(known) < len(wanted):  # others were faster: their rows are there now
            known |= await self._named(parent_id, [name for name in wanted if name not in known])
        for name, entry in wanted.items():
            row = known.get(name)
            if row is not None and differs(row, entry) and not await self._is_passing(row, entry):
                live += entry.size - row.size
                taken[row.name, entry.ino & INO_MASK] = entry.size
                row.kind, row.size, row.mtime_ns = entry.kind, entry.size, entry.mtime_ns
                row.ino, row.blake3, row.sha256 = entry.ino & INO_MASK, None, None
                row.rev += 1
                self.note(row, "update")
        await QuotaService(self._unit).move(owner_id, live=live)
        if taken:
            await Intents(self._unit).spend(parent_id, taken)
        await self._session.flush()
        return known

    async def _is_passing(self, row: FileRow, entry: Entry) -> bool:
        """Whether only the time was another one, while the header of a vault's file was written again.

        Such a write opens its intent in a turn of the owner, so what the disk shows in this turn is lasting.
        """
        mine = (row.kind, row.size, row.ino) == (entry.kind, entry.size, entry.ino & INO_MASK)
        if not mine or not looks_sealed(row.name):
            return False
        if row.parent_id is None or await Intents(self._unit).holds(row.volume_id, row.parent_id, row.name):
            return True
        path = await self.path_of(row.id)
        try:
            core = (await self._unit.env.part(Volumes).get(row.volume_id)).core
            now = await self._unit.env.part(Threads).run(core.stat, "/".join(step.name for step in path))
        except (OSError, BaluError):
            return False
        return not differs(row, now)

    async def _named(self, parent_id: int, names: list[str]) -> dict[str, FileRow]:
        known: dict[str, FileRow] = {}
        for start in range(0, len(names), BATCH):
            part = names[start : start + BATCH]
            query = select(FileRow).where(FileRow.parent_id == parent_id, FileRow.name.in_(part))
            known |= {row.name: row for row in (await self._session.scalars(query)).all()}
        return known

    async def _insert(self, values: list[dict[str, Any]]) -> list[FileRow]:
        dialect = self._session.get_bind().dialect.name
        make = postgresql.insert if dialect == "postgresql" else sqlite.insert
        now = self._unit.now()
        stamped = [{**row, "created_at": now, "updated_at": now} for row in values]
        query = make(FileRow).on_conflict_do_nothing(index_elements=["parent_id", "name"]).returning(FileRow)
        return list((await self._session.scalars(query, stamped)).all())

    def note(self, row: FileRow, change: Change, *, left: int | None = None) -> None:
        """Write *change* into the journal and announce it; *left* is the folder where it was before."""
        self._session.add(
            JournalRow(file_id=row.id, owner_id=row.owner_id, op=change, rev=row.rev, at=self._unit.now())
        )
        self._unit.outbox.publish(
            FileChanged(file_id=row.id, owner_id=row.owner_id, change=change, rev=row.rev)
        )
        for folder_id in {row.parent_id, left} - {None}:
            tell(self._unit, LIVE, {"folder": folder_id}, user_id=row.owner_id)

    async def tree_size(self, top_id: int) -> int:
        """Bytes of the file, or of all files below the folder, as the rows know them."""
        tree = _below(top_id)
        total = await self._session.scalar(
            select(func.coalesce(func.sum(FileRow.size), 0)).join(tree, tree.c.id == FileRow.id)
        )
        return int(total or 0)

    async def tree_length(self, top_id: int) -> int:
        """How many rows there are: its own and those of everything below it."""
        query = select(func.count()).select_from(_below(top_id))
        return int(await self._session.scalar(query) or 0)

    async def tree_ids(self, top_id: int) -> list[int]:
        """The row's id and those of everything below it."""
        return list((await self._session.scalars(select(_below(top_id).c.id))).all())

    async def below(self, folder_ids: Sequence[int]) -> list[FileRow]:
        """Everything directly in these folders."""
        found: list[FileRow] = []
        for start in range(0, len(folder_ids), BATCH):
            query = select(FileRow).where(FileRow.parent_id.in_(folder_ids[start : start + BATCH]))
            found += (await self._session.scalars(query)).all()
        return found

    async def drop(self, ids: Sequence[int]) -> None:
        """Delete rows by id."""
        for start in range(0, len(ids), BATCH):
            part = ids[start : start + BATCH]
            await self._session.execute(delete(GrantRow).where(GrantRow.file_id.in_(part)))
            await self._session.execute(delete(FileRow).where(FileRow.id.in_(part)))

    async def drop_versions(self, ids: Sequence[int]) -> int:
        """Delete former contents; returns the bytes of those that nobody else had deleted."""
        freed = 0
        for start in range(0, len(ids), BATCH):
            gone = delete(VersionRow).where(VersionRow.id.in_(ids[start : start + BATCH]))
            freed += sum((await self._session.scalars(gone.returning(VersionRow.size))).all())
        return freed

    async def drop_tree_below(self, top_id: int) -> None:
        """Delete the rows below a folder, but not its own; the ledger gives their bytes back."""
        ids = [found for found in await self.tree_ids(top_id) if found != top_id]
        await self.drop(ids)

    async def insert_tree(
        self, volume_id: int, owner_id: int, top: FileRow, entries: Sequence[tuple[str, Entry]]
    ) -> int:
        """Rows for a tree that was just published, parents before children; returns their bytes."""
        ids = {"": top.id}
        live = 0
        by_parent: dict[str, list[Entry]] = {}
        for path, entry in entries:
            by_parent.setdefault(path.rpartition("/")[0], []).append(entry)
        for parent in sorted(by_parent, key=lambda path: path.count("/") + bool(path)):
            values = [_values(volume_id, owner_id, ids[parent], entry) for entry in by_parent[parent]]
            for start in range(0, len(values), BATCH):
                for row in await self._insert(values[start : start + BATCH]):
                    live += row.size
                    ids[f"{parent}/{row.name}" if parent else row.name] = row.id
                    self.note(row, "create")
        return live


# Built once: making a statement costs more than running it.
CHILD = select(FileRow).where(FileRow.parent_id == bindparam("parent"), FileRow.name_key == bindparam("key"))
LOCKED_CHILD = CHILD.with_for_update()


def differs(row: Any, entry: Entry) -> bool:
    """Whether somebody else changed what *row* describes; folders only by becoming something else."""
    if row.kind != entry.kind:
        return True
    if entry.kind == "directory":
        return False
    return (row.size, row.mtime_ns, row.ino) != (entry.size, entry.mtime_ns, entry.ino & INO_MASK)


def _values(volume_id: int, owner_id: int, parent_id: int, entry: Entry) -> dict[str, Any]:
    return {
        "volume_id": volume_id, "owner_id": owner_id, "parent_id": parent_id, "name": entry.name,
        "name_key": name_key(entry.name), "kind": entry.kind, "size": entry.size, "mtime_ns": entry.mtime_ns,
        "ino": entry.ino & INO_MASK, "rev": 1,
    }  # fmt: skip


@lru_cache(maxsize=JOIN_DEPTH)
def _chain(depth: int) -> Select[Any]:
    levels = [aliased(FileRow) for _ in range(depth)]
    query = select(*levels).where(levels[0].parent_id == bindparam("top"), levels[0].name == bindparam("p0"))
    for index in range(1, depth):
        above, this = levels[index - 1], levels[index]
        query = query.outerjoin(this, and_(this.parent_id == above.id, this.name == bindparam(f"p{index}")))
    return query


def _below(top_id: int) -> Any:
    tree = select(FileRow.id).where(FileRow.id == top_id).cte("below", recursive=True)
    return tree.union_all(select(FileRow.id).join(tree, FileRow.parent_id == tree.c.id))
