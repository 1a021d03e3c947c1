"""Wire shapes of background work."""

from datetime import datetime
from typing import Any, Literal

import msgspec

State = Literal["queued", "running", "completed", "failed", "cancelled"]


class JobRead(msgspec.Struct, kw_only=True):
    """One background job."""

    id: int
    kind: str
    status: State
    progress: int
    message: str | None
    result: Any
    error: str | None
    attempts: int
    cancel_requested: bool
    owner_id: int | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class JobPage(msgspec.Struct, kw_only=True):
    """Jobs, newest first."""

    items: list[JobRead]
    total: int
    next: str | None


class JobAccepted(msgspec.Struct, kw_only=True):
    """The answer of an endpoint that began long work."""

    job_id: int
    status_url: str

    @classmethod
    def of(cls, job_id: int) -> "JobAccepted":
        """For the job numbered *job_id*."""
        return cls(job_id=job_id, status_url=f"/api/jobs/{job_id}")
