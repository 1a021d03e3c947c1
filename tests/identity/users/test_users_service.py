"""Accounts: names, owners, the last administrator."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import nullcontext

import pytest
from sqlalchemy import select

from balu.identity.users import (
    LastAdminError,
    NewUser,
    Passwords,
    UserExistsError,
    UserRow,
    UserService,
    WeakPasswordError,
    check_password,
)
from balu.kernel.caller import Caller
from balu.kernel.errors import BaluError, ForbiddenError
from balu.kernel.outbox import OutboxRow
from balu.kernel.unit import Env, open_unit

MakeUser = Callable[..., Awaitable[UserRow]]
CallerOf = Callable[[UserRow], Caller]


async def test_names_that_differ_in_case_only_are_the_same(env: Env, make_user: MakeUser) -> None:
    await make_user("Anna")
    with pytest.raises(UserExistsError):
        await make_user("aNNA")


async def test_the_first_administrator_is_the_owner(make_user: MakeUser) -> None:
    assert (await make_user("first", "admin")).grade == "superadmin"
    assert (await make_user("second", "admin")).grade == "admin"


async def test_a_number_is_never_given_twice(env: Env, make_user: MakeUser) -> None:
    gone = await make_user("gone")
    async with open_unit(env) as unit:
        await UserService(unit).delete(gone.id)
    assert (await make_user("fresh")).id > gone.id


async def test_the_last_owner_cannot_go(env: Env, make_user: MakeUser, caller_of: CallerOf) -> None:
    owner = await make_user("owner", "admin")
    await make_user("other", "admin")
    for changes in ({"grade": "user"}, {"grade": "admin"}, {"is_active": False}):
        with pytest.raises(LastAdminError):
            async with open_unit(env) as unit:
                await UserService(unit).update(owner.id, caller_of(owner), changes)
    with pytest.raises(LastAdminError):
        async with open_unit(env) as unit:
            await UserService(unit).delete(owner.id, caller_of(owner))


async def test_two_owners_who_remove_each_other_leave_one(
    env: Env, make_user: MakeUser, caller_of: CallerOf
) -> None:
    first, second = await make_user("first", "superadmin"), await make_user("second", "superadmin")

    async def demote(by: UserRow, whom: UserRow) -> str:
        try:
            async with open_unit(env) as unit:
                await UserService(unit).update(whom.id, caller_of(by), {"grade": "user"})
        except BaluError as error:
            return error.code
        return "done"

    told = await asyncio.gather(demote(first, second), demote(second, first))
    assert sorted(told) == ["done", "user-last-admin"]


async def test_an_administrator_cannot_touch_an_owner(
    env: Env, make_user: MakeUser, caller_of: CallerOf
) -> None:
    owner, admin = await make_user("owner", "admin"), await make_user("admin", "admin")
    for user_id, changes in ((owner.id, {"email": "a@b.example"}), (admin.id, {"grade": "superadmin"})):
        with pytest.raises(ForbiddenError):
            async with open_unit(env) as unit:
                await UserService(unit).update(user_id, caller_of(admin), changes)


async def test_what_happens_to_accounts_is_announced(
    env: Env, make_user: MakeUser, caller_of: CallerOf
) -> None:
    owner = await make_user("owner", "admin")
    async with open_unit(env) as unit:
        row = await UserService(unit).create(NewUser(username="bert", password="Regen5Tage"))
        await UserService(unit).update(row.id, caller_of(owner), {"is_active": False})
        await UserService(unit).delete(row.id, caller_of(owner))
        unit.outbox.store(unit.session)
        await unit.session.flush()
        names = (await unit.session.scalars(select(OutboxRow.name).order_by(OutboxRow.id))).all()
        unit.outbox.pending.clear()
    assert list(names) == ["UserDisabled", "UserDeleted"], "what nobody listens to is not worth a row"


@pytest.mark.parametrize(
    ("password", "is_good"),
    [
        pytest.param("Regen5Tage", True, id="good"),
        pytest.param("Rgn5Tag", False, id="seven-characters"),
        pytest.param("regen5tage", False, id="no-upper-case"),
        pytest.param("REGEN5TAGE", False, id="no-lower-case"),
        pytest.param("RegenTage", False, id="no-digit"),
        pytest.param("Password123", False, id="common"),
        pytest.param("Anna12345", False, id="holds-the-name"),
        pytest.param("Aa1" * 43, False, id="too-long"),
    ],
)
def test_passwords_that_are_guessed_first_are_refused(password: str, is_good: bool) -> None:
    with nullcontext() if is_good else pytest.raises(WeakPasswordError):
        check_password(password, "anna")


async def test_hashing_takes_only_as_many_as_can_wait() -> None:
    passwords = Passwords(slots=1, queue=2)
    found = await asyncio.gather(*(passwords.verify(None, "x") for _ in range(6)), return_exceptions=True)
    assert [type(one).__name__ for one in found].count("HashingBusyError") == 3
    assert found.count(False) == 3
    await asyncio.sleep(0)
    assert await passwords.verify(None, "x") is False
    await passwords.aclose()


async def test_the_same_hash_is_right_for_its_password_only() -> None:
    passwords = Passwords(slots=1)
    encoded = await passwords.hash("Regen5Tage")
    assert encoded.startswith("$argon2id$v=19$m=65536,t=3,")
    assert await passwords.verify(encoded, "Regen5Tage")
    assert not await passwords.verify(encoded, "regen5Tage")
    await passwords.aclose()
