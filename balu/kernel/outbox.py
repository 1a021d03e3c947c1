"""Events that exist exactly when their cause does: rows of the same transaction."""

from datetime import datetime

import msgspec
from advanced_alchemy.base import BigIntBase
from advanced_alchemy.types import DateTimeUTC
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from balu.kernel.clock import Now


class Event(msgspec.Struct, frozen=True):
    """Something that happened: past tense, ids and values only. Subclasses repeat ``frozen=True``."""


class OutboxRow(BigIntBase):
    """An announced event that not every listener has heard yet."""

    __tablename__ = "outbox"

    name: Mapped[str]
    payload: Mapped[bytes]
    created_at: Mapped[datetime] = mapped_column(DateTimeUTC(timezone=True))
    lease_until: Mapped[datetime] = mapped_column(DateTimeUTC(timezone=True), index=True)
    attempts: Mapped[int] = mapped_column(default=0)


class Heard(frozenset[str]):
    """Names of the events that some listener hears; a part of the Env."""

    __slots__ = ()


class Outbox:
    """What one Unit announces; stored by ``open_unit`` and delivered after the commit."""

    def __init__(self, now: Now, heard: Heard) -> None:
        self._now = now
        self._heard = heard
        self.pending: list[Event] = []

    def publish(self, event: Event) -> None:
        """Announce *event* if, and only if, this transaction commits; what nobody hears costs nothing."""
        if type(event).__name__ in self._heard:
            self.pending.append(event)

    def store(self, session: AsyncSession) -> None:
        """Add a row for each announced event."""
        now = self._now()
        for event in self.pending:
            payload = msgspec.json.encode(event)
            session.add(
                OutboxRow(name=type(event).__name__, payload=payload, created_at=now, lease_until=now)
            )
