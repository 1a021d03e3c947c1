"""Register directories as volumes, describe them, take them out again."""

import secrets
from pathlib import Path

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite

from balu.kernel.config import Config
from balu.kernel.errors import ConflictError
from balu.kernel.threads import Threads
from balu.kernel.unit import Env, open_unit
from balu.storage.volumes.errors import NoRoomError, VolumeInUseError, VolumeNotFoundError, VolumePathError
from balu.storage.volumes.models import VolumeRow
from balu.storage.volumes.registry import Mounted, Volumes
from balu_core import Volume

RESERVE_FRACTION = 0.01
RESERVE_BYTES = 256 << 20
DEFAULT_NAME = "main"


class VolumeService:
    """Verbs over the ``volume`` table and the disks behind it; opens Units of its own."""

    def __init__(self, env: Env) -> None:
        self._env = env
        self._volumes = env.part(Volumes)
        self._threads = env.part(Threads)

    async def prepare(self, main: Path, extra: tuple[str, ...]) -> None:
        """Make the default volume once, and register what the configuration names.

        A default volume that exists as a row is never made again: its missing directory is a missing disk.
        """
        async with open_unit(self._env, writes=False) as unit:
            known = set((await unit.session.scalars(select(VolumeRow.root))).all())
        if not known:
            await self._threads.run(main.mkdir, parents=True, exist_ok=True)
            await self.register(DEFAULT_NAME, main)
        for path in extra:
            if path not in known:
                await self.register(Path(path).name or DEFAULT_NAME, Path(path))

    async def register(self, name: str, root: Path) -> int:
        """Make the existing directory *root* a volume; the first one is the default. Returns its id.

        A directory that already carries a marker keeps its identity, so a volume can be moved.

        Raises:
            VolumePathError: not an absolute path of a directory we may write to, inside another volume, or
                around Balu's own data.
            ConflictError: the name is taken.
        """
        await self._check_place(root)
        try:
            uid, features = await self._threads.run(_mark, str(root))
        except OSError as error:
            raise VolumePathError(
                f"{root} cannot be used: {error.strerror or error}.", field="path"
            ) from error
        async with open_unit(self._env) as unit:
            dialect = unit.session.get_bind().dialect.name
            make = postgresql.insert if dialect == "postgresql" else sqlite.insert
            is_first = (await unit.session.scalar(select(VolumeRow.id).limit(1))) is None
            row = {
                "uid": uid, "name": name, "root": str(root), "is_default": is_first, "features": features,
                "created_at": unit.now(), "updated_at": unit.now(),
            }  # fmt: skip
            await unit.session.execute(make(VolumeRow).values(row).on_conflict_do_nothing())
            found = (await unit.session.scalars(select(VolumeRow).where(VolumeRow.uid == uid))).one_or_none()
            if found is None:
                raise ConflictError(f"The name {name} or the directory {root} belongs to another volume.")
            found.root = str(root)
        self._volumes.forget()
        return found.id

    async def update(self, volume_id: int, *, name: str | None, is_default: bool | None) -> None:
        """Rename a volume, or make it the default one instead of the present one."""
        await self._volumes.get(volume_id)
        async with open_unit(self._env) as unit:
            this = update(VolumeRow).where(VolumeRow.id == volume_id)
            if name is not None:
                await unit.session.execute(this.values(name=name, updated_at=unit.now()))
            if is_default:
                await unit.session.execute(update(VolumeRow).values(is_default=False))
                await unit.session.execute(this.values(is_default=True, updated_at=unit.now()))
        self._volumes.forget()

    async def remove(self, volume_id: int) -> None:
        """Forget a volume; not one byte on the disk is touched.

        Raises:
            VolumeInUseError: it is the default one.
        """
        mounted = await self._volumes.get(volume_id)
        if mounted.is_default:
            raise VolumeInUseError("Make another volume the default one first.")
        async with open_unit(self._env) as unit:
            row = await unit.session.get(VolumeRow, volume_id)
            if row is None:
                raise VolumeNotFoundError("There is no such volume.")
            await unit.session.delete(row)
        self._volumes.forget()

    async def features(self, volume_id: int) -> dict[str, object]:
        """What the file system offered at registration."""
        async with open_unit(self._env, writes=False) as unit:
            row = await unit.session.get(VolumeRow, volume_id)
        return dict(row.features) if row else {}

    async def _check_place(self, root: Path) -> None:
        if not root.is_absolute():
            raise VolumePathError("Name the directory by its absolute path.", field="path")
        if not await self._threads.run(root.is_dir):
            raise VolumePathError(f"{root} is not a directory.", field="path")
        real = await self._threads.run(root.resolve)
        mine = await self._threads.run(self._env.part(Config).data_dir.resolve)
        if mine.is_relative_to(real):
            raise VolumePathError(
                f"{root} holds Balu's own database and keys ({mine}), which nobody may see as a file.",
                field="path",
            )
        for other in await self._volumes.all():
            there = Path(other.root)
            if real != there and (real.is_relative_to(there) or there.is_relative_to(real)):
                raise VolumePathError(f"{root} overlaps the volume {other.name}.", field="path")


def reserve_bytes(total: int) -> int:
    """What stays free on a disk of *total* bytes; on tiny ones an eighth."""
    return min(max(int(total * RESERVE_FRACTION), RESERVE_BYTES), total // 8)


def check_room(mounted: Mounted, size: int) -> None:
    """Refuse a write that would eat the last hundredth (at least 256 MiB) of the disk.

    Raises:
        NoRoomError: *size* more bytes do not fit above that.
    """
    total, available, inodes, inodes_free = mounted.core.space()
    # btrfs makes inodes as it goes and counts none.
    if available - size < reserve_bytes(total) or (inodes > 0 and inodes_free == 0):
        raise NoRoomError("The disk is full. Free some space or ask your administrator.")


def _mark(root: str) -> tuple[str, dict[str, bool | int | str]]:
    native = Volume(root)
    try:
        uid = native.volume_id()
        if uid is None:
            uid = secrets.token_hex(16)
            try:
                native.register(uid)
            except FileExistsError:  # another process was faster
                uid = native.volume_id() or uid
        return uid, native.probe()
    finally:
        native.close()
