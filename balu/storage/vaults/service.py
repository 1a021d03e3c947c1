"""Vaults of one owner: make, unlock, lock, change the passphrase, delete."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from sqlalchemy import delete, select, update

from balu.kernel.caller import Caller
from balu.kernel.errors import InvalidError
from balu.kernel.threads import Threads, finish
from balu.kernel.unit import Env, Unit, open_unit
from balu.storage.files import (
    SUFFIX,
    FileRows,
    FileService,
    Found,
    Seals,
    Spot,
    Terms,
    VaultBoundaryError,
    VaultLockedError,
    VaultNotGivenError,
    Writer,
    check_name,
    set_aside,
    to_wire,
    told,
    volume_id_of,
)
from balu.storage.vaults import record as records
from balu.storage.vaults.errors import VaultChangedError, VaultNotFoundError
from balu.storage.vaults.models import VaultOpenRow, VaultRow
from balu.storage.vaults.opened import MARKER, OpenVaults, marker_of
from balu.storage.vaults.record import KeyRecord, Opened
from balu.storage.volumes import Volumes

KIT = "AGE-SECRET-KEY-1"


@dataclass(frozen=True, slots=True)
class Vault:
    """A vault and how it stands."""

    row: VaultRow
    path: str | None
    locks_at: datetime | None


class VaultService:
    """The only way to the ``vault`` table; opens short Units of its own, because keys are derived slowly."""

    def __init__(self, env: Env, caller: Caller) -> None:
        self._env, self._caller = env, caller
        self._threads = env.part(Threads)
        opened = env.part(Seals)
        assert isinstance(opened, OpenVaults)
        self._opened = opened

    async def create(
        self, name: str, parent_path: str, passphrase: str, mount: str | int | None = None
    ) -> tuple[Vault, str]:
        """A new vault, unlocked, and its recovery kit, which is kept nowhere.

        Raises:
            FileExistsHereError: something is called so.
            VaultBoundaryError: the folder lies in another vault.
            VaultNotGivenError: it is somebody else's, to whom the vault would belong.
        """
        files = FileService(self._env, self._caller)
        parent = await files.spot(parent_path, volume_id_of(mount))
        if parent.given is not None:
            raise VaultNotGivenError("A vault is its owner's alone. Make it among your own files.")
        if parent.content_seal is not None:
            raise VaultBoundaryError("A vault cannot go into another one.")
        folder_name = check_name(name if name.endswith(SUFFIX) else name + SUFFIX)
        if folder_name == SUFFIX:
            raise InvalidError("Give the vault a name.", field="name")
        uid = uuid4().hex
        async with self._opened.hashing:
            record, opened, kit = await self._threads.run(records.create, uid, name, passphrase)
        vault: Vault = await finish(self._make(files, parent.child(folder_name), record, opened))
        return vault, kit

    async def _make(self, files: FileService, place: Spot, record: KeyRecord, opened: Opened) -> Vault:
        """First the keys, then the row, and the marker at last: a crash leaves a folder and no vault."""
        home, uid = place.home, record.vault_id
        folder = await files.make_folder(place)
        data = records.encode(record)
        with told(place.path):
            await self._threads.run(home.mounted.core.put_keys, uid, data)
        async with open_unit(self._env) as unit:
            row = VaultRow(
                uid=uid, owner_id=home.owner_id, volume_id=home.mounted.id, folder_id=folder.row.id,
                name=record.name, record=data,
            )  # fmt: skip
            unit.session.add(row)
        await Writer(self._env).put(place.child(MARKER), _once(marker_of(uid)), size=None, terms=Terms())
        opened_at = await self._opened.open(home.owner_id, opened)
        return Vault(row, place.path, opened_at + self._opened.idle)

    async def list(self) -> Sequence[Vault]:
        """All of the caller's, oldest first."""
        async with open_unit(self._env, writes=False) as unit:
            query = select(VaultRow).where(VaultRow.owner_id == self._caller.user_id).order_by(VaultRow.id)
            rows = (await unit.session.scalars(query)).all()
            return await self._shown(unit, rows)

    async def _shown(self, unit: Unit, rows: Sequence[VaultRow]) -> Sequence[Vault]:
        opened = await self._opened.opened(unit, [row.uid for row in rows])
        return [
            Vault(row, await _path_of(unit, row), _locks_at(opened.get(row.uid), self._opened))
            for row in rows
        ]

    async def get(self, vault_id: int) -> Vault:
        """One of them; 404 also for somebody else's."""
        async with open_unit(self._env, writes=False) as unit:
            row = await unit.session.get(VaultRow, vault_id)
            if row is None or row.owner_id != self._caller.user_id:
                raise VaultNotFoundError("There is no such vault.")
            return (await self._shown(unit, [row]))[0]

    async def unlock(self, vault_id: int, passphrase: str) -> Vault:
        """Open it for the owner, on every worker, until it was not used for a while.

        Raises:
            WrongPassphraseError: neither the passphrase nor the recovery kit.
        """
        row = (await self.get(vault_id)).row
        await self._opened.open(row.owner_id, await self._secrets(row, passphrase))
        return await self.get(vault_id)

    async def lock(self, vault_id: int) -> Vault:
        """Forget its keys; locking a locked one changes nothing."""
        await self._opened.lock((await self.get(vault_id)).row.uid)
        return await self.get(vault_id)

    async def change_passphrase(self, vault_id: int, passphrase: str, new: str) -> Vault:
        """Wrap the root key again; no file changes, and the recovery kit stays good.

        Raises:
            WrongPassphraseError: *passphrase* is neither the present one nor the recovery kit.
            VaultChangedError: somebody else changed it meanwhile.
        """
        row = (await self.get(vault_id)).row
        opened = await self._secrets(row, passphrase)
        async with self._opened.hashing:
            record = await self._threads.run(records.with_passphrase, records.decode(row.record), opened, new)
        await finish(keep(self._env, row, record))
        return await self.get(vault_id)

    async def rotate(self, vault_id: int) -> Vault:
        """Lock the keys of files by a new key from now on; where the last one is not everywhere yet, keep it.

        What is stored already is for ``Rotation`` to bring under it.

        Raises:
            VaultLockedError: only its keys can make another one.
        """
        row = (await self.get(vault_id)).row
        opened = await self._opened.secrets(row.uid)
        if opened is None:
            raise VaultLockedError("This vault is locked. Unlock it with its passphrase first.")
        record = records.decode(row.record)
        if not record.is_rotating:
            record = records.with_kek(record, opened.root, self._env.now())
            await finish(keep(self._env, row, record))
        await self._opened.learn(records.open_again(record, opened.root))
        return await self.get(vault_id)

    async def delete(self, vault_id: int) -> None:
        """Lock it and move its folder to the trash; when that is emptied, its keys go for good."""
        vault = await self.get(vault_id)
        await self._opened.lock(vault.row.uid)
        if vault.path is not None:
            found: Found = await FileService(self._env, self._caller).find(None, vault.row.folder_id)
            await set_aside(self._env, found)

    async def _secrets(self, row: VaultRow, passphrase: str) -> Opened:
        record = records.decode(row.record)
        if passphrase.strip().upper().startswith(KIT):
            return records.open_with_kit(record, passphrase)
        async with self._opened.hashing:
            return await self._threads.run(records.open_with_passphrase, record, passphrase)


async def keep(env: Env, row: VaultRow, record: KeyRecord) -> None:
    """Put *record* in the place of the one in *row*, in the database and on the disk.

    Raises:
        VaultChangedError: somebody else changed it meanwhile.
    """
    data = records.encode(record)
    core = (await env.part(Volumes).get(row.volume_id)).core
    async with open_unit(env) as unit:
        instead = update(VaultRow).where(VaultRow.id == row.id, VaultRow.record == row.record)
        changed = await unit.session.scalar(instead.values(record=data).returning(VaultRow.id))
        if changed is None:
            raise VaultChangedError("Its keys were changed meanwhile. Try again.")
        # Before the commit, and so in the same order as the rows: the disk must not keep a loser's.
        with told(row.name):
            await env.part(Threads).run(core.put_keys, row.uid, data)


async def forget(env: Env, folder_ids: Sequence[int]) -> int:
    """Erase the keys of vaults whose folders are gone for good; returns how many."""
    async with open_unit(env, writes=False) as unit:
        query = select(VaultRow).where(VaultRow.folder_id.in_(folder_ids))
        rows = (await unit.session.scalars(query)).all()
    for row in rows:
        core = (await env.part(Volumes).get(row.volume_id)).core
        with told(row.name):
            await env.part(Threads).run(core.drop_keys, row.uid)
        async with open_unit(env) as unit:
            await unit.session.execute(delete(VaultOpenRow).where(VaultOpenRow.uid == row.uid))
            await unit.session.execute(delete(VaultRow).where(VaultRow.id == row.id))
    return len(rows)


async def _path_of(unit: Unit, row: VaultRow) -> str | None:
    path = await FileRows(unit).path_of(row.folder_id)
    return "/".join(to_wire(step.name) for step in path[1:]) if path else None


def _locks_at(row: VaultOpenRow | None, opened: OpenVaults) -> datetime | None:
    return None if row is None else row.used_at + opened.idle


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data
