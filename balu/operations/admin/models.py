"""Rows: the first-run setup."""

from datetime import datetime

from advanced_alchemy.base import BigIntBase
from advanced_alchemy.types import DateTimeUTC, JsonB
from sqlalchemy import LargeBinary
from sqlalchemy.orm import Mapped, mapped_column


class SetupRow(BigIntBase):
    """The one row that is claimed once, by whoever has the code."""

    __tablename__ = "setup"

    digest: Mapped[bytes | None] = mapped_column(LargeBinary(32), default=None)
    claimed_at: Mapped[datetime | None] = mapped_column(DateTimeUTC(timezone=True), default=None)
    steps: Mapped[list[str]] = mapped_column(JsonB, server_default="[]")
    """What was done after the claim, each once, in that order."""
