"""The volumes this process has open, by id."""

import asyncio
import errno
import time
from dataclasses import dataclass

from sqlalchemy import select

from balu.kernel.unit import Env, open_unit
from balu.storage.volumes.errors import VolumeNotFoundError, VolumeOfflineError
from balu.storage.volumes.models import VolumeRow
from balu_core import Volume

FRESH_S = 10.0
"""How long another process's changes to the list of volumes may go unnoticed."""


@dataclass(frozen=True, slots=True)
class Mounted:
    """A volume and the native object that reaches into it."""

    id: int
    uid: str
    name: str
    root: str
    is_default: bool
    native: Volume | None
    """None while the root does not lead to a directory."""

    @property
    def core(self) -> Volume:
        """The native object of a volume that is online.

        Raises:
            VolumeOfflineError: the disk is away; what lies on it is neither empty nor deleted.
        """
        if self.native is None or not self.is_online():
            raise VolumeOfflineError(f"The volume {self.name} is offline. Connect its disk and try again.")
        return self.native

    def is_online(self) -> bool:
        """Whether the marker on the disk is the one that was registered."""
        try:
            return self.native is not None and self.native.carries(self.uid)
        except OSError:
            return False


class Volumes:
    """A part of the Env: opens volumes when they are first asked for and keeps them open."""

    def __init__(self) -> None:
        self._env: Env | None = None
        self._mounted: dict[int, Mounted] = {}
        self._loaded_at = -FRESH_S
        self._lock = asyncio.Lock()

    def bind(self, env: Env) -> None:
        """Learn where the rows are."""
        self._env = env

    async def get(self, volume_id: int | None = None) -> Mounted:
        """One volume, the default one without an id.

        Raises:
            VolumeNotFoundError: there is no such volume.
        """
        await self._refresh()
        for mounted in self._mounted.values():
            if mounted.id == volume_id or (volume_id is None and mounted.is_default):
                return mounted
        raise VolumeNotFoundError("There is no such volume.")

    async def all(self) -> list[Mounted]:
        """Every registered volume, the default one first, then by name; also those that are offline."""
        await self._refresh()
        return sorted(self._mounted.values(), key=lambda one: (not one.is_default, one.name))

    def forget(self) -> None:
        """Look at the rows again when next asked."""
        self._loaded_at = -FRESH_S

    async def aclose(self) -> None:
        """Let go of every descriptor."""
        for mounted in self._mounted.values():
            if mounted.native is not None:
                mounted.native.close()
        self._mounted.clear()

    async def _refresh(self) -> None:
        if time.monotonic() - self._loaded_at < FRESH_S:
            return
        async with self._lock:
            if time.monotonic() - self._loaded_at < FRESH_S:
                return
            if self._env is None:
                raise RuntimeError("volumes are used outside an Env")
            async with open_unit(self._env, writes=False) as unit:
                rows = (await unit.session.scalars(select(VolumeRow))).all()
            self._mounted = {row.id: self._open(row) for row in rows}
            self._loaded_at = time.monotonic()

    def _open(self, row: VolumeRow) -> Mounted:
        known = self._mounted.get(row.id)
        native = known.native if known and known.root == row.root else None
        if native is not None and known is not None and not known.is_online():
            native.close()  # the disk may have come back as another directory
            native = None
        if native is None:
            try:
                native = Volume(row.root)
            except OSError as error:
                if error.errno not in {errno.ENOENT, errno.ENOTDIR, errno.EACCES, errno.EIO, errno.ENXIO}:
                    raise
        return Mounted(row.id, row.uid, row.name, row.root, row.is_default, native)
