"""Live events over a real socket to the application."""

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
    answer = await client.post("/api/auth/login", json={"username": name, "password": PASSWORD})
    return row.id, {"authorization": f"Bearer {answer.json()['access_token']}"}


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
