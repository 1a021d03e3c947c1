"""What a worker that dies between two steps leaves behind, and what becomes of it."""

import asyncio
import secrets
import subprocess
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import func, select, update

from balu.kernel.caller import Caller
from balu.kernel.jobs import JobRow, enqueue, run_startup
from balu.kernel.testing import FakeClock
from balu.kernel.unit import Env, open_unit
from balu.storage.files import (
    BusyNameError,
    FileRow,
    FileService,
    IntentRow,
    ReservationRow,
    Staged,
    Terms,
    VersionRow,
    Writer,
)
from balu.storage.files.fsck import Fsck
from balu.storage.files.intents import Intents, this_worker
from balu.storage.files.jobs import recover_files
from balu.storage.files.names import to_stored
from balu.storage.files.record import MovePlan, PutPlan
from balu.storage.files.recover import Recovery
from balu.storage.trash.record import RestorePlan, TrashPlan
from balu.storage.trash.recover import TrashRecovery, count
from balu.storage.trash.service import TrashService
from balu.storage.volumes import QuotaService

ANNA = Caller(user_id=1, username="anna", grade="user")


async def chunks(body: bytes) -> AsyncIterator[bytes]:
    yield body


async def put(env: Env, files: FileService, path: str, body: bytes) -> Any:
    return await Writer(env).put(await files.spot(path), chunks(body), size=len(body), terms=Terms())


async def everybody_dies(env: Env) -> None:
    """As if the process that wrote these rows were gone."""
    async with open_unit(env) as unit:
        await unit.session.execute(update(IntentRow).values(worker="another-boot/1/1/1"))
        await unit.session.execute(update(ReservationRow).values(worker="another-boot/1/1/1"))
    # Elsewhere an unknown machine may be a neighbour: then the lease decides.


async def settled(env: Env, clock: FakeClock) -> None:
    """Run recovery, and check that nothing is open and the ledger agrees with the rows."""
    await everybody_dies(env)
    clock.advance(days=2)
    await Recovery(env).run()
    await TrashRecovery(env).run()
    async with open_unit(env, writes=False) as unit:
        for table in (IntentRow, ReservationRow):
            assert (await unit.session.scalar(select(func.count()).select_from(table))) == 0
        usage, counted = await QuotaService(unit).usage(1), await count(unit, 1)
    assert (usage.live, usage.trash, usage.versions) == (counted.live, counted.trash, counted.versions)
    assert usage.reserved == 0


async def begin(env: Env, files: FileService, path: str, body: bytes) -> tuple[Staged, PutPlan, Any]:
    """Steps 1 to 7 of a write: staged and announced."""
    spot = await files.spot(path)
    staged = await Writer(env).receive(spot.home, chunks(body), size=len(body), terms=Terms())
    parent = await files.places.find(spot.parent)
    plan = PutPlan(
        volume_id=1, owner_id=1, parent_id=parent.row.id, name=to_stored(spot.name),
        staged_ino=staged.entry.ino, size=len(body), blake3=staged.blake3, sha256=None,
    )  # fmt: skip
    base = await files.places.stat(spot)
    if base is not None:
        row = await files.places.row_of(spot, base)
        plan = msgspec.structs.replace(
            plan, base_id=row.id, base_rev=row.rev, base_size=row.size, base_mtime_ns=row.mtime_ns,
            base_blake3=row.blake3,
        )  # fmt: skip
    async with open_unit(env) as unit:
        await Intents(unit).reserve(1, 1, staged.id, len(body) - staged.reserved)
        await Intents(unit).open(
            "put", staged.id, [(1, plan.parent_id, spot.name)], msgspec.to_builtins(plan)
        )
    return staged, plan, base


@pytest.mark.parametrize("base", [None, b"old bytes"])
async def test_a_write_that_was_not_published_leaves_nothing(
    env: Env, files: FileService, place: Any, clock: FakeClock, base: bytes | None
) -> None:
    if base:
        await put(env, files, "a.txt", base)
    await begin(env, files, "a.txt", b"new bytes")
    await settled(env, clock)
    assert place.private("staging") == []
    assert place.below() == ({"a.txt"} if base else set())
    if base:
        assert (place.home / "a.txt").read_bytes() == base
        found = await files.find("a.txt", None)
        assert found.row.rev == 1


@pytest.mark.parametrize("base", [None, b"old bytes"])
async def test_a_published_write_gets_its_rows(
    env: Env, files: FileService, place: Any, clock: FakeClock, base: bytes | None
) -> None:
    if base:
        await put(env, files, "a.txt", base)
    staged, plan, before = await begin(env, files, "a.txt", b"new bytes")
    spot = await files.spot("a.txt")
    spot.home.core.publish(staged.id, spot.disk, replaces=before, version=plan.version)
    await settled(env, clock)
    found = await files.find("a.txt", None)
    assert (place.home / "a.txt").read_bytes() == b"new bytes"
    assert found.row.blake3 == staged.blake3
    async with open_unit(env, writes=False) as unit:
        kept = (await unit.session.scalars(select(VersionRow))).all()
    assert [version.size for version in kept] == ([len(base)] if base else [])


async def test_one_that_cannot_be_settled_is_kept_and_keeps_nothing_else_waiting(
    env: Env, files: FileService, place: Any, clock: FakeClock
) -> None:
    staged = {}
    for name in ("unreadable", "refused", "fine"):
        staged[name], plan, _ = await begin(env, files, name, b"new bytes")
        spot = await files.spot(name)
        spot.home.core.publish(staged[name].id, spot.disk)
    async with open_unit(env) as unit:
        bad = update(IntentRow).where(IntentRow.op_id == staged["unreadable"].id)
        await unit.session.execute(bad.values(plan={"none": "of ours"}))
        row = {"volume_id": 1, "parent_id": plan.parent_id, "kind": "file", "owner_id": 1}
        unit.session.add(FileRow(name="refused", name_key="?", **row))  # not found, yet its name is taken
    await everybody_dies(env)
    clock.advance(days=2)
    await run_startup(env, [recover_files])
    async with open_unit(env, writes=False) as unit:
        left = set((await unit.session.scalars(select(IntentRow.op_id))).all())
    assert left == {staged["unreadable"].id, staged["refused"].id}
    assert (await files.find("fine", None)).row.blake3 == staged["fine"].blake3
    assert place.below() == set(staged)
    report = await Fsck(env).run()
    told = [one.what for one in report.findings if "cannot be settled" in one.what]
    assert len(told) == 2, report.findings
    assert "ValidationError" in told[0] and "IntegrityError" in told[1]  # noqa: PT018


async def test_a_reader_between_publishing_and_recovery_changes_nothing(
    env: Env, files: FileService, clock: FakeClock
) -> None:
    staged, _, _ = await begin(env, files, "a.txt", b"new bytes")
    spot = await files.spot("a.txt")
    spot.home.core.publish(staged.id, spot.disk)
    adopted = await files.find("a.txt", None)
    await settled(env, clock)
    found = await files.find("a.txt", None)
    assert (found.row.id, found.row.rev) == (adopted.row.id, 1)
    assert found.row.blake3 == staged.blake3


async def test_an_open_intent_of_a_living_worker_is_left_alone(
    env: Env, files: FileService, place: Any
) -> None:
    staged, _, _ = await begin(env, files, "a.txt", b"new bytes")
    await Recovery(env).run()
    assert place.private("staging") == [staged.id]
    async with open_unit(env, writes=False) as unit:
        assert (await unit.session.scalar(select(func.count()).select_from(IntentRow))) == 1


class Sleeper:
    """Another process, as a worker."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(["/bin/sleep", "600"])
        self._stat = Path(f"/proc/{self._process.pid}/stat")
        boot, space, *_ = this_worker().split("/")
        self.name = f"{boot}/{space}/{self._process.pid}/{self._stat.read_text().split()[21]}"

    def kill(self) -> None:
        """Kill it, and do not ask how it ended."""
        self._process.kill()
        while self._stat.read_text().split()[2] != "Z":
            time.sleep(0.01)

    def wait(self) -> None:
        self._process.kill()
        self._process.wait()


async def test_a_worker_that_was_killed_is_gone_though_nobody_asked_how_it_ended(
    env: Env, files: FileService, place: Any
) -> None:
    await begin(env, files, "a.txt", b"new bytes")
    sleeper = Sleeper()
    try:
        async with open_unit(env) as unit:
            await unit.session.execute(update(IntentRow).values(worker=sleeper.name))
            await unit.session.execute(update(ReservationRow).values(worker=sleeper.name))
        await Recovery(env).run()
        assert len(place.private("staging")) == 1, "it still runs"
        sleeper.kill()
        await Recovery(env).run()
        assert place.private("staging") == []
    finally:
        sleeper.wait()


@pytest.mark.parametrize("moved", [False, True])
async def test_a_move_is_finished_or_forgotten(
    env: Env, files: FileService, clock: FakeClock, moved: bool
) -> None:
    stored = await put(env, files, "a.txt", b"x")
    source, home = stored.found, await files.find("", None)
    plan = MovePlan(
        volume_id=1, owner_id=1, file_id=source.row.id, ino=source.entry.ino, from_parent_id=home.row.id,
        from_name="a.txt", parent_id=home.row.id, name="b.txt",
    )  # fmt: skip
    async with open_unit(env) as unit:
        names = [(1, home.row.id, "b.txt"), (1, home.row.id, "a.txt")]
        await Intents(unit).open("move", secrets.token_hex(16), names, msgspec.to_builtins(plan))
    if moved:
        source.spot.home.core.move(source.spot.disk, source.spot.renamed("b.txt").disk)
        await files.find("b.txt", None)  # a reader adopts it first
    await settled(env, clock)
    found = await files.find("b.txt" if moved else "a.txt", None)
    assert found.row.id == source.row.id


@pytest.mark.parametrize("deleted", [False, True])
async def test_a_delete_is_finished_or_forgotten(
    env: Env, files: FileService, place: Any, clock: FakeClock, deleted: bool
) -> None:
    source = (await put(env, files, "a.txt", b"x")).found
    uid = secrets.token_hex(16)
    plan = TrashPlan(
        uid=uid, volume_id=1, owner_id=1, file_id=source.row.id, parent_id=source.row.parent_id or 0,
        name="a.txt", original_path="a.txt", kind="file", size=1, files=1, expires_at=env.now(),
    )  # fmt: skip
    async with open_unit(env) as unit:
        await Intents(unit).open("trash", uid, [(1, plan.parent_id, "a.txt")], msgspec.to_builtins(plan))
    if deleted:
        source.spot.home.core.trash(source.spot.disk, uid, origin=b"{}")
    await settled(env, clock)
    async with open_unit(env, writes=False) as unit:
        row = await unit.session.get_one(FileRow, source.row.id)
    assert (row.trash_id is not None) is deleted
    assert place.private("trash") == ([uid] if deleted else [])
    if deleted:
        await restored(env, files, clock, uid, row)


async def restored(env: Env, files: FileService, clock: FakeClock, uid: str, row: FileRow) -> None:
    home = await files.find("", None)
    plan = RestorePlan(uid=uid, volume_id=1, owner_id=1, file_id=row.id, parent_id=home.row.id, name="c.txt")
    async with open_unit(env) as unit:
        names = [(1, home.row.id, "c.txt")]
        await Intents(unit).open("restore", secrets.token_hex(16), names, msgspec.to_builtins(plan))
    home.spot.home.core.restore(uid, home.spot.child("c.txt").disk)
    await settled(env, clock)
    assert (await files.find("c.txt", None)).row.id == row.id


async def test_reservations_of_the_dead_are_given_back(
    env: Env, files: FileService, place: Any, clock: FakeClock
) -> None:
    spot = await files.spot("big")
    await Writer(env).receive(spot.home, chunks(b"x" * (3 << 20)), size=3 << 20, terms=Terms())
    async with open_unit(env, writes=False) as unit:
        assert (await QuotaService(unit).usage(1)).reserved == 3 << 20
    await settled(env, clock)
    assert place.private("staging") == []


async def test_forgotten_staged_bytes_are_collected_when_they_are_old(
    env: Env, files: FileService, place: Any, clock: FakeClock
) -> None:
    spot = await files.spot("small")
    await Writer(env).receive(spot.home, chunks(b"x"), size=1, terms=Terms())
    clock.instant = clock.instant.replace(year=2000)
    assert await Recovery(env).collect() == 0
    clock.instant = clock.instant.replace(year=2100)
    assert await Recovery(env).collect() == 1
    assert place.private("staging") == []


@pytest.mark.parametrize("act", ["move", "delete", "restore"])
async def test_a_name_that_is_held_is_waited_for(env: Env, files: FileService, place: Any, act: str) -> None:
    await put(env, files, "a.txt", b"x")
    if act == "restore":
        item = await TrashService(env).delete(await files.find("a.txt", None))
    home = await files.find("", None)
    holder = secrets.token_hex(16)
    async with open_unit(env) as unit:
        await Intents(unit).open("hold", holder, [(1, home.row.id, "a.txt")], {})

    async def work() -> None:
        if act == "restore":
            await TrashService(env).restore(ANNA, item.id)
            return
        found = await files.find("a.txt", None)
        if act == "move":
            await files.move(found, found.spot.renamed("b.txt"))
        else:
            await TrashService(env).delete(found)

    with pytest.raises(BusyNameError):
        await work()
    task = asyncio.ensure_future(work())
    while not task.done():
        await asyncio.sleep(0.1)
        async with open_unit(env) as unit:
            await Intents(unit).close(holder)
    await task
    assert place.below() == {"move": {"b.txt"}, "delete": set(), "restore": {"a.txt"}}[act]


async def test_a_start_does_not_wait_for_a_job_that_died(env: Env) -> None:
    async with open_unit(env) as unit:
        job_id = await enqueue(unit, recover_files)
        dead = {"state": "running", "lease_until": unit.now() + timedelta(seconds=45)}
        await unit.session.execute(update(JobRow).where(JobRow.id == job_id).values(**dead))
    await run_startup(env, [recover_files])
