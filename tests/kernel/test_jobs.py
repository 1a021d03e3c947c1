import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
import pytest_asyncio
from sqlalchemy import insert, select, update

from balu.app import DOMAINS
from balu.kernel.config import Config
from balu.kernel.domain import Domain
from balu.kernel.env import open_env
from balu.kernel.errors import ConflictError
from balu.kernel.jobs import (
    JobEndedError,
    JobNotFoundError,
    JobOverError,
    JobQueue,
    JobRow,
    Jobs,
    JobService,
    Run,
    ScheduleRow,
    enqueue,
    job,
    run_now,
)
from balu.kernel.jobs.run import LEASE, LostError, claim, work
from balu.kernel.jobs.tick import (
    begin_due,
    next_run,
    purge_history,
    recover_lost,
    resend,
    tick,
    write_defaults,
)
from balu.kernel.live import LiveRow
from balu.kernel.testing import FakeClock
from balu.kernel.unit import Env, open_unit


@job()
async def add(run: Run, a: int, b: int) -> int:
    await run.progress(50, "half way")
    return a + b


@job(max_attempts=2)
async def break_down(run: Run) -> None:
    raise OSError("the disk is gone")


@job()
async def refuse(run: Run) -> None:
    raise ConflictError("There is no room for this.")


@job()
async def wait_for_cancel(run: Run) -> str:
    while not await run.cancelled():  # noqa: ASYNC110  as a job between two steps
        await asyncio.sleep(0.02)
    return "cleaned up"


@job(lane="array:{array}")
async def scrub(run: Run, array: str) -> None:
    pass


@job()
async def forever(run: Run) -> None:
    await asyncio.sleep(3600)


@job(schedule="17 * * * *")
async def hourly(run: Run) -> None:
    pass


@job(schedule="30 2 * * *", missed="skip")
async def nightly(run: Run) -> None:
    pass


SAMPLES = Domain(
    name="samples",
    jobs=(add, break_down, refuse, wait_for_cancel, scrub, forever, hourly, nightly),
)


@pytest_asyncio.fixture
async def env(config: Config, clock: FakeClock) -> AsyncGenerator[Env, None]:
    async with open_env(config, (*DOMAINS, SAMPLES), now=clock) as opened:
        yield opened


async def put(env: Env, what: object, *, owner_id: int | None = None, **args: object) -> int:
    async with open_unit(env) as unit:
        return await enqueue(unit, what, owner_id=owner_id, **args)  # type: ignore[arg-type]


async def row_of(env: Env, job_id: int) -> JobRow:
    async with open_unit(env, writes=False) as unit:
        return await unit.session.get_one(JobRow, job_id)


async def test_a_job_leaves_its_result_and_its_times(env: Env, clock: FakeClock) -> None:
    job_id = await put(env, add, owner_id=7, a=2, b=3)
    clock.advance(seconds=4)
    await work(env, job_id)
    row = await row_of(env, job_id)
    assert (row.state, row.result, row.progress, row.message) == ("completed", 5, 100, "half way")
    assert row.finished_at == clock() == row.created_at + timedelta(seconds=4)
    assert (row.owner_id, row.attempts, row.lease_until) == (7, 1, None)


async def test_a_job_is_sent_only_after_its_transaction(env: Env) -> None:
    with pytest.raises(ConflictError):  # noqa: PT012  the whole transaction
        async with open_unit(env) as unit:
            await enqueue(unit, add, a=1, b=1)
            raise ConflictError("never mind")
    await asyncio.sleep(0.1)
    assert await env.part(JobQueue).waiting() == 0
    await put(env, add, a=1, b=1)
    for _ in range(100):
        if await env.part(JobQueue).waiting():
            break
        await asyncio.sleep(0.02)
    assert await env.part(JobQueue).waiting() == 1


async def test_fifty_messages_for_one_row_make_one_run(env: Env) -> None:
    job_id = await put(env, add, a=1, b=1)
    await asyncio.gather(*(work(env, job_id) for _ in range(50)))
    row = await row_of(env, job_id)
    assert (row.state, row.attempts) == ("completed", 1)


async def test_an_error_is_tried_again_later_and_given_up_in_the_end(env: Env, clock: FakeClock) -> None:
    job_id = await put(env, break_down)
    await work(env, job_id)
    row = await row_of(env, job_id)
    assert (row.state, row.error) == ("queued", "Internal error (OSError).")
    await work(env, job_id)
    assert (await row_of(env, job_id)).attempts == 1, "it waits before it tries again"
    clock.advance(minutes=5)
    await work(env, job_id)
    row = await row_of(env, job_id)
    assert (row.state, row.attempts, row.finished_at) == ("failed", 2, clock())


async def test_a_refusal_is_final_and_says_why(env: Env) -> None:
    job_id = await put(env, refuse)
    await work(env, job_id)
    row = await row_of(env, job_id)
    assert (row.state, row.error) == ("failed", "There is no room for this.")


async def test_run_now_returns_the_result_or_raises(env: Env) -> None:
    assert await run_now(env, add, a=20, b=22) == 42
    with pytest.raises(JobEndedError, match="no room"):
        await run_now(env, refuse)


async def test_a_running_job_ends_between_two_steps_when_cancelled(env: Env) -> None:
    job_id = await put(env, wait_for_cancel, owner_id=3)
    running = asyncio.create_task(work(env, job_id))
    while (await row_of(env, job_id)).state != "running":  # noqa: ASYNC110  a row has no event
        await asyncio.sleep(0.02)
    async with open_unit(env) as unit:
        assert (await JobService(unit).cancel(job_id, 3)).state == "running"
    await asyncio.wait_for(running, 10)
    row = await row_of(env, job_id)
    assert (row.state, row.result) == ("cancelled", "cleaned up")
    with pytest.raises(JobOverError):
        async with open_unit(env) as unit:
            await JobService(unit).cancel(job_id, 3)


async def test_a_waiting_job_is_cancelled_at_once_and_never_runs(env: Env) -> None:
    job_id = await put(env, add, a=1, b=1)
    async with open_unit(env) as unit:
        assert (await JobService(unit).cancel(job_id, None)).state == "cancelled"
    await work(env, job_id)
    assert (await row_of(env, job_id)).attempts == 0


async def test_people_see_their_own_jobs_only(env: Env) -> None:
    mine, foreign = await put(env, add, owner_id=1, a=1, b=1), await put(env, add, owner_id=2, a=1, b=1)
    async with open_unit(env) as unit:
        jobs = JobService(unit)
        rows, total = await jobs.list(1)
        assert ([row.id for row in rows], total) == ([mine], 1)
        rows, total = await jobs.list(None, limit=1)
        assert ([row.id for row in rows], total) == ([foreign], 2)
        rows, _ = await jobs.list(None, before=foreign)
        assert [row.id for row in rows] == [mine]
        with pytest.raises(JobNotFoundError):
            await jobs.get(foreign, 1)
        with pytest.raises(JobNotFoundError):
            await jobs.cancel(foreign, 1)


async def test_an_owner_is_told_of_every_change_and_of_no_chore(env: Env) -> None:
    mine, chore = await put(env, add, owner_id=1, a=1, b=1), await put(env, add, a=1, b=1)
    cancelled = await put(env, add, owner_id=2, a=1, b=1)
    async with open_unit(env) as unit:
        await JobService(unit).cancel(cancelled, 2)
    for job_id in (mine, chore):
        await work(env, job_id)
    async with open_unit(env, writes=False) as unit:
        rows = (await unit.session.scalars(select(LiveRow).order_by(LiveRow.id))).all()
    told = [(row.topic, row.user_id, msgspec.json.decode(row.data)["id"]) for row in rows]
    # Stored and ended early; stored, begun, half way, done.
    assert [one for one in told if one[1] == 2] == [("jobs", 2, cancelled)] * 2
    assert [one for one in told if one[1] == 1] == [("jobs", 1, mine)] * 4
    assert len(told) == 6


async def test_jobs_of_one_lane_never_overlap_and_the_next_is_sent(env: Env) -> None:
    first, second = await put(env, scrub, array="md0"), await put(env, scrub, array="md0")
    other = await put(env, scrub, array="md1")
    held = await claim(env, first)
    assert held is not None
    assert await claim(env, second) is None
    assert await claim(env, other) is not None
    async with open_unit(env) as unit:
        await unit.session.execute(update(JobRow).where(JobRow.id == first).values(state="completed"))
    assert await claim(env, second) is not None


async def test_simultaneous_claims_of_a_lane_give_it_to_one(env: Env) -> None:
    ids = [await put(env, scrub, array="md0") for _ in range(8)]
    claimed = await asyncio.gather(*(claim(env, job_id) for job_id in ids))
    assert sum(row is not None for row in claimed) == 1


async def test_a_lost_worker_returns_its_job_until_the_attempts_are_used_up(
    env: Env, clock: FakeClock
) -> None:
    job_id = await put(env, add, a=1, b=1)
    for attempt in (1, 2, 3):
        row = await claim(env, job_id)
        assert row is not None
        assert row.attempts == attempt
        assert await recover_lost(env) == 0, "the lease still holds"
        clock.advance(seconds=LEASE.total_seconds() + 1)
        assert await recover_lost(env) == (1 if attempt < 3 else 0)
    row = await row_of(env, job_id)
    assert (row.state, row.error) == ("failed", "Its worker was lost too often.")


async def test_a_run_that_lost_its_lease_cannot_write_over_the_next_one(env: Env, clock: FakeClock) -> None:
    job_id = await put(env, add, a=1, b=1)
    old = await claim(env, job_id)
    assert old is not None
    clock.advance(seconds=LEASE.total_seconds() + 1)
    await recover_lost(env)
    await work(env, job_id)
    stale = Run(env=env, id=job_id, owner_id=None, attempt=old.attempts)
    with pytest.raises(LostError):
        await stale.progress(1)
    assert (await row_of(env, job_id)).result == 2


async def test_a_stopping_worker_gives_a_long_job_back(env: Env, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("balu.kernel.jobs.run.GRACE_S", 0.1)
    job_id = await put(env, forever)
    await asyncio.wait_for(work(env, job_id, lambda: True), 10)
    row = await row_of(env, job_id)
    assert (row.state, row.attempts, row.lease_until) == ("queued", 0, None)


async def test_waiting_rows_whose_message_was_lost_are_sent_again(env: Env, clock: FakeClock) -> None:
    async with open_unit(env) as unit:
        await unit.session.execute(
            insert(JobRow).values(
                kind="add", args={"a": 1, "b": 1}, state="queued", priority=0, progress=0, attempts=0,
                max_attempts=3, cancel_requested=False, created_at=clock(), not_before=clock(),
            )
        )  # fmt: skip
    assert await resend(env) == 0, "its first message may still be on the way"
    clock.advance(seconds=61)
    assert await resend(env) == 1
    assert await env.part(JobQueue).waiting() == 1
    assert await resend(env) == 0, "the queue already holds a message for each"


async def test_two_ticks_make_one_run_of_a_due_schedule(env: Env, clock: FakeClock) -> None:
    await write_defaults(env, env.part(Jobs).values())
    clock.instant = next_run("17 * * * *", "UTC", clock())
    begun = await asyncio.gather(begin_due(env), begin_due(env), begin_due(env))
    assert len(await of_kind(env, "hourly")) == 1
    assert sum(map(len, begun)) >= 1
    assert await begin_due(env) == []


async def of_kind(env: Env, kind: str) -> list[JobRow]:
    async with open_unit(env, writes=False) as unit:
        return list((await unit.session.scalars(select(JobRow).where(JobRow.kind == kind))).all())


async def test_missed_runs_are_made_up_for_once_or_skipped(env: Env, clock: FakeClock) -> None:
    await write_defaults(env, env.part(Jobs).values())
    clock.advance(days=3)
    await begin_due(env)
    assert (len(await of_kind(env, "hourly")), len(await of_kind(env, "nightly"))) == (1, 0)


async def test_a_slow_scheduled_job_does_not_pile_up(env: Env, clock: FakeClock) -> None:
    await write_defaults(env, env.part(Jobs).values())
    for _ in range(5):
        clock.advance(hours=1)
        await begin_due(env)
    assert len(await of_kind(env, "hourly")) == 1


async def test_what_users_changed_in_a_schedule_stays(env: Env) -> None:
    await write_defaults(env, env.part(Jobs).values())
    async with open_unit(env) as unit:
        change = (
            update(ScheduleRow).where(ScheduleRow.name == "hourly").values(cron="5 5 * * *", enabled=False)
        )
        await unit.session.execute(change)
    await write_defaults(env, env.part(Jobs).values())
    async with open_unit(env, writes=False) as unit:
        row = (await unit.session.scalars(select(ScheduleRow).where(ScheduleRow.name == "hourly"))).one()
    assert (row.cron, row.enabled, row.built_in) == ("5 5 * * *", False, True)


@pytest.mark.parametrize(
    ("zone", "after", "expected"),
    [
        pytest.param("UTC", "2026-03-29T00:00", "2026-03-29T02:30", id="no-daylight-saving"),
        pytest.param("Europe/Berlin", "2026-03-27T12:00", "2026-03-28T01:30", id="winter"),
        pytest.param("Europe/Berlin", "2026-03-29T12:00", "2026-03-30T00:30", id="summer"),
    ],
)
def test_schedules_mind_their_zone(zone: str, after: str, expected: str) -> None:
    found = next_run("30 2 * * *", zone, datetime.fromisoformat(after).replace(tzinfo=UTC))
    assert found == datetime.fromisoformat(expected).replace(tzinfo=UTC)


async def test_history_is_forgotten_after_its_days(env: Env, clock: FakeClock) -> None:
    job_id = await put(env, add, a=1, b=1)
    await work(env, job_id)
    clock.advance(days=30)
    assert await purge_history(env) == 0
    clock.advance(seconds=1)
    assert await purge_history(env) == 1


async def test_a_tick_runs_through(env: Env, clock: FakeClock) -> None:
    await write_defaults(env, env.part(Jobs).values())
    clock.advance(hours=2)
    await tick(env)
    assert len(await of_kind(env, "hourly")) == 1


def test_two_jobs_of_one_name_are_refused() -> None:
    @job()
    async def add(run: Run) -> None:
        pass

    with pytest.raises(ValueError, match="two jobs are called add"):
        Jobs([*SAMPLES.jobs, add])


def test_a_schedule_that_is_no_cron_text_is_refused() -> None:
    with pytest.raises(ValueError, match="not cron text"):
        job(schedule="every full moon")
