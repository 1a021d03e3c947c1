"""``/api/volumes`` for administrators; mount points and space for everybody."""

from pathlib import Path

from litestar import Controller, delete, get, patch, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, JSONBody

from balu.kernel.http import provide
from balu.kernel.unit import Env
from balu.storage.volumes.quota import QuotaService
from balu.storage.volumes.registry import Mounted, Volumes
from balu.storage.volumes.schemas import (
    Mountpoint,
    Mountpoints,
    RootUsage,
    SpaceAvailable,
    State,
    VolumeCreate,
    VolumeList,
    VolumePatch,
    VolumeRead,
)
from balu.storage.volumes.service import VolumeService, reserve_bytes

Service = NamedDependency[VolumeService]
ADMIN = {"auth": "admin", "scope": "system:write"}
ADMIN_READ = {"auth": "admin", "scope": "system:read"}


def provide_volumes(env: NamedDependency[Env]) -> VolumeService:
    """Verbs on volumes."""
    return VolumeService(env)


class VolumeController(Controller):
    """Register, rename and forget directory trees."""

    path, tags = "/volumes", ("volumes",)
    dependencies = {"volumes": Provide(provide_volumes, sync_to_thread=False)}

    @get(operation_id="listVolumes", opt=ADMIN_READ)
    async def list(self, volumes: Service, env: NamedDependency[Env]) -> VolumeList:
        """Every volume, also those whose disk is away."""
        items = [await _read(volumes, one) for one in await env.part(Volumes).all()]
        return VolumeList(items=items, total=len(items))

    @post(operation_id="createVolume", opt=ADMIN)
    async def create(
        self, volumes: Service, env: NamedDependency[Env], data: JSONBody[VolumeCreate]
    ) -> VolumeRead:
        """Make an existing directory a volume."""
        volume_id = await volumes.register(data.name, Path(data.path))
        return await _read(volumes, await env.part(Volumes).get(volume_id))

    @patch("/{volume_id:int}", operation_id="updateVolume", opt=ADMIN)
    async def update(
        self,
        volumes: Service,
        env: NamedDependency[Env],
        volume_id: FromPath[int],
        data: JSONBody[VolumePatch],
    ) -> VolumeRead:
        """Rename it, or make it the default one."""
        await volumes.update(volume_id, name=data.name, is_default=data.is_default)
        return await _read(volumes, await env.part(Volumes).get(volume_id))

    @delete("/{volume_id:int}", operation_id="deleteVolume", opt=ADMIN, status_code=204)
    async def remove(self, volumes: Service, volume_id: FromPath[int]) -> None:
        """Forget it; not one byte on the disk is touched."""
        await volumes.remove(volume_id)


class SpaceController(Controller):
    """What everybody may know about space."""

    path, tags = "/files", ("files",)
    dependencies = {"quota": provide(QuotaService)}

    @get("/mountpoints", operation_id="listMountpoints", opt={"scope": "files:read"})
    async def mountpoints(self, env: NamedDependency[Env]) -> Mountpoints:
        """Volumes to choose from."""
        points = [_point(one) for one in await env.part(Volumes).all()]
        default = next((point.id for point in points if point.is_default), "")
        return Mountpoints(mountpoints=points, default_mountpoint=default)

    @get("/storage/available", operation_id="getStorageAvailable", opt={"scope": "files:read"})
    async def available(
        self, env: NamedDependency[Env], quota: NamedDependency[QuotaService], own_id: NamedDependency[int]
    ) -> SpaceAvailable:
        """What the caller may still write: what is left of the quota, at most what the disk has."""
        usage = await quota.usage(own_id)
        mounted = await env.part(Volumes).get()
        _, free = _space(mounted)
        return SpaceAvailable(
            state=_state(mounted),
            available_bytes=free if usage.available is None else min(free, usage.available),
            used_bytes=usage.used,
            quota_bytes=usage.limit,
            trash_bytes=usage.trash,
            version_bytes=usage.versions,
        )

    @get("/user/root-usage", operation_id="getRootUsage", opt={"scope": "files:read"})
    async def root_usage(
        self, quota: NamedDependency[QuotaService], own_id: NamedDependency[int]
    ) -> RootUsage:
        """What the caller takes up, part by part."""
        usage = await quota.usage(own_id)
        return RootUsage(
            used_bytes=usage.used,
            live_bytes=usage.live,
            reserved_bytes=usage.reserved,
            trash_bytes=usage.trash,
            version_bytes=usage.versions,
        )


def _state(mounted: Mounted) -> State:
    return "online" if mounted.is_online() else "offline"


def _space(mounted: Mounted) -> tuple[int, int]:
    if not mounted.is_online():
        return 0, 0
    total, available, _, _ = mounted.core.space()
    return total, max(0, available - reserve_bytes(total))


def _point(mounted: Mounted) -> Mountpoint:
    total, available = _space(mounted)
    return Mountpoint(
        id=str(mounted.id), name=mounted.name, type="volume", path=mounted.name, size_bytes=total,
        used_bytes=total - available, available_bytes=available, raid_level=None,
        status=_state(mounted), is_default=mounted.is_default,
    )  # fmt: skip


async def _read(volumes: VolumeService, mounted: Mounted) -> VolumeRead:
    total, available = _space(mounted)
    return VolumeRead(
        id=mounted.id, name=mounted.name, path=mounted.root, is_default=mounted.is_default,
        state=_state(mounted), size_bytes=total, available_bytes=available,
        features=await volumes.features(mounted.id),
    )  # fmt: skip
