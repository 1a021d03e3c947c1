"""Live events over a real socket to the application."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

import httpx
import pytest
from litestar.exceptions import WebSocketDisconnect
from litestar.testing import AsyncTestClient
from sqlalchemy import update

from balu.app import Balu
from balu.identity.users import NewUser, UserService
from balu.kernel.caller import Grade
from balu.kernel.jobs import enqueue
from balu.kernel.live import LiveRow, tell
from balu.kernel.unit import open_unit
from balu.storage.files.jobs import recover_files
from tests.listening import listening, started

PASSWORD = "Regen5Tage!"


async def sign_in(
    app: Balu, client: httpx.AsyncClient, name: str, grade: Grade = "user"
) -> tuple[int, dict[str, str]]:
    async with open_unit(app.state.env) as unit:
        row = await UserService(unit).create(NewUser(username=name, password=PASSWORD, grade=grade))
    return row.id, await sign_in_again(client, name)


async def sign_in_again(client: httpx.AsyncClient, name: str) -> dict[str, str]:
    answer = await client.post("/api/auth/login", json={"username": name, "password": PASSWORD})
    return {"authorization": f"Bearer {answer.json()['access_token']}"}


@dataclass(frozen=True, kw_only=True)
class People:
    """Somebody with two sessions, and an administrator."""

    me: int
    here: dict[str, str]
    there: dict[str, str]
    admin: dict[str, str]


async def test_what_was_committed_is_told_to_those_who_may_hear_it(app: Balu) -> None:
    async with started(app) as client:
        me, headers = await sign_in(app, client, "anna")
        async with listening(app, headers) as ear:
            ear.wish("jobs", since=0)
            async with open_unit(app.state.env) as unit:
                tell(unit, "jobs", {"id": 1}, user_id=me + 1)
                tell(unit, "files", {"id": 2})
                tell(unit, "jobs", {"id": 3}, user_id=me)
                tell(unit, "jobs", {"id": 4})
            heard = [await ear.hear() for _ in range(2)]
    assert [event["data"]["id"] for event in heard] == [3, 4]


async def test_what_was_missed_a_moment_ago_is_told_once_and_first(app: Balu) -> None:
    async def happens(number: int) -> None:
        async with open_unit(app.state.env) as unit:
            tell(unit, "jobs", {"id": number})

    async with started(app) as client:
        _, headers = await sign_in(app, client, "anna")
        async with listening(app, headers) as before, listening(app, headers) as ear:
            before.wish("jobs", since=0)
            await happens(1)
            heard_before = [await before.hear()]  # from here on the table is being read
            await happens(2)
            ear.wish("jobs", since=0)  # the reader of the table comes to the second one later
            heard = [await ear.hear() for _ in range(2)]
            await happens(3)
            heard.append(await ear.hear())
            heard_before += [await before.hear() for _ in range(2)]
    assert [event["data"]["id"] for event in heard] == [1, 2, 3]
    assert heard_before == heard


async def test_who_listens_a_little_late_hears_what_just_happened_once(app: Balu) -> None:
    async def happens(topic: str, number: int) -> None:
        async with open_unit(app.state.env) as unit:
            tell(unit, topic, {"id": number})

    async with started(app) as client:
        _, headers = await sign_in(app, client, "anna")
        await happens("files", 1)
        async with open_unit(app.state.env) as unit:
            await unit.session.execute(update(LiveRow).values(at=unit.now() - timedelta(minutes=2)))
        for number in (2, 3, 2):
            await happens("files", number)
        async with listening(app, headers) as ear:
            ear.wish("jobs", recent_s=60)
            await happens("jobs", 4)
            heard = [await ear.hear()]
            ear.wish("jobs", "files", recent_s=60)
            heard += [await ear.hear() for _ in range(2)]
            await happens("files", 2)
            heard.append(await ear.hear())
    assert [event["data"]["id"] for event in heard] == [4, 3, 2, 2]


SIGN_OUTS: dict[str, Callable[[httpx.AsyncClient, People], Awaitable[httpx.Response]]] = {
    "logout": lambda browser, people: browser.post("/api/auth/logout", headers=people.here),
    "everywhere": lambda browser, people: browser.post(
        "/api/auth/logout", json={"all": True}, headers=people.there
    ),
    "password": lambda browser, people: browser.post(
        "/api/auth/change-password",
        json={"current_password": PASSWORD, "new_password": "Sonne7Tage!"},
        headers=people.there,
    ),
    "disabled": lambda browser, people: browser.put(
        f"/api/users/{people.me}", json={"is_active": False}, headers=people.admin
    ),
    "deleted": lambda browser, people: browser.delete(f"/api/users/{people.me}", headers=people.admin),
}


@pytest.mark.parametrize("how", SIGN_OUTS)
async def test_who_is_no_longer_signed_in_hears_nothing_more(app: Balu, how: str) -> None:
    async with started(app) as client:
        _, admin = await sign_in(app, client, "root", "admin")
        me, here = await sign_in(app, client, "anna")
        there = await sign_in_again(client, "anna")
        async with listening(app, here) as ear, listening(app, admin) as other:
            for one in (ear, other):
                one.wish("files", since=0)
            answer = await SIGN_OUTS[how](client, People(me=me, here=here, there=there, admin=admin))
            assert answer.is_success, answer.text
            async with open_unit(app.state.env) as unit:
                tell(unit, "files", {"id": 1})
            assert await ear.closed() == 4401
            assert (await other.hear())["data"] == {"id": 1}


async def test_one_browser_of_several_is_signed_out(app: Balu) -> None:
    async with started(app) as client:
        _, here = await sign_in(app, client, "anna")
        there = await sign_in_again(client, "anna")
        sessions = (await client.get("/api/auth/sessions", headers=there)).json()
        [other] = [session["id"] for session in sessions if not session["current"]]
        async with listening(app, here) as ended, listening(app, there) as kept:
            kept.wish("files", since=0)
            assert (await client.delete(f"/api/auth/sessions/{other}", headers=there)).is_success
            assert await ended.closed() == 4401
            async with open_unit(app.state.env) as unit:
                tell(unit, "files", {"id": 1})
            assert (await kept.hear())["data"] == {"id": 1}


async def test_nobody_listens_without_signing_in(client: AsyncTestClient[Balu]) -> None:
    with pytest.raises(WebSocketDisconnect), await client.websocket_connect("/api/ws") as socket:
        socket.receive_text(timeout=5)


async def test_a_foreign_page_cannot_listen(client: AsyncTestClient[Balu]) -> None:
    _, headers = await sign_in(client.app, client, "bert")
    with (
        pytest.raises(WebSocketDisconnect),
        await client.websocket_connect(
            "/api/ws", headers={**headers, "origin": "https://evil.example"}
        ) as socket,
    ):
        socket.receive_text(timeout=5)


async def test_an_admin_can_look_at_their_own_jobs_alone(client: AsyncTestClient[Balu]) -> None:
    me, headers = await sign_in(client.app, client, "root", "admin")
    async with open_unit(client.app.state.env) as unit:
        await enqueue(unit, recover_files)
        await enqueue(unit, recover_files, owner_id=me + 1)
        mine = await enqueue(unit, recover_files, owner_id=me)
    every = (await client.get("/api/jobs", headers=headers)).json()
    assert {job["owner_id"] for job in every["items"]} == {None, me, me + 1}
    own = (await client.get("/api/jobs", params={"mine": "true"}, headers=headers)).json()
    assert ([job["id"] for job in own["items"]], own["total"]) == ([mine], 1)
