"""/api/users and /api/settings."""

from typing import Any

from litestar import Controller, Request, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import UNSET, structs

from balu.identity.users.errors import UserNotFoundError
from balu.identity.users.models import UserRow
from balu.identity.users.passwords import Passwords, check_password
from balu.identity.users.schemas import (
    Language,
    Role,
    SettingsRead,
    SettingsUpdate,
    UserCreate,
    UserList,
    UserRead,
    UserUpdate,
)
from balu.identity.users.service import NewUser, UserService, may_manage
from balu.kernel.caller import Caller, Grade
from balu.kernel.errors import ForbiddenError, InvalidError
from balu.kernel.http import CallerDep, UserId, provide, require_proof
from balu.kernel.unit import Env, open_unit

Users = NamedDependency[UserService]
ADMIN = {"auth": "admin", "rate": ("user_operations", 30)}


class UserController(Controller):
    """Accounts, for administrators; everyone may look at their own."""

    path, tags = "/users", ("users",)
    dependencies = {"users": provide(UserService)}

    @get("/", operation_id="listUsers", opt={"auth": "admin"})
    async def list(
        self,
        users: Users,
        search: FromQuery[str | None] = None,
        role: FromQuery[Role | None] = None,
        is_active: FromQuery[bool | None] = None,
        sort_by: FromQuery[str] = "username",
        sort_order: FromQuery[str] = "asc",
    ) -> UserList:
        """Find accounts; the counts are of all."""
        found = await users.list(
            search=search, role=role, is_active=is_active, sort_by=sort_by, descending=sort_order == "desc"
        )
        counts = await users.counts()
        return UserList(
            users=[user_of(row) for row in found], total=counts.total, active=counts.active,
            inactive=counts.total - counts.active, admins=counts.admins,
        )  # fmt: skip

    @post("/", operation_id="createUser", status_code=201, opt=ADMIN)
    async def create(self, users: Users, caller: CallerDep, data: JSONBody[UserCreate]) -> UserRead:
        """Make an account."""
        grade = grade_of(data.role, data.grade, "user")
        if grade == "superadmin" and not caller.at_least("superadmin"):
            raise ForbiddenError("Only an owner can make another owner.")
        row = await users.create(
            NewUser(
                username=data.username, password=data.password, email=data.email, grade=grade,
                quota_bytes=data.quota_bytes,
            )
        )  # fmt: skip
        return user_of(row)

    @get("/{user_id:int}", operation_id="getUser", opt={"auth": "viewer"})
    async def read(self, users: Users, caller: CallerDep, user_id: FromPath[int]) -> UserRead:
        """Read one account."""
        own_or_admin(caller, user_id)
        return user_of(await users.get(user_id))

    @put("/{user_id:int}", operation_id="updateUser", opt={"auth": "viewer", "rate": ("user_operations", 30)})
    async def update(
        self,
        request: Request[Any, Any, Any],
        env: NamedDependency[Env],
        caller: CallerDep,
        user_id: FromPath[int],
        data: JSONBody[UserUpdate],
    ) -> UserRead:
        """Change an account: administrators anything, everyone their own address after a fresh proof."""
        own_or_admin(caller, user_id)
        given = {name: value for name, value in structs.asdict(data).items() if value is not UNSET}
        if not caller.at_least("admin") and given.keys() - {"email", "username"}:
            raise ForbiddenError("You can change your e-mail address only.")
        if caller.user_id == user_id and "email" in given:
            # Whoever reads the mail there can set a new password.
            await require_proof(env, request.scope)
        return user_of(await _apply(env, caller, user_id, given))

    @delete("/{user_id:int}", operation_id="deleteUser", status_code=204, opt=ADMIN)
    async def remove(self, users: Users, caller: CallerDep, user_id: FromPath[int]) -> None:
        """Delete an account; its files go to the trash."""
        await users.delete(user_id, caller)

    @delete("/{user_id:int}/settings", operation_id="resetUserSettings", status_code=204, opt=ADMIN)
    async def reset(self, users: Users, user_id: FromPath[int]) -> None:
        """Put an account's settings back to the defaults."""
        await users.change_settings(user_id, DEFAULTS)


DEFAULTS: dict[str, Any] = {"theme": "system", "language": None, "notifications_enabled": True}


class SettingsController(Controller):
    """Everyone's own preferences."""

    path, tags = "/settings", ("settings",)
    dependencies = {"users": provide(UserService)}

    @get("/", operation_id="getSettings", opt={"auth": "viewer"})
    async def read(self, request: Request[Any, Any, Any], users: Users, own_id: UserId) -> SettingsRead:
        """Read your settings."""
        return settings_of(await users.get(own_id), browser_language(request))

    @put("/", operation_id="updateSettings", opt={"auth": "viewer"})
    async def update(
        self, request: Request[Any, Any, Any], users: Users, own_id: UserId, data: JSONBody[SettingsUpdate]
    ) -> SettingsRead:
        """Change your settings."""
        given = {name: value for name, value in structs.asdict(data).items() if value is not UNSET}
        given.pop("storage_limit", None)
        row = await users.change_settings(own_id, given)
        return settings_of(row, browser_language(request))

    @delete("/", operation_id="resetSettings", status_code=200, opt={"auth": "viewer"})
    async def reset(self, request: Request[Any, Any, Any], users: Users, own_id: UserId) -> SettingsRead:
        """Put your settings back to the defaults."""
        return settings_of(await users.change_settings(own_id, DEFAULTS), browser_language(request))


def user_of(row: UserRow) -> UserRead:
    """The wire shape of an account."""
    return UserRead(
        id=row.id, username=row.username, email=row.email,
        role="admin" if row.role == "admin" else "user", grade=row.grade, is_active=row.is_active,
        smb_enabled=row.smb_enabled, quota_bytes=row.quota_bytes,
        avatar_url=f"/api/users/{row.id}/avatar?v={row.avatar_tag}" if row.avatar_tag else None,
        created_at=row.created_at, updated_at=row.updated_at,
    )  # fmt: skip


def settings_of(row: UserRow, language: Language) -> SettingsRead:
    """An account's settings; *language* is what the browser asks for."""
    theme = row.theme
    return SettingsRead(
        theme="dark" if theme == "dark" else "light" if theme == "light" else "system",
        language="de" if (row.language or language) == "de" else "en",
        notifications_enabled=row.notifications_enabled,
        storage_limit=row.quota_bytes,
    )


def browser_language(request: Request[Any, Any, Any]) -> Language:
    """The first language of Accept-Language that Balu speaks, English otherwise."""
    for item in request.headers.get("accept-language", "").split(","):
        code = item.strip()[:2].lower()
        if code in {"de", "en"}:
            return "de" if code == "de" else "en"
    return "en"


def grade_of(role: Role | None, grade: Grade | None, present: Grade) -> Grade:
    """What *role* and *grade* mean together for an account that is *present* now.

    Raises:
        InvalidError: they contradict each other.
    """
    if grade is not None:
        if role == "admin" and grade not in {"admin", "superadmin"}:
            raise InvalidError("A role of admin needs the grade admin or superadmin.", field="grade")
        return grade
    is_admin = present in {"admin", "superadmin"}
    if role is None or (role == "admin") == is_admin:
        return present
    return "admin" if role == "admin" else "user"


def own_or_admin(caller: Caller, user_id: int) -> None:
    """Hide other people's accounts from everyone but administrators.

    Raises:
        UserNotFoundError: *user_id* is somebody else's.
    """
    if caller.user_id != user_id and not caller.at_least("admin"):
        raise UserNotFoundError("There is no such account.")


async def _apply(env: Env, caller: Caller, user_id: int, given: dict[str, Any]) -> UserRow:
    async with open_unit(env, writes=False) as unit:
        row = await UserService(unit).get(user_id)
    if given.pop("username", row.username) != row.username:
        raise InvalidError("The name of an account cannot change.", field="username")
    grade = grade_of(given.pop("role", None), given.pop("grade", None), row.grade)
    if grade != row.grade:
        given["grade"] = grade
    password, password_hash = given.pop("password", None), None
    if password is not None:
        may_manage(caller, row, row.grade)
        check_password(password, row.username)
        password_hash = await env.part(Passwords).hash(password)
    async with open_unit(env) as unit:
        users = UserService(unit)
        if password_hash is not None:
            await users.set_password_hash(user_id, password_hash)
        return await users.update(user_id, caller, given)
