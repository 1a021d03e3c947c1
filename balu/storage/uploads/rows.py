"""Statements that every piece of an upload needs, as plain SQL; see ``kernel.lookup``."""

from datetime import UTC, datetime
from typing import Any

import msgspec

from balu.kernel.lookup import Lookup, instant
from balu.kernel.unit import Env, Unit
from balu.storage.uploads.models import UploadRow

COLUMNS = tuple(column.name for column in UploadRow.__table__.columns)
FIND = f"""SELECT {", ".join(f'"{name}"' for name in COLUMNS)} FROM upload WHERE id = :id"""  # noqa: S608  names of our own
REACHED = (
    'UPDATE upload SET "offset" = :offset, spans = :spans, expires_at = :expires '
    "WHERE id = :id AND status = 'uploading' RETURNING id"
)
HAS_CHUNK = "SELECT 1 FROM upload_chunk WHERE upload_id = :id AND number = :number"
ADD_CHUNK = (
    "INSERT INTO upload_chunk (upload_id, number, size, spans) VALUES (:id, :number, :size, :spans) "
    "ON CONFLICT DO NOTHING RETURNING size"
)
GROWN = (
    'UPDATE upload SET "offset" = "offset" + :size, expires_at = :expires '
    "WHERE id = :id AND status = 'uploading' RETURNING id"
)


async def find(env: Env, upload_id: str) -> UploadRow | None:
    """The upload as it is committed now; what is changed in the object stays there."""
    rows = await env.part(Lookup).rows(FIND, {"id": upload_id})
    if not rows:
        return None
    values: dict[str, Any] = dict(zip(COLUMNS, rows[0], strict=True))
    for name in ("terms", "shown"):
        if isinstance(values[name], str):
            values[name] = msgspec.json.decode(values[name])
    for name in ("created_at", "expires_at"):
        if isinstance(values[name], str):
            values[name] = datetime.fromisoformat(values[name]).replace(tzinfo=UTC)
    return UploadRow(**values)


async def has_chunk(env: Env, upload_id: str, number: int) -> bool:
    """Whether a chunk is verified and durable."""
    return bool(await env.part(Lookup).rows(HAS_CHUNK, {"id": upload_id, "number": number}))


async def reached(unit: Unit, upload_id: str, offset: int, spans: bytes, expires: datetime) -> bool:
    """Store how far an upload is; False when it has ended."""
    values = {"id": upload_id, "offset": offset, "spans": spans}
    return bool(await unit.sql(REACHED, {**values, "expires": instant(expires, is_sqlite=unit.is_sqlite)}))


async def add_chunk(
    unit: Unit, upload_id: str, number: int, size: int, spans: bytes, expires: datetime
) -> bool:
    """Store that a chunk is there, unless somebody was faster; False when the upload has ended."""
    chunk = {"id": upload_id, "number": number, "size": size, "spans": spans}
    if not await unit.sql(ADD_CHUNK, chunk):
        return True
    values = {"id": upload_id, "size": size, "expires": instant(expires, is_sqlite=unit.is_sqlite)}
    return bool(await unit.sql(GROWN, values))
