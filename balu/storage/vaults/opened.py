"""Which vaults are open: the same for every worker, forgotten when the server ends.

The secrets are a row, encrypted under the boot key that only the running processes have; a worker keeps
what it decrypted. The row decides at every use, so locking works everywhere at once.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import delete, select, update

from balu.kernel import bootkey
from balu.kernel.sealing import BrokenSealError, seal, unseal
from balu.kernel.threads import Threads
from balu.kernel.unit import Env, Unit, open_unit
from balu.storage.files import SUFFIX, Home, Seal, Seals, SeenVault, Spot
from balu.storage.vaults.models import VaultOpenRow, VaultRow
from balu.storage.vaults.record import FORMAT, Opened
from balu.storage.vaults.settings import VaultSettings
from balu_core import Volume

if TYPE_CHECKING:
    from balu_core._native import VaultKeys

MARKER = "vault.balu"
"""Says in the folder which vault it is. In there names are encrypted, so that no file can be called so."""
NOTE_AFTER = timedelta(seconds=20)
"""Uses closer together than this are not written down."""


class OpenVaults(Seals):
    """A part of the Env: opens, locks, and finds the seal of a path."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._env: Env | None = None
        self._boot: bytes | None = None
        self._known: dict[str, tuple[bytes, VaultKeys]] = {}
        self.hashing = asyncio.Semaphore(1)
        """Argon2 takes 64 MiB; one passphrase at a time."""

    def bind(self, env: Env) -> None:
        """Learn where the rows are."""
        self._env = env

    @property
    def env(self) -> Env:
        """The Env this belongs to."""
        if self._env is None:
            raise RuntimeError("not bound to an Env")
        return self._env

    async def of(self, home: Home, parts: Sequence[str]) -> Seal | None:
        """The seal of the first vault on the way; asks the disk only where a name looks like one."""
        for depth, part in enumerate(parts, 1):
            if part.endswith(SUFFIX) and (uid := await self._marker(home, parts[:depth])):
                return Seal(uid, depth, await self.keys(uid, home.owner_id))
        return None

    async def _marker(self, home: Home, parts: Sequence[str]) -> str | None:
        path = Spot(home, (*parts, MARKER)).disk
        return await self.env.part(Threads).run(read_marker, home.mounted.core, path)

    async def keys(self, uid: str, owner_id: int) -> "VaultKeys | None":
        """What opens the vault, None while it is locked; counts as a use."""
        async with open_unit(self.env, writes=False) as unit:
            row = await unit.session.get(VaultOpenRow, uid)
        now = self.env.now()
        if row is None or row.owner_id != owner_id or now - row.used_at > self.idle:
            self._known.pop(uid, None)
            return None
        keys = await self._unsealed(row)
        if keys is not None and now - row.used_at > NOTE_AFTER:
            async with open_unit(self.env) as unit:
                query = update(VaultOpenRow).where(VaultOpenRow.uid == uid).values(used_at=now)
                await unit.session.execute(query.execution_options(synchronize_session=False))
        return keys

    async def seen(self, vault_id: str) -> SeenVault | None:
        """Its name, and what opens it."""
        async with open_unit(self.env, writes=False) as unit:
            row = await unit.session.scalar(select(VaultRow).where(VaultRow.uid == vault_id))
        return None if row is None else SeenVault(row.name, await self.keys(vault_id, row.owner_id))

    @property
    def idle(self) -> timedelta:
        """After which a vault is locked."""
        return timedelta(minutes=self.env.part(VaultSettings).idle_minutes)

    async def open(self, owner_id: int, opened: Opened) -> datetime:
        """Unlock for every worker; returns since when."""
        now = self.env.now()
        sealed = await self._sealed(opened)
        async with open_unit(self.env) as unit:
            await unit.session.execute(delete(VaultOpenRow).where(VaultOpenRow.uid == opened.vault_id))
            unit.session.add(
                VaultOpenRow(uid=opened.vault_id, owner_id=owner_id, keys=sealed, opened_at=now, used_at=now)
            )
        return now

    async def secrets(self, uid: str) -> Opened | None:
        """What a vault was opened with, None while it is locked."""
        async with open_unit(self.env, writes=False) as unit:
            row = (await self.opened(unit, [uid])).get(uid)
        return None if row is None else await self._secrets(row)

    async def learn(self, opened: Opened) -> None:
        """Give a vault that is open the keys it has now, in every worker; a locked one stays locked."""
        sealed = await self._sealed(opened)
        async with open_unit(self.env) as unit:
            query = update(VaultOpenRow).where(VaultOpenRow.uid == opened.vault_id)
            await unit.session.execute(query.values(keys=sealed).execution_options(synchronize_session=False))

    async def lock(self, uid: str) -> None:
        """Forget the secrets, in every worker; requests that read already may end."""
        self._known.pop(uid, None)
        async with open_unit(self.env) as unit:
            await unit.session.execute(delete(VaultOpenRow).where(VaultOpenRow.uid == uid))

    async def lock_idle(self) -> int:
        """Lock what nobody used lately, and what an earlier server left open."""
        async with open_unit(self.env, writes=False) as unit:
            rows = (await unit.session.scalars(select(VaultOpenRow))).all()
        done = 0
        for row in rows:
            if self.env.now() - row.used_at > self.idle or await self._unsealed(row) is None:
                await self.lock(row.uid)
                done += 1
        return done

    async def opened(self, unit: Unit, uids: Sequence[str]) -> dict[str, VaultOpenRow]:
        """Those of *uids* that are open now."""
        rows = (await unit.session.scalars(select(VaultOpenRow).where(VaultOpenRow.uid.in_(uids)))).all()
        now = self.env.now()
        return {
            row.uid: row
            for row in rows
            if now - row.used_at <= self.idle and await self._unsealed(row) is not None
        }

    async def _unsealed(self, row: VaultOpenRow) -> "VaultKeys | None":
        known = self._known.get(row.uid)
        if known is not None and known[0] == row.keys:
            return known[1]
        opened = await self._secrets(row)
        if opened is None:
            return None
        keys = opened.native()
        self._known[row.uid] = (row.keys, keys)
        return keys

    async def _sealed(self, opened: Opened) -> bytes:
        secret = msgspec.msgpack.encode((opened.root, opened.keks))
        return seal(await self._key(), secret, opened.vault_id.encode())

    async def _secrets(self, row: VaultOpenRow) -> Opened | None:
        try:
            secret = unseal(await self._key(), row.keys, row.uid.encode())
        except BrokenSealError:  # unlocked before the server was started anew
            return None
        root, keks = msgspec.msgpack.decode(secret, type=tuple[bytes, list[tuple[int, bytes]]])
        return Opened(row.uid, root, tuple(keks))

    async def _key(self) -> bytes:
        if self._boot is None:
            self._boot = await self.env.part(Threads).run(bootkey.ask, self._data_dir)
        return self._boot


def marker_of(uid: str) -> bytes:
    """What the marker holds."""
    return f"{FORMAT} {uid}\n".encode()


def read_marker(core: Volume, path: str) -> str | None:
    """The id in a marker, None where there is none."""
    try:
        source = core.open(path)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    try:
        uid = source.read(0, 100).decode("ascii", "replace").removeprefix(f"{FORMAT} ").rstrip("\n")
    finally:
        source.close()
    return uid if len(uid) == 32 and set(uid) <= set("0123456789abcdef") else None  # noqa: PLR2004  128 bits
