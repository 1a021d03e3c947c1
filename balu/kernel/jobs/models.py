"""Rows behind background work: what runs, ran or waits, and what is due when."""

from datetime import datetime
from typing import Any

from advanced_alchemy.base import BigIntBase
from advanced_alchemy.types import DateTimeUTC
from sqlalchemy import JSON, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

QUEUED, RUNNING, COMPLETED, FAILED, CANCELLED = "queued", "running", "completed", "failed", "cancelled"
OVER = (COMPLETED, FAILED, CANCELLED)


def _instant() -> DateTimeUTC:
    return DateTimeUTC(timezone=True)


class JobRow(BigIntBase):
    """One run of a job, from the wish to the result."""

    __tablename__ = "job"
    __table_args__ = (
        Index(
            "uq_job_running_lane",
            "lane",
            unique=True,
            sqlite_where=text("state = 'running'"),
            postgresql_where=text("state = 'running'"),
        ),
        Index("ix_job_state_not_before", "state", "not_before"),
        Index("ix_job_owner_id_id", "owner_id", "id"),
        {"sqlite_autoincrement": True},  # a client may still ask for a purged job's number
    )

    kind: Mapped[str]
    args: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    lane: Mapped[str | None] = mapped_column(default=None)
    priority: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = mapped_column(default=QUEUED)
    progress: Mapped[int] = mapped_column(default=0)
    """Percent, 0 to 100."""
    message: Mapped[str | None] = mapped_column(Text, default=None)
    result: Mapped[Any] = mapped_column(JSON(none_as_null=True), nullable=True, default=None)
    error: Mapped[str | None] = mapped_column(Text, default=None)
    attempts: Mapped[int] = mapped_column(default=0)
    """Runs begun so far; also tells one run's writes from those of a later one."""
    max_attempts: Mapped[int] = mapped_column(default=3)
    cancel_requested: Mapped[bool] = mapped_column(default=False)
    lease_until: Mapped[datetime | None] = mapped_column(_instant(), default=None)
    """Until when the worker that runs it counts as alive."""
    owner_id: Mapped[int | None] = mapped_column(default=None)
    """The user it works for; None for the server's own chores."""
    schedule_id: Mapped[int | None] = mapped_column(default=None)
    created_at: Mapped[datetime] = mapped_column(_instant())
    not_before: Mapped[datetime] = mapped_column(_instant())
    started_at: Mapped[datetime | None] = mapped_column(_instant(), default=None)
    finished_at: Mapped[datetime | None] = mapped_column(_instant(), default=None, index=True)


class ScheduleRow(BigIntBase):
    """When a job is due by itself."""

    __tablename__ = "schedule"

    name: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    args: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    cron: Mapped[str]
    timezone: Mapped[str] = mapped_column(default="UTC")
    """IANA name."""
    enabled: Mapped[bool] = mapped_column(default=True)
    built_in: Mapped[bool] = mapped_column(default=False)
    missed: Mapped[str] = mapped_column(default="once")
    """``skip`` or ``once``: what to do about runs that were due while nothing ran."""
    next_at: Mapped[datetime] = mapped_column(_instant(), index=True)
    last_at: Mapped[datetime | None] = mapped_column(_instant(), default=None)
    created_at: Mapped[datetime] = mapped_column(_instant())
