"""The second factor: time-based codes (RFC 6238) and recovery codes, each accepted once."""

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime

import pyotp
from sqlalchemy import delete, func, select, update

from balu.identity.auth.errors import SecondFactorOffError, SecondFactorOnError, SignInError
from balu.identity.auth.keys import Keys
from balu.identity.auth.models import RecoveryCodeRow, TotpRow
from balu.kernel.unit import Unit

STEP_S, WINDOW = 30, 1
CODES, CODE_LENGTH = 10, 10
CODE_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without letters that look like others: ten of them are 49 bits, behind the throttle."""
SEAL, CODE_KEY = "totp v1", "recovery code v1"
ISSUER = "Balu"


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an authenticator app needs."""

    secret: str
    provisioning_uri: str
    qr_code: str
    """A PNG as ``data:`` URL."""


class SecondFactorService:
    """The only way in or out of ``totp`` and ``recovery_code``."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._session = unit.session
        self._keys = unit.env.part(Keys)

    async def enabled_at(self, user_id: int) -> datetime | None:
        """Since when the second factor is on; None while it is off."""
        return (
            await self._session.scalars(select(TotpRow.enabled_at).where(TotpRow.user_id == user_id))
        ).first()

    async def require(self, user_id: int) -> None:
        """Refuse accounts without a second factor.

        Raises:
            SecondFactorOffError: turn it on first.
        """
        if await self.enabled_at(user_id) is None:
            raise SecondFactorOffError("Turn the second factor on first.")

    async def codes_left(self, user_id: int) -> int:
        """Recovery codes that were not used."""
        mine = select(func.count()).select_from(RecoveryCodeRow).where(RecoveryCodeRow.user_id == user_id)
        return (await self._session.scalar(mine)) or 0

    async def begin(self, user_id: int, username: str) -> Enrolment:
        """Make a secret; it does nothing before ``enable``.

        Raises:
            SecondFactorOnError: turn it off first.
        """
        import segno  # noqa: PLC0415  draws a picture once for each person

        if await self.enabled_at(user_id) is not None:
            raise SecondFactorOnError("Turn the second factor off before you set it up again.")
        await self._session.execute(delete(TotpRow).where(TotpRow.user_id == user_id))
        secret = pyotp.random_base32(32)
        row = TotpRow(user_id=user_id, secret_sealed=b"", last_step=0, enabled_at=None)
        self._session.add(row)
        await self._session.flush()
        row.secret_sealed = self._keys.seal(SEAL, str(row.id), secret.encode())
        uri = pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name=ISSUER)
        return Enrolment(secret, uri, segno.make(uri, error="m").png_data_uri(scale=6))

    async def enable(self, user_id: int, code: str, secret: str | None) -> list[str]:
        """Turn it on with a first code; returns the recovery codes, shown once.

        Raises:
            SecondFactorOffError: nothing was begun, or another secret since.
            SecondFactorOnError: it is on.
            SignInError: the code is wrong.
        """
        row = await self._row(user_id)
        if row is None or (secret is not None and not hmac.compare_digest(secret, self._secret(row))):
            raise SecondFactorOffError("Begin the set-up again.")
        if row.enabled_at is not None:
            raise SecondFactorOnError("The second factor is on already.")
        if not await self.accept(user_id, code, only_enabled=False):
            raise SignInError("This code is wrong. Check the clock of your device and try the next one.")
        on = update(TotpRow).where(TotpRow.id == row.id, TotpRow.enabled_at.is_(None))
        await self._session.execute(on.values(enabled_at=self._unit.now()))
        return await self.renew_codes(user_id)

    async def disable(self, user_id: int) -> None:
        """Turn it off and forget secret and recovery codes."""
        await self._session.execute(delete(TotpRow).where(TotpRow.user_id == user_id))
        await self._session.execute(delete(RecoveryCodeRow).where(RecoveryCodeRow.user_id == user_id))

    async def renew_codes(self, user_id: int) -> list[str]:
        """Replace the recovery codes; returns the new ones, shown once."""
        await self._session.execute(delete(RecoveryCodeRow).where(RecoveryCodeRow.user_id == user_id))
        codes = ["".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH)) for _ in range(CODES)]
        self._session.add_all(
            RecoveryCodeRow(user_id=user_id, digest=self._digest(user_id, code)) for code in codes
        )
        await self._session.flush()
        return [f"{code[:5]}-{code[5:]}" for code in codes]

    async def accept(self, user_id: int, code: str, *, only_enabled: bool = True) -> bool:
        """Whether *code* is right now, give or take one step, and was not accepted before."""
        row = await self._row(user_id)
        if row is None or (only_enabled and row.enabled_at is None):
            return False
        totp = pyotp.TOTP(self._secret(row), interval=STEP_S)
        present = int(self._unit.now().timestamp()) // STEP_S
        given = code.strip().replace(" ", "").encode()
        steps = range(present - WINDOW, present + WINDOW + 1)
        right = [step for step in steps if hmac.compare_digest(totp.generate_otp(step).encode(), given)]
        if not right:
            return False
        # Of any number of submissions of one code, exactly one moves the step.
        moved = update(TotpRow).where(TotpRow.id == row.id, TotpRow.last_step < right[0])
        return (
            await self._session.scalar(moved.values(last_step=right[0]).returning(TotpRow.id))
        ) is not None

    async def use_recovery_code(self, user_id: int, code: str) -> bool:
        """Whether *code* is one of the account's; it is gone afterwards."""
        plain = code.strip().lower().replace("-", "").replace(" ", "")
        used = delete(RecoveryCodeRow).where(
            RecoveryCodeRow.user_id == user_id, RecoveryCodeRow.digest == self._digest(user_id, plain)
        )
        return (await self._session.scalar(used.returning(RecoveryCodeRow.id))) is not None

    async def _row(self, user_id: int) -> TotpRow | None:
        return (await self._session.scalars(select(TotpRow).where(TotpRow.user_id == user_id))).one_or_none()

    def _secret(self, row: TotpRow) -> str:
        return self._keys.open(SEAL, str(row.id), row.secret_sealed).decode()

    def _digest(self, user_id: int, code: str) -> bytes:
        return self._keys.digest(CODE_KEY, f"{user_id}\0{code}")
