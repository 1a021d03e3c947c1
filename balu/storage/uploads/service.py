"""Uploads that outlive their requests: create, continue from any request, finish, give up."""

import hashlib
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
from sqlalchemy import delete, select, update

from balu.identity.users import Standing, UserService, standing_of
from balu.kernel.caller import Caller
from balu.kernel.errors import ForbiddenError, InvalidError, UnavailableError
from balu.kernel.threads import Threads, finish
from balu.kernel.unit import Env, Unit, open_unit
from balu.storage.files import (
    INO_MASK,
    DigestError,
    FileNotFoundHereError,
    Found,
    Home,
    Intents,
    Places,
    Spot,
    Staged,
    Terms,
    Writer,
    check_name,
    staged_of,
    told,
)
from balu.storage.uploads import rows
from balu.storage.uploads.errors import (
    UploadBusyError,
    UploadEndedError,
    UploadIncompleteError,
    UploadNotFoundError,
    UploadOffsetError,
)
from balu.storage.uploads.models import UploadChunkRow, UploadRow
from balu.storage.uploads.running import Running
from balu.storage.volumes import QuotaExceededError, QuotaService, Volumes, check_room, take_turn
from balu_core import blake3_hex

KEEP = timedelta(days=7)
STEP = 64 << 20
"""Quota of uploads of unknown length is taken in steps of this size."""
MAX_SIZE = (1 << 63) - 1
MAX_REREAD = 256 << 20
"""Bytes that may be read for the hash when an upload ends; beyond that a job finds it later."""
CHUNK = 16_384
"""What is encrypted as one in a vault."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody wants to upload."""

    kind: str
    path: str
    size: int | None
    terms: Terms
    volume_id: int | None = None
    id: UUID | None = None
    chunk_size: int | None = None
    manifest: bytes | None = None
    holes: int = 0
    """Bytes that never travel and take no room."""
    concat: str = ""
    shown: dict[str, str] = field(default_factory=dict)


class UploadService:
    """The only way to the ``upload`` table; opens short Units, because bytes travel in between."""

    def __init__(self, env: Env) -> None:
        self.env = env
        self.threads = env.part(Threads)
        self.running = env.part(Running)
        self._places = Places(env)
        self._writer = Writer(env)

    async def create(self, owner: Caller, wish: Wish) -> tuple[UploadRow, str]:
        """Begin an upload; returns it with its credential, of which only the digest is kept.

        Raises:
            QuotaExceededError, NoRoomError: there is no space.
            FileExistsHereError, FileChangedError: the terms cannot be met even now.
        """
        home = await self._places.home(owner, wish.volume_id)
        if wish.concat != "partial":
            spot = await self._places.spot(home, wish.path)
            home = spot.home
            if spot.seal is not None:
                wish = sealed_wish(wish, spot)
        check_room(home.mounted, (wish.size or 0) - wish.holes)
        if wish.concat != "partial":
            check_name(spot.name)
            await self._writer.check(spot, wish.terms)
            home = spot.home
        check_room(home.mounted, (wish.size or 0) - wish.holes)
        upload_id, token = (wish.id or uuid4()).hex, secrets.token_urlsafe(24)
        async with open_unit(self.env) as unit:
            reserved = wish.size or 0
            await Intents(unit).reserve(home.mounted.id, home.owner_id, upload_id, reserved, kept=True)
            user = await UserService(unit).get(owner.user_id)
            row = UploadRow(
                id=upload_id, owner_id=owner.user_id, payer_id=home.owner_id, volume_id=home.mounted.id,
                kind=wish.kind, path=wish.path, size=wish.size, offset=wish.holes, reserved=reserved,
                spans=b"",
                terms=msgspec.to_builtins(wish.terms), status="uploading", token=digest_of(token),
                epoch=user.epoch, chunk_size=wish.chunk_size, manifest=wish.manifest, concat=wish.concat,
                shown=wish.shown, created_at=unit.now(), expires_at=unit.now() + KEEP,
            )  # fmt: skip
            unit.session.add(row)
        try:
            await self.allocate(home, row)
        except BaseException:
            await finish(self._forget(row))
            raise
        return row, token

    async def get(self, upload_id: str) -> UploadRow:
        """The upload as its row says.

        Raises:
            UploadNotFoundError: never begun, or long gone.
        """
        row = await rows.find(self.env, _hex(upload_id))
        if row is None:
            raise UploadNotFoundError("There is no such upload. Begin it again.")
        return row

    def check_live(self, row: UploadRow) -> None:
        """Refuse to continue what has ended otherwise than by success.

        Raises:
            UploadEndedError: cancelled, expired or failed.
        """
        if row.status == "completed":
            return
        if row.status != "uploading" or row.expires_at <= self.env.now():
            raise UploadEndedError("This upload was given up or has expired. Begin it again.")

    async def owner_of(self, row: UploadRow) -> Standing:
        """The account, as long as it may write.

        Raises:
            ForbiddenError: it may not any more.
        """
        user = await standing_of(self.env, row.owner_id)
        if user is None:
            raise ForbiddenError("The owner of this upload is gone.")
        if not user.is_active or user.grade == "viewer":
            raise ForbiddenError("The owner of this upload may not write any more.")
        return user

    async def home_of(self, row: UploadRow) -> Home:
        """Where the bytes of the upload lie; refusals as in ``place_of``."""
        if row.payer_id != row.owner_id:
            return (await self.place_of(row)).home
        user = await self.owner_of(row)
        home = await self._places.home_of(user.id, user.username, row.volume_id)
        return home if row.concat == "partial" else (await self._places.spot(home, row.path)).home

    async def place_of(self, row: UploadRow) -> Spot:
        """Where the upload will be published.

        Raises:
            ForbiddenError: its sender may not write any more.
            FileNotFoundHereError: the folder was shared with them, and is not any more, or it has moved.
        """
        return await self._spot(row, row.path)

    async def is_at(self, row: UploadRow, path: str) -> bool:
        """Whether *path*, as its sender writes it, is where the upload will be published, or was."""
        if row.path == path:
            return True
        try:
            return (await self._spot(row, path)).is_same(await self.place_of(row))
        except FileNotFoundHereError:
            return False

    async def _spot(self, row: UploadRow, path: str) -> Spot:
        user, is_own = await self.owner_of(row), row.payer_id == row.owner_id
        home = await self._places.home_of(user.id, user.username, row.volume_id if is_own else None)
        spot = await self._places.spot(home, path)
        if (spot.home.owner_id, spot.home.mounted.id) != (row.payer_id, row.volume_id):
            raise FileNotFoundHereError("The folder of this upload is elsewhere now. Begin the upload again.")
        return spot

    async def allocate(self, home: Home, row: UploadRow) -> None:
        """Make the staged file. A file of unknown length grows as it comes."""
        with told(row.path):
            await self.threads.run(home.core.allocate, row.id, size=row.size, sparse=row.manifest is not None)

    async def start_over(self, home: Home, row: UploadRow) -> None:
        """The staged bytes are gone (a crash right after creation, an emptied staging folder): begin at 0."""
        async with open_unit(self.env) as unit:
            await unit.session.execute(delete(UploadChunkRow).where(UploadChunkRow.upload_id == row.id))
            await self.change(unit, row.id, offset=holes_of(row), spans=b"")
        with suppress(FileExistsError):
            await self.threads.run(home.core.allocate, row.id, size=row.size, sparse=row.manifest is not None)

    async def change(self, unit: Unit, upload_id: str, **values: Any) -> bool:
        """Write *values* into an upload that is under way; False when it has ended."""
        query = update(UploadRow).where(UploadRow.id == upload_id, UploadRow.status == "uploading")
        done = await unit.session.execute(query.values(**values).execution_options(synchronize_session=False))
        return bool(done.rowcount)  # type: ignore[attr-defined]

    async def put_state(self, upload_id: str, *, offset: int, spans: bytes) -> None:
        """Store how far the bytes on the disk go.

        Raises:
            UploadEndedError: the upload was given up meanwhile.
        """
        async with open_unit(self.env) as unit:
            if not await rows.reached(unit, upload_id, offset, spans, unit.now() + KEEP):
                raise UploadEndedError("This upload was given up meanwhile.")

    async def set_size(self, row: UploadRow, size: int) -> UploadRow:
        """Say how long an upload of unknown length will be.

        Raises:
            UploadOffsetError: it has another length already, or more bytes than that.
        """
        if row.size is not None and row.size != size:
            raise UploadOffsetError("The length of this upload is fixed already.")
        if size < row.offset:
            raise UploadOffsetError("More bytes than that have arrived.")
        async with open_unit(self.env) as unit:
            await self._pay(unit, row, size)
            await self.change(unit, row.id, size=size)
        return await self.get(row.id)

    async def pay_ahead(self, row: UploadRow, needed: int) -> None:
        """Reserve another step for an upload of unknown length that wants to reach *needed* bytes.

        Where less than a step is left of the quota, that much.

        Raises:
            QuotaExceededError: it does not reach.
        """
        async with open_unit(self.env) as unit:
            try:
                await self._pay(unit, row, -(-needed // STEP) * STEP)
            except QuotaExceededError:
                left = (await QuotaService(unit).usage(row.payer_id)).available or 0
                await self._pay(unit, row, max(needed, row.reserved + left))

    async def _pay(self, unit: Unit, row: UploadRow, total: int) -> None:
        if total != row.reserved:
            more = total - row.reserved
            await Intents(unit).reserve(row.volume_id, row.payer_id, row.id, more, kept=True)
            await self.change(unit, row.id, reserved=total)
            row.reserved = total

    async def chunks(self, upload_id: str) -> Sequence[UploadChunkRow]:
        """Chunks that have arrived, in order."""
        query = select(UploadChunkRow).where(UploadChunkRow.upload_id == upload_id)
        async with open_unit(self.env, writes=False) as unit:
            return (await unit.session.scalars(query.order_by(UploadChunkRow.number))).all()

    async def complete(self, row: UploadRow, terms: Terms | None = None) -> tuple[UploadRow, Found | None]:
        """Publish an upload whose bytes are all there; asking again gives the same answer.

        The second value is what stands at its place, None when that was removed or renamed meanwhile.

        Raises:
            UploadIncompleteError: bytes are missing.
            DigestError: the bytes are not the announced ones; the upload has failed.
            QuotaExceededError, ForbiddenError: the owner lost room or right since the beginning.
            FileExistsHereError, FileChangedError: the terms do not hold; the bytes wait.
        """
        async with self.running.lock(row.id):
            row = await self.get(row.id)
            spot = await self.place_of(row)
            if row.status == "completed":
                return row, await self.present(spot, row)
            self.check_live(row)
            if row.size is None or row.offset != row.size:
                raise UploadIncompleteError(f"{row.offset} of {row.size} bytes have arrived.")
            done: tuple[UploadRow, Found | None] = await finish(self._publish(spot, row, terms))
            return done

    async def _publish(
        self, spot: Spot, row: UploadRow, terms: Terms | None
    ) -> tuple[UploadRow, Found | None]:
        home = spot.home
        terms = terms or msgspec.convert(row.terms, Terms)
        with told(row.path):
            there = await self.threads.run(home.core.staged, row.id)
        if there is None:
            return await self._published_before(spot, row)
        try:
            staged = await self._sealed(home, row, must_hash=terms.blake3 is not None)
        except FileNotFoundError:  # another worker is faster
            return await self._published_before(spot, row)
        if staged.digest is not None and terms.blake3 not in {None, staged.digest}:
            await self.end(row, "failed", "The bytes do not have the announced checksum.")
            raise DigestError("The bytes do not have the announced checksum. Send the file again.")
        try:
            await self._announce(row, staged)
        except UploadEndedError:
            row = await self.get(row.id)
            if row.status != "completed":
                raise
            return row, await self.present(spot, row)  # another worker was faster
        try:
            stored = await self._writer.publish(spot, staged, replace(terms, blake3=None))
        except FileNotFoundHereError:
            if await self.threads.run(home.core.staged, row.id) is not None:
                raise
            return await self._published_before(spot, row)
        return await self._finished(row, stored.found), stored.found

    async def _announce(self, row: UploadRow, staged: Staged) -> None:
        """Write down which bytes are about to be published, and pay for them."""
        async with open_unit(self.env) as unit:
            await self._pay(unit, row, staged.size)
            usage = await QuotaService(unit).usage(row.payer_id)
            if usage.limit is not None and usage.used > usage.limit:
                raise QuotaExceededError("Your storage is full. Empty the trash or delete something.")
            if not await self.change(
                unit, row.id, staged_ino=staged.entry.ino & INO_MASK, blake3=staged.blake3
            ):
                raise UploadEndedError("This upload was given up meanwhile.")

    async def _sealed(self, home: Home, row: UploadRow, *, must_hash: bool) -> Staged:
        """The staged bytes, synced and of their final length; FileNotFoundError once they have left."""
        spans, reads = row.spans, MAX_SIZE if must_hash else MAX_REREAD
        if row.chunk_size is not None and row.kind in {"sync", "manifest"}:
            spans = b"".join(chunk.spans for chunk in await self.chunks(row.id))
        try:
            entry, blake3 = await self.threads.run(
                home.core.seal, row.id, size=row.size or 0, spans=spans, reads=reads
            )
        except BlockingIOError:
            raise UploadBusyError("Bytes are still being written. Try again.") from None
        except FileNotFoundError:
            raise
        except OSError as error:
            raise UnavailableError("The disk does not answer as it should. Try again.") from error
        return staged_of(home, row.id, entry, blake3, reserved=entry.size, is_kept=True)

    async def _published_before(self, spot: Spot, row: UploadRow) -> tuple[UploadRow, Found | None]:
        """The staged bytes left: another worker publishes them, or a crash came before it was noted."""
        async with open_unit(self.env, writes=False) as unit:
            if await Intents(unit).has(row.id):
                raise UploadBusyError(
                    "This upload is being finished. Try again.", headers={"retry-after": "2"}
                )
        row = await self.get(row.id)  # which bytes those were is written down before they leave
        if row.status == "completed":
            return row, await self.present(spot, row)
        if row.staged_ino is None:
            await self.start_over(spot.home, row)
            raise UploadIncompleteError("The server lost these bytes. Send them again.")
        found: Found | None = None
        with suppress(FileNotFoundHereError):
            found = await self._places.find(spot)
        if found is not None and found.row.ino != row.staged_ino:
            found = None
        return await self._finished(row, found), found

    async def _finished(self, row: UploadRow, found: Found | None) -> UploadRow:
        async with open_unit(self.env) as unit:
            values: dict[str, Any] = {"status": "completed", "lease": None, "expires_at": unit.now() + KEEP}
            if found is not None:
                values |= {"file_id": found.row.id, "blake3": found.row.blake3}
                values["path"] = found.spot.stored_path
            await self.change(unit, row.id, **values)
            await unit.session.execute(delete(UploadChunkRow).where(UploadChunkRow.upload_id == row.id))
        return await self.get(row.id)

    async def present(self, spot: Spot, row: UploadRow) -> Found | None:
        """The file that a completed upload became, None when it was removed or renamed."""
        try:
            found = await self._places.find(spot)
        except FileNotFoundHereError:
            return None
        return found if found.row.id == row.file_id else None

    async def abort(self, row: UploadRow) -> bool:
        """Give an upload up; what it had reserved is free at once. False when it had ended before.

        Of a finished one the file stays, and nobody can ask for the upload any more.
        """
        await self.running.stop_all(row.id)
        async with self.running.lock(row.id):
            row = await self.get(row.id)
            if row.status == "uploading":
                await finish(self.end(row, "cancelled"))
                return True
            if row.status == "completed":
                await finish(self._forget(row))
            return False

    async def end(self, row: UploadRow, status: str, error: str | None = None) -> None:
        """Mark an upload as over, then let its bytes and its reservation go."""
        async with open_unit(self.env) as unit:
            await take_turn(unit, row.payer_id)
            if await Intents(unit).has(row.id):
                raise UploadBusyError(
                    "This upload is being finished. Try again.", headers={"retry-after": "2"}
                )
            if not await self.change(unit, row.id, status=status, error=error, expires_at=unit.now() + KEEP):
                return
            await Intents(unit).release(row.id)
            await unit.session.execute(delete(UploadChunkRow).where(UploadChunkRow.upload_id == row.id))
        await self._discard(row)

    async def _discard(self, row: UploadRow) -> None:
        with suppress(OSError, UnavailableError):  # no row names the bytes any more: the collector comes by
            mounted = await self.env.part(Volumes).get(row.volume_id)
            await self.threads.run(mounted.core.discard, row.id)

    async def _forget(self, row: UploadRow) -> None:
        async with open_unit(self.env) as unit:
            await Intents(unit).release(row.id)
            await unit.session.execute(delete(UploadRow).where(UploadRow.id == row.id))

    async def expire(self) -> int:
        """Give up what nobody continued for seven days, and forget what ended that long ago."""
        async with open_unit(self.env, writes=False) as unit:
            query = select(UploadRow).where(UploadRow.expires_at <= unit.now())
            old = (await unit.session.scalars(query)).all()
        for row in old:
            if row.status == "uploading":
                with suppress(UploadBusyError):
                    await self.end(row, "expired")
            else:
                async with open_unit(self.env) as unit:
                    await unit.session.execute(delete(UploadRow).where(UploadRow.id == row.id))
        return len(old)


def digest_of(token: str) -> str:
    """What is kept of a credential."""
    return hashlib.sha256(token.encode()).hexdigest()


def _hex(upload_id: str) -> str:
    try:
        return UUID(upload_id).hex
    except ValueError:
        raise UploadNotFoundError("There is no such upload. Begin it again.") from None


def sealed_wish(wish: Wish, spot: Spot) -> Wish:
    """The same for a vault: no name in the row, no holes, and chunks that end where those of the file do.

    Raises:
        InvalidError: the chunks do not.
    """
    size, manifest = wish.chunk_size, wish.manifest
    if wish.kind in {"sync", "manifest"} and size is not None and size % CHUNK:
        raise InvalidError("In a vault, the size of a chunk is a multiple of 16 KiB.", field="chunk_size")
    if manifest is not None and size is not None and wish.holes:
        for at in range(0, len(manifest), 32):
            if not any(manifest[at : at + 32]):
                length = min(size, (wish.size or 0) - at // 32 * size)
                manifest = manifest[:at] + bytes.fromhex(blake3_hex(bytes(length))) + manifest[at + 32 :]
    return replace(wish, path=spot.stored_path, manifest=manifest, holes=0, shown={})


def holes_of(row: UploadRow) -> int:
    """Bytes of the holes in a manifest."""
    if row.manifest is None or row.chunk_size is None or row.size is None:
        return 0
    total = 0
    for number in range(len(row.manifest) // 32):
        if not any(row.manifest[number * 32 : number * 32 + 32]):
            total += min(row.chunk_size, row.size - number * row.chunk_size)
    return total
