"""A vault on a served Balu: several workers share it, and so does the `balu` command on the machine."""

import http.client
import json
import os
import signal
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from balu.kernel.testing import Server, running_server
from tests.client.conftest import Balu, command_in
from tests.conformance.test_tus import sign_in
from tests.conformance.test_workers import children, worker_of

PASSPHRASE = "correct horse battery"
INSIDE = "/api/files/download/Papers.vault/tax.txt"
BODY = b"nobody may know" * 5000


class Line:
    """A connection that stays with one worker."""

    def __init__(self, server: Server, headers: dict[str, str]) -> None:
        address = urlsplit(server.url)
        self._line = http.client.HTTPConnection(address.hostname or "", address.port, timeout=120)
        self._headers, self._server = headers, server
        self.get("/api/health")
        self.worker = worker_of(self._line.sock, server)

    def ask(self, method: str, path: str, body: bytes | dict[str, str] = b"") -> tuple[int, bytes]:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        kind = "application/octet-stream" if isinstance(body, bytes) else "application/json"
        self._line.request(method, path, data, {**self._headers, "content-type": kind})
        answer = self._line.getresponse()
        return answer.status, answer.read()

    def get(self, path: str) -> tuple[int, bytes]:
        return self.ask("GET", path)

    def close(self) -> None:
        self._line.close()


class Anna:
    """Somebody with a vault on a server with two workers."""

    def __init__(self, server: Server) -> None:
        self.server, self.headers = server, sign_in(server)
        with self.lines(1) as (line,):
            wish = {"name": "Papers", "passphrase": PASSPHRASE}
            status, answer = line.ask("POST", "/api/vaults", wish)
            assert status == HTTPStatus.CREATED, answer
            made = json.loads(answer)
            self.url, self.id = f"/api/vaults/{made['id']}", int(made["id"])
            assert line.ask("PUT", "/api/files/content/Papers.vault/tax.txt", BODY)[0] == HTTPStatus.CREATED

    @contextmanager
    def lines(self, workers: int = 2) -> Iterator[list[Line]]:
        """A connection to each of so many workers; the kernel chooses, so it goes on until they are met."""
        met, others, deadline = dict[int, Line](), list[Line](), time.monotonic() + 120
        while len(met) < workers:
            assert time.monotonic() < deadline, f"met {list(met)} of {children(self.server)}"
            try:
                line = Line(self.server, self.headers)
            except (OSError, http.client.HTTPException, KeyError):  # its worker is on its way down or up
                time.sleep(0.05)
                continue
            others.append(line)
            met.setdefault(line.worker, line)
        try:
            yield list(met.values())
        finally:
            for line in others:
                line.close()

    def unlock(self, line: Line, passphrase: str = PASSPHRASE) -> int:
        return line.ask("POST", f"{self.url}/unlock", {"passphrase": passphrase})[0]

    def lock(self, line: Line) -> int:
        return line.ask("POST", f"{self.url}/lock")[0]

    def status(self, line: Line) -> str:
        (vault,) = json.loads(line.get("/api/vaults")[1])
        return str(vault["status"])


@pytest.fixture(scope="module")
def anna(tmp_path_factory: pytest.TempPathFactory) -> Generator[Anna, None, None]:
    with running_server(tmp_path_factory.mktemp("served"), BALU_SERVER__WORKERS="2") as server:
        yield Anna(server)


@pytest.fixture
def balu(anna: Anna, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Balu:
    """The command on the machine of the server; its passphrase comes from the environment."""
    monkeypatch.setenv("VAULT_PASSPHRASE", PASSPHRASE)
    return command_in(tmp_path, tmp_path)


def shown(anna: Anna, balu: Balu, *arguments: str) -> dict[str, Any]:
    """The one row that a command prints."""
    named = ("--user", "anna", "--json", "--data-dir", str(anna.server.data_dir))
    done = balu("vaults", *arguments, *named)
    assert done.returncode == 0, done.stderr
    (row,) = json.loads(done.stdout)
    return dict(row)


def test_what_one_worker_unlocks_or_locks_is_so_at_the_other(anna: Anna) -> None:
    with anna.lines() as (one, other):
        for here, there in ((one, other), (other, one)):
            assert anna.unlock(here) == HTTPStatus.OK
            assert [line.get(INSIDE) for line in (there, here)] == [(200, BODY)] * 2
            assert anna.lock(here) == HTTPStatus.OK
            for line in (there, here):
                status, problem = line.get(INSIDE)
                assert (status, json.loads(problem)["code"]) == (423, "vault-locked")
                assert anna.status(line) == "locked"
        assert anna.unlock(one, "wrong horse battery") == HTTPStatus.FORBIDDEN
        assert other.get(INSIDE)[0] == HTTPStatus.LOCKED


def test_a_worker_that_takes_the_place_of_a_killed_one_has_the_vault_open(anna: Anna) -> None:
    with anna.lines() as (one, other):
        assert anna.unlock(one) == HTTPStatus.OK
        dead, survivor = one.worker, other.worker
        os.kill(dead, signal.SIGKILL)
        deadline = time.monotonic() + 120
        while dead in children(anna.server):
            assert time.monotonic() < deadline
            time.sleep(0.05)
    with anna.lines() as lines:
        (new,) = [line for line in lines if line.worker != survivor]
        (old,) = [line for line in lines if line.worker == survivor]
        assert new.worker != dead
        assert [line.get(INSIDE) for line in (new, old)] == [(200, BODY)] * 2
        assert anna.lock(new) == HTTPStatus.OK
        assert old.get(INSIDE)[0] == HTTPStatus.LOCKED


def test_the_command_lists_locks_and_unlocks_for_the_running_server(anna: Anna, balu: Balu) -> None:
    with anna.lines(1) as (line,):
        assert anna.unlock(line) == HTTPStatus.OK
    row = {"id": anna.id, "name": "Papers", "path": "Papers.vault"}
    assert shown(anna, balu, "list") == {**row, "status": "unlocked"}
    assert shown(anna, balu, "lock", str(anna.id)) == {**row, "status": "locked"}
    with anna.lines() as lines:  # new ones each time: a command may outlast what an idle line is kept for
        assert [line.get(INSIDE)[0] for line in lines] == [423, 423]
    assert shown(anna, balu, "unlock", str(anna.id)) == {**row, "status": "unlocked"}
    with anna.lines() as lines:
        assert [line.get(INSIDE) for line in lines] == [(200, BODY)] * 2


def test_scripts_call_a_vault_by_its_path_and_keep_the_passphrase_out_of_the_command_line(
    anna: Anna, balu: Balu
) -> None:
    where = ("--user", "anna", "--json", "--data-dir", str(anna.server.data_dir))
    for path in ("Papers.vault", "/Papers"):
        assert shown(anna, balu, "lock", path)["status"] == "locked"
        wrong = balu("vaults", "unlock", path, "--passphrase-stdin", *where, input="wrong horse\n")
        assert (wrong.returncode, "passphrase" in wrong.stderr) == (1, True)
        right = balu("vaults", "unlock", path, "--passphrase-stdin", *where, input=PASSPHRASE + "\n")
        assert right.returncode == 0, right.stderr
        assert json.loads(right.stdout)[0]["status"] == "unlocked"
    assert balu("vaults", "unlock", "Papers", "--passphrase-stdin", *where, input="").returncode == 2
    both = ("--passphrase-stdin", "--passphrase", PASSPHRASE)
    assert balu("vaults", "unlock", "Papers", *both, *where, input=PASSPHRASE).returncode == 2


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        pytest.param(
            ("unlock", "1", "--user", "anna", "--passphrase", "wrong horse"), "passphrase", id="wrong"
        ),
        pytest.param(("unlock", "99", "--user", "anna"), "no such vault", id="none"),
        pytest.param(("list", "--user", "nobody"), "no user nobody", id="nobody"),
        pytest.param(("create", "Papers", "--user", "anna"), "exists", id="taken"),
    ],
)
def test_the_command_refuses_in_words(anna: Anna, balu: Balu, arguments: tuple[str, ...], told: str) -> None:
    done = balu("vaults", *arguments, "--data-dir", str(anna.server.data_dir))
    assert (done.returncode, done.stdout) == (1, "")
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_after_a_restart_it_is_locked(anna: Anna) -> None:
    with anna.lines() as lines:
        assert anna.unlock(lines[0]) == HTTPStatus.OK
    anna.server.restart()
    with anna.lines(1) as (line,):
        assert (line.get(INSIDE)[0], anna.status(line)) == (423, "locked")
        assert anna.unlock(line) == HTTPStatus.OK
        assert line.get(INSIDE) == (200, BODY)


def test_without_a_server_nothing_is_unlocked(anna: Anna, balu: Balu) -> None:
    anna.server.kill()
    made = shown(anna, balu, "create", "More")
    assert (made["path"], made["status"]) == ("More.vault", "locked")
    assert made["recovery_kit"].startswith("AGE-SECRET-KEY-1")
    where = ("--user", "anna", "--data-dir", str(anna.server.data_dir))
    done = balu("vaults", "unlock", str(made["id"]), *where)
    assert (done.returncode, done.stdout) == (1, "")
    assert "balu serve" in done.stderr
