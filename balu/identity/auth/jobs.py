"""Clearing up after sign-ins, and what follows when an account goes."""

from balu.identity.auth.apikeys import ApiKeyService
from balu.identity.auth.app_passwords import AppPasswordService
from balu.identity.auth.pins import PinService
from balu.identity.auth.resets import forget_reset, purge_resets
from balu.identity.auth.sessions import SessionService
from balu.identity.auth.throttle import forget_old_attempts
from balu.identity.auth.totp import SecondFactorService
from balu.identity.users import UserDeleted, UserDisabled
from balu.kernel.events import on
from balu.kernel.jobs import Run, job
from balu.kernel.unit import Unit


@on(UserDisabled)
async def end_sessions_of_disabled(event: UserDisabled, unit: Unit) -> None:
    """Its sessions are dead already, by their epoch; this clears the rows."""
    await SessionService(unit).end_all(event.user_id)


@on(UserDeleted)
async def forget_deleted(event: UserDeleted, unit: Unit) -> None:
    """Nothing that opens a deleted account stays."""
    await SessionService(unit).end_all(event.user_id)
    await ApiKeyService(unit).revoke_all(event.user_id)
    await AppPasswordService(unit).revoke_all(event.user_id)
    await SecondFactorService(unit).disable(event.user_id)
    await PinService(unit).remove(event.user_id)
    await forget_reset(unit, event.user_id)


@job(schedule="41 * * * *", lane="session_purge")
async def session_purge(run: Run) -> dict[str, int]:
    """Delete sessions and links that ran out and counts of attempts that are over."""
    async with run.unit() as unit:
        await forget_old_attempts(unit)
        await purge_resets(unit)
        return {"sessions": await SessionService(unit).purge()}


LISTENERS = (end_sessions_of_disabled, forget_deleted)
