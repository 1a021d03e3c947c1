"""Turning a job's built-in schedule on and off, for domains whose page has a switch for it."""

from dataclasses import dataclass

from sqlalchemy import select

from balu.kernel.jobs.declare import Job
from balu.kernel.jobs.models import ScheduleRow
from balu.kernel.jobs.tick import next_run
from balu.kernel.unit import Unit


@dataclass(frozen=True, slots=True)
class ScheduleSwitch:
    """Whether a job runs by itself, and when (cron text)."""

    enabled: bool
    cron: str


async def read_switch(unit: Unit, job: Job) -> ScheduleSwitch:
    """As it is now; before the first worker has started, as the job declares it."""
    row = await _row(unit, job)
    if row is None:
        return ScheduleSwitch(job.enabled, job.schedule or "")
    return ScheduleSwitch(row.enabled, row.cron)


async def write_switch(unit: Unit, job: Job, wish: ScheduleSwitch) -> None:
    """Make it so; the next run follows from now on."""
    row, now = await _row(unit, job), unit.now()
    if row is None:
        row = ScheduleRow(
            name=job.name, kind=job.name, args={}, timezone="UTC", built_in=True, missed=job.missed,
            created_at=now,
        )  # fmt: skip
        unit.session.add(row)
    row.enabled, row.cron, row.next_at = wish.enabled, wish.cron, next_run(wish.cron, row.timezone, now)
    await unit.session.flush()


async def _row(unit: Unit, job: Job) -> ScheduleRow | None:
    query = select(ScheduleRow).where(ScheduleRow.name == job.name)
    return (await unit.session.scalars(query)).one_or_none()
