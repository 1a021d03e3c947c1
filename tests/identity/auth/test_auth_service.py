"""Signing in and out, refresh tokens, second factors, throttling."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pyotp
import pytest

from balu.identity.auth import AuthService, Client, PausedError, Pending, SignedIn, SignInError
from balu.identity.auth.totp import SecondFactorService
from balu.identity.users import UserRow, UserService
from balu.kernel.caller import Authenticator, Caller
from balu.kernel.errors import BaluError, UnauthorizedError
from balu.kernel.testing import FakeClock
from balu.kernel.unit import Env, open_unit

PASSWORD = "Regen5Tage"
HERE = Client("test", "192.0.2.1")
MakeUser = Callable[..., Awaitable[UserRow]]


def bearer(token: str | None) -> Any:
    return {"type": "http", "headers": [(b"authorization", f"Bearer {token}".encode())], "scheme": "http"}


async def who(env: Env, token: str | None) -> Caller | None:
    authenticator = env.part(Authenticator)
    authenticator.forget()  # type: ignore[attr-defined]
    return await authenticator.authenticate_leniently(bearer(token))


async def signed_in(env: Env, username: str = "anna") -> SignedIn:
    found = await AuthService(env).sign_in(username, PASSWORD, HERE, cookie=False)
    assert isinstance(found, SignedIn)
    return found


async def with_factor(env: Env, user: UserRow, clock: FakeClock) -> tuple[pyotp.TOTP, list[str]]:
    async with open_unit(env) as unit:
        secret = (await SecondFactorService(unit).begin(user.id, user.username)).secret
    totp = pyotp.TOTP(secret)
    codes = await AuthService(env).enable_second_factor(
        Caller(user.id, user.username, user.grade), totp.at(clock()), secret
    )
    clock.advance(seconds=90)
    return totp, codes


async def pending_of(env: Env) -> str:
    found = await AuthService(env).sign_in("anna", PASSWORD, HERE, cookie=False)
    assert isinstance(found, Pending)
    return found.token


async def outcome(work: Awaitable[Any]) -> str:
    try:
        await work
    except BaluError as error:
        return error.code
    return "done"


async def test_unknown_wrong_and_disabled_get_the_same_answer(env: Env, make_user: MakeUser) -> None:
    owner, user = await make_user("owner", "admin"), await make_user()
    async with open_unit(env) as unit:
        by = Caller(owner.id, owner.username, owner.grade)
        await UserService(unit).update(user.id, by, {"is_active": False})
    said = set()
    for name, password in (("anna", PASSWORD), ("owner", "wrong"), ("nobody", PASSWORD), ("a\0b", PASSWORD)):
        with pytest.raises(SignInError) as caught:
            await AuthService(env).sign_in(name, password, HERE, cookie=False)
        said.add((caught.value.status, caught.value.code, caught.value.detail))
    assert len(said) == 1


async def test_an_access_token_ends_after_fifteen_minutes(
    env: Env, make_user: MakeUser, clock: FakeClock
) -> None:
    await make_user()
    token = (await signed_in(env)).access_token
    clock.advance(seconds=899)
    assert await who(env, token)
    clock.advance(seconds=1)
    assert await who(env, token) is None


async def test_a_rotated_refresh_token_that_shows_up_again_kills_the_session(
    env: Env, make_user: MakeUser
) -> None:
    await make_user()
    first = await signed_in(env)
    service = AuthService(env)
    second = await service.refresh(first.refresh_token or "", rotate=True)
    assert second.refresh_token != first.refresh_token
    assert await who(env, second.access_token)

    with pytest.raises(UnauthorizedError):
        await service.refresh(first.refresh_token or "", rotate=True)
    with pytest.raises(UnauthorizedError):
        await service.refresh(second.refresh_token or "", rotate=True)
    assert await who(env, second.access_token) is None


async def test_without_rotation_a_refresh_token_stays(env: Env, make_user: MakeUser) -> None:
    await make_user()
    first = await signed_in(env)
    for _ in range(3):
        again = await AuthService(env).refresh(first.refresh_token or "", rotate=False)
        assert again.refresh_token == first.refresh_token
        assert await who(env, again.access_token)


async def test_a_session_ends_after_a_week_without_use(
    env: Env, make_user: MakeUser, clock: FakeClock
) -> None:
    await make_user()
    token = (await signed_in(env)).refresh_token or ""
    clock.advance(days=6)
    await AuthService(env).refresh(token, rotate=False)
    clock.advance(days=6)
    await AuthService(env).refresh(token, rotate=False)
    clock.advance(days=7)
    with pytest.raises(UnauthorizedError):
        await AuthService(env).refresh(token, rotate=False)


async def test_a_new_password_ends_every_other_session(env: Env, make_user: MakeUser) -> None:
    await make_user()
    mine, other = await signed_in(env), await signed_in(env)
    caller = await who(env, mine.access_token)
    assert caller is not None
    await AuthService(env).change_password(caller, PASSWORD, "Sonne7Tage")
    assert await who(env, mine.access_token)
    assert await who(env, other.access_token) is None
    with pytest.raises(UnauthorizedError):
        await AuthService(env).refresh(other.refresh_token or "", rotate=True)


async def test_signing_out_everywhere_ends_all(env: Env, make_user: MakeUser) -> None:
    await make_user()
    mine, other = await signed_in(env), await signed_in(env)
    caller = await who(env, mine.access_token)
    assert caller is not None
    await AuthService(env).sign_out(caller, everywhere=True)
    assert [await who(env, one.access_token) for one in (mine, other)] == [None, None]


async def test_five_wrong_passwords_pause_a_name_for_fifteen_minutes(
    env: Env, make_user: MakeUser, clock: FakeClock
) -> None:
    await make_user()
    service = AuthService(env)
    for _ in range(5):
        assert await outcome(service.sign_in("anna", "wrong", HERE, cookie=False)) == "unauthorized"
    assert await outcome(service.sign_in("ANNA", PASSWORD, HERE, cookie=False)) == "rate-limited"
    assert await outcome(service.sign_in("anna", PASSWORD, Client("", "192.0.2.9"), cookie=False)) == "done"
    clock.advance(minutes=14, seconds=59)
    with pytest.raises(PausedError) as caught:
        await service.sign_in("anna", PASSWORD, HERE, cookie=False)
    assert caught.value.headers["retry-after"] == "1"
    clock.advance(seconds=1)
    assert await outcome(service.sign_in("anna", PASSWORD, HERE, cookie=False)) == "done"


async def test_many_names_from_one_address_are_paused_too(env: Env) -> None:
    service = AuthService(env)
    told = [
        await outcome(service.sign_in(f"name{number}", "wrong", HERE, cookie=False)) for number in range(21)
    ]
    assert told == ["unauthorized"] * 20 + ["rate-limited"]


async def test_attempts_at_once_gain_nothing(env: Env, make_user: MakeUser) -> None:
    await make_user()
    service = AuthService(env)
    told = await asyncio.gather(
        *(outcome(service.sign_in("anna", "wrong", HERE, cookie=False)) for _ in range(12))
    )
    assert sorted(told) == ["rate-limited"] * 7 + ["unauthorized"] * 5


async def test_the_right_password_wipes_the_slate(env: Env, make_user: MakeUser) -> None:
    await make_user()
    service = AuthService(env)
    for password in ["wrong"] * 4 + [PASSWORD] + ["wrong"] * 4 + [PASSWORD]:
        told = await outcome(service.sign_in("anna", password, HERE, cookie=False))
        assert told == ("done" if password == PASSWORD else "unauthorized")


async def test_of_twenty_submissions_of_one_code_exactly_one_succeeds(
    env: Env, make_user: MakeUser, clock: FakeClock
) -> None:
    totp, _ = await with_factor(env, await make_user(), clock)
    pending, code = await pending_of(env), totp.at(clock())
    service = AuthService(env)
    told = await asyncio.gather(
        *(outcome(service.second_factor(pending, code, HERE, cookie=False)) for _ in range(20))
    )
    assert told.count("done") == 1
    assert await outcome(service.second_factor(pending, code, HERE, cookie=False)) != "done"


async def test_a_recovery_code_works_once(env: Env, make_user: MakeUser, clock: FakeClock) -> None:
    _, codes = await with_factor(env, await make_user(), clock)
    assert len(set(codes)) == 10
    pending = await pending_of(env)
    service = AuthService(env)
    told = await asyncio.gather(
        *(outcome(service.second_factor(pending, codes[0], HERE, cookie=False)) for _ in range(20))
    )
    assert told.count("done") == 1
    clock.advance(minutes=16)
    pending = await pending_of(env)
    assert await outcome(service.second_factor(pending, codes[0], HERE, cookie=False)) == "unauthorized"
    assert await outcome(service.second_factor(pending, codes[1].upper(), HERE, cookie=False)) == "done"


async def test_a_pending_sign_in_opens_nothing_else(env: Env, make_user: MakeUser, clock: FakeClock) -> None:
    await with_factor(env, await make_user(), clock)
    pending = await pending_of(env)
    assert await who(env, pending) is None
    with pytest.raises(UnauthorizedError):
        await AuthService(env).refresh(pending, rotate=False)


async def test_a_pending_sign_in_ends_with_the_password_it_was_made_with(
    env: Env, make_user: MakeUser, clock: FakeClock
) -> None:
    user = await make_user()
    totp, _ = await with_factor(env, user, clock)
    pending = await pending_of(env)
    async with open_unit(env) as unit:
        await UserService(unit).set_password_hash(user.id, "another")
    told = await outcome(AuthService(env).second_factor(pending, totp.at(clock()), HERE, cookie=False))
    assert told == "unauthorized"


async def test_a_step_before_the_last_accepted_one_is_refused(
    env: Env, make_user: MakeUser, clock: FakeClock
) -> None:
    totp, _ = await with_factor(env, await make_user(), clock)
    pending = await pending_of(env)
    earlier, present = totp.at(clock().timestamp() - 30), totp.at(clock())
    service = AuthService(env)
    assert await outcome(service.second_factor(pending, present, HERE, cookie=False)) == "done"
    assert await outcome(service.second_factor(pending, earlier, HERE, cookie=False)) == "unauthorized"
