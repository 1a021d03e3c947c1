"""How large the blocks of an answer are, and who takes them too slowly."""

import asyncio

import pytest

from balu.kernel import outflow
from balu.kernel.outflow import LARGE, MIDDLE, PROOF_BYTES, SMALL, Flow, Outflow, SlowClientError, held

MIB = 1 << 20


async def taken() -> None:
    return


async def never() -> None:
    await asyncio.Event().wait()


async def test_blocks_become_large_for_whoever_takes_them_quickly() -> None:
    with Flow(Outflow()) as flow:
        assert flow.length == MIDDLE
        for _ in range(PROOF_BYTES // MIDDLE):
            await flow.pass_on(taken(), MIDDLE)
        assert flow.length == LARGE


async def test_a_thousand_answers_that_nobody_reads_stay_within_a_hundred_mebibytes() -> None:
    room = Outflow()
    flows = [Flow(room).__enter__() for _ in range(1000)]
    assert sum(held(flow.length) for flow in flows) < 100 * MIB
    for flow in flows:
        flow.__exit__(None, None, None)
    assert (room.middle, room.large) == (0, 0)


async def test_large_blocks_have_their_limit_too() -> None:
    room = Outflow()
    flows = [Flow(room).__enter__() for _ in range(50)]
    for flow in flows:
        for _ in range(PROOF_BYTES // SMALL):
            await flow.pass_on(taken(), SMALL)
    assert LARGE in {flow.length for flow in flows}
    assert sum(held(flow.length) for flow in flows) < 160 * MIB
    for flow in flows:
        flow.__exit__(None, None, None)


async def test_a_client_that_takes_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outflow, "CREDIT_S", 0.05)
    monkeypatch.setattr(outflow, "LOOK_S", 0.02)
    with pytest.raises(SlowClientError), Flow(Outflow()) as flow:
        await flow.pass_on(never(), SMALL)


async def test_a_request_that_is_cancelled_otherwise_stays_cancelled() -> None:
    async def answer() -> None:
        with Flow(Outflow()) as flow:
            await flow.pass_on(never(), SMALL)

    task = asyncio.create_task(answer())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
