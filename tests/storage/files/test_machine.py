"""Random file operations on two volumes, edits on the disks among them, against a model that is a dictionary.

The first component of a path is the number of its volume.
"""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from balu.app import DOMAINS
from balu.identity.users import NewUser, UserService
from balu.kernel.caller import Caller
from balu.kernel.env import open_env
from balu.kernel.errors import BaluError
from balu.kernel.jobs import run_startup
from balu.kernel.testing import Databases, FakeClock, make_config
from balu.kernel.unit import open_unit
from balu.storage.files import (
    FileNotFoundHereError,
    FileRows,
    FileService,
    Found,
    Grants,
    Right,
    Spot,
    Terms,
    Window,
    Writer,
)
from balu.storage.files.fsck import Fsck
from balu.storage.files.names import name_key
from balu.storage.files.scan import scan_volume
from balu.storage.trash.recover import count
from balu.storage.trash.service import TrashService
from balu.storage.volumes import QuotaService, VolumeService

ANNA = Caller(user_id=1, username="anna", grade="user")
BEN = Caller(user_id=2, username="ben", grade="user")
VOLUMES = ("1", "2")
NAMES = ("a", "A", "b", "d", "\u00e4", "a\u0308")
Tree = dict[tuple[str, ...], bytes | None]
"""Path to bytes, None for folders; the home is not in it."""
names = st.lists(st.sampled_from(NAMES), min_size=1, max_size=3)
paths = st.tuples(st.sampled_from(VOLUMES), names).map(lambda pair: (pair[0], *pair[1]))
rights = st.sampled_from([Right.VIEW, Right.VIEW | Right.EDIT, Right.VIEW | Right.DELETE])
bodies = st.binary(max_size=20)
conflicts = st.sampled_from(["fail", "replace"])


async def once(body: bytes) -> AsyncIterator[bytes]:
    yield body


def below(tree: Tree, top: tuple[str, ...]) -> Tree:
    return {path: body for path, body in tree.items() if path[: len(top)] == top}


class Files(RuleBasedStateMachine):
    """Every rule does the same to Balu and to the model; both must agree about refusals as well."""

    databases: Databases

    def __init__(self) -> None:
        super().__init__()
        self.tree: Tree = {}
        self.trash: dict[int, tuple[tuple[str, ...], Tree]] = {}
        self.granted: dict[int, Right] = {}
        """What Ben was given, by file id."""
        self.runner = asyncio.Runner()

    @initialize()
    def start(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="balu-machine-"))
        config = make_config(
            self.folder, DOMAINS, database_url=self.databases.sqlite(self.folder / "balu.db")
        )
        self.context = open_env(config, DOMAINS, now=FakeClock())
        self.env = self.do(self.context.__aenter__())
        self.do(self._people())
        other = self.folder / "other"
        other.mkdir()
        assert self.do(VolumeService(self.env).register("other", other)) == int(VOLUMES[1])
        self.roots = {"1": self.folder / "volumes" / "main", "2": other}
        self.files, self.bin = FileService(self.env, ANNA), TrashService(self.env)
        for volume in VOLUMES:
            self.do(self.spot((volume,)))

    async def spot(self, path: tuple[str, ...]) -> Spot:
        return await self.files.spot("/".join(path[1:]), int(path[0]))

    async def find(self, path: tuple[str, ...]) -> Found:
        return await self.files.places.find(await self.spot(path))

    def on_disk(self, path: tuple[str, ...]) -> Path:
        return self.roots[path[0]].joinpath("anna", *path[1:])

    async def _people(self) -> None:
        async with open_unit(self.env) as unit:
            for name in ("anna", "ben"):
                await UserService(unit).create_hashed(NewUser(username=name, password=""), "")
        await run_startup(self.env, [job for domain in DOMAINS for job in domain.startup])

    def teardown(self) -> None:
        try:
            self.everything_agrees()
        finally:
            self.do(self.context.__aexit__(None, None, None))
            self.runner.close()
            shutil.rmtree(self.folder)

    def do(self, work: Any) -> Any:
        return self.runner.run(work)

    def refused(self, work: Any) -> bool:
        try:
            self.do(work)
        except BaluError as error:
            if error.status >= 500:
                raise
            return True
        return False

    def can_hold(self, folder: tuple[str, ...]) -> bool:
        return len(folder) == 1 or (folder in self.tree and self.tree[folder] is None)

    def alike(self, path: tuple[str, ...], but: tuple[str, ...] = ()) -> bool:
        return any(
            other[:-1] == path[:-1] and name_key(other[-1]) == name_key(path[-1])
            for other in self.tree
            if other not in (path, but)
        )

    @rule(path=paths, body=bodies, on_conflict=conflicts)
    def put(self, path: tuple[str, ...], body: bytes, on_conflict: Any) -> None:
        async def act() -> None:
            spot = await self.spot(path)
            terms = Terms(on_conflict=on_conflict)
            await Writer(self.env).put(spot, once(body), size=len(body), terms=terms)

        there = path in self.tree
        allowed = self.can_hold(path[:-1]) and (
            (self.tree[path] is not None and on_conflict == "replace") if there else not self.alike(path)
        )
        assert self.refused(act()) is not allowed
        if allowed:
            self.tree[path] = body

    @rule(path=paths)
    def mkdir(self, path: tuple[str, ...]) -> None:
        async def act() -> None:
            await self.files.make_folder(await self.spot(path))

        allowed = self.can_hold(path[:-1]) and path not in self.tree and not self.alike(path)
        assert self.refused(act()) is not allowed
        if allowed:
            self.tree[path] = None

    @rule(source=paths, goal=paths)
    def move(self, source: tuple[str, ...], goal: tuple[str, ...]) -> None:
        async def act() -> None:
            await self.files.move(await self.find(source), await self.spot(goal))

        if source == goal and source in self.tree:
            return
        allowed = (
            source in self.tree
            and goal not in self.tree
            and self.can_hold(goal[:-1])
            and goal[: len(source)] != source
            and not self.alike(goal, but=source)
        )
        assert self.refused(act()) is not allowed
        if allowed:
            moved = below(self.tree, source)
            for path in moved:
                del self.tree[path]
            self.tree |= {goal + path[len(source) :]: body for path, body in moved.items()}

    @rule(source=paths, goal=paths)
    def copy(self, source: tuple[str, ...], goal: tuple[str, ...]) -> None:
        async def act() -> None:
            await self.files.copy(await self.find(source), await self.spot(goal))

        allowed = (
            source in self.tree
            and goal not in self.tree
            and self.can_hold(goal[:-1])
            and not (self.tree[source] is None and goal[: len(source)] == source)
            and not self.alike(goal)
        )
        assert self.refused(act()) is not allowed
        if allowed:
            copied = below(self.tree, source)
            self.tree |= {goal + path[len(source) :]: body for path, body in copied.items()}

    @rule(path=paths)
    def delete(self, path: tuple[str, ...]) -> None:
        item = self.do(self.bin.delete_path(ANNA, "/".join(path[1:]), int(path[0])))
        assert (item is not None) is (path in self.tree)
        if item is not None:
            gone = below(self.tree, path)
            for one in gone:
                del self.tree[one]
            self.trash[item.id] = (path, gone)

    @rule(data=st.data())
    def restore(self, data: st.DataObject) -> None:
        if not self.trash:
            return
        trash_id = data.draw(st.sampled_from(sorted(self.trash)))
        path, gone = self.trash[trash_id]
        # Missing folders on the way are made, so only something that is no folder is in the way.
        blocked = path in self.tree or any(
            self.tree.get(path[:depth], None) is not None for depth in range(2, len(path))
        )
        assert self.refused(self.bin.restore(ANNA, trash_id)) is blocked
        if not blocked:
            for depth in range(2, len(path)):
                self.tree.setdefault(path[:depth], None)
            self.tree |= gone
            del self.trash[trash_id]

    @rule(data=st.data())
    def purge(self, data: st.DataObject) -> None:
        if self.trash:
            trash_id = data.draw(st.sampled_from(sorted(self.trash)))
            assert self.do(self.bin.purge_one(ANNA, trash_id)).items == 1
            del self.trash[trash_id]

    @rule(path=paths, body=bodies)
    def edit_on_the_disk(self, path: tuple[str, ...], body: bytes) -> None:
        if self.can_hold(path[:-1]) and self.tree.get(path, b"") is not None and not self.alike(path):
            self.on_disk(path).write_bytes(body)
            if path not in self.tree:  # names that differ only in case collide once the index has seen them
                self.do(self._list(path[:-1]))
            self.tree[path] = body

    @rule(path=paths)
    def remove_on_the_disk(self, path: tuple[str, ...]) -> None:
        if path in self.tree:
            there = self.on_disk(path)
            shutil.rmtree(there) if self.tree[path] is None else there.unlink()
            for one in below(self.tree, path):
                del self.tree[one]

    @rule(source=paths, goal=paths)
    def rename_on_the_disk(self, source: tuple[str, ...], goal: tuple[str, ...]) -> None:
        free = goal not in self.tree and self.can_hold(goal[:-1]) and not self.alike(goal, but=source)
        if source in self.tree and free and source[0] == goal[0] and goal[: len(source)] != source:
            self.on_disk(source).rename(self.on_disk(goal))
            self.do(self._list(goal[:-1]))
            moved = below(self.tree, source)
            for path in moved:
                del self.tree[path]
            self.tree |= {goal + path[len(source) :]: body for path, body in moved.items()}

    @rule(volume=st.sampled_from(VOLUMES))
    def scan(self, volume: str) -> None:
        found = self.do(scan_volume(self.env, int(volume), accept_deletes=True))
        assert (found.held_back, found.unreadable) == (0, [])

    @rule(path=paths, given=rights)
    def give(self, path: tuple[str, ...], given: Right) -> None:
        async def act() -> int:
            found = await self.find(path)
            async with open_unit(self.env) as unit:
                chain = await FileRows(unit).path_of(found.row.id)
                await Grants(unit).give(ANNA.user_id, chain, BEN.user_id, given)
            return found.row.id

        if path in self.tree:
            self.granted[self.do(act())] = given

    @rule(path=paths)
    def ben_sees_what_he_was_given(self, path: tuple[str, ...]) -> None:
        if path not in self.tree:
            return
        ids = [self.do(self.find(path[:depth])).row.id for depth in range(2, len(path) + 1)]
        expected = Right.NONE
        for file_id in ids:
            expected |= self.granted.get(file_id, Right.NONE)
        held = Right.NONE
        with suppress(FileNotFoundHereError):
            held = self.do(self.files.places.by_id(BEN, ids[-1])).spot.rights
        assert held == expected

    @rule(path=paths)
    def read(self, path: tuple[str, ...]) -> None:
        async def act() -> bytes:
            found = await self.find(path)
            source = found.spot.home.core.open(found.spot.disk)
            return source.read(0, 1 << 20)

        if self.tree.get(path) is not None:
            assert self.do(act()) == self.tree[path]
        else:
            with pytest.raises((BaluError, IsADirectoryError)):
                self.do(act())

    @invariant()
    def the_disk_agrees(self) -> None:
        if hasattr(self, "roots"):
            found = {
                (volume, *path.relative_to(root / "anna").parts): None if path.is_dir() else path.read_bytes()
                for volume, root in self.roots.items()
                for path in (root / "anna").rglob("*")
            }
            assert found == self.tree
            for root in self.roots.values():
                assert not list((root / ".balu/staging").iterdir())

    def everything_agrees(self) -> None:
        """Rows, listings and the ledger say what the model says, and a check finds nothing."""
        usage, counted = self.do(self._ledger())
        assert (usage.live, usage.trash, usage.versions) == (counted.live, counted.trash, counted.versions)
        for volume in VOLUMES:
            self.scan(volume)
        tops = [(volume,) for volume in VOLUMES]
        for folder in [*tops, *(path for path, body in self.tree.items() if body is None)]:
            listed = self.do(self._list(folder))
            assert listed.total == sum(path[:-1] == folder for path in self.tree)
        usage, counted = self.do(self._ledger())
        assert (usage.live, usage.trash, usage.versions) == (counted.live, counted.trash, counted.versions)
        assert usage.live == sum(len(body) for body in self.tree.values() if body is not None)
        assert usage.reserved == 0
        sizes = [len(body) for _, gone in self.trash.values() for body in gone.values() if body is not None]
        assert usage.trash == sum(sizes)
        report = self.do(Fsck(self.env).run())
        assert report.findings == []

    async def _list(self, path: tuple[str, ...]) -> Any:
        return await self.files.list(await self.spot(path), Window())

    async def _ledger(self) -> Any:
        async with open_unit(self.env, writes=False) as unit:
            return await QuotaService(unit).usage(1), await count(unit, 1)


def test_files_behave_like_a_dictionary(databases: Databases) -> None:
    Files.databases = databases
    run_state_machine_as_test(
        Files,
        settings=settings(
            max_examples=100, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )  # fmt: skip
