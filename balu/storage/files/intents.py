"""Intents: what is about to happen on the disk, written down first; they lock names and guide recovery."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from balu.kernel.lookup import instant
from balu.kernel.unit import Env, Unit, open_unit, persistently
from balu.storage.files.errors import BusyNameError
from balu.storage.files.models import INO_MASK, IntentRow, ReservationRow
from balu.storage.files.names import name_key
from balu.storage.volumes import QuotaService, has_turn, take_turn

LEASE = timedelta(seconds=60)
UPLOAD_LEASE = timedelta(hours=24)
PATIENCE_S = 2.0
"""How long a name that somebody else holds is waited for."""
KEPT = "kept"
"""Worker of reservations that outlive every process: their upload has a row and expires by itself."""
OVER = ("Z", "X")
"""States of a process that has ended (proc(5))."""
RESERVE = (
    "INSERT INTO reservation (staging_id, volume_id, owner_id, size, worker, lease_until) "
    "VALUES (:staging_id, :volume_id, :owner_id, :size, :worker, :lease) ON CONFLICT (staging_id) "
    "DO UPDATE SET size = reservation.size + excluded.size, lease_until = excluded.lease_until"
)
RELEASE = "DELETE FROM reservation WHERE staging_id = :staging_id RETURNING owner_id, size"
PAID_BY = IntentRow.plan["paid_by"].as_string()
"""Whose reservation a write uses that is one of a group."""
Name = tuple[int, int, str]
"""Volume id, parent id, name."""


class Intents:
    """The ``intent`` and ``reservation`` tables in one transaction."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._session = unit.session
        self._dialect = unit.session.get_bind().dialect.name

    async def open(self, op: str, op_id: str, names: Sequence[Name], plan: dict[str, Any]) -> None:
        """Lock *names* (the first one carries *op* and *plan*) until ``close``.

        Raises:
            BusyNameError: another intent holds one of them; nothing was locked once the Unit rolls back.
        """
        # Always in the same order, so that two moves in opposite directions cannot wait for each other.
        for index, name in sorted(enumerate(names), key=_order):
            if not await self.claim("hold" if index else op, op_id, name, {} if index else plan):
                raise BusyNameError(
                    "Somebody else is writing here. Try again in a moment.", headers={"retry-after": "2"}
                )

    async def claim(self, op: str, op_id: str, name: Name, plan: dict[str, Any]) -> bool:
        """``open`` for one name; False when somebody holds it."""
        make = postgresql.insert if self._dialect == "postgresql" else sqlite.insert
        volume_id, parent_id, text = name
        row = {
            "op_id": op_id, "op": op, "volume_id": volume_id, "parent_id": parent_id,
            "name_key": name_key(text), "worker": this_worker(), "lease_until": self._unit.now() + LEASE,
            "plan": plan,
        }  # fmt: skip
        query = make(IntentRow).values(row).on_conflict_do_nothing().returning(IntentRow.id)
        return await self._session.scalar(query) is not None

    async def close(self, op_id: str) -> bool:
        """Remove an intent of this process; False when recovery took it over."""
        query = delete(IntentRow).where(IntentRow.op_id == op_id, IntentRow.worker == this_worker())
        return bool((await self._session.execute(query)).rowcount)  # type: ignore[attr-defined]

    async def renew(self, op_id: str) -> None:
        """Say that work on an intent goes on."""
        query = update(IntentRow).where(IntentRow.op_id == op_id, IntentRow.worker == this_worker())
        await self._session.execute(query.values(lease_until=self._unit.now() + LEASE))

    async def leave(self, op_id: str) -> None:
        """Hand an intent over to recovery, which need not wait until its lease ends."""
        query = update(IntentRow).where(IntentRow.op_id == op_id, IntentRow.worker == this_worker())
        await self._session.execute(query.values(lease_until=self._unit.now()))

    async def note(self, op_id: str, trouble: str) -> None:
        """Write down why recovery could not settle an intent."""
        query = update(IntentRow).where(IntentRow.op_id == op_id, IntentRow.op != "hold")
        await self._session.execute(query.values(trouble=trouble))

    async def abandoned(self, *ops: str) -> list[IntentRow]:
        """Claim the intents of these kinds whose worker is gone or has stopped caring."""
        query = select(IntentRow).where(IntentRow.op.in_(ops)).order_by(IntentRow.id)
        rows = (await self._session.scalars(query)).all()
        now = self._unit.now()
        claimed: list[IntentRow] = []
        for row in rows:
            if row.lease_until > now and self._may_live(row.worker):
                continue
            claim = (
                update(IntentRow)
                .where(IntentRow.op_id == row.op_id, IntentRow.worker == row.worker)
                .values(worker=this_worker(), lease_until=now + LEASE)
                .execution_options(synchronize_session=False)
            )
            if (await self._session.execute(claim)).rowcount:  # type: ignore[attr-defined]
                claimed.append(row)
        return claimed

    async def reserve(
        self, volume_id: int, owner_id: int, staging_id: str, size: int, *, kept: bool = False
    ) -> None:
        """Take *size* more bytes of the owner's quota for something staged; *kept* until it is released.

        Raises:
            QuotaExceededError: they do not fit.
        """
        await QuotaService(self._unit).reserve(owner_id, size)
        row = {
            "staging_id": staging_id, "volume_id": volume_id, "owner_id": owner_id, "size": size,
            "worker": KEPT if kept else this_worker(),
            "lease": instant(self._unit.now() + UPLOAD_LEASE, is_sqlite=self._unit.is_sqlite),
        }  # fmt: skip
        await self._unit.sql(RESERVE, row)

    async def release(self, staging_id: str) -> None:
        """Give back what was reserved for something staged."""
        if not has_turn(self._unit):
            owner = select(ReservationRow.owner_id).where(ReservationRow.staging_id == staging_id)
            await take_turn(self._unit, await self._session.scalar(owner))
        for owner_id, size in await self._unit.sql(RELEASE, {"staging_id": staging_id}):
            await QuotaService(self._unit).move(owner_id, reserved=-size)

    async def keep_reserved(self, staging_id: str, size: int) -> None:
        """Give back all but *size* bytes of what was reserved for something staged."""
        mine = ReservationRow.staging_id == staging_id, ReservationRow.size > size
        row = await self._session.scalar(select(ReservationRow).where(*mine))
        if row is not None:
            await QuotaService(self._unit).move(row.owner_id, reserved=size - row.size)
            row.size = size

    async def release_spent(self, staging_id: str) -> None:
        """Give back what a group of writes had reserved, once none of them is open any more."""
        mine = IntentRow.op == "put", staging_id == PAID_BY
        if await self._session.scalar(select(IntentRow.id).where(*mine).limit(1)) is None:
            await self.release(staging_id)

    async def spend(self, parent_id: int, sizes: Mapping[tuple[str, int], int]) -> None:
        """Count as used what open writes have published already; *sizes* by name and inode."""
        query = select(IntentRow).where(IntentRow.op == "put", IntentRow.parent_id == parent_id)
        by_key = {(name_key(name), ino): size for (name, ino), size in sizes.items()}
        for intent in (await self._session.scalars(query.order_by(IntentRow.id))).all():
            size = by_key.get((intent.name_key, intent.plan["staged_ino"] & INO_MASK))
            if not size:
                continue
            mine = ReservationRow.staging_id == (intent.plan.get("paid_by") or intent.op_id)
            less = update(ReservationRow).where(mine, ReservationRow.size >= size)
            less = less.values(size=ReservationRow.size - size).execution_options(synchronize_session=False)
            owner_id = await self._session.scalar(less.returning(ReservationRow.owner_id))
            if owner_id is not None:
                await QuotaService(self._unit).move(owner_id, reserved=-size)

    async def left_over(self) -> list[ReservationRow]:
        """Reservations whose worker is gone and that no intent needs any more."""
        wanted = select(IntentRow.op_id).union(select(PAID_BY).where(PAID_BY.is_not(None)))
        query = select(ReservationRow).where(
            ReservationRow.staging_id.not_in(wanted), ReservationRow.worker != KEPT
        )
        now = self._unit.now()
        rows = (await self._session.scalars(query)).all()
        return [row for row in rows if row.lease_until <= now or not self._may_live(row.worker)]

    async def is_kept(self, staging_id: str) -> bool:
        """Whether what is staged belongs to an upload that outlives its requests."""
        query = select(ReservationRow.worker).where(ReservationRow.staging_id == staging_id)
        return await self._session.scalar(query) == KEPT

    async def has(self, op_id: str) -> bool:
        """Whether the intent is open."""
        return await self._session.scalar(select(IntentRow.id).where(IntentRow.op_id == op_id)) is not None

    async def holds(self, volume_id: int, parent_id: int, name: str) -> bool:
        """Whether something is about to happen to the name."""
        mine = (
            IntentRow.volume_id == volume_id, IntentRow.parent_id == parent_id,
            IntentRow.name_key == name_key(name),
        )  # fmt: skip
        return await self._session.scalar(select(IntentRow.id).where(*mine)) is not None

    async def in_use(self) -> set[str]:
        """Ids of everything staged that an intent or a reservation names."""
        ids = set((await self._session.scalars(select(IntentRow.op_id))).all())
        return ids | set((await self._session.scalars(select(ReservationRow.staging_id))).all())

    def _may_live(self, worker: str) -> bool:
        """Whether *worker* may still be running; an embedded database is never shared between machines."""
        boot, space, pid, started = (*worker.split("/"), "", "", "")[:4]
        my_boot, my_space, *_ = this_worker().split("/")
        if (boot, space) == (my_boot, my_space):
            return _started(pid) == started
        return self._dialect != "sqlite"


async def begin(
    env: Env,
    op: str,
    op_id: str,
    names: Sequence[Name],
    plan: dict[str, Any],
    *,
    check: Callable[[Unit], Awaitable[None]] | None = None,
) -> None:
    """``Intents.open`` in a Unit of its own; names that somebody holds are waited for, up to 2 s.

    What was seen before may be out of date afterwards: look again, or *check* in the same transaction.

    Raises:
        BusyNameError: they are still held.
    """
    loop = asyncio.get_running_loop()
    give_up_at = loop.time() + PATIENCE_S
    while True:
        try:
            await persistently(lambda: _open(env, op, op_id, names, plan, check))
        except BusyNameError:
            if loop.time() > give_up_at:
                raise
            await asyncio.sleep(0.05)
        else:
            return


async def _open(
    env: Env,
    op: str,
    op_id: str,
    names: Sequence[Name],
    plan: dict[str, Any],
    check: Callable[[Unit], Awaitable[None]] | None,
) -> None:
    async with open_unit(env) as unit:
        if check is not None:
            await check(unit)
        await Intents(unit).open(op, op_id, names, plan)


def _order(item: tuple[int, Name]) -> tuple[int, str]:
    _, (_, parent_id, name) = item
    return parent_id, name_key(name)


def this_worker() -> str:
    """Name of this process that no other process had since the machine started."""
    return _worker(os.getpid())


@lru_cache(maxsize=1)
def _worker(pid: int) -> str:
    boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    space = Path("/proc/self/ns/pid").readlink().name.strip("pid:[]")
    return f"{boot}/{space}/{pid}/{_started(str(pid))}"


def _started(pid: str) -> str:
    """Start time of a process in clock ticks since boot, empty when there is none that does anything.

    One that was killed stays in the list until its parent asks for it, which may take minutes; while a thread
    of it is still in a write, it is not over.
    """
    place = Path(f"/proc/{pid}")
    try:
        state, *figures = (
            (place / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        )
        if state in OVER and len(list((place / "task").iterdir())) <= 1:
            return ""
    except OSError:
        return ""
    return figures[18]
