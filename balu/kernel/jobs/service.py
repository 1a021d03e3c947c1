"""What people see of background work: lists, one job, and a way to end it."""

from collections.abc import Sequence

from advanced_alchemy.repository import SQLAlchemyAsyncRepository
from sqlalchemy import select, update

from balu.kernel.errors import ConflictError
from balu.kernel.jobs.declare import JobNotFoundError
from balu.kernel.jobs.models import CANCELLED, QUEUED, RUNNING, JobRow
from balu.kernel.jobs.run import tell_job
from balu.kernel.unit import Unit

MAX_PAGE = 200


class JobOverError(ConflictError):
    """The job has ended already."""

    code = "job-ended"


class _JobRows(SQLAlchemyAsyncRepository[JobRow]):
    model_type = JobRow


class JobService:
    """The only way for people to the ``job`` table; *owner_id* None sees everybody's jobs."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._rows = _JobRows(session=unit.session)

    async def list(
        self,
        owner_id: int | None,
        *,
        states: Sequence[str] = (),
        kind: str | None = None,
        before: int | None = None,
        limit: int = 50,
    ) -> tuple[Sequence[JobRow], int]:
        """Newest first, those with a number below *before*; and how many there are in all."""
        where = [] if owner_id is None else [JobRow.owner_id == owner_id]
        where += [JobRow.state.in_(states)] if states else []
        where += [JobRow.kind == kind] if kind else []
        total = await self._rows.count(*where)
        page = select(JobRow).where(*where).order_by(JobRow.id.desc()).limit(min(limit, MAX_PAGE))
        if before is not None:
            page = page.where(JobRow.id < before)
        return (await self._unit.session.scalars(page)).all(), total

    async def get(self, job_id: int, owner_id: int | None) -> JobRow:
        """One job.

        Raises:
            JobNotFoundError: no such number, or somebody else's.
        """
        row = await self._rows.get_one_or_none(id=job_id)
        if row is None or (owner_id is not None and row.owner_id != owner_id):
            raise JobNotFoundError("There is no such job.")
        return row

    async def cancel(self, job_id: int, owner_id: int | None) -> JobRow:
        """End a waiting job now, and ask a running one to end; it does so between two steps.

        Raises:
            JobNotFoundError: no such number, or somebody else's.
            JobOverError: it has ended already.
        """
        await self.get(job_id, owner_id)
        now = self._unit.now()
        waiting = (
            update(JobRow)
            .where(JobRow.id == job_id, JobRow.state == QUEUED)
            .values(state=CANCELLED, cancel_requested=True, finished_at=now)
            .returning(JobRow.id)
        )
        running = (
            update(JobRow)
            .where(JobRow.id == job_id, JobRow.state == RUNNING)
            .values(cancel_requested=True)
            .returning(JobRow.id)
        )
        for change in (waiting, running):
            if (await self._unit.session.execute(change)).scalar_one_or_none() is not None:
                row = await self._rows.get_one(id=job_id, execution_options={"populate_existing": True})
                tell_job(self._unit, row.id, row.owner_id)
                return row
        raise JobOverError("The job has ended already; there is nothing to cancel.")
