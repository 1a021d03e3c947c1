"""Answers kept for a day, so that a request sent again with its ``Idempotency-Key`` is answered again."""

from datetime import datetime, timedelta

from advanced_alchemy.base import AdvancedDeclarativeBase, CommonTableAttributes
from advanced_alchemy.types import DateTimeUTC
from sqlalchemy import BigInteger, LargeBinary, String, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from balu.kernel.errors import InvalidError
from balu.kernel.unit import Env, open_unit
from balu_core import blake3_hex

KEPT = timedelta(hours=24)
MAX_KEY = 200


class UploadReplayRow(CommonTableAttributes, AdvancedDeclarativeBase):
    """The answer to one request."""

    __tablename__ = "upload_replay"

    owner_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    key: Mapped[str] = mapped_column(String(MAX_KEY), primary_key=True)
    asked: Mapped[str] = mapped_column(String(64))
    """BLAKE3 of what was asked."""
    answer: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(DateTimeUTC(timezone=True), index=True)


class Replays:
    """Answers under one key of one owner; without a key nothing is kept.

    Raises:
        InvalidError: the key is too long.
    """

    def __init__(self, env: Env, owner_id: int, key: str | None) -> None:
        if key is not None and len(key) > MAX_KEY:
            raise InvalidError(f"A key has at most {MAX_KEY} characters.", field="idempotency-key")
        self._env, self._owner_id, self._key = env, owner_id, key

    async def find(self, asked: bytes) -> bytes | None:
        """The answer *asked* got before.

        Raises:
            InvalidError: something else was asked with this key.
        """
        if not self._key:
            return None
        row = UploadReplayRow
        query = select(row.asked, row.answer).where(
            row.owner_id == self._owner_id, row.key == self._key, row.created_at > self._env.now() - KEPT
        )
        async with open_unit(self._env, writes=False) as unit:
            found = (await unit.session.execute(query)).one_or_none()
        if found is None:
            return None
        if found.asked != blake3_hex(asked):
            raise InvalidError("This key belongs to another request.", field="idempotency-key")
        return bytes(found.answer)

    async def store(self, asked: bytes, answer: bytes) -> None:
        """Keep the answer, in place of an earlier one to the same, and forget those of yesterday."""
        if not self._key:
            return
        async with open_unit(self._env) as unit:
            now = unit.now()
            old = delete(UploadReplayRow).where(UploadReplayRow.created_at <= now - KEPT)
            await unit.session.execute(old)
            dialect = unit.session.get_bind().dialect.name
            make = postgresql.insert if dialect == "postgresql" else sqlite.insert
            row = {
                "owner_id": self._owner_id, "key": self._key, "asked": blake3_hex(asked), "answer": answer,
                "created_at": now,
            }  # fmt: skip
            keep = make(UploadReplayRow).values(row)
            await unit.session.execute(
                keep.on_conflict_do_update(
                    index_elements=["owner_id", "key"],
                    set_={"answer": answer},
                    where=UploadReplayRow.asked == row["asked"],
                )
            )
