"""tus 1.0.0 as it is written, over the wire: the core and every extension that is announced."""

import base64
import hashlib
import os
import time
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from select import select
from typing import Any

import pytest

from balu_core import blake3_hex
from tests.conformance.conftest import OCTETS, VERSION, Person, metadata

MAX = (1 << 63) - 1
EXTENSIONS = {
    "creation", "creation-with-upload", "creation-defer-length", "expiration", "checksum", "termination",
    "concatenation",
}  # fmt: skip


def digest(algorithm: str, body: bytes) -> str:
    hexed = blake3_hex(body) if algorithm == "blake3" else hashlib.new(algorithm, body).hexdigest()
    raw = bytes.fromhex(hexed)
    return f"{algorithm} {base64.b64encode(raw).decode()}"


@pytest.mark.parametrize("where", ["/api/uploads", "/api/uploads/00000000-0000-0000-0000-000000000000"])
def test_options_say_what_is_there_to_anybody(anna: Person, where: str) -> None:
    answer = anna.server.client.options(where)
    assert answer.status_code == 204
    assert answer.headers["tus-resumable"] == "1.0.0"
    assert answer.headers["tus-version"] == "1.0.0"
    assert set(answer.headers["tus-extension"].split(",")) == EXTENSIONS
    assert answer.headers["tus-max-size"] == str(MAX)
    assert set(answer.headers["tus-checksum-algorithm"].split(",")) == {"sha1", "sha256", "blake3"}


@pytest.mark.parametrize("method", ["POST", "HEAD", "PATCH", "DELETE"])
@pytest.mark.parametrize("version", ["", "0.2.2", "1.0.1"], ids=["none", "older", "newer"])
def test_other_versions_are_412_and_change_nothing(anna: Person, method: str, version: str) -> None:
    where = "/api/uploads" if method == "POST" else anna.begin(3, "version.bin")
    said = {"tus-resumable": version} if version else {}
    body = b"" if method in {"HEAD", "DELETE"} else b"abc"
    more: dict[str, Any] = {"upload_offset": "0", "upload_length": "3", "content_type": OCTETS}
    answer = anna.ask(method, where, body, said, **more)
    assert (answer.status_code, answer.headers["tus-version"]) == (412, "1.0.0")
    assert not (anna.home / "version.bin").exists()
    if method != "POST":
        assert anna.offset(where) == 0


def test_creation_tells_where_to_go_on_and_until_when(anna: Person) -> None:
    answer = anna.create(10, "created.bin")
    assert (answer.status_code, answer.headers["tus-resumable"]) == (201, "1.0.0")
    assert answer.headers["location"].startswith("/api/uploads/")
    assert answer.headers["upload-offset"] == "0"
    assert answer.headers["cache-control"] == "no-store"
    ends = parsedate_to_datetime(answer.headers["upload-expires"])
    assert timedelta(days=6, hours=23) < ends - datetime.now(UTC) < timedelta(days=7, minutes=1)
    assert len(answer.headers["upload-token"]) >= 32


def test_head_repeats_what_was_said_and_is_never_cached(anna: Person) -> None:
    said = metadata(filename="head.bin", mtime="1000", note="ä")
    where = anna.begin(10, upload_metadata=said)
    answer = anna.head(where)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["upload-offset"] == "0"
    assert answer.headers["upload-length"] == "10"
    assert answer.headers["upload-metadata"] == said
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["tus-resumable"] == "1.0.0"
    assert "upload-expires" in answer.headers


def test_pieces_are_appended_and_the_last_one_makes_the_file(anna: Person) -> None:
    body = os.urandom(300_000)
    where = anna.begin(len(body), "pieces.bin")
    for start, end in ((0, 100_000), (100_000, 100_000), (100_000, 299_999), (299_999, 300_000)):
        answer = anna.patch(where, start, body[start:end])
        assert (answer.status_code, answer.content) == (204, b"")
        assert answer.headers["upload-offset"] == str(end)
        assert answer.headers["tus-resumable"] == "1.0.0"
    assert (anna.home / "pieces.bin").read_bytes() == body
    assert "repr-digest" in answer.headers
    assert "upload-expires" not in answer.headers
    assert anna.head(where).headers["upload-offset"] == "300000"


@pytest.mark.parametrize(
    ("offset", "body", "more", "status"),
    [
        pytest.param("1", b"x", {}, 409, id="ahead"),
        pytest.param("-1", b"x", {}, 400, id="negative"),
        pytest.param("0x0", b"x", {}, 400, id="no-number"),
        pytest.param(str(1 << 64), b"x", {}, 413, id="64-bits"),
        pytest.param("0", b"x" * 11, {}, 413, id="too-many"),
        pytest.param("0", b"x", {"content_type": "application/octet-stream"}, 415, id="another-type"),
        pytest.param("0", b"x", {"upload_checksum": "md5 AAAA"}, 400, id="unknown-algorithm"),
        pytest.param("0", b"x", {"upload_checksum": "sha1 !!!"}, 400, id="no-base64"),
        pytest.param("0", b"x", {"upload_checksum": "sha1 AAAA"}, 400, id="short-digest"),
        pytest.param("0", b"x", {"upload_length": "11"}, 409, id="another-length"),
    ],
)
def test_a_refused_piece_changes_nothing(
    anna: Person, offset: str, body: bytes, more: dict[str, Any], status: int
) -> None:
    where = anna.begin(10, "refused.bin")
    answer = anna.patch(where, offset, body, **more)
    assert (answer.status_code, answer.headers["tus-resumable"]) == (status, "1.0.0")
    assert answer.headers["content-type"] == "application/problem+json"
    assert anna.offset(where) == 0


def test_a_piece_without_an_offset_is_400(anna: Person) -> None:
    where = anna.begin(1)
    assert anna.ask("PATCH", where, b"x", content_type=OCTETS).status_code == 400


@pytest.mark.parametrize("method", ["HEAD", "PATCH", "DELETE"])
@pytest.mark.parametrize("name", ["00000000-0000-0000-0000-000000000000", "nothing", "..%2f"])
def test_what_was_never_begun_is_404(anna: Person, method: str, name: str) -> None:
    answer = anna.ask(method, f"/api/uploads/{name}", upload_offset="0", content_type=OCTETS)
    assert answer.status_code == 404
    assert "upload-offset" not in answer.headers


@pytest.mark.parametrize(
    ("length", "status"),
    [
        pytest.param("-1", 400, id="negative"),
        pytest.param("1e3", 400, id="exponent"),
        pytest.param("1.0", 400, id="fraction"),
        pytest.param("٣", 400, id="other-digits"),
        pytest.param(str(MAX + 1), 413, id="beyond-the-most"),
        pytest.param("9" * 4000, 413, id="absurd"),
        pytest.param(None, 400, id="none"),
    ],
)
def test_lengths_are_plain_integers_within_the_limit(anna: Person, length: str | None, status: int) -> None:
    headers = {key.encode(): value.encode() for key, value in (anna.headers | VERSION).items()}
    if length is not None:
        headers[b"upload-length"] = length.encode()
    answer = anna.server.client.post("/api/uploads", headers=headers)
    assert answer.status_code == status


def test_bytes_may_come_with_the_creation(anna: Person) -> None:
    first = anna.create(6, "with.bin", b"one")
    assert (first.status_code, first.headers["upload-offset"]) == (201, "3")
    assert anna.patch(first.headers["location"], 3, b"two").status_code == 204
    assert (anna.home / "with.bin").read_bytes() == b"onetwo"
    whole = anna.create(3, "whole.bin", b"all")
    assert (whole.headers["upload-offset"], "etag" in whole.headers) == ("3", True)
    assert (anna.home / "whole.bin").read_bytes() == b"all"


def test_an_empty_file_is_complete_when_it_is_created(anna: Person) -> None:
    assert anna.create(0, "empty.bin").status_code == 201
    assert (anna.home / "empty.bin").read_bytes() == b""


def test_the_length_may_be_said_later_but_only_once(anna: Person) -> None:
    where = anna.begin(None, "later.bin", upload_defer_length="1")
    shown = anna.head(where).headers
    assert (shown["upload-defer-length"], "upload-length" in shown) == ("1", False)
    assert anna.patch(where, 0, b"abc").headers["upload-offset"] == "3"
    assert anna.patch(where, 3, b"", upload_length="2").status_code == 409
    assert anna.patch(where, 3, b"", upload_length="6").status_code == 204
    assert anna.head(where).headers["upload-length"] == "6"
    assert anna.patch(where, 3, b"", upload_length="7").status_code == 409
    assert anna.patch(where, 3, b"def").status_code == 204
    assert (anna.home / "later.bin").read_bytes() == b"abcdef"


@pytest.mark.parametrize("more", [{"upload_defer_length": "2"}, {"upload_defer_length": "1"}])
def test_a_length_is_said_now_or_later_but_not_both(anna: Person, more: dict[str, Any]) -> None:
    assert anna.create(3, **more).status_code == 400


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "blake3"])
def test_a_piece_with_another_checksum_never_was(anna: Person, algorithm: str) -> None:
    where = anna.begin(8, f"{algorithm}.bin")
    assert anna.patch(where, 0, b"good", upload_checksum=digest(algorithm, b"good")).status_code == 204
    assert anna.patch(where, 4, b"evil", upload_checksum=digest(algorithm, b"fine")).status_code == 460
    assert anna.offset(where) == 4
    assert anna.patch(where, 4, b"fine", upload_checksum=digest(algorithm, b"fine")).status_code == 204
    assert (anna.home / f"{algorithm}.bin").read_bytes() == b"goodfine"


def test_every_piece_renews_the_time_that_is_left(anna: Person) -> None:
    created = anna.create(3, "renewed.bin")
    before = parsedate_to_datetime(created.headers["upload-expires"])
    time.sleep(1.1)  # the header has whole seconds
    patched = anna.patch(created.headers["location"], 0, b"a")
    assert parsedate_to_datetime(patched.headers["upload-expires"]) > before


def test_a_terminated_upload_is_gone_for_good(anna: Person) -> None:
    where = anna.begin(10, "ended.bin")
    assert anna.patch(where, 0, b"abc").status_code == 204
    answer = anna.ask("DELETE", where)
    assert (answer.status_code, answer.headers["tus-resumable"]) == (204, "1.0.0")
    assert anna.head(where).status_code == 410
    assert anna.patch(where, 3, b"d").status_code == 410
    staging = anna.home.parent / ".balu" / "staging"
    assert where.rsplit("/", 1)[1].replace("-", "") not in {path.name for path in staging.iterdir()}


def test_parts_become_one_file_in_the_order_that_is_said(anna: Person) -> None:
    parts = [
        anna.begin(len(body), "", upload_concat="partial", upload_metadata="") for body in (b"wor", b"hel")
    ]
    assert anna.head(parts[0]).headers["upload-concat"] == "partial"
    joined = f"final;{anna.server.url}{parts[1]} {parts[0]}"
    wish: dict[str, Any] = {"upload_concat": joined, "upload_metadata": metadata(filename="joined.bin")}
    assert anna.ask("POST", "/api/uploads", **wish).status_code == 400, "its parts are not complete"
    for part, body in zip(parts, (b"wor", b"hel"), strict=True):
        assert anna.patch(part, 0, body).status_code == 204
    assert anna.ask("POST", "/api/uploads", upload_length="6", **wish).status_code == 400
    final = anna.ask("POST", "/api/uploads", **wish)
    assert (final.status_code, final.headers["upload-offset"]) == (201, "6")
    assert (anna.home / "joined.bin").read_bytes() == b"helwor"
    shown = anna.head(final.headers["location"]).headers
    assert (shown["upload-concat"], shown["upload-length"]) == (joined, "6")
    assert anna.patch(final.headers["location"], 6, b"").status_code == 403
    assert not (anna.home / "a.bin").exists()


@pytest.mark.parametrize("concat", ["final;", "final;/api/files/list", "final;/api/uploads/x /api/uploads/x"])
def test_a_final_upload_of_nothing_is_refused(anna: Person, concat: str) -> None:
    wish: dict[str, Any] = {"upload_concat": concat, "upload_metadata": metadata(filename="no.bin")}
    assert anna.ask("POST", "/api/uploads", **wish).status_code in {400, 404}


def test_post_stands_in_for_methods_a_proxy_does_not_let_through(anna: Person) -> None:
    where = anna.begin(3, "override.bin")
    post: dict[str, Any] = {"upload_offset": "0", "content_type": OCTETS}
    assert anna.ask("POST", where, b"ab", x_http_method_override="PATCH", **post).status_code == 204
    shown = anna.ask("POST", where, x_http_method_override="HEAD")
    assert (shown.status_code, shown.headers["upload-offset"]) == (200, "2")
    assert anna.ask("POST", where, x_http_method_override="DELETE").status_code == 204
    assert anna.head(where).status_code == 410
    assert anna.ask("POST", where).status_code == 400


@pytest.mark.parametrize(
    "said",
    [
        pytest.param("filename", id="no-value"),
        pytest.param("filename !!!", id="no-base64"),
        pytest.param(f"{metadata(filename='a')},{metadata(filename='b')}", id="twice"),
        pytest.param(metadata(filename="a", on_conflict="maybe"), id="no-such-way"),
        pytest.param(metadata(filename="a", mtime="-5"), id="before-1970"),
        pytest.param(metadata(filename="../../etc/passwd"), id="traversal"),
        pytest.param(metadata(filename="a\0b"), id="nul"),
        pytest.param(metadata(filename=".."), id="dots"),
    ],
)
def test_metadata_that_makes_no_sense_is_refused(anna: Person, said: str) -> None:
    answer = anna.create(3, upload_metadata=said)
    assert answer.status_code in {400, 422}
    assert answer.headers["tus-resumable"] == "1.0.0"


def test_what_came_before_the_line_broke_stays(anna: Person) -> None:
    where, body = anna.begin(200_000, "broken.bin"), os.urandom(200_000)
    with anna.open_patch(where, 0, len(body)) as line:
        line.sendall(body[:120_000])
    deadline = time.monotonic() + 60
    # GET only looks; HEAD would end a request that has not read everything yet.
    while (offset := anna.ask("GET", where).json()["offset"]) < 120_000:
        assert time.monotonic() < deadline, offset
        time.sleep(0.1)
    assert not (anna.home / "broken.bin").exists()
    assert anna.patch(where, 120_000, body[120_000:]).status_code == 204
    assert (anna.home / "broken.bin").read_bytes() == body


def test_a_newer_request_takes_the_upload_over(anna: Person) -> None:
    where, body = anna.begin(200_000, "taken.bin"), os.urandom(200_000)
    older = anna.open_patch(where, 0, len(body))
    older.sendall(body[:50_000])
    while not select([older], [], [], 0)[0]:  # until the older one is under way, there is nothing to end
        offset = anna.offset(where)
    with older, older.makefile("rb") as answer:
        assert answer.readline().split()[1] == b"409"
        assert b"connection: close\r\n" in (line.lower() for line in answer), "the rest is in the way"
    assert 0 <= offset <= 50_000
    assert anna.patch(where, offset, body[offset:]).status_code == 204
    assert (anna.home / "taken.bin").read_bytes() == body
