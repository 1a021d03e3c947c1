from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from balu.kernel.errors import MalformedError, TooLargeError
from balu.storage.uploads.multipart import FormReader, boundary_of, disposition


async def cut(body: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


async def read(body: bytes, size: int = 1 << 20) -> list[tuple[str, str | None, bytes]]:
    return [
        (part.name, part.filename, b"".join([chunk async for chunk in part.chunks()]))
        async for part in FormReader(cut(body, size), b"XX").parts()
    ]


def form(*parts: tuple[str, str | None, bytes]) -> bytes:
    body = b"preamble\r\n"
    for name, filename, content in parts:
        file = "" if filename is None else f'; filename="{filename}"'
        body += (
            f'--XX\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'.encode()
            + content
            + b"\r\n"
        )
    return body + b"--XX--\r\nepilogue"


contents = st.lists(
    st.sampled_from([b"\r\n--XX", b"\r\n--X", b"--XX", b"\r\n", b"a", b"-", b"\r"]), max_size=12
)


@given(
    st.lists(contents.map(b"".join).filter(lambda raw: b"\r\n--XX" not in raw), max_size=4),
    st.integers(1, 40),
)
async def test_whatever_the_cuts_the_parts_are_the_same(bodies: list[bytes], size: int) -> None:
    if any(b"\r\n--XX" in b"\r\n" + body[:4] or body.startswith(b"--XX") for body in bodies):
        return
    parts: list[tuple[str, str | None, bytes]] = [("f", f"{n}", body) for n, body in enumerate(bodies)]
    assert await read(form(*parts), size) == parts


@given(st.integers(0, 200))
async def test_a_form_that_ends_early_is_an_error(keep: int) -> None:
    whole = form(("f", "a", b"x" * 100))
    cut_short = whole[: min(keep, whole.index(b"--XX--") + 3)]
    with pytest.raises(MalformedError):
        await read(cut_short)


@pytest.mark.parametrize(
    ("header", "found"),
    [
        (b'Content-Disposition: form-data; name="f"; filename="a;b.txt"', ("f", "a;b.txt")),
        (b'content-disposition:form-data;name=f;filename="say %22hi%22"', ("f", 'say "hi"')),
        (b'Content-Disposition: form-data; name="f"; filename="\\"q\\""', ("f", '"q"')),
        ('Content-Disposition: form-data; name="f"; filename="\u00e4"'.encode(), ("f", "\u00e4")),
        (b"Content-Disposition: form-data; name=\"f\"; filename*=UTF-8''%e2%82%ac", ("f", "\u20ac")),
        (b'X: y\r\nContent-Disposition: form-data; name="f"', ("f", None)),
    ],
)
def test_names_are_read_as_browsers_write_them(header: bytes, found: tuple[str, str | None]) -> None:
    assert disposition(header) == found


@pytest.mark.parametrize(
    "header", [b"", b"Content-Disposition: attachment", b"Content-Disposition: form-data"]
)
def test_a_part_needs_a_name(header: bytes) -> None:
    with pytest.raises(MalformedError):
        disposition(header)


@pytest.mark.parametrize(
    "value", [None, "", "text/plain", "multipart/form-data", "multipart/form-data; boundary="]
)
def test_a_form_needs_a_boundary(value: str | None) -> None:
    with pytest.raises(MalformedError):
        boundary_of(value)


async def test_endless_headers_and_parts_are_refused() -> None:
    with pytest.raises(TooLargeError):
        await read(b"--XX\r\nX: " + b"y" * 40_000)
    with pytest.raises(TooLargeError):
        await read(form(*[("f", None, b"")] * 2001))


async def test_several_files_arrive_in_their_folder(client: httpx.AsyncClient, place: Any) -> None:
    await client.post("/api/files/folder", json={"path": "", "name": "in"})
    sent = [("files", ("a.txt", b"one")), ("files", ("b.bin", b"x" * (9 << 20)))]
    answer = await client.post("/api/files/upload", data={"path": "in"}, files=sent)
    assert (answer.status_code, answer.json()["uploaded"]) == (201, 2)
    assert [item["path"] for item in answer.json()["files"]] == ["in/a.txt", "in/b.bin"]
    assert (place.home / "in/a.txt").read_bytes() == b"one"
    assert (place.home / "in/b.bin").stat().st_size == 9 << 20


async def test_fields_may_follow_the_files(client: httpx.AsyncClient, place: Any) -> None:
    await client.post("/api/files/folder", json={"path": "", "name": "in"})
    body = form(("file", "a.txt", b"one"), ("path", None, b"in"), ("on_conflict", None, b"fail"))
    headers = {"content-type": "multipart/form-data; boundary=XX"}
    first = await client.post("/api/files/upload", content=body, headers=headers)
    second = await client.post("/api/files/upload", content=body, headers=headers)
    assert (first.status_code, second.status_code) == (201, 409)
    assert place.below() == {"in", "in/a.txt"}
    assert place.private("staging") == []


async def test_nothing_is_left_of_a_form_that_breaks(client: httpx.AsyncClient, place: Any) -> None:
    body = form(("file", "a.txt", b"one" * 1000))[:-1500]
    headers = {"content-type": "multipart/form-data; boundary=XX"}
    answer = await client.post("/api/files/upload", content=body, headers=headers)
    assert answer.status_code == 400
    assert place.below() == set()
    assert place.private("staging") == []
    assert (await client.get("/api/files/user/root-usage")).json()["used_bytes"] == 0


async def test_names_in_a_form_cannot_leave_the_folder(client: httpx.AsyncClient, place: Any) -> None:
    for name in ("../x", "/etc/x/..", "a/../../x", ".."):
        answer = await client.post("/api/files/upload", files=[("file", (name, b"x"))])
        assert answer.status_code == 400, name
    assert place.below() == set()


@pytest.mark.parametrize("name", ["upload", "a.txt"])
async def test_a_file_in_an_unknown_field_is_refused(
    client: httpx.AsyncClient, place: Any, name: str
) -> None:
    answer = await client.post("/api/files/upload", files=[(name, ("a.txt", b"x"))])
    assert answer.status_code == 422
    assert "in the field files" in answer.text
    assert place.below() == set()


@pytest.mark.parametrize("parts", [[], [("files", "", b"content")], [("path", None, b"")]])
async def test_a_form_without_files_is_refused(client: httpx.AsyncClient, place: Any, parts: Any) -> None:
    headers = {"content-type": "multipart/form-data; boundary=XX"}
    answer = await client.post("/api/files/upload", content=form(*parts), headers=headers)
    assert answer.is_client_error, answer.text
    assert place.below() == set()
