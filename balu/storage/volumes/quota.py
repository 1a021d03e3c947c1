"""The quota ledger: space is taken by conditional UPDATE, never by check-then-act."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from balu.kernel.unit import Unit
from balu.storage.volumes.errors import QuotaExceededError
from balu.storage.volumes.limits import limit_of
from balu.storage.volumes.models import QuotaRow
from balu.storage.volumes.turns import take_turn

RESERVE = "UPDATE quota SET reserved_bytes = reserved_bytes + :size WHERE owner_id = :owner"
BELOW = " AND live_bytes + reserved_bytes + trash_bytes + :size <= :limit"
MOVE = (
    "UPDATE quota SET live_bytes = live_bytes + :live, reserved_bytes = reserved_bytes + :reserved, "
    "trash_bytes = trash_bytes + :trash, version_bytes = version_bytes + :versions WHERE owner_id = :owner"
)
CHANGED = " RETURNING owner_id"


@dataclass(frozen=True, slots=True)
class Usage:
    """Bytes of one owner; *limit* None means no limit. Versions do not count against it."""

    live: int = 0
    reserved: int = 0
    trash: int = 0
    versions: int = 0
    limit: int | None = None

    @property
    def used(self) -> int:
        """What counts against the limit."""
        return self.live + self.reserved + self.trash

    @property
    def available(self) -> int | None:
        """What may still be written, None without a limit."""
        return None if self.limit is None else max(0, self.limit - self.used)


class QuotaService:
    """The only way to the ``quota`` table."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    async def usage(self, owner_id: int) -> Usage:
        """What the ledger says; zeros for somebody who never wrote."""
        columns = (
            QuotaRow.live_bytes, QuotaRow.reserved_bytes, QuotaRow.trash_bytes, QuotaRow.version_bytes,
        )  # fmt: skip
        found = (
            await self._unit.session.execute(select(*columns).where(QuotaRow.owner_id == owner_id))
        ).one_or_none()
        live, reserved, trash, versions = found or (0, 0, 0, 0)
        return Usage(live, reserved, trash, versions, limit=await limit_of(self._unit, owner_id))

    async def check(self, owner_id: int, size: int) -> None:
        """Refuse early what ``reserve`` would refuse; nothing is taken.

        Raises:
            QuotaExceededError: *size* bytes do not fit.
        """
        usage = await self.usage(owner_id)
        if size > 0 and usage.available is not None and size > usage.available:
            raise _full(usage.available, usage.limit, size)

    async def fitting(self, owner_id: int, sizes: Sequence[int]) -> list[QuotaExceededError | None]:
        """Which of these fit, each after those before it that do: None, or why not. Nothing is taken."""
        usage = await self.usage(owner_id)
        left, refusals = usage.available, list[QuotaExceededError | None]()
        for size in sizes:
            if left is None or size <= left:
                left = None if left is None else left - size
                refusals.append(None)
            else:
                refusals.append(_full(left, usage.limit, size))
        return refusals

    async def reserve(self, owner_id: int, size: int) -> None:
        """Take *size* bytes for something on its way.

        Raises:
            QuotaExceededError: they do not fit; nothing was taken.
        """
        await take_turn(self._unit, owner_id)
        limit = await limit_of(self._unit, owner_id)
        claim = RESERVE + ("" if limit is None else BELOW) + CHANGED
        values = {"owner": owner_id, "size": size, **({} if limit is None else {"limit": limit})}
        if await self._unit.sql(claim, values):
            return
        await self._ensure(owner_id)
        if not await self._unit.sql(claim, values):
            usage = await self.usage(owner_id)
            raise _full(usage.available, usage.limit, size)

    async def move(
        self, owner_id: int, *, live: int = 0, reserved: int = 0, trash: int = 0, versions: int = 0
    ) -> None:
        """Add to (or take from) the parts of the ledger without looking at the limit."""
        if not (live or reserved or trash or versions):
            return
        await take_turn(self._unit, owner_id)
        change = {"owner": owner_id, "live": live, "reserved": reserved, "trash": trash, "versions": versions}
        if not await self._unit.sql(MOVE + CHANGED, change):
            await self._ensure(owner_id)
            await self._unit.sql(MOVE, change)

    async def correct(self, owner_id: int, counted: Usage) -> bool:
        """Write what a recount found, but for reservations; True when the ledger was wrong."""
        await take_turn(self._unit, owner_id)
        old = await self.usage(owner_id)
        if (old.live, old.trash, old.versions) == (counted.live, counted.trash, counted.versions):
            return False
        await self.move(
            owner_id,
            live=counted.live - old.live,
            trash=counted.trash - old.trash,
            versions=counted.versions - old.versions,
        )
        return True

    async def owners(self) -> list[int]:
        """Everybody who has a row."""
        return list(
            (await self._unit.session.scalars(select(QuotaRow.owner_id).order_by(QuotaRow.owner_id))).all()
        )

    async def _ensure(self, owner_id: int) -> None:
        dialect = self._unit.session.get_bind().dialect.name
        make = postgresql.insert if dialect == "postgresql" else sqlite.insert
        row = {
            "owner_id": owner_id,
            "live_bytes": 0,
            "reserved_bytes": 0,
            "trash_bytes": 0,
            "version_bytes": 0,
        }
        await self._unit.session.execute(make(QuotaRow).values(row).on_conflict_do_nothing())


def _full(left: int | None, limit: int | None, size: int) -> QuotaExceededError:
    return QuotaExceededError(
        f"This needs {size} bytes and {left or 0} are left of your quota. "
        "Empty the trash or delete something.",
        available_bytes=left or 0,
        quota_bytes=limit,
    )
