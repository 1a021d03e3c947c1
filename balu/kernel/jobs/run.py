"""Running one job: claim its row, keep the lease alive, record what came of it."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import and_, exists, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased

from balu.kernel.errors import BaluError, UnavailableError
from balu.kernel.jobs.declare import Job, Jobs
from balu.kernel.jobs.models import CANCELLED, COMPLETED, FAILED, QUEUED, RUNNING, JobRow
from balu.kernel.live import tell
from balu.kernel.log import logger
from balu.kernel.outbox import Event
from balu.kernel.unit import Env, Unit, open_unit

LEASE = timedelta(seconds=45)
HEARTBEAT_S = 10.0
WATCH_S = 0.5
GRACE_S = 5.0
"""How long a running job may go on after its worker was asked to stop, before it goes back to the queue."""
PROGRESS_EVERY_S = 1.0
RETRY_S, MAX_RETRY_S = 30.0, 3600.0
log = logger("balu.jobs")


class JobQueued(Event, frozen=True):
    """A row waits for a worker; heard by the queue, which sends its number."""

    job_id: int
    priority: int


LIVE = "jobs"
"""Topic under which a person's browsers hear that one of their jobs changed: ``{"id": number}``."""


def tell_job(unit: Unit, job_id: int, owner_id: int | None) -> None:
    """Tell the owner's browsers; the server's own chores are nobody's news."""
    if owner_id is not None:
        tell(unit, LIVE, {"id": job_id}, user_id=owner_id)


class LostError(Exception):
    """The row belongs to another run now; whatever this one still does is not recorded."""


@dataclass(slots=True, kw_only=True)
class Run:
    """What a job function gets: the Env, its number, and ways to tell and ask."""

    env: Env
    id: int
    owner_id: int | None
    attempt: int
    _told: float = field(default=float("-inf"), repr=False)
    _asked: float = field(default=float("-inf"), repr=False)
    _cancelled: bool = field(default=False, repr=False)

    @asynccontextmanager
    async def unit(self, *, writes: bool = True) -> AsyncGenerator[Unit, None]:
        """One transaction of the job; keep it short and never hold it while bytes travel."""
        async with open_unit(self.env, writes=writes) as unit:
            yield unit

    async def progress(self, percent: float, message: str | None = None) -> None:
        """Show how far it is; written at most once a second, so call it as often as you like.

        Raises:
            LostError: this run has lost its lease, and another has begun.
        """
        now = asyncio.get_running_loop().time()
        if now - self._told < PROGRESS_EVERY_S:
            return
        self._told = now
        values: dict[str, Any] = {"progress": max(0, min(100, int(percent)))}
        if message is not None:
            values["message"] = message
        await self._touch(values)

    async def cancelled(self) -> bool:
        """Whether somebody wants it to end; look between steps, clean up and return.

        Costs one write at most once a second.
        """
        now = asyncio.get_running_loop().time()
        if not self._cancelled and now - self._asked >= PROGRESS_EVERY_S:
            self._asked = now
            await self.beat()
        return self._cancelled

    async def beat(self) -> None:
        """Extend the lease."""
        await self._touch({})

    async def _touch(self, values: dict[str, Any]) -> None:
        async with open_unit(self.env) as unit:
            change = (
                update(JobRow)
                .where(JobRow.id == self.id, JobRow.state == RUNNING, JobRow.attempts == self.attempt)
                .values(lease_until=unit.now() + LEASE, **values)
                .returning(JobRow.cancel_requested)
            )
            requested = (await unit.session.execute(change)).scalar_one_or_none()
            if requested is not None and "progress" in values:
                tell_job(unit, self.id, self.owner_id)
        if requested is None:
            raise LostError
        self._cancelled = self._cancelled or requested


async def enqueue(unit: Unit, job: Job, *, owner_id: int | None = None, **args: Any) -> int:
    """Store a run of *job* in the Unit and send it to a worker after the commit; returns its number."""
    return await store(unit, job, args, owner_id=owner_id)


async def store(
    unit: Unit,
    job: Job,
    args: dict[str, Any],
    *,
    owner_id: int | None = None,
    schedule_id: int | None = None,
    announce: bool = True,
) -> int:
    """As ``enqueue``, for callers that hold the arguments as a dictionary."""
    now = unit.now()
    plain = msgspec.to_builtins(args)
    row = JobRow(
        kind=job.name,
        args=plain,
        lane=job.lane_of(plain),
        priority=job.priority,
        max_attempts=job.max_attempts,
        owner_id=owner_id,
        schedule_id=schedule_id,
        created_at=now,
        not_before=now,
    )
    unit.session.add(row)
    await unit.session.flush()
    tell_job(unit, row.id, owner_id)
    if announce:
        unit.outbox.publish(JobQueued(job_id=row.id, priority=job.priority))
    return row.id


async def claim(env: Env, job_id: int) -> JobRow | None:
    """Take the row for this worker; None when it is taken, over, not due, or its lane is busy."""
    other = aliased(JobRow)
    busy = exists().where(and_(other.lane == JobRow.lane, other.state == RUNNING))
    try:
        async with open_unit(env) as unit:
            now = unit.now()
            change = (
                update(JobRow)
                .where(JobRow.id == job_id, JobRow.state == QUEUED, JobRow.not_before <= now)
                .where(or_(JobRow.lane.is_(None), ~busy))
                .values(
                    state=RUNNING,
                    attempts=JobRow.attempts + 1,
                    lease_until=now + LEASE,
                    started_at=now,
                    progress=0,
                    error=None,
                )
                .returning(JobRow)
            )
            row = (await unit.session.scalars(change)).one_or_none()
            if row is not None:
                tell_job(unit, row.id, row.owner_id)
            return row
    except IntegrityError:  # another worker took the lane between the question and the change
        return None


async def work(env: Env, job_id: int, stopping: Callable[[], bool] = lambda: False) -> None:
    """Run row *job_id* if it waits; every outcome is in the row afterwards."""
    row = await claim(env, job_id)
    if row is None:
        return
    job = env.part(Jobs).get(row.kind)
    if job is None:
        await _end(env, row, FAILED, error=f"This version has no job {row.kind}.")
        return
    run = Run(env=env, id=row.id, owner_id=row.owner_id, attempt=row.attempts)
    task = asyncio.create_task(_call(job, run, row.args), name=f"job-{row.id}")
    try:
        stopped = await _watch(task, run, stopping)
        if stopped:
            await _give_back(env, row)
        else:
            await _record(env, row, run, task)
    except LostError:
        log.warning("a run was lost to another worker", job_id=row.id, kind=row.kind)


async def _call(job: Job, run: Run, args: dict[str, Any]) -> Any:
    return await job.run(run, **args)


async def _watch(task: asyncio.Task[Any], run: Run, stopping: Callable[[], bool]) -> bool:
    """Wait for the job; True when it was interrupted because its worker stops."""
    loop = asyncio.get_running_loop()
    beat_at, stop_at = loop.time() + HEARTBEAT_S, None
    while not task.done():
        await asyncio.wait({task}, timeout=WATCH_S)
        now = loop.time()
        if stopping():
            stop_at = stop_at or now + GRACE_S
        overdue = stop_at is not None and now >= stop_at
        try:
            if now >= beat_at and not task.done():
                beat_at = now + HEARTBEAT_S
                await run.beat()
        except LostError:
            await _interrupt(task)
            raise
        except Exception:  # a database that is away must not kill the job; the lease outlives some beats
            log.exception("heartbeat failed", job_id=run.id)
        if overdue and not task.done():
            await _interrupt(task)
            return True
    return False


async def _interrupt(task: asyncio.Task[Any]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await asyncio.gather(task, return_exceptions=True)


async def _record(env: Env, row: JobRow, run: Run, task: asyncio.Task[Any]) -> None:
    error = task.exception() if not task.cancelled() else asyncio.CancelledError()
    if error is None:
        state = CANCELLED if run._cancelled else COMPLETED  # noqa: SLF001  the runner's own half of Run
        await _end(env, row, state, result=msgspec.to_builtins(task.result()))
        return
    if isinstance(error, LostError):
        raise error
    refused = isinstance(error, BaluError)
    if not refused:
        log.error("job failed", job_id=row.id, kind=row.kind, attempt=row.attempts, exc_info=error)
    sentence = error.detail if isinstance(error, BaluError) else f"Internal error ({type(error).__name__})."
    final = refused and not isinstance(error, UnavailableError)
    if run._cancelled:  # noqa: SLF001
        await _end(env, row, CANCELLED, error=sentence)
    elif final or row.attempts >= row.max_attempts:
        await _end(env, row, FAILED, error=sentence)
    else:
        delay = timedelta(seconds=min(RETRY_S * 2 ** (row.attempts - 1), MAX_RETRY_S))
        await _back(env, row, not_before=env.now() + delay, error=sentence)


async def _give_back(env: Env, row: JobRow) -> None:
    """Return the row to the queue as if this run had never begun; the next worker takes it."""
    await _back(env, row, not_before=env.now(), attempts=row.attempts - 1)


async def _back(env: Env, row: JobRow, *, not_before: datetime, **values: Any) -> None:
    await _move(env, row, state=QUEUED, lease_until=None, not_before=not_before, **values)


async def _end(env: Env, row: JobRow, state: str, *, result: Any = None, error: str | None = None) -> None:
    done = {"progress": 100} if state == COMPLETED else {}
    await _move(env, row, state=state, lease_until=None, result=result, error=error, **done)


async def _move(env: Env, row: JobRow, **values: Any) -> None:
    async with open_unit(env) as unit:
        if values["state"] != QUEUED:
            values["finished_at"] = unit.now()
        change = (
            update(JobRow)
            .where(JobRow.id == row.id, JobRow.state == RUNNING, JobRow.attempts == row.attempts)
            .values(**values)
            .returning(JobRow.id)
        )
        if (await unit.session.execute(change)).scalar_one_or_none() is None:
            raise LostError
        tell_job(unit, row.id, row.owner_id)
        if row.lane is not None:
            await announce_next(unit, row.lane)


async def announce_next(unit: Unit, lane: str) -> None:
    """Send the job that has waited longest for *lane*, which has just become free."""
    waiting = (
        select(JobRow.id, JobRow.priority)
        .where(JobRow.lane == lane, JobRow.state == QUEUED, JobRow.not_before <= unit.now())
        .order_by(JobRow.priority.desc(), JobRow.id)
        .limit(1)
    )
    for job_id, priority in await unit.session.execute(waiting):
        unit.outbox.publish(JobQueued(job_id=job_id, priority=priority))


async def run_now(env: Env, job: Job, *, owner_id: int | None = None, **args: Any) -> Any:
    """Run *job* here and return its result; the row is kept like any other.

    Raises:
        BaluError: what the job raised, or a sentence about how else it ended.
    """
    async with open_unit(env) as unit:
        job_id = await store(unit, job, args, owner_id=owner_id, announce=False)
    await work(env, job_id)
    async with open_unit(env, writes=False) as unit:
        row = await unit.session.get_one(JobRow, job_id)
    if row.state != COMPLETED:
        raise JobEndedError(row.error or f"The job is {row.state}.", job_id=job_id)
    return row.result


class JobEndedError(BaluError):
    """The job did not complete."""

    status, code = 409, "job-ended"
