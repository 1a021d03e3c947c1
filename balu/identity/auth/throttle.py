"""Counting wrong attempts in the database, where a restart or a lost cache cannot reset them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import case, delete, literal, select, update
from sqlalchemy.dialects import postgresql, sqlite

from balu.identity.auth.errors import PausedError
from balu.identity.auth.keys import Keys
from balu.identity.auth.models import INSTANT, AttemptRow
from balu.identity.auth.settings import AuthSettings
from balu.kernel.unit import Env, Unit, open_unit


@dataclass(frozen=True, slots=True)
class Gate:
    """Something that may be attempted *limit* times before a pause."""

    what: str
    limit: int


class Throttle:
    """An attempt is counted before it is made, so that many at once gain nothing."""

    def __init__(self, env: Env) -> None:
        self._env = env
        self._settings = env.part(AuthSettings)
        self._key = env.part(Keys)

    def attempt(self, purpose: str, name: str, address: str) -> tuple[Gate, ...]:
        """Gates of an attempt from afar: the name from this address, and the address."""
        return (
            Gate(f"{purpose}\0{name.casefold()}\0{address}", self._settings.failures),
            Gate(f"{purpose} address\0{address}", self._settings.failures_per_address),
        )

    def name(self, purpose: str, name: str) -> tuple[Gate, ...]:
        """The gate of an attempt on a name that may belong to nobody, from wherever."""
        return (Gate(f"{purpose}\0{name.casefold()}", self._settings.failures),)

    def account(self, purpose: str, user_id: int) -> tuple[Gate, ...]:
        """The gate of an attempt on a known account, from wherever."""
        return (Gate(f"{purpose}\0{user_id}", self._settings.failures),)

    async def enter(self, gates: Sequence[Gate]) -> None:
        """Count one attempt.

        Raises:
            PausedError: too many before this one; it says when to come back, and nothing was tried.
        """
        async with open_unit(self._env) as unit:
            now = unit.now()
            pause = timedelta(minutes=self._settings.pause_minutes)
            for gate in gates:
                attempts = await self._count(unit, gate, pause)
                if attempts > gate.limit:
                    row = await unit.session.scalar(
                        select(AttemptRow.until).where(AttemptRow.digest == self._digest(gate))
                    )
                    wait_s = max(1, round(((row or now + pause) - now).total_seconds()))
                    # Raising would undo the count of the other gates, which is right: nothing is tried.
                    raise PausedError(
                        f"Too many wrong attempts. Try again in {max(1, wait_s // 60)} min.",
                        retry_after_s=wait_s,
                    )

    async def forgive(self, gates: Sequence[Gate]) -> None:
        """Forget the attempt that went right; the first gate's earlier ones too."""
        async with open_unit(self._env) as unit:
            first, *others = gates
            await unit.session.execute(delete(AttemptRow).where(AttemptRow.digest == self._digest(first)))
            for gate in others:
                await unit.session.execute(
                    update(AttemptRow)
                    .where(AttemptRow.digest == self._digest(gate), AttemptRow.attempts > 0)
                    .values(attempts=AttemptRow.attempts - 1)
                )

    async def _count(self, unit: Unit, gate: Gate, pause: timedelta) -> int:
        make = postgresql.insert if unit.session.get_bind().dialect.name == "postgresql" else sqlite.insert
        now = unit.now()
        fresh = make(AttemptRow).values(digest=self._digest(gate), attempts=1, until=now + pause)
        over = AttemptRow.until <= now
        # Counting goes on until the limit; from then on the pause runs out without being prolonged.
        starting = AttemptRow.attempts < gate.limit
        counted = fresh.on_conflict_do_update(
            index_elements=["digest"],
            set_={
                "attempts": case((over, 1), else_=AttemptRow.attempts + 1),
                "until": case((over | starting, literal(now + pause, INSTANT)), else_=AttemptRow.until),
            },
        ).returning(AttemptRow.attempts)
        attempts: int = (await unit.session.execute(counted)).scalar_one()
        return attempts

    def _digest(self, gate: Gate) -> bytes:
        return self._key.digest("attempts v1", gate.what)


async def forget_old_attempts(unit: Unit) -> None:
    """Delete counts that are over."""
    await unit.session.execute(delete(AttemptRow).where(AttemptRow.until <= unit.now()))
