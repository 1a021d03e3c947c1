"""``/api/jobs``: background work as its owner sees it."""

from typing import Annotated, Any

import msgspec
from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from balu.kernel.caller import Caller
from balu.kernel.errors import InvalidError
from balu.kernel.http import CallerDep, provide
from balu.kernel.jobs.models import JobRow
from balu.kernel.jobs.schemas import JobPage, JobRead, State
from balu.kernel.jobs.service import MAX_PAGE, JobService

JobsDep = NamedDependency[JobService]
Limit = Annotated[int, msgspec.Meta(ge=1, le=MAX_PAGE)]


def whose(caller: Caller) -> int | None:
    """Whose jobs *caller* sees: their own, and an admin everybody's."""
    return None if caller.at_least("admin") else caller.user_id


class JobController(Controller):
    """Lists, one job, cancelling."""

    path, tags = "/jobs", ("jobs",)
    dependencies: Any = {"jobs": provide(JobService)}

    @get(operation_id="listJobs")
    async def list(
        self,
        jobs: JobsDep,
        caller: CallerDep,
        status: FromQuery[State | None] = None,
        kind: FromQuery[str | None] = None,
        mine: FromQuery[bool] = False,
        limit: FromQuery[Limit] = 50,
        cursor: FromQuery[str | None] = None,
    ) -> JobPage:
        """Jobs, newest first; an admin sees everybody's, and the server's own chores, unless *mine*."""
        if cursor is not None and not (cursor.isascii() and cursor.isdigit()):
            raise InvalidError("Not a cursor of this list.", field="cursor")
        rows, total = await jobs.list(
            caller.user_id if mine else whose(caller),
            states=(status,) if status else (),
            kind=kind,
            before=int(cursor) if cursor else None,
            limit=limit,
        )
        following = str(rows[-1].id) if len(rows) == limit else None
        return JobPage(items=[read(row) for row in rows], total=total, next=following)

    @get("/{job_id:int}", operation_id="getJob")
    async def get(self, jobs: JobsDep, caller: CallerDep, job_id: FromPath[int]) -> JobRead:
        """One job: how far it is, or what came of it."""
        return read(await jobs.get(job_id, whose(caller)))

    @post("/{job_id:int}/cancel", operation_id="cancelJob", status_code=200)
    async def cancel(self, jobs: JobsDep, caller: CallerDep, job_id: FromPath[int]) -> JobRead:
        """End a waiting job, or ask a running one to end; 409 when it has ended."""
        return read(await jobs.cancel(job_id, whose(caller)))


def read(row: JobRow) -> JobRead:
    """The wire shape of *row*."""
    return JobRead(
        id=row.id,
        kind=row.kind,
        status=row.state,  # type: ignore[arg-type]
        progress=row.progress,
        message=row.message,
        result=row.result,
        error=row.error,
        attempts=row.attempts,
        cancel_requested=row.cancel_requested,
        owner_id=row.owner_id,
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
    )
