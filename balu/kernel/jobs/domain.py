"""The kernel's own domain: background jobs, the listener that sends them, and their commands."""

import asyncio
import fcntl
import os
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import rich_click as click

from balu.kernel.commands import command
from balu.kernel.config import Config
from balu.kernel.domain import Domain
from balu.kernel.events import on
from balu.kernel.jobs.controller import JobController, read
from balu.kernel.jobs.declare import Job, Jobs
from balu.kernel.jobs.queue import JobQueue
from balu.kernel.jobs.run import JobQueued, run_now
from balu.kernel.jobs.service import JobService
from balu.kernel.unit import Env, Unit, open_unit


def _parts(config: Config) -> Mapping[type, Any]:
    return {JobQueue: JobQueue(config)}


@on(JobQueued)
async def send_to_worker(event: JobQueued, unit: Unit) -> None:
    await unit.env.part(JobQueue).send(event.job_id, event.priority)


@command(
    "jobs list",
    click.option("--state", help="Only queued, running, completed, failed or cancelled ones."),
    click.option("--limit", type=click.IntRange(1, 200), default=20, show_default=True),
    database="there",
)
async def list_jobs(env: Env, state: str | None, limit: int) -> list[dict[str, Any]]:
    """Show background jobs, newest first."""
    async with open_unit(env, writes=False) as unit:
        rows, _ = await JobService(unit).list(None, states=(state,) if state else (), limit=limit)
    keys = ("id", "kind", "status", "progress", "attempts", "created_at", "finished_at", "message", "error")
    return [{key: getattr(read(row), key) for key in keys} for row in rows]


@command("jobs run", click.argument("name"), database="there")
async def run_job(env: Env, name: str) -> str:
    """Run the job NAME here and now."""
    result = await run_now(env, env.part(Jobs).named(name))
    return f"{name} is done" + (f": {result}" if result is not None else ".")


@command("jobs cancel", click.argument("job_id", type=int), database="there")
async def cancel_job(env: Env, job_id: int) -> str:
    """End a waiting job, or ask a running one to end."""
    async with open_unit(env) as unit:
        row = await JobService(unit).cancel(job_id, None)
    return f"Job {row.id} is {row.state}." if row.state == "cancelled" else f"Job {row.id} was asked to end."


async def run_startup(env: Env, jobs: Sequence[Job]) -> None:
    """Run *jobs* in order; of several processes that start at once, one after the other."""
    if not jobs:
        return
    async with _alone(env.part(Config)):
        for job in jobs:
            # A worker that died in such a job holds its lane until the lease ends; no start waits for that.
            await run_now(env, replace(job, lane=None))


@asynccontextmanager
async def _alone(config: Config) -> AsyncGenerator[None, None]:
    folder = config.data_dir / "run"
    folder.mkdir(parents=True, exist_ok=True)
    lock = os.open(folder / "startup.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        await asyncio.to_thread(fcntl.flock, lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


JOBS = Domain(
    name="jobs",
    controllers=(JobController,),
    listeners=(send_to_worker,),
    commands=(list_jobs, run_job, cancel_job),
    parts=_parts,
)
