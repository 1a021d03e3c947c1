"""Sessions: begin one, carry it on with refresh tokens, list them, end them."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, select, update

from balu.identity.auth.errors import SessionNotFoundError
from balu.identity.auth.keys import Keys
from balu.identity.auth.models import RefreshTokenRow, SessionRow
from balu.identity.auth.settings import AuthSettings
from balu.kernel.live import recheck_listeners
from balu.kernel.unit import Unit

TOKEN_BYTES = 32
COOKIE_KEY, REFRESH_KEY, CSRF_KEY = "session cookie v1", "refresh token v1", "csrf v1"
TOUCH = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Client:
    """From where someone signs in."""

    device_info: str
    ip: str


@dataclass(frozen=True, slots=True)
class Issued:
    """A session and the secret that was made for it, which is not stored."""

    session_id: int
    secret: str


class SessionService:
    """The only way in or out of ``session`` and ``refresh_token``."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._session = unit.session
        self._keys = unit.env.part(Keys)
        self._life = timedelta(days=unit.env.part(AuthSettings).session_days)

    async def begin(
        self, user_id: int, epoch: int, client: Client, *, cookie: bool, proved: bool = True
    ) -> Issued:
        """Begin a session; its secret is a cookie's value or a refresh token.

        *proved* says whether a password or second factor opens it.
        """
        now, secret = self._unit.now(), secrets.token_urlsafe(TOKEN_BYTES)
        row = SessionRow(
            user_id=user_id, epoch=epoch, device_info=client.device_info[:200], ip=client.ip[:64],
            cookie_digest=self._keys.digest(COOKIE_KEY, secret) if cookie else None,
            created_at=now, last_seen_at=now, expires_at=now + self._life, proved_at=now if proved else None,
        )  # fmt: skip
        self._session.add(row)
        await self._session.flush()
        if not cookie:
            self._add_refresh(row.id, secret)
        return Issued(row.id, secret)

    async def live(self, session_id: int) -> SessionRow | None:
        """The session, unless it ended or ran out. The account's epoch is the caller's to compare."""
        row = await self._session.get(SessionRow, session_id)
        return row if row is not None and row.expires_at > self._unit.now() else None

    async def live_by_cookie(self, secret: str) -> SessionRow | None:
        """The live session of this cookie."""
        digest = self._keys.digest(COOKIE_KEY, secret)
        found = select(SessionRow).where(SessionRow.cookie_digest == digest)
        row = (await self._session.scalars(found)).one_or_none()
        return row if row is not None and row.expires_at > self._unit.now() else None

    async def refresh(self, token: str, *, rotate: bool) -> tuple[SessionRow, str] | None:
        """Carry a session on; returns it with the token to use next, None when *token* is no good.

        A token that was rotated away and shows up again has been stolen, from us or from the thief:
        its session ends.
        """
        digest = self._keys.digest(REFRESH_KEY, token)
        known = (
            await self._session.scalars(select(RefreshTokenRow).where(RefreshTokenRow.digest == digest))
        ).one_or_none()
        session = await self.live(known.session_id) if known is not None else None
        if known is None or session is None:
            return None
        this = update(RefreshTokenRow).where(RefreshTokenRow.id == known.id)
        unused = this.where(RefreshTokenRow.used_at.is_(None))
        if rotate:
            change = unused.values(used_at=self._unit.now())
            alive = (await self._session.scalar(change.returning(RefreshTokenRow.id))) is not None
        else:
            alive = known.used_at is None
        if not alive:
            await self.end(session.id)
            return None
        following = token
        if rotate:
            following = secrets.token_urlsafe(TOKEN_BYTES)
            self._add_refresh(session.id, following)
        await self.touch(session.id)
        return session, following

    async def touch(self, session_id: int) -> None:
        """Note that the session is used, and let it live on."""
        now = self._unit.now()
        used = update(SessionRow).where(SessionRow.id == session_id)
        await self._session.execute(used.values(last_seen_at=now, expires_at=now + self._life))

    async def prove(self, session_id: int) -> None:
        """Note that its person has just shown who they are."""
        proof = update(SessionRow).where(SessionRow.id == session_id).values(proved_at=self._unit.now())
        await self._session.execute(proof)

    async def adopt(self, session_id: int, epoch: int) -> None:
        """Carry one session over into a new epoch, which ends all the others."""
        await self._session.execute(update(SessionRow).where(SessionRow.id == session_id).values(epoch=epoch))

    async def list(self, user_id: int, epoch: int) -> Sequence[SessionRow]:
        """The account's live sessions, the latest used first."""
        found = select(SessionRow).where(
            SessionRow.user_id == user_id, SessionRow.epoch == epoch, SessionRow.expires_at > self._unit.now()
        )
        return (await self._session.scalars(found.order_by(SessionRow.last_seen_at.desc()))).all()

    async def end(self, session_id: int, *, of_user: int | None = None) -> None:
        """End a session and every token of it.

        Raises:
            SessionNotFoundError: *of_user* is given and has no such session.
        """
        ended = delete(SessionRow).where(SessionRow.id == session_id)
        if of_user is not None:
            ended = ended.where(SessionRow.user_id == of_user)
        found = await self._session.scalar(ended.returning(SessionRow.user_id))
        if found is None and of_user is not None:
            raise SessionNotFoundError("There is no such session.")
        if found is not None:
            recheck_listeners(self._unit, found)
        await self._session.execute(delete(RefreshTokenRow).where(RefreshTokenRow.session_id == session_id))

    async def end_all(self, user_id: int) -> None:
        """End every session of an account."""
        mine = select(SessionRow.id).where(SessionRow.user_id == user_id)
        await self._session.execute(delete(RefreshTokenRow).where(RefreshTokenRow.session_id.in_(mine)))
        await self._session.execute(delete(SessionRow).where(SessionRow.user_id == user_id))
        recheck_listeners(self._unit, user_id)

    async def purge(self) -> int:
        """Delete sessions that ran out, with their tokens; returns how many."""
        old = select(SessionRow.id).where(SessionRow.expires_at <= self._unit.now())
        await self._session.execute(delete(RefreshTokenRow).where(RefreshTokenRow.session_id.in_(old)))
        gone = delete(SessionRow).where(SessionRow.expires_at <= self._unit.now()).returning(SessionRow.id)
        return len((await self._session.scalars(gone)).all())

    def _add_refresh(self, session_id: int, token: str) -> None:
        digest = self._keys.digest(REFRESH_KEY, token)
        self._session.add(RefreshTokenRow(session_id=session_id, digest=digest, used_at=None))


def csrf_of(keys: Keys, cookie: str) -> str:
    """What the readable cookie and the X-CSRF header must say for a session cookie."""
    return keys.digest(CSRF_KEY, cookie).hex()[:32]
