"""What a job is: a named async function with a schedule, a lane and a number of attempts."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from cronsim import CronSim, CronSimError

from balu.kernel.clock import system_now
from balu.kernel.errors import NotFoundError

Missed = Literal["skip", "once"]


class JobNotFoundError(NotFoundError):
    """There is no such job."""

    code = "job-not-found"


@dataclass(frozen=True, slots=True)
class Job:
    """A function that runs in the background; made by ``@job`` and listed by its domain.

    It is idempotent: a worker that is lost means a second run.
    """

    name: str
    """The function's name; unique among all domains, since stored rows refer to it."""
    run: Callable[..., Awaitable[Any]]
    schedule: str | None = None
    """Cron text (UTC) of its built-in schedule."""
    missed: Missed = "once"
    """What to do about runs that were due while nothing ran: leave them out, or make up for them once."""
    lane: str | None = None
    """Jobs of one lane never overlap. ``{name}`` is replaced by the argument of that name."""
    max_attempts: int = 3
    priority: int = 0
    """Higher goes first among waiting jobs."""
    enabled: bool = True
    """Whether its built-in schedule is on before anybody has decided."""

    def lane_of(self, args: Mapping[str, Any]) -> str | None:
        """The lane of a run with *args*."""
        return self.lane.format_map(args) if self.lane else None


def job(
    *,
    schedule: str | None = None,
    missed: Missed = "once",
    lane: str | None = None,
    max_attempts: int = 3,
    priority: int = 0,
    enabled: bool = True,
) -> Callable[[Callable[..., Awaitable[Any]]], Job]:
    """Turn ``async def f(run: Run, **args) -> result`` into a Job.

    Arguments and result must be representable in JSON. A result is shown to the job's owner.

    Raises:
        ValueError: *schedule* is not cron text.
    """
    if schedule is not None:
        try:
            CronSim(schedule, system_now())
        except CronSimError as error:
            raise ValueError(f"{schedule!r} is not cron text: {error}") from error
    return lambda function: Job(
        function.__name__, function, schedule, missed, lane, max_attempts, priority, enabled
    )


class Jobs(dict[str, Job]):
    """Every job of every domain by name; a part of the Env."""

    def __init__(self, jobs: Iterable[Job] = ()) -> None:
        super().__init__()
        for declared in jobs:
            if self.setdefault(declared.name, declared) is not declared:
                raise ValueError(f"two jobs are called {declared.name}")

    def named(self, name: str) -> Job:
        """The job called *name*.

        Raises:
            JobNotFoundError: no domain declares it.
        """
        if name not in self:
            raise JobNotFoundError(f"There is no job {name}; known are {', '.join(sorted(self))}.")
        return self[name]
