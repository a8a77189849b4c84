"""Time: the only file that reads it, and the ticker that wakes what waits for it.

APScheduler lives in memory and only wakes: nothing about the future is stored in it. *Due* is an indexed column.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.tracing import origin

log = logging.getLogger(__name__)
SAFETY = 5  # seconds between two looks at what is due


class Clock(Protocol):
    def now(self) -> datetime:
        """This instant, in UTC."""


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class DemoClock:
    """A clock that can be moved on, never back. It runs from where it was set, unless `frozen`."""

    def __init__(self, start: datetime, *, frozen: bool = False) -> None:
        self._base, self._frozen = start.astimezone(UTC), frozen
        self._since = time.monotonic()

    def now(self) -> datetime:
        gone = 0.0 if self._frozen else time.monotonic() - self._since
        return self._base + timedelta(seconds=gone)

    def move_to(self, at: datetime) -> None:
        """Go to `at`; a time that has passed is left alone."""
        if at > self.now():
            self._base, self._since = at.astimezone(UTC), time.monotonic()


class Ticker:
    """Calls `wake` every few seconds of real time, and once at the start."""

    def __init__(self, wake: Callable[[], Awaitable[None]], every: float = SAFETY) -> None:
        self._wake, self._every = wake, every
        # The defaults would drop a late job after one second, and run a plain function in a thread.
        defaults = {"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        self._scheduler = AsyncIOScheduler(timezone=UTC, job_defaults=defaults)
        self._beating = asyncio.Lock()

    def start(self) -> None:
        self._scheduler.add_job(
            self._beat, "interval", seconds=self._every, id="safety", next_run_time=datetime.now(UTC)
        )
        self._scheduler.start()

    async def _beat(self) -> None:
        try:
            async with self._beating:
                await self._wake()
        except asyncio.CancelledError:  # we stop; the scheduler would log a traceback
            return
        except Exception as trouble:  # the scheduler would log its text, which may quote a message
            log.error("a beat failed: %s", origin(trouble))

    async def stop(self) -> None:
        """No more beats; one that has begun ends first. The scheduler would cancel it in the middle of a statement,
        and a database connection that is let go of then never answers again."""
        if not self._scheduler.running:
            return
        self._scheduler.remove_all_jobs()
        async with self._beating:
            self._scheduler.shutdown(wait=False)


def since_start() -> float:
    """Seconds on a clock that nobody moves; for durations only."""
    return time.monotonic()
