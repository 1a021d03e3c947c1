"""Background jobs: rows that a person can see, run by workers that may die."""

from balu.kernel.jobs.controller import read
from balu.kernel.jobs.declare import Job, JobNotFoundError, Jobs, job
from balu.kernel.jobs.domain import JOBS, run_startup
from balu.kernel.jobs.models import JobRow, ScheduleRow
from balu.kernel.jobs.queue import JobQueue
from balu.kernel.jobs.run import JobEndedError, JobQueued, Run, enqueue, run_now
from balu.kernel.jobs.schemas import JobAccepted, JobRead
from balu.kernel.jobs.service import JobOverError, JobService

__all__ = [
    "JOBS",
    "Job",
    "JobAccepted",
    "JobEndedError",
    "JobNotFoundError",
    "JobOverError",
    "JobQueue",
    "JobQueued",
    "JobRead",
    "JobRow",
    "JobService",
    "Jobs",
    "Run",
    "ScheduleRow",
    "enqueue",
    "job",
    "read",
    "run_now",
    "run_startup",
]
