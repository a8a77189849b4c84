"""Which messages share a transaction."""

import asyncio
from datetime import UTC, datetime

import pytest

from bot.batches import FEW, MOST, Batches
from bot.submitted import Job
from models.incoming import Incoming
from models.sealing import Secret

AT = datetime(2026, 7, 1, tzinfo=UTC)


def job(number: int = 1) -> Job:
    said = Incoming(channel="simulator", external_id=str(number), person="u1", room=None, words=Secret("收到"), at=AT)
    return Job(said, asyncio.get_running_loop().create_future())


def fill(batches: Batches, count: int) -> None:
    for number in range(count):
        batches.put(job(number))


async def next_one(batches: Batches) -> int:
    async with asyncio.timeout(5):
        return len(await batches.next(None))


async def test_one_alone_waits_for_nobody() -> None:
    batches = Batches()
    batches.put(job())
    assert await next_one(batches) == 1 and len(batches) == 0


async def test_whoever_comes_first_wakes_it() -> None:
    batches = Batches()
    waiting = asyncio.create_task(batches.next(None))
    await asyncio.sleep(0)
    assert not waiting.done()
    batches.put(job())
    assert len(await waiting) == 1


async def test_none_where_none_comes_in_time() -> None:
    assert await Batches().next(0.0) == []


async def test_all_that_wait_go_together_in_their_order() -> None:
    batches = Batches()
    fill(batches, FEW * 3)
    taken = await batches.next(None)
    assert [int(one.incoming.external_id) for one in taken] == list(range(FEW * 3))


async def test_more_than_fit_make_two() -> None:
    batches = Batches()
    fill(batches, MOST + 3)
    assert await next_one(batches) == MOST and await next_one(batches) == 3


async def test_a_burst_waits_for_as_many_as_it_just_had() -> None:
    """Each speaks again in a turn of its own: still one transaction."""
    batches = Batches()
    fill(batches, FEW * 2)
    await batches.next(None)
    waiting = asyncio.create_task(batches.next(None))
    for number in range(FEW * 2):
        await asyncio.sleep(0)
        assert not waiting.done()
        batches.put(job(number))
    assert len(await waiting) == FEW * 2


async def test_those_who_came_while_others_were_served_count_too() -> None:
    batches = Batches()
    fill(batches, FEW * 2)
    await batches.next(None)
    fill(batches, 3)
    waiting = asyncio.create_task(batches.next(None))
    await asyncio.sleep(0)
    assert not waiting.done()
    fill(batches, FEW * 2)
    assert len(await waiting) == FEW * 2 + 3


async def test_it_does_not_wait_for_those_who_are_gone() -> None:
    batches = Batches()
    fill(batches, FEW * 2)
    await batches.next(None)
    batches.put(job())
    assert await next_one(batches) == 1


@pytest.mark.parametrize("count", [1, FEW - 1])
async def test_a_few_are_no_burst(count: int) -> None:
    batches = Batches()
    fill(batches, count)
    await batches.next(None)
    batches.put(job())
    waiting = asyncio.create_task(batches.next(None))
    await asyncio.sleep(0)
    assert waiting.done() and len(waiting.result()) == 1


async def test_a_silence_ends_a_burst() -> None:
    batches = Batches()
    fill(batches, FEW * 2)
    await batches.next(None)
    assert await batches.next(0.0) == []
    batches.put(job())
    waiting = asyncio.create_task(batches.next(None))
    await asyncio.sleep(0)
    assert waiting.done()


async def test_whoever_stops_in_a_breath_leaves_nobody_behind() -> None:
    batches = Batches()
    fill(batches, FEW * 2)
    await batches.next(None)
    batches.put(job())
    waiting = asyncio.create_task(batches.next(None))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert len(batches.take()) == 1
