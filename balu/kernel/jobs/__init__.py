"""Background jobs: rows that a person can see, run by workers that may die."""

from balu.kernel.jobs.controller import read
from balu.kernel.jobs.declare import Job, JobNotFoundError, Jobs, job
from balu.kernel.jobs.domain import JOBS, run_startup
from balu.kernel.jobs.models import JobRow, ScheduleRow
from balu.kernel.jobs.queue import JobQueue
from balu.kernel.jobs.run import JobEndedError, JobQueued, Run, enqueue, run_now
from balu.kernel.jobs.schemas import JobAccepted, JobRead
from balu.kernel.jobs.service import JobOverError, JobService
from balu.kernel.jobs.switch import ScheduleSwitch, read_switch, write_switch

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
    "ScheduleSwitch",
    "enqueue",
    "job",
    "read",
    "read_switch",
    "run_now",
    "run_startup",
    "write_switch",
]
