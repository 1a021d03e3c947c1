"""A lost password: one link by mail, the same answer for everybody."""

import asyncio
import re
from collections.abc import Generator, Mapping
from io import StringIO
from typing import Any

import httpx
import pytest
from sqlalchemy import event, select, text

from balu.identity.auth.models import PasswordResetRow
from balu.kernel.config import LogSettings
from balu.kernel.jobs.models import COMPLETED, QUEUED
from balu.kernel.log import AccessLog
from balu.kernel.unit import open_unit
from tests.identity.conftest import PASSWORD, House
from tests.mailbox import Mailbox, mail_server

ASK = "/api/auth/password-reset"
NEW = "Sonne7Tage"
ANNA = "anna@example.org"
LINK = re.compile(r"https://nas\.example/reset/([A-Za-z0-9_-]{43})\s")


@pytest.fixture
def box() -> Generator[Mailbox, None, None]:
    with mail_server() as opened:
        yield opened


@pytest.fixture
def sections(box: Mailbox) -> Mapping[str, Mapping[str, Any]]:
    mail = {"host": "127.0.0.1", "port": box.port, "tls": "none", "sender": "balu@example.org"}
    return {"mail": mail, "server": {"base_url": "https://nas.example/"}}


async def ask(house: House, email: str = ANNA, address: str = "192.0.2.1") -> httpx.Response:
    client = await house.at(address)
    return await client.post(ASK, json={"email": email}, headers={"host": "localhost"})


async def link(house: House, box: Mailbox, address: str = "192.0.2.1") -> str:
    before = len(box.messages)
    assert (await ask(house, address=address)).status_code == 202
    await house.work()
    assert len(box.messages) == before + 1
    found = LINK.search(box.messages[-1].get_content())
    assert found is not None
    return found[1]


async def test_the_link_sets_a_new_password_once_and_ends_every_session(house: House, box: Mailbox) -> None:
    await house.add("anna", email="Anna@Example.org")
    headers = await house.sign_in("anna")
    token = await link(house, box)
    assert box.recipients == ["Anna@Example.org"]
    client = await house.at()
    checked = await client.get(f"{ASK}/{token}")
    assert checked.json() == {"valid": True, "expires_at": "2026-01-02T03:34:05Z"}
    weak = await client.post(f"{ASK}/{token}", json={"new_password": "anna1234"})
    assert (weak.status_code, list(weak.json()["fields"])) == (422, ["new_password"])
    others = [await house.at(f"192.0.2.{number}") for number in range(10, 14)]
    told = await asyncio.gather(
        *(other.post(f"{ASK}/{token}", json={"new_password": NEW}) for other in others)
    )
    assert sorted(one.status_code for one in told) == [200, 410, 410, 410]
    assert (await client.get("/api/auth/me", headers=headers)).status_code == 401
    old = await client.post("/api/auth/login", json={"username": "anna", "password": PASSWORD})
    assert old.status_code == 401
    await house.sign_in("anna", NEW)
    used = await others[0].get(f"{ASK}/{token}")
    assert (used.status_code, used.json()["code"]) == (410, "password-reset-ended")


async def test_a_link_ends_on_the_half_hour(house: House, box: Mailbox) -> None:
    await house.add("anna", email=ANNA)
    token = await link(house, box)
    client = await house.at()
    house.clock.advance(minutes=29, seconds=59)
    assert (await client.get(f"{ASK}/{token}")).status_code == 200
    house.clock.advance(seconds=1)
    ended = await client.get(f"{ASK}/{token}")
    unknown = await client.get(f"{ASK}/{'x' * 43}")
    assert ended.status_code == unknown.status_code == 410
    assert ended.json()["detail"] == unknown.json()["detail"]
    assert (await client.post(f"{ASK}/{token}", json={"new_password": NEW})).status_code == 410


async def test_a_link_ends_with_a_newer_one_a_new_password_and_a_new_address(
    house: House, box: Mailbox
) -> None:
    user = await house.add("anna", email=ANNA)
    client, headers = await house.at(), await house.sign_in("anna")
    first = await link(house, box)
    house.clock.advance(minutes=1)
    second = await link(house, box, "192.0.2.2")
    assert (await client.get(f"{ASK}/{first}")).status_code == 410
    assert (await client.get(f"{ASK}/{second}")).status_code == 200
    await client.put(f"/api/users/{user.id}", headers=headers, json={"email": "other@example.org"})
    assert (await client.get(f"{ASK}/{second}")).status_code == 410
    await client.put(f"/api/users/{user.id}", headers=headers, json={"email": ANNA})
    house.clock.advance(minutes=1)
    third = await link(house, box, "192.0.2.3")
    change = {"current_password": PASSWORD, "new_password": NEW}
    assert (await client.post("/api/auth/change-password", headers=headers, json=change)).status_code == 200
    other = await house.at("192.0.2.4")
    assert (await other.post(f"{ASK}/{third}", json={"new_password": PASSWORD})).status_code == 410


async def test_known_unknown_and_blocked_addresses_get_the_same_answer_for_the_same_work(
    house: House, box: Mailbox
) -> None:
    owner = await house.add("owner", "admin")
    await house.add("anna", email=ANNA)
    blocked = await house.add("bert", email="bert@example.org")
    headers = await house.sign_in("owner")
    client = await house.at()
    await client.put(f"/api/users/{blocked.id}", headers=headers, json={"is_active": False})
    statements: list[str] = []

    def count(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    engine = (house.env.write.kw["bind"]).sync_engine
    event.listen(engine, "before_cursor_execute", count)
    answers, work = [], []
    for number, email in enumerate((ANNA, "nobody@example.org", "bert@example.org")):
        statements.clear()
        found = await ask(house, email, f"192.0.2.{20 + number}")
        answers.append((found.status_code, found.content, sorted(found.headers)))
        work.append([one for one in statements if "password" in one or "job" in one or "user_account" in one])
    event.remove(engine, "before_cursor_execute", count)
    assert answers[0][0] == 202
    assert answers[0] == answers[1] == answers[2]
    assert work[0] == work[1] == work[2]
    await house.work()
    assert box.recipients == [ANNA]
    assert owner.email is None


async def test_one_address_is_asked_for_five_times_and_written_to_once_a_minute(
    house: House, box: Mailbox
) -> None:
    await house.add("anna", email=ANNA)
    for number in range(3):
        assert (await ask(house, address=f"192.0.2.{number}")).status_code == 202
    await house.work()
    assert len(box.messages) == 1
    told = [(await ask(house, "nobody@example.org", "192.0.2.9")).status_code for _ in range(6)]
    assert told == [202] * 5 + [429]


async def test_a_mail_that_could_not_be_sent_is_sent_later_with_a_link_that_works(
    house: House, box: Mailbox
) -> None:
    await house.add("anna", email=ANNA)
    box.answer = "451 later"
    await ask(house)
    await house.work()
    (job,) = await house.jobs("mail_password_reset")
    assert (job.state, box.messages) == (QUEUED, [])
    box.answer = "250 OK"
    house.clock.advance(minutes=1)
    await house.work()
    (job,) = await house.jobs("mail_password_reset")
    assert (job.state, job.result) == (COMPLETED, {"sent": True})
    found = LINK.search(box.messages[0].get_content())
    assert found is not None
    assert (await (await house.at()).get(f"{ASK}/{found[1]}")).status_code == 200


async def test_the_token_is_nowhere_but_in_the_mail(house: House, box: Mailbox) -> None:
    log = StringIO()
    house.app.front.access_log = AccessLog(LogSettings(format="json"), log)
    await house.add("anna", email=ANNA)
    token = await link(house, box)
    client = await house.at()
    await client.get(f"{ASK}/{token}")
    await client.get(f"/reset/{token}")
    await client.post(f"{ASK}/{token}", json={"new_password": "short"})
    async with open_unit(house.env, writes=False) as unit:
        (row,) = (await unit.session.scalars(select(PasswordResetRow))).all()
        jobs = (await unit.session.execute(text("SELECT * FROM job"))).all()
        assert token not in repr((row.digest, row.mark, jobs))
    await client.post(f"{ASK}/{token}", json={"new_password": NEW})
    shown = log.getvalue()
    assert "/api/auth/password-reset/…" in shown
    assert "/reset/…" in shown
    assert token not in shown
    assert NEW not in shown


async def test_the_mail_speaks_the_language_of_the_account_else_of_the_browser(
    house: House, box: Mailbox
) -> None:
    await house.add("anna", email=ANNA)
    client = await house.at()
    await client.post(ASK, json={"email": ANNA}, headers={"accept-language": "de-DE,en"})
    await house.work()
    assert box.messages[0]["subject"] == "Balu-Passwort zurücksetzen"
    headers = await house.sign_in("anna")
    await client.put("/api/settings", headers=headers, json={"language": "en"})
    house.clock.advance(minutes=1)
    await client.post(ASK, json={"email": ANNA}, headers={"accept-language": "de-DE,en"})
    await house.work()
    assert box.messages[1]["subject"] == "Reset your Balu password"


class TestWithoutMail:
    @pytest.fixture
    def sections(self) -> Mapping[str, Mapping[str, Any]]:
        return {}

    async def test_the_answer_is_the_same_and_nothing_is_sent(self, house: House, box: Mailbox) -> None:
        await house.add("anna", email=ANNA)
        assert (await ask(house)).status_code == 202
        await house.work()
        (job,) = await house.jobs("mail_password_reset")
        assert (job.state, job.result) == (COMPLETED, {"sent": False})
        assert box.messages == []
        boot = await (await house.at()).get("/api/bootstrap")
        assert boot.json()["features"]["password_reset"] is False
