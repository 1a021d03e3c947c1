"""Deleted things as their owner sees them: names out of a vault only while it is unlocked."""

from collections.abc import Sequence

from balu.kernel.unit import Env
from balu.storage.files import Seals, SeenVault, mime_of, to_wire
from balu.storage.trash.models import TrashRow
from balu.storage.trash.schemas import TrashItem


async def shown(env: Env, rows: Sequence[TrashRow], viewer_id: int) -> list[TrashItem]:
    """The rows in the same order."""
    seals = env.part(Seals)
    uids = {row.vault_uid for row in rows if row.vault_uid is not None}
    vaults = {uid: await seals.seen(uid) for uid in uids}
    return [_item(row, vaults.get(row.vault_uid or ""), viewer_id) for row in rows]


def _item(row: TrashRow, vault: SeenVault | None, viewer_id: int) -> TrashItem:
    name, path = (to_wire(row.name), row.original_path) if vault is None else _named(row, vault)
    return TrashItem(
        id=row.id, name=name, original_path=path, type="directory" if row.kind == "directory" else "file",
        mime_type=mime_of(name, row.kind), size=row.size, files=row.files, file_id=row.file_id,
        volume_id=row.volume_id, deleted_at=row.deleted_at, expires_at=row.expires_at,
        vault=None if vault is None else vault.name, of_deleted_account=row.owner_id != viewer_id,
    )  # fmt: skip


def _named(row: TrashRow, vault: SeenVault) -> tuple[str, str]:
    """Name and path, both empty while the vault is locked."""
    if vault.opened is None:
        return "", ""
    parts = [*row.original_path.split("/")[:-1], row.name]
    plain = [
        to_wire(opened or part) for opened, part in zip(vault.opened.open_names(parts), parts, strict=True)
    ]
    return plain[-1], "/".join(plain)
