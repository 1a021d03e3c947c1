"""The minute's work: what is due becomes a job, what was lost comes back, what is old goes."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim
from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from balu.kernel.config import JobSettings
from balu.kernel.events import Dispatcher
from balu.kernel.jobs.declare import Job, Jobs
from balu.kernel.jobs.models import FAILED, OVER, QUEUED, RUNNING, JobRow, ScheduleRow
from balu.kernel.jobs.queue import JobQueue
from balu.kernel.jobs.run import announce_next, store
from balu.kernel.live import forget_old
from balu.kernel.log import logger
from balu.kernel.unit import Env, Unit, open_unit

RESEND_AFTER = timedelta(seconds=60)
RESEND_MOST = 500
MISSED_AFTER = timedelta(minutes=5)
"""A run this late counts as missed: nothing was there to begin it in time."""
log = logger("balu.jobs")


async def tick(env: Env) -> None:
    """Do all of it; any number of processes may, at the same time."""
    await begin_due(env)
    await recover_lost(env)
    await resend(env)
    await purge_history(env)
    async with open_unit(env) as unit:
        await forget_old(unit)
    await env.part(Dispatcher).deliver(env)


def next_run(cron: str, timezone: str, after: datetime) -> datetime:
    """The first instant after *after* that *cron* names in *timezone*; daylight saving is minded."""
    return next(CronSim(cron, after.astimezone(ZoneInfo(timezone)))).astimezone(UTC)


async def write_defaults(env: Env, jobs: Iterable[Job]) -> None:
    """Store the built-in schedule of each job that has none yet; what users changed stays."""
    scheduled = [job for job in jobs if job.schedule]
    if not scheduled:
        return
    async with open_unit(env) as unit:
        now = unit.now()
        dialect = postgresql if unit.session.get_bind().dialect.name == "postgresql" else sqlite
        for job in scheduled:
            assert job.schedule is not None
            row = {
                "name": job.name, "kind": job.name, "args": {}, "cron": job.schedule, "timezone": "UTC",
                "enabled": job.enabled, "built_in": True, "missed": job.missed, "created_at": now,
                "next_at": next_run(job.schedule, "UTC", now),
            }  # fmt: skip
            known = exists().where(ScheduleRow.name == job.name)
            if not await unit.session.scalar(select(known)):
                await unit.session.execute(dialect.insert(ScheduleRow).values(row).on_conflict_do_nothing())


async def begin_due(env: Env) -> list[int]:
    """Turn every due schedule into a job, once, however many ticks see it; returns the jobs' numbers."""
    async with open_unit(env, writes=False) as unit:
        due = select(ScheduleRow).where(ScheduleRow.enabled, ScheduleRow.next_at <= unit.now())
        rows = (await unit.session.scalars(due.order_by(ScheduleRow.id))).all()
    begun = []
    for row in rows:
        async with open_unit(env) as unit:
            job_id = await _begin(unit, row)
        if job_id is not None:
            begun.append(job_id)
    return begun


async def _begin(unit: Unit, row: ScheduleRow) -> int | None:
    now, job = unit.now(), unit.env.part(Jobs).get(row.kind)
    following = next_run(row.cron, row.timezone, now)
    mine = (
        update(ScheduleRow)
        .where(ScheduleRow.id == row.id, ScheduleRow.next_at == row.next_at, ScheduleRow.enabled)
        .values(next_at=following, last_at=now)
        .returning(ScheduleRow.id)
    )
    if (await unit.session.execute(mine)).scalar_one_or_none() is None:
        return None
    if job is None:
        log.warning("a schedule names a job that does not exist", schedule=row.name, kind=row.kind)
        return None
    if row.missed == "skip" and now - row.next_at > MISSED_AFTER:
        return None
    active = exists().where(JobRow.schedule_id == row.id, JobRow.state.in_((QUEUED, RUNNING)))
    if await unit.session.scalar(select(active)):
        return None  # the last run is still under way: a slow job must not pile up behind itself
    return await store(unit, job, row.args, schedule_id=row.id)


async def recover_lost(env: Env) -> int:
    """Send back the jobs whose worker is gone, or give them up after their last attempt."""
    async with open_unit(env) as unit:
        now = unit.now()
        lost = (JobRow.state == RUNNING, JobRow.lease_until < now)
        given_up = (
            update(JobRow)
            .where(*lost, JobRow.attempts >= JobRow.max_attempts)
            .values(state=FAILED, lease_until=None, finished_at=now, error="Its worker was lost too often.")
            .returning(JobRow.id, JobRow.lane)
        )
        ended = list(await unit.session.execute(given_up))
        back = (
            update(JobRow)
            .where(*lost)
            .values(state=QUEUED, lease_until=None, not_before=now)
            .returning(JobRow.id, JobRow.lane)
        )
        returned = list(await unit.session.execute(back))
        for lane in {lane for _, lane in (*ended, *returned) if lane is not None}:
            await announce_next(unit, lane)
    if ended or returned:
        log.warning("jobs came back from lost workers", returned=len(returned), given_up=len(ended))
    for job_id, _ in returned:
        await env.part(JobQueue).send(job_id)
    return len(returned)


async def resend(env: Env) -> int:
    """Send waiting jobs again when the queue holds fewer messages than there are jobs waiting."""
    async with open_unit(env, writes=False) as unit:
        now = unit.now()
        waits = (JobRow.state == QUEUED, JobRow.not_before <= now - RESEND_AFTER)
        # All waiting rows are counted: those of this minute have messages too, and would hide a lost one.
        queued = select(func.count()).select_from(JobRow).where(JobRow.state == QUEUED)
        if await env.part(JobQueue).waiting() >= (await unit.session.scalar(queued) or 0):
            return 0
        oldest = select(JobRow.id, JobRow.priority).where(*waits).order_by(JobRow.priority.desc(), JobRow.id)
        rows = list(await unit.session.execute(oldest.limit(RESEND_MOST)))
    for job_id, priority in rows:
        await env.part(JobQueue).send(job_id, priority)
    return len(rows)


async def purge_history(env: Env) -> int:
    """Forget jobs that ended more than ``jobs.history_days`` ago."""
    async with open_unit(env) as unit:
        oldest = unit.now() - timedelta(days=env.part(JobSettings).history_days)
        old = delete(JobRow).where(JobRow.state.in_(OVER), JobRow.finished_at < oldest)
        gone = (await unit.session.execute(old.returning(JobRow.id))).all()
    return len(gone)
