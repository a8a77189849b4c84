"""Many who wait equally long, and one timer."""

import asyncio

from bot.channels.wecom.patience import Patience, tell

NEVER = 1000.0  # seconds: longer than any test


async def test_who_has_waited_long_enough_is_told_in_turn_and_the_others_wait_on() -> None:
    patience, order = Patience(), []
    waiters = [patience.waiter(seconds) for seconds in (0.0, 0.001, 0.002, NEVER)]
    for number, waiter in enumerate(waiters[:3]):
        waiter.add_done_callback(lambda _, number=number: order.append(number))  # type: ignore[misc]
    await asyncio.wait(waiters, return_when=asyncio.FIRST_COMPLETED)
    await asyncio.gather(*waiters[:3])
    assert order == [0, 1, 2]
    assert not waiters[3].done()
    waiters[3].cancel()


async def test_whoever_comes_after_one_that_was_told_early_is_told_too() -> None:
    patience = Patience()
    early = patience.waiter(0.001)
    tell(early)
    await asyncio.wait_for(patience.waiter(0.002), 5)
    await asyncio.wait_for(patience.waiter(0.0), 5)  # the timer was at rest in between


async def test_those_who_were_told_are_not_kept() -> None:
    patience = Patience()
    for _ in range(1000):
        tell(patience.waiter(NEVER))
    last = patience.waiter(NEVER)
    assert [waiter for _, waiter in patience._waiting] == [last]


async def test_being_told_twice_is_being_told() -> None:
    waiter = Patience().waiter(NEVER)
    tell(waiter)
    tell(waiter)
    assert await waiter is None
    given_up = Patience().waiter(NEVER)
    given_up.cancel()
    tell(given_up)
    assert given_up.cancelled()
