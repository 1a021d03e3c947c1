"""Who writes to which upload in this process, and what ends a writer."""

import asyncio
import secrets
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from weakref import WeakValueDictionary

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from balu.identity.users import standing_of
from balu.kernel.errors import BaluError
from balu.kernel.log import logger
from balu.kernel.unit import Env, open_unit
from balu.storage.uploads.errors import UploadBusyError, UploadEndedError, UploadSupersededError
from balu.storage.uploads.models import UploadRow

LOOK_S = 0.8
GIVE_WAY_S = 10.0
log = logger("balu.uploads")


@dataclass(eq=False, slots=True)
class Turn:
    """One request that writes."""

    upload_id: str
    owner_id: int
    is_alone: bool
    """Whether it is the only writer of its upload (appending), or one of many (chunks)."""
    lease: str
    """What this process writes into the row: one turn after the other needs it once."""
    is_open: bool = False
    """Whether its lease is in the row by now."""
    refusal: BaluError | None = None
    done: asyncio.Event = field(default_factory=asyncio.Event)
    task: "asyncio.Task[object] | None" = field(default_factory=asyncio.current_task)
    epoch: int | None = None

    def revoke(self, refusal: BaluError) -> None:
        """End the request with *refusal*, unless it has written all; what it has received stays."""
        if self.refusal is None and self.task is not None and not self.done.is_set():
            self.refusal = refusal
            self.task.cancel()


class Running:
    """The turns of this process; a part of the Env."""

    def __init__(self) -> None:
        self._lease = secrets.token_hex(16)
        self._turns: dict[tuple[str, int], Turn] = {}
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._watch: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def turn(
        self, env: Env, upload_id: str, owner_id: int, chunk: int | None = None
    ) -> AsyncGenerator[Turn, None]:
        """Write to an upload, or to one chunk of it, once an older writer has stopped.

        Raises:
            UploadSupersededError: a newer writer came.
            UploadEndedError: the owner signed out everywhere or was disabled, or the upload is gone.
        """
        key = (upload_id, -1 if chunk is None else chunk)
        await self.stop(upload_id, chunk)
        turn = Turn(upload_id, owner_id, chunk is None, self._lease)
        self._turns[key] = turn
        if self._watch is None or self._watch.done():
            self._watch = asyncio.create_task(self._look(env), name="balu-uploads")
        try:
            yield turn
        except asyncio.CancelledError:
            if turn.refusal is None or turn.task is None:
                raise
            turn.task.uncancel()
            raise turn.refusal from None
        finally:
            turn.done.set()
            if self._turns.get(key) is turn:
                del self._turns[key]

    async def stop(self, upload_id: str, chunk: int | None = None) -> None:
        """Let the present writer of this process store what it has and end."""
        turn = self._turns.get((upload_id, -1 if chunk is None else chunk))
        if turn is None or turn.task is asyncio.current_task():
            return
        turn.revoke(UploadSupersededError("A newer request continues this upload."))
        try:
            async with asyncio.timeout(GIVE_WAY_S):
                await turn.done.wait()
        except TimeoutError:
            raise UploadBusyError(
                "The disk still writes what came before. Try again.", headers={"retry-after": "2"}
            ) from None

    async def stop_all(self, upload_id: str) -> None:
        """The same for every writer of an upload."""
        for known, chunk in list(self._turns):
            if known == upload_id:
                await self.stop(upload_id, None if chunk < 0 else chunk)

    def lock(self, upload_id: str) -> asyncio.Lock:
        """One at a time in this process."""
        return self._locks.setdefault(upload_id, asyncio.Lock())

    async def aclose(self) -> None:
        """Stop watching."""
        if self._watch is not None:
            self._watch.cancel()

    async def _look(self, env: Env) -> None:
        """Another process may have taken an upload over, and rights may end: look once a second."""
        while self._turns:
            await asyncio.sleep(LOOK_S)
            try:
                # Turns that begin while the rows are read are looked at next time.
                await _compare(env, list(self._turns.values()))
            except (SQLAlchemyError, sqlite3.Error):
                log.warning("running uploads are looked at when the database answers again")


async def _compare(env: Env, turns: list[Turn]) -> None:
    """End the turns that the rows do not allow any more."""
    if not turns:
        return
    async with open_unit(env, writes=False) as unit:
        ids = {turn.upload_id for turn in turns}
        query = select(UploadRow.id, UploadRow.lease, UploadRow.status).where(UploadRow.id.in_(ids))
        rows = {row.id: row for row in (await unit.session.execute(query)).all()}
    owners = {turn.owner_id for turn in turns}
    epochs = {owner: await epoch_of(env, owner) for owner in owners}
    for turn in turns:
        row, epoch = rows.get(turn.upload_id), epochs.get(turn.owner_id)
        turn.epoch = epoch if turn.epoch is None else turn.epoch
        if row is None or row.status != "uploading" or epoch is None or epoch != turn.epoch:
            turn.revoke(UploadEndedError("This upload may not go on. Sign in and begin again."))
        elif turn.is_alone and turn.is_open and row.lease != turn.lease:
            turn.revoke(UploadSupersededError("A newer request continues this upload."))


async def epoch_of(env: Env, owner_id: int) -> int | None:
    """The owner's epoch, None when the account is gone or disabled."""
    user = await standing_of(env, owner_id)
    return user.epoch if user is not None and user.is_active else None
