"""Durations, waits and chance for what keeps a connection alive: handed in, so that tests neither sleep nor guess."""

import asyncio
import random
from collections.abc import Awaitable
from typing import Protocol, TypeVar

from bot.clock import since_start

T = TypeVar("T")


class Pace(Protocol):
    def now(self) -> float:
        """Seconds on a clock that nobody moves; for durations only."""

    async def sleep(self, seconds: float) -> None: ...

    def chance(self) -> float:
        """A number from 0 up to 1."""


class RealPace:
    def now(self) -> float:
        return since_start()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def chance(self) -> float:
        return random.random()


async def within(pace: Pace, seconds: float, waited: Awaitable[T]) -> T:
    """What `waited` gives, if it does so in time. Raises TimeoutError."""
    task = asyncio.ensure_future(waited)
    timer = asyncio.ensure_future(pace.sleep(seconds))
    try:
        await asyncio.wait({task, timer}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise TimeoutError
        return task.result()
    finally:
        timer.cancel()
        task.cancel()
