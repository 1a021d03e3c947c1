"""``/api/files/…/permissions``: whom a file or folder was given to, by id and by path."""

from collections.abc import Sequence

from litestar import Controller, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from balu.identity.users import UserService
from balu.kernel.caller import Caller
from balu.kernel.errors import InvalidError
from balu.kernel.unit import Env, Unit, open_unit
from balu.storage.files.controller import READ, WITH_FILES, WRITE, Files
from balu.storage.files.errors import FileNotFoundHereError
from balu.storage.files.grants import Chain, Grants
from balu.storage.files.models import GrantRow
from balu.storage.files.mounts import volume_id_of
from balu.storage.files.places import Found
from balu.storage.files.rights import EVERY_RIGHT, Right
from balu.storage.files.rows import FileRows
from balu.storage.files.schemas import Permission, PermissionGive, Permissions, PermissionsSet, Rule
from balu.storage.files.seals import VaultNotGivenError

EnvDep = NamedDependency[Env]
CallerDep = NamedDependency[Caller]


class PermissionController(Controller):
    """See, give, take back."""

    path, tags = "/files", ("files",)
    dependencies = WITH_FILES

    @get("/permissions", operation_id="getPermissionsByPath", opt=READ)
    async def by_path(
        self,
        files: Files,
        env: EnvDep,
        caller: CallerDep,
        path: FromQuery[str],
        mount: FromQuery[str | None] = None,
    ) -> Permissions:
        """Who may do what with a path."""
        return await _read(env, caller, await files.find(path, None, volume_id_of(mount)))

    @put("/permissions", operation_id="setPermissionsByPath", opt=WRITE)
    async def set_by_path(
        self, files: Files, env: EnvDep, caller: CallerDep, data: JSONBody[PermissionsSet]
    ) -> Permissions:
        """Make these the only rules of a path; grants on folders above stay as they are."""
        found = await files.find(data.path, None, volume_id_of(data.mount))
        if data.owner_id not in {None, found.spot.home.owner_id}:
            raise InvalidError("Another owner is set by transfer-ownership.", field="owner_id")
        found.spot.need(Right.SHARE)
        if data.rules:
            _check_givable(found)
        async with open_unit(env) as unit:
            chain = await _chain(unit, found)
            await Grants(unit).take(caller.user_id, chain)
            for rule in data.rules:
                await Grants(unit).give(caller.user_id, chain, rule.user_id, _rights(rule))
        return await _read(env, caller, found)

    @get("/{file_id:int}/permissions", operation_id="getPermissions", opt=READ)
    async def read(self, files: Files, env: EnvDep, caller: CallerDep, file_id: FromPath[int]) -> Permissions:
        """Who may do what with a file or folder."""
        return await _read(env, caller, await files.find(None, file_id))

    @post("/{file_id:int}/permissions", operation_id="givePermission", opt=WRITE, status_code=200)
    async def give(
        self,
        files: Files,
        env: EnvDep,
        caller: CallerDep,
        file_id: FromPath[int],
        data: JSONBody[PermissionGive],
    ) -> Permissions:
        """Let somebody do something with a file, or with a folder and everything below it."""
        found = await files.find(None, file_id)
        _check_givable(found)
        async with open_unit(env) as unit:
            chain = await _chain(unit, found)
            grantee_id = await Grants(unit).account(data.username)
            await Grants(unit).give(caller.user_id, chain, grantee_id, _rights(data))
        return await _read(env, caller, found)

    @delete(
        "/{file_id:int}/permissions/{username:str}",
        operation_id="takePermission",
        opt=WRITE,
        status_code=200,
    )
    async def take(
        self, files: Files, env: EnvDep, caller: CallerDep, file_id: FromPath[int], username: FromPath[str]
    ) -> Permissions:
        """Take it back; somebody it was given to can give it up."""
        found = await files.find(None, file_id)
        async with open_unit(env) as unit:
            chain = await _chain(unit, found)
            await Grants(unit).take(caller.user_id, chain, await Grants(unit).account(username))
        return await _read(env, caller, found)


async def _chain(unit: Unit, found: Found) -> Chain:
    """The rows down to *found*, which may have been deleted since it was found."""
    chain = await FileRows(unit).path_of(found.row.id)
    if not chain:
        raise FileNotFoundHereError("There is no such file or folder any more.")
    return chain


def _check_givable(found: Found) -> None:
    if found.spot.content_seal is not None:
        raise VaultNotGivenError("A vault and what is in it cannot be given to others. Give a copy outside.")


async def _read(env: Env, caller: Caller, found: Found) -> Permissions:
    owner_id = found.spot.home.owner_id
    async with open_unit(env, writes=False) as unit:
        here = await Grants(unit).on(found.row.id)
        if caller.user_id != owner_id:  # others see what concerns them
            here = [row for row in here if caller.user_id in {row.grantee_id, row.giver_id}]
        people = await _people(unit, caller, found, here)
    rules: dict[int, Right] = {}
    for row in here:
        rules[row.grantee_id] = rules.get(row.grantee_id, Right.NONE) | Right(row.rights)
    return Permissions(
        path=found.spot.path, owner_id=owner_id, permissions=people,
        rules=[Rule(user_id=user_id, **_flags(rights)) for user_id, rights in rules.items()],
    )  # fmt: skip


async def _people(unit: Unit, caller: Caller, found: Found, here: Sequence[GrantRow]) -> list[Permission]:
    chain = await FileRows(unit).path_of(found.row.id)
    owner_id, grants = found.spot.home.owner_id, Grants(unit)
    ids = {row.grantee_id for row in here}
    if caller.user_id == owner_id:
        ids |= {grant.grantee_id for row in chain for grant in await grants.on(row.id)}
    ids = {one for one in ids | {caller.user_id} if one != owner_id}
    names = await UserService(unit).names([owner_id, *ids])
    local = {row.grantee_id for row in here}
    people = [_permission(owner_id, names, EVERY_RIGHT, is_inherited=False)]
    for user_id in sorted(ids):
        held = (await grants.held(user_id, chain))[-1] if chain else Right.NONE
        if held & Right.VIEW:
            people.append(_permission(user_id, names, held, is_inherited=user_id not in local))
    return people


def _permission(user_id: int, names: dict[int, str], rights: Right, *, is_inherited: bool) -> Permission:
    return Permission(
        user_id=user_id, username=names.get(user_id, ""), is_inherited=is_inherited, **_flags(rights)
    )


def _rights(wish: Rule | PermissionGive) -> Right:
    wanted = (
        (wish.can_view, Right.VIEW), (wish.can_edit, Right.EDIT), (wish.can_delete, Right.DELETE),
        (wish.can_share, Right.SHARE),
    )  # fmt: skip
    rights = Right.NONE
    for is_wanted, right in wanted:
        rights |= right if is_wanted else Right.NONE
    return rights


def _flags(rights: Right) -> dict[str, bool]:
    return {
        "can_view": bool(rights & Right.VIEW), "can_edit": bool(rights & Right.EDIT),
        "can_delete": bool(rights & Right.DELETE), "can_share": bool(rights & Right.SHARE),
    }  # fmt: skip
