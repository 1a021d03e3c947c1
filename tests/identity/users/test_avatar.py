"""Pictures of people: what is taken, what is left out of it, who may see it."""

import struct
import zlib

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from balu.identity.users import UserService
from balu.identity.users.errors import PictureTooLargeError, PictureTypeError
from balu.identity.users.pictures import MAX_BYTES, PNG_START, clean
from balu.kernel.unit import open_unit
from tests.identity.conftest import House

SECRET = b"52.5200 N 13.4050 E <script>alert(1)</script>"


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int = 2, height: int = 2, *extra: bytes) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(b"".join(b"\0" + bytes(width) for _ in range(height))))
    return PNG_START + header + b"".join(extra) + pixels + chunk(b"IEND", b"")


def segment(marker: int, data: bytes) -> bytes:
    return bytes((0xFF, marker)) + struct.pack(">H", len(data) + 2) + data


def jpeg(width: int = 2, height: int = 2, *extra: bytes) -> bytes:
    frame = segment(0xC0, struct.pack(">BHHB", 8, height, width, 1) + b"\x01\x11\x00")
    scan = segment(0xDA, b"\x01\x01\x00\x00\x3f\x00") + b"\x12\xff\x00\x34\xff\xd0\x56"
    tables = segment(0xDB, bytes(65)) + segment(0xC4, bytes(20))
    return b"\xff\xd8" + segment(0xE0, b"JFIF\0") + b"".join(extra) + tables + frame + scan + b"\xff\xd9"


@pytest.mark.parametrize(
    ("body", "plain", "media_type"),
    [
        pytest.param(png(2, 2, chunk(b"tEXt", SECRET), chunk(b"eXIf", SECRET)), png(), "image/png", id="png"),
        pytest.param(png() + SECRET, png(), "image/png", id="png-and-more"),
        pytest.param(
            jpeg(2, 2, segment(0xE1, b"Exif\0\0" + SECRET), segment(0xFE, SECRET)),
            jpeg(),
            "image/jpeg",
            id="jpeg",
        ),
        pytest.param(jpeg() + SECRET, jpeg(), "image/jpeg", id="jpeg-and-more"),
    ],
)
def test_only_what_draws_the_picture_is_kept(body: bytes, plain: bytes, media_type: str) -> None:
    assert clean(body) == (media_type, plain)
    assert clean(plain) == (media_type, plain)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", id="svg"),
        pytest.param(b"GIF89a" + bytes(40), id="gif"),
        pytest.param(png()[:-5], id="png-cut"),
        pytest.param(png().replace(b"IDAT", b"IDAX"), id="png-wrong-sum"),
        pytest.param(PNG_START + chunk(b"IDAT", b"") + chunk(b"IEND", b""), id="png-without-header"),
        pytest.param(PNG_START + png()[8:33] + chunk(b"IEND", b""), id="png-without-pixels"),
        pytest.param(png(0, 2), id="no-width"),
        pytest.param(jpeg()[:-2], id="jpeg-cut"),
        pytest.param(b"\xff\xd8\xff\xd9", id="jpeg-empty"),
        pytest.param(b"\xff\xd8\xff\xe0\x00\x00", id="jpeg-no-length"),
    ],
)
def test_anything_else_is_refused(body: bytes) -> None:
    with pytest.raises(PictureTypeError):
        clean(body)


@pytest.mark.parametrize("body", [png(1025, 1), jpeg(1, 1025), png() + bytes(MAX_BYTES)])
def test_large_pictures_are_refused(body: bytes) -> None:
    with pytest.raises(PictureTooLargeError):
        clean(body)


@given(body=st.one_of(st.binary(), st.binary().map(PNG_START.__add__), st.binary().map(b"\xff\xd8".__add__)))
def test_no_bytes_break_the_check(body: bytes) -> None:
    try:
        kind, kept = clean(body)
    except PictureTypeError:
        return
    assert clean(kept) == (kind, kept)


async def put(
    client: httpx.AsyncClient, user_id: int, headers: dict[str, str], body: bytes
) -> httpx.Response:
    kind = {"content-type": "application/octet-stream"}
    return await client.post(f"/api/users/{user_id}/avatar", headers={**headers, **kind}, content=body)


async def test_a_picture_is_set_shown_replaced_and_removed(house: House) -> None:
    user = await house.add("anna")
    client, headers = await house.at(), await house.sign_in("anna")
    assert (await client.get("/api/auth/me", headers=headers)).json()["avatar_url"] is None
    assert (await put(client, user.id, headers, png() + SECRET)).status_code == 204
    first = (await client.get("/api/auth/me", headers=headers)).json()["avatar_url"]
    shown = await client.get(first, headers=headers)
    assert (shown.status_code, shown.content) == (200, png())
    assert shown.headers["content-type"] == "image/png"
    assert shown.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in shown.headers["content-security-policy"]
    form = {"avatar": ("me.jpg", jpeg(), "image/jpeg")}
    done = await client.post(f"/api/users/{user.id}/avatar", headers=headers, files=form)
    assert done.status_code == 204, done.text
    second = (await client.get("/api/auth/me", headers=headers)).json()["avatar_url"]
    assert second != first
    assert (await client.get(second, headers=headers)).headers["content-type"] == "image/jpeg"

    refused = [
        await put(client, user.id, headers, b"<svg/>"),
        await put(client, user.id, headers, png(2000, 2)),
        await put(client, user.id, headers, bytes(MAX_BYTES * 2)),
        await client.post(f"/api/users/{user.id}/avatar", headers=headers, files={"a": ("a.svg", b"<svg/>")}),
        await client.post(f"/api/users/{user.id}/avatar", headers=headers, data={"avatar": "text"}),
    ]
    assert [answer.status_code for answer in refused] == [415, 413, 413, 415, 415]
    assert (await client.delete(f"/api/users/{user.id}/avatar", headers=headers)).status_code == 204
    assert (await client.get(second, headers=headers)).status_code == 404
    assert (await client.get("/api/auth/me", headers=headers)).json()["avatar_url"] is None


async def test_other_peoples_pictures_are_hidden_but_from_administrators(house: House) -> None:
    await house.add("owner", "admin")
    anna = await house.add("anna")
    await house.add("bert")
    client, address = await house.at(), f"/api/users/{anna.id}/avatar"
    mine, other, owner = [await house.sign_in(name) for name in ("anna", "bert", "owner")]
    await put(client, anna.id, mine, png())
    told = [(await client.get(address, headers=headers)).status_code for headers in (mine, other, owner, {})]
    assert told == [200, 404, 200, 401]
    told = [
        (await put(client, anna.id, other, jpeg())).status_code,
        (await client.delete(address, headers=other)).status_code,
        (await put(client, 99, owner, jpeg())).status_code,
        (await put(client, anna.id, owner, jpeg())).status_code,
    ]
    assert told == [404, 404, 404, 204]
    async with open_unit(house.env) as unit:
        await UserService(unit).delete(anna.id)
    assert (await client.get(address, headers=owner)).status_code == 404


async def test_deleting_yourself_ends_everything_at_once_and_a_job_does_the_rest(house: House) -> None:
    await house.add("owner", "admin")
    user = await house.add("anna")
    client, headers, other = await house.at(), await house.sign_in("anna"), await house.sign_in("anna")
    wrong = await client.request("DELETE", "/api/auth/me", headers=headers, json={"password": "Wrong5Tage"})
    assert wrong.status_code == 401
    gone = await client.request("DELETE", "/api/auth/me", headers=headers, json={"password": "Regen5Tage"})
    assert gone.status_code == 202, gone.text
    (job,) = await house.jobs("delete_account")
    assert gone.json()["status_url"] == f"/api/jobs/{job.id}"
    for shown in (headers, other):
        assert (await client.get("/api/auth/me", headers=shown)).status_code == 401
    await house.work()
    owner = await house.sign_in("owner")
    assert (await client.get(f"/api/users/{user.id}", headers=owner)).status_code == 404
    last = await client.request("DELETE", "/api/auth/me", headers=owner, json={"password": "Regen5Tage"})
    assert (last.status_code, last.json()["code"]) == (409, "user-last-admin")
    assert (await client.get("/api/auth/me", headers=owner)).status_code == 200
