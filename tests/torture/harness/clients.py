"""Clients that work at random, each in a folder of its own, and remember what was acknowledged."""

import base64
import http.client
import json
import random
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from urllib.parse import quote

from blake3 import blake3

from tests.torture.harness.audit import digest
from tests.torture.harness.server import Answer, Server

MIB = 1 << 20
Files = dict[str, str]
"""Name to BLAKE3."""
TUS = {"tus-resumable": "1.0.0"}
OFFSET = {**TUS, "content-type": "application/offset+octet-stream"}


class RefusedError(Exception):
    """The server answered, and did not say that it is done; from 500 on it may be done all the same."""

    def __init__(self, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.status = status


@dataclass
class Unfinished:
    """A resumable upload whose client lost its connection."""

    place: str
    name: str
    data: bytes
    acknowledged: int


@dataclass
class Client:
    """Keeps the acknowledged state, and the states its folder may be in while a request is unanswered."""

    number: int
    rng: random.Random
    known: Files = field(default_factory=dict)
    pending: tuple[Files, ...] = ()
    graves: Files = field(default_factory=dict)
    """Deleted and acknowledged."""
    unfinished: Unfinished | None = None
    acknowledged: int = 0
    resumed: int = 0
    refusals: list[str] = field(default_factory=list)
    """Answers that nothing here explains."""
    made: int = 0

    @property
    def folder(self) -> str:
        return f"client-{self.number}"

    def begin(self, server: Server) -> None:
        answer = server.request("POST", "/api/files/folder", {"path": "", "name": self.folder})
        assert answer.status == 200, answer.body

    def work(self, server: Server, stop: threading.Event) -> None:
        """Work until told to stop, or until the server is gone."""
        with suppress(OSError, http.client.HTTPException):
            while not stop.is_set():
                self.step(server)

    def step(self, server: Server) -> None:
        if self.unfinished is not None:
            self._try(self.resume, server)
            return
        verbs = [self.put, self.put, self.tus, self.trio, self.manifest, self.batch]
        if self.known:
            verbs += [self.move, self.copy, self.delete, self.delete]
        if self.graves:
            verbs.append(self.restore)
        self._try(self.rng.choice(verbs), server)

    def _try(self, verb: Callable[[Server], None], server: Server) -> None:
        try:
            verb(server)
        except RefusedError as refused:
            self.refusals.append(f"{verb.__name__}: {refused}")
            if refused.status >= 500 and self.pending:
                self._settle(server)
        self.pending = ()

    def _settle(self, server: Server) -> None:
        """Find out what an answer left open: the state before it, or one that it was to lead to."""
        listed = server.request("GET", f"/api/files/list?path={self.folder}&limit=1000")
        if listed.status != 200:
            raise OSError(f"nobody can say what is there: {listed.status}")
        found: Files = {}
        for item in listed.json["files"]:
            answer = server.request("GET", f"/api/files/download/{self._place(item['name'])}")
            if answer.status != 200:
                raise OSError(f"nobody can say what is in it: {answer.status}")
            found[item["name"]] = blake3(answer.body).hexdigest()
        assert found in self.pending, f"{self.folder}: {_difference(found, self.pending)}"
        for name in set(found) & set(self.graves):
            del self.graves[name]
        self.known = found

    def _ask(
        self,
        server: Server,
        method: str,
        path: str,
        body: object = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        answer = server.request(method, path, body, headers)
        if answer.status >= 300:
            raise RefusedError(f"{method} {path}: {answer.status} {answer.body!r}", answer.status)
        return answer

    def _may_become(self, *after: Files) -> None:
        self.pending = (dict(self.known), *after)

    def _is(self, files: Files) -> None:
        self.known, self.pending = files, ()
        self.acknowledged += 1

    def _name(self, *, fresh: bool = False) -> str:
        if self.known and not fresh and self.rng.random() < 0.4:
            return self.rng.choice(sorted(self.known))
        self.made += 1
        return f"file {self.made} ü.bin"

    def _data(self, *sizes: int) -> bytes:
        return self.rng.randbytes(self.rng.choice(sizes or (0, 1, 700, 40_000, 300_000, 1_500_000)))

    def _with(self, name: str, data: bytes) -> Files:
        return {**self.known, name: blake3(data).hexdigest()}

    def _place(self, name: str) -> str:
        return quote(f"{self.folder}/{name}")

    def put(self, server: Server) -> None:
        name, data = self._name(), self._data()
        after = self._with(name, data)
        self._may_become(after)
        self._ask(server, "PUT", f"/api/files/content/{self._place(name)}?on_conflict=replace", data)
        self._is(after)

    def tus(self, server: Server) -> None:
        name, data = self._name(), self._data(700, 300_000, 3_000_000)
        told = base64.b64encode(f"{self.folder}/{name}".encode()).decode()
        headers = {**TUS, "upload-length": str(len(data)), "upload-metadata": f"filename {told}"}
        place = self._ask(server, "POST", "/api/uploads", None, headers).headers["location"]
        self.unfinished = Unfinished(place, name, data, 0)
        self._send(server, self.unfinished)

    def resume(self, server: Server) -> None:
        assert self.unfinished is not None
        upload = self.unfinished
        self._may_become(self._with(upload.name, upload.data))
        answer = self._ask(server, "HEAD", upload.place, None, TUS)
        offset = int(answer.headers["upload-offset"])
        if offset < upload.acknowledged:
            self.unfinished = None
            raise RefusedError(f"{upload.acknowledged} bytes were acknowledged, {offset} are there")
        upload.acknowledged = offset
        self.resumed += 1
        self._send(server, upload)

    def _send(self, server: Server, upload: Unfinished) -> None:
        after, middle = self._with(upload.name, upload.data), len(upload.data) // 2
        self._may_become(after)
        patience = 30
        while True:
            at = upload.acknowledged
            piece = upload.data[at:middle] if at < middle else upload.data[at:]
            headers = {**OFFSET, "upload-offset": str(at)}
            answer = server.request("PATCH", upload.place, piece, headers)
            if answer.status == 409 and answer.json["code"] == "busy" and patience:
                patience -= 1  # the request that seemed lost is still at it
                time.sleep(1)
                continue
            if answer.status == 409 and answer.json["code"] == "upload-offset" and answer.json["offset"] > at:
                upload.acknowledged = answer.json["offset"]  # of a request that had seemed to be lost
                if upload.acknowledged < len(upload.data):
                    continue
                answer = server.request(
                    "PATCH", upload.place, b"", {**OFFSET, "upload-offset": str(len(upload.data))}
                )
            if answer.status >= 300:
                self.unfinished = None
                raise RefusedError(f"PATCH at {at}: {answer.status} {answer.body!r}", answer.status)
            upload.acknowledged = int(answer.headers["upload-offset"])
            if upload.acknowledged == len(upload.data):
                break
        self.unfinished = None
        self._is(after)

    def trio(self, server: Server) -> None:
        name, data = self._name(), self._data(700, 300_000)
        after = self._with(name, data)
        wanted = {"filename": name, "total_size": len(data), "target_path": self.folder}
        upload = self._ask(server, "POST", "/api/files/upload/chunked/init", wanted).json["upload_id"]
        self._ask(server, "POST", f"/api/files/upload/chunked/{upload}/chunk?chunk_index=0", data)
        self._may_become(after)
        self._ask(server, "POST", f"/api/files/upload/chunked/{upload}/complete")
        self._is(after)

    def manifest(self, server: Server) -> None:
        name, data = self._name(), self._data(700, 2 * MIB, 3_000_000)
        pieces = [data[at : at + MIB] for at in range(0, len(data), MIB)]
        wanted = {
            "path": f"{self.folder}/{name}",
            "size": len(data),
            "chunks": [(len(piece), blake3(piece).hexdigest()) for piece in pieces],
        }
        place = self._ask(server, "POST", "/api/uploads/manifest", wanted).headers["location"]
        for number in self.rng.sample(range(len(pieces)), len(pieces)):
            self._ask(server, "PUT", f"{place}/chunks/{number}", pieces[number])
        after = self._with(name, data)
        self._may_become(after)
        self._ask(server, "POST", f"{place}/commit")
        self._is(after)

    def batch(self, server: Server) -> None:
        names = dict.fromkeys(self._name() for _ in range(3))
        files = {name: self._data(0, 1, 700, 40_000) for name in names}
        listed = [{"path": f"{self.folder}/{name}", "size": len(data)} for name, data in files.items()]
        body = json.dumps(listed).encode() + b"\n" + b"".join(files.values())
        states = []
        for chosen in product([False, True], repeat=len(files)):
            new = {
                name: blake3(data).hexdigest()
                for (name, data), is_new in zip(files.items(), chosen, strict=True)
                if is_new
            }
            states.append({**self.known, **new})
        self._may_become(*states)
        headers = {"content-type": "application/vnd.balu.batch"}
        answer = self._ask(server, "POST", "/api/uploads/batch", body, headers)
        after = dict(self.known)
        for name, item in zip(files, answer.json, strict=True):
            if item["status"] < 300:
                after[name] = blake3(files[name]).hexdigest()
            elif item["status"] >= 500:
                raise RefusedError(f"batch: {item}", item["status"])
            else:
                self.refusals.append(f"batch: {item}")
        self._is(after)

    def move(self, server: Server) -> None:
        old, new = self.rng.choice(sorted(self.known)), self._name(fresh=True)
        after = {(new if name == old else name): found for name, found in self.known.items()}
        self._may_become(after)
        body = {"source_path": f"{self.folder}/{old}", "target_path": f"{self.folder}/{new}"}
        self._ask(server, "PUT", "/api/files/move", body)
        self._is(after)

    def copy(self, server: Server) -> None:
        old, new = self.rng.choice(sorted(self.known)), self._name(fresh=True)
        after = {**self.known, new: self.known[old]}
        self._may_become(after)
        body = {"source_path": f"{self.folder}/{old}", "target_path": f"{self.folder}/{new}"}
        self._ask(server, "POST", "/api/files/copy", body)
        self._is(after)

    def delete(self, server: Server) -> None:
        gone = self.rng.choice(sorted(self.known))
        after = {name: found for name, found in self.known.items() if name != gone}
        self._may_become(after)
        self._ask(server, "DELETE", f"/api/files/{self._place(gone)}")
        self.graves[gone] = self.known[gone]
        self._is(after)

    def restore(self, server: Server) -> None:
        items = self._ask(server, "GET", "/api/trash?limit=200").json["items"]
        wanted = {f"{self.folder}/{name}": name for name in self.graves if name not in self.known}
        found = [item for item in items if item["original_path"] in wanted]
        if not found:
            return
        item = self.rng.choice(found)
        name = wanted[item["original_path"]]
        after = {**self.known, name: self.graves[name]}
        self._may_become(after)
        self._ask(server, "POST", f"/api/trash/{item['id']}/restore", {})
        del self.graves[name]
        self._is(after)

    def compare(self, server: Server, home: Path) -> None:
        """Disk, listing and downloads show the acknowledged state, or what an unanswered request allows."""
        found = {file.name: digest(file) for file in (home / self.folder).iterdir()}
        allowed = self.pending or (self.known,)
        assert found in allowed, f"{self.folder}: {_difference(found, allowed)}"
        listed = server.request("GET", f"/api/files/list?path={self.folder}")
        assert listed.status == 200, listed.body
        assert {item["name"] for item in listed.json["files"]} == set(found)
        for name in self.rng.sample(sorted(found), min(2, len(found))):
            answer = server.request("GET", f"/api/files/download/{self._place(name)}")
            assert (answer.status, blake3(answer.body).hexdigest()) == (200, found[name])
        for name in set(found) & set(self.graves):  # restored, and the answer was lost
            del self.graves[name]
        if (
            self.unfinished is not None
            and found.get(self.unfinished.name) == blake3(self.unfinished.data).hexdigest()
        ):
            self.unfinished = None
        self.known, self.pending = found, ()


def _difference(found: Files, allowed: tuple[Files, ...]) -> str:
    lines = []
    for state in allowed:
        lost = {name for name in state if name not in found}
        changed = {name for name in state if name in found and found[name] != state[name]}
        lines.append(
            f"missing {sorted(lost)}, changed {sorted(changed)}, extra {sorted(set(found) - set(state))}"
        )
    return "; or ".join(lines)
