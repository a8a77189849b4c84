"""Lanes by themselves; what a sender makes of them is in test_sender."""

import asyncio
import weakref
from collections.abc import Sequence
from typing import Any

from bot.lanes import Lanes
from bot.leaving import Claimed

LANE = ("wecom", "")


def claimed(number: int) -> Claimed:
    nothing: Any = None
    return Claimed(number, nothing)


async def test_a_lane_that_others_keep_joining_lets_go_of_what_it_has_sent() -> None:
    """Ten minutes of answers at a hundred a second kept twenty megabytes, and gave them back at the first rest."""
    held: list[int] = []
    known: list[weakref.ref[Claimed]] = []

    async def send(one: Claimed) -> None:
        held.append(sum(there() is not None for there in known))
        if len(known) < 50:
            join()
        await asyncio.sleep(0)

    async def settle() -> None: ...

    def put_back(some: Sequence[Claimed]) -> None:
        raise AssertionError(some)

    def join() -> None:
        one = claimed(len(known))
        known.append(weakref.ref(one))
        lanes.join(LANE, one)

    lanes = Lanes(send, settle, put_back)
    join()
    await asyncio.wait(lanes.tasks)
    assert len(held) == 50
    assert max(held) <= 2
    assert (lanes.in_hand, lanes.tasks) == (0, set())
