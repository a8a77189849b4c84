"""Time passes: everything that is due meets its handler, each item like a message.

1. One short read finds the first tick of which something is due; nothing is locked when nothing is.
2. In one transaction the list is looked at again, so that two replicas do not do one thing twice, and its items done.
   A tick that takes its items together looks for itself: of a thousand the list is long, and is read once.
3. When that fails they are done one by one, so that the bad one is found: it raises an alarm and is tried again later,
   after a pause that grows, and it takes no place in the list from those behind it.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.clock import Clock
from bot.surroundings import Around
from bot.tracing import origin
from handlers.registry import Registry, Tick
from handlers.request import Desk
from models import alarms
from models.gathering import Gathering
from models.store import Store, unwell

log = logging.getLogger(__name__)
ITEMS, TOGETHER = 10, 20  # in one transaction: what waits for the writer meanwhile must not wait long
LISTED = 400
AGAIN, LONGEST = timedelta(minutes=1), timedelta(hours=1)


@dataclass
class Failure:
    """An item that could not be done: how often, and when it is tried again."""

    times: int
    until: datetime


class Ticking:
    """One pass at a time; `before_commit` is what a registry wants done at the end of every transaction."""

    def __init__(self, store: Store, registry: Registry, around: Around, clock: Clock) -> None:
        self.store, self.registry, self.around, self.clock = store, registry, around, clock
        self._turn = asyncio.Lock()
        self._failed: dict[tuple[str, Any], Failure] = {}

    async def pass_time(self) -> None:
        """Do everything that is due now."""
        async with self._turn:
            rest: Sequence[Tick] = self.registry.ticks
            # Looked for anew each time: what was done may have made more of the rest due.
            while rest := await self._from_first_due(rest):
                tick, *rest = rest
                try:
                    await self._serve(tick)
                except Exception as trouble:  # the next one still gets its turn, and this one the next pass
                    log.error("tick %s could not be served: %s", tick.name, origin(trouble))

    async def _from_first_due(self, ticks: Sequence[Tick]) -> Sequence[Tick]:
        """These without the first, of which nothing is due. One that cannot tell is looked at by itself."""
        async with self.store.read() as session:
            for at, tick in enumerate(ticks):
                try:
                    if await tick.due(session, self.clock.now(), 1):
                        return ticks[at:]
                except Exception:
                    return ticks[at:]
        return ()

    async def next_due(self) -> datetime | None:
        """When the earliest tick wants to be woken. What could not be done just now does not hold the clock."""
        now, times = self.clock.now(), []
        failing = {name for name, _ in self._failed}
        async with self.store.read() as session:
            for tick in self.registry.ticks:
                at = await tick.next(session)
                if at is not None:
                    times.append(now + AGAIN if at <= now and tick.name in failing else at)
        return min(times, default=None)

    async def _serve(self, tick: Tick) -> None:
        done: set[Any] = set()
        while True:
            now = self.clock.now()
            passed = done | {item for (name, item), f in self._failed.items() if name == tick.name and f.until > now}
            most = LISTED if tick.together else ITEMS
            limit = most + len(passed)
            async with self.store.read() as session:
                items = [item for item in await tick.due(session, now, limit) if item not in passed][:most]
            if not items:
                return
            some = TOGETHER if tick.together else ITEMS
            for first in range(0, len(items), some):
                await self._do(tick, items[first : first + some], limit)
            done.update(items)

    async def _do(self, tick: Tick, items: Sequence[Any], limit: int) -> None:
        try:
            await self.store.write(lambda session: self._items(session, tick, items, limit))
        except Exception as trouble:
            if unwell(trouble):
                raise
            if len(items) == 1:
                await self._failing(tick, items[0], trouble)
                return
            log.info("items of %s fall back to one by one: %s", tick.name, origin(trouble))
            for item in items:
                await self._do(tick, [item], limit)
        else:
            for item in items:
                self._failed.pop((tick.name, item), None)

    async def _items(self, session: AsyncSession, tick: Tick, items: Sequence[Any], limit: int) -> None:
        now = self.clock.now()
        still = set(items) if tick.together else set(await tick.due(session, now, limit))
        desk = Desk(Gathering(session), now, await self.around.load(session))
        wanted = [item for item in items if item in still]
        for handed in [wanted] if tick.together and wanted else wanted:
            await tick.run(desk, handed)
            await desk.gathering.flush()
        for finish in self.registry.finishers:
            await finish(desk)
        await desk.gathering.flush()
        if not any(name == tick.name and item not in items for name, item in self._failed):
            await alarms.clear_alarm(session, now, f"tick:{tick.name}")

    async def _failing(self, tick: Tick, item: Any, trouble: Exception) -> None:
        """Say it where people see it. Only the kind of error and its place: its text may quote a message."""
        name, now = origin(trouble), self.clock.now()
        times = self._failed[tick.name, item].times + 1 if (tick.name, item) in self._failed else 1
        self._failed[tick.name, item] = Failure(times, now + min(AGAIN * 2 ** min(times - 1, 10), LONGEST))
        log.error("tick %s failed: %s", tick.name, name)
        what, detail = f"tick:{tick.name}", f"到点的事没办成（{name}），稍后再试"

        async def unit(session: AsyncSession) -> None:
            await alarms.raise_alarm(session, now, what, detail)

        await self.store.write(unit)
