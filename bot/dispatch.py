"""From "something happened" to a handler, in one transaction.

1. A door calls `submit` and waits for the commit; the ticker calls `pass_time`.
2. `_drain` takes whatever waits, up to a few hundred, into one transaction (optimistic batch).
3. Ids already in the inbox get their stored reply again; the rest meet their handlers in order.
4. What the handlers gathered is written with one statement a kind; one commit; every waiter wakes.
5. When anything fails the batch is rolled back and done again one by one (pessimistic fallback), so that a bad message
   never takes its neighbours with it; it is parked after three tries, and its sender told in one polite line.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.clock import Clock
from bot.listening import Entangled, answer, request_for
from bot.surroundings import Around
from handlers.registry import Registry, Tick
from handlers.request import Desk, Request
from models import alarms, inbox
from models.gathering import Gathering
from models.inbox import InboxState
from models.incoming import Incoming
from models.store import Store

log = logging.getLogger(__name__)
MOST, ITEMS, TRIES = 256, 20, 3


class Conflict(Exception):
    """The same id came with other content; the first stands."""


@dataclass(frozen=True)
class Stored:
    """What a door may answer: the platform's message id and time, as committed. `fresh` is False for a repetition."""

    message: str
    at: datetime
    fresh: bool = True


@dataclass(eq=False)
class Job:
    """One message waiting for its transaction."""

    incoming: Incoming
    done: asyncio.Future[Stored] = field(repr=False)


class Dispatch:
    """The only writer of what people do. One task runs `run`; everybody else calls `submit` or `pass_time`."""

    def __init__(
        self, store: Store, registry: Registry, around: Around, clock: Clock, committed: Callable[[], None]
    ) -> None:
        self.store, self.registry, self.around, self.clock = store, registry, around, clock
        self._committed = committed
        self._queue: asyncio.Queue[Job] = asyncio.Queue()
        self._time = asyncio.Lock()
        self.parked = 0
        self.stored = 0

    @property
    def waiting(self) -> int:
        return self._queue.qsize()

    async def submit(self, incoming: Incoming) -> Stored:
        """Wait until this message is stored and done. Raises Conflict, or what the database said."""
        job = Job(incoming, asyncio.get_running_loop().create_future())
        self._queue.put_nowait(job)
        return await job.done

    async def run(self) -> None:
        """Serve the queue until cancelled."""
        while True:
            jobs = [await self._queue.get()]
            while len(jobs) < MOST and not self._queue.empty():
                jobs.append(self._queue.get_nowait())
            await self._drain(jobs)

    async def _drain(self, jobs: Sequence[Job]) -> None:
        try:
            self._settle(jobs, await self.store.write(lambda session: self._batch(session, jobs)))
        except Exception as trouble:  # each message is then tried alone, where its own failure is handled
            if len(jobs) > 1:
                log.info("batch of %d falls back to one by one: %s", len(jobs), type(trouble).__name__)
            for job in jobs:
                await self._alone(job)
        self._committed()

    def _settle(self, jobs: Sequence[Job], results: Sequence[Stored | Conflict]) -> None:
        for job, result in zip(jobs, results, strict=True):
            if job.done.done():
                continue
            if isinstance(result, Conflict):
                job.done.set_exception(result)
            else:
                self.stored += result.fresh
                job.done.set_result(result)

    async def _alone(self, job: Job) -> None:
        """Try one message by itself, three times; then park it and say so."""
        for attempt in range(1, TRIES + 1):
            try:
                self._settle([job], await self.store.write(lambda session: self._batch(session, [job])))
                return
            except Entangled as refusal:
                await self._only(job, InboxState.REFUSED, refusal.template, refusal.facts, "")
                return
            except SQLAlchemyError as trouble:
                if attempt == TRIES and not await self._park(job, trouble):
                    return
            except Exception as trouble:  # a handler's fault: kept with its error, told to its sender
                if attempt == TRIES:
                    await self._park(job, trouble)

    async def _park(self, job: Job, trouble: Exception) -> bool:
        self.parked += 1
        # Neither the message nor the exception's text goes into the log: either may hold a lead.
        log.error("message parked after %d tries: %s", TRIES, _origin(trouble))
        return await self._only(job, InboxState.PARKED, "parked", {}, _origin(trouble))

    async def _only(self, job: Job, state: InboxState, template: str, facts: dict[str, Any], error: str) -> bool:
        """Store a message without its handler, with one line to its sender. False when not even that can be kept."""

        async def unit(session: AsyncSession) -> list[Stored]:
            around = await self.around.load(session)
            gathering = Gathering(session)
            request = request_for(job.incoming, gathering, self.clock.now(), around)
            if request is not None:
                request.reply(template, **facts)
            more = {"attempts": TRIES, "error": error} if state == InboxState.PARKED else {}
            gathering.inbox.append(inbox.row_for(job.incoming, state, "", **more))
            if state == InboxState.PARKED:
                detail = f"一条消息三次都没处理成（{error}）"
                await alarms.raise_alarm(session, self.clock.now(), "parked", detail)
            await gathering.flush()
            return [Stored(job.incoming.message, job.incoming.at)]

        try:
            self._settle([job], await self.store.write(unit))
        except Exception as trouble:  # nothing can be kept: the door must not answer as if it were
            if not job.done.done():
                job.done.set_exception(trouble)
            return False
        return True

    async def _batch(self, session: AsyncSession, jobs: Sequence[Job]) -> list[Stored | Conflict]:
        around = await self.around.load(session)
        gathering, now = Gathering(session), self.clock.now()
        known = await self._known(session, jobs)
        results: list[Stored | Conflict] = []
        fresh: list[Request] = []
        for job in jobs:
            incoming = job.incoming
            name = (incoming.channel, incoming.external_id)
            if name in known:
                message, at, digest = known[name]
                same = not incoming.payload_hash or not digest or digest == incoming.payload_hash
                results.append(Stored(message, at, fresh=False) if same else Conflict())
                continue
            known[name] = (incoming.message, incoming.at, incoming.payload_hash)
            results.append(Stored(incoming.message, incoming.at))
            request = request_for(incoming, gathering, now, around)
            if request is None or not incoming.heard:
                await self._keep_pictures(incoming, around)
                gathering.inbox.append(inbox.row_for(incoming, InboxState.IGNORED, ""))
            else:
                fresh.append(request)
        for listener in self.registry.listeners:
            if listener.warm is not None:
                await listener.warm(fresh)
        for request in fresh:
            await answer(self.registry, request)
        await self._finish(Desk(gathering, now, around))
        return results

    async def _keep_pictures(self, incoming: Incoming, around: Any) -> None:
        if incoming.room is not None:
            for picture in incoming.pictures:
                await around.photos.keep(picture)

    async def _known(
        self, session: AsyncSession, jobs: Sequence[Job]
    ) -> dict[tuple[str, str], tuple[str, datetime, str]]:
        known = {}
        for channel in {job.incoming.channel for job in jobs}:
            ids = [job.incoming.external_id for job in jobs if job.incoming.channel == channel]
            for external_id, row in (await inbox.seen(session, channel, ids)).items():
                known[(channel, external_id)] = (row.message, row.at, row.payload_hash)
        return known

    async def _finish(self, desk: Desk) -> None:
        for finish in self.registry.finishers:
            await finish(desk)
        await desk.gathering.flush()

    # -- time passes ------------------------------------------------------------------------------------------------

    async def pass_time(self) -> None:
        """Do everything that is due now, each item like a message: a bad one cannot silence the rest."""
        async with self._time:
            for tick in self.registry.ticks:
                while await self._tick(tick):
                    pass
        self._committed()

    async def _tick(self, tick: Tick) -> bool:
        async with self.store.read() as session:
            items = await tick.due(session, self.clock.now(), ITEMS)
        if not items:
            return False
        try:
            await self.store.write(lambda session: self._items(session, tick, items))
            return len(items) == ITEMS
        except Exception as trouble:  # then one by one, so that the bad one is found
            log.info("items of %s fall back to one by one: %s", tick.name, _origin(trouble))
        for item in items:
            await self._item(tick, item)
        return False

    async def _item(self, tick: Tick, item: Any) -> None:
        try:
            await self.store.write(lambda session: self._items(session, tick, [item]))
        except Exception as trouble:  # said where people see it; the next item still gets its turn
            name = _origin(trouble)
            log.error("tick %s failed: %s", tick.name, name)

            async def unit(session: AsyncSession) -> None:
                await alarms.raise_alarm(session, self.clock.now(), f"tick:{tick.name}", f"到点的事没办成（{name}）")

            await self.store.write(unit)

    async def _items(self, session: AsyncSession, tick: Tick, items: Sequence[Any]) -> None:
        around = await self.around.load(session)
        desk = Desk(Gathering(session), self.clock.now(), around)
        for item in items:
            await tick.run(desk, item)
            await desk.gathering.flush()
        await self._finish(desk)

    async def next_due(self) -> datetime | None:
        """When the earliest tick wants to be woken."""
        async with self.store.read() as session:
            times = [await tick.next(session) for tick in self.registry.ticks]
        return min((at for at in times if at is not None), default=None)


def _origin(trouble: BaseException) -> str:
    """The kind of an error and the line of ours that it came from; never its text, which may quote a message."""
    frame, where = trouble.__traceback__, ""
    while frame is not None:
        name = frame.tb_frame.f_globals.get("__name__", "")
        if str(name).split(".")[0] in ("bot", "handlers", "models"):
            where = f" {name}:{frame.tb_lineno}"
        frame = frame.tb_next
    return type(trouble).__name__ + where
