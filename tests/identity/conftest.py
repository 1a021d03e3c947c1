"""People for tests of identity."""

from collections.abc import Awaitable, Callable

import pytest

from balu.identity.users import NewUser, UserRow, UserService
from balu.kernel.caller import Caller, Grade
from balu.kernel.unit import Env, open_unit

PASSWORD = "Regen5Tage"
MakeUser = Callable[..., Awaitable[UserRow]]


@pytest.fixture
def make_user(env: Env) -> MakeUser:
    """Makes an account called *username* with the password ``Regen5Tage``."""

    async def make(username: str = "anna", grade: Grade = "user") -> UserRow:
        async with open_unit(env) as unit:
            return await UserService(unit).create(NewUser(username=username, password=PASSWORD, grade=grade))

    return make


@pytest.fixture
def caller_of() -> Callable[[UserRow], Caller]:
    return lambda row: Caller(row.id, row.username, row.grade)
