"""Random file operations, edits on the disk among them, against a model that is a dictionary."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
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
from balu.storage.files import FileService, Terms, Window, Writer
from balu.storage.files.names import name_key
from balu.storage.trash.recover import count
from balu.storage.trash.service import TrashService
from balu.storage.volumes import QuotaService

ANNA = Caller(user_id=1, username="anna", grade="user")
NAMES = ("a", "A", "b", "d", "\u00e4", "a\u0308")
Tree = dict[tuple[str, ...], bytes | None]
"""Path to bytes, None for folders; the home is not in it."""
paths = st.lists(st.sampled_from(NAMES), min_size=1, max_size=3).map(tuple)
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
        self.ids: dict[tuple[str, ...], int] = {}
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
        self.home = self.folder / "volumes" / "main" / "anna"
        self.files, self.bin = FileService(self.env, ANNA), TrashService(self.env)
        self.do(self.files.spot(""))

    async def _people(self) -> None:
        async with open_unit(self.env) as unit:
            await UserService(unit).create_hashed(NewUser(username="anna", password=""), "")
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
        return folder == () or (folder in self.tree and self.tree[folder] is None)

    def alike(self, path: tuple[str, ...], but: tuple[str, ...] = ()) -> bool:
        return any(
            other[:-1] == path[:-1] and name_key(other[-1]) == name_key(path[-1])
            for other in self.tree
            if other not in (path, but)
        )

    @rule(path=paths, body=bodies, on_conflict=conflicts)
    def put(self, path: tuple[str, ...], body: bytes, on_conflict: Any) -> None:
        async def act() -> None:
            spot = await self.files.spot("/".join(path))
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
            await self.files.make_folder(await self.files.spot("/".join(path)))

        allowed = self.can_hold(path[:-1]) and path not in self.tree and not self.alike(path)
        assert self.refused(act()) is not allowed
        if allowed:
            self.tree[path] = None

    @rule(source=paths, goal=paths)
    def move(self, source: tuple[str, ...], goal: tuple[str, ...]) -> None:
        async def act() -> None:
            found = await self.files.find("/".join(source), None)
            await self.files.move(found, await self.files.spot("/".join(goal)))

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
            found = await self.files.find("/".join(source), None)
            await self.files.copy(found, await self.files.spot("/".join(goal)))

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
        item = self.do(self.bin.delete_path(ANNA, "/".join(path)))
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
            self.tree.get(path[:depth], None) is not None for depth in range(1, len(path))
        )
        assert self.refused(self.bin.restore(ANNA, trash_id)) is blocked
        if not blocked:
            for depth in range(1, len(path)):
                self.tree.setdefault(path[:depth], None)
            self.tree |= gone
            del self.trash[trash_id]

    @rule(data=st.data())
    def purge(self, data: st.DataObject) -> None:
        if self.trash:
            trash_id = data.draw(st.sampled_from(sorted(self.trash)))
            assert self.do(self.bin.purge(1, [trash_id])).items == 1
            del self.trash[trash_id]

    @rule(path=paths, body=bodies)
    def edit_on_the_disk(self, path: tuple[str, ...], body: bytes) -> None:
        if self.can_hold(path[:-1]) and self.tree.get(path, b"") is not None and not self.alike(path):
            self.home.joinpath(*path).write_bytes(body)
            if path not in self.tree:  # names that differ only in case collide once the index has seen them
                self.do(self._list("/".join(path[:-1])))
            self.tree[path] = body

    @rule(path=paths)
    def read(self, path: tuple[str, ...]) -> None:
        async def act() -> bytes:
            found = await self.files.find("/".join(path), None)
            source = found.spot.home.core.open(found.spot.disk)
            return source.read(0, 1 << 20)

        if self.tree.get(path) is not None:
            assert self.do(act()) == self.tree[path]
        else:
            with pytest.raises((BaluError, IsADirectoryError)):
                self.do(act())

    @invariant()
    def the_disk_agrees(self) -> None:
        if hasattr(self, "home"):
            found = {
                path.relative_to(self.home).parts: None if path.is_dir() else path.read_bytes()
                for path in self.home.rglob("*")
            }
            assert found == self.tree
            assert not list((self.folder / "volumes/main/.balu/staging").iterdir())

    def everything_agrees(self) -> None:
        """Rows, listings and the ledger say what the model says."""
        for folder in [(), *(path for path, body in self.tree.items() if body is None)]:
            listed, _ = self.do(self._list("/".join(folder)))
            assert listed.total == sum(path[:-1] == folder for path in self.tree)
        usage, counted = self.do(self._ledger())
        assert (usage.live, usage.trash, usage.versions) == (counted.live, counted.trash, counted.versions)
        assert usage.live == sum(len(body) for body in self.tree.values() if body is not None)
        assert usage.reserved == 0
        sizes = [len(body) for _, gone in self.trash.values() for body in gone.values() if body is not None]
        assert usage.trash == sum(sizes)

    async def _list(self, path: str) -> Any:
        return await self.files.list(await self.files.spot(path), Window())

    async def _ledger(self) -> Any:
        async with open_unit(self.env, writes=False) as unit:
            return await QuotaService(unit).usage(1), await count(unit, 1)


def test_files_behave_like_a_dictionary(databases: Databases) -> None:
    Files.databases = databases
    run_state_machine_as_test(
        Files,
        settings=settings(
            max_examples=200, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )  # fmt: skip
