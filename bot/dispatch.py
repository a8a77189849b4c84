"""From "something happened" to a handler, in one transaction.

1. A door calls `submit` and waits for the commit; the ticker calls `pass_time` (see `ticking`).
2. `run` takes whatever waits, up to a few hundred, into one transaction (optimistic batch; see `batches`).
3. Ids already in the inbox get their stored reply again; the rest meet their handlers in order.
4. What the handlers gathered is written with one statement a kind; one commit; every waiter wakes.
5. When a message fails the batch is rolled back and done again one by one (pessimistic fallback), so that it never
   takes its neighbours with it; it is parked after three tries, and its sender told in one polite line.
6. When it is the database that fails, nothing is done, and every door is told so.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy.ext.asyncio import AsyncSession

from bot.batches import FEW, Batches
from bot.clock import Clock, since_start
from bot.listening import Entangled, answer, refuse, request_for, row_for
from bot.submitted import Conflict, Job, NotStored, Stored
from bot.surroundings import Around
from bot.ticking import Ticking
from bot.tracing import origin
from bot.troubles import Troubles
from handlers.registry import Registry
from handlers.request import Desk, Request
from models import alarms, inbox, receipts
from models.gathering import Gathering
from models.inbox import InboxState
from models.incoming import Incoming
from models.store import Store, unwell

log = logging.getLogger(__name__)
TRIES = 3
SHOW_EVERY = 0.25  # seconds between two changes of the cards in a burst
BURST = 0.1  # seconds after its last full batch at which a burst is over
Name = tuple[str, str]
UNSTORED, UNSTORED_SAYS = "database", "收到的消息存不进数据库：请检查磁盘空间和数据库服务"


class Dispatch:
    """The only writer of what people do. One task runs `run`; everybody else calls `submit` or `pass_time`."""

    def __init__(
        self, store: Store, registry: Registry, around: Around, clock: Clock, committed: Callable[[], None]
    ) -> None:
        self.store, self.registry, self.around, self.clock = store, registry, around, clock
        self.ticking = Ticking(store, registry, around, clock)
        self.troubles = Troubles()
        self._committed = committed
        self._burst = self._shown = -BURST
        self._unshown: set[int] = set()  # notices whose cards have yet to follow
        self._after = self._unshown, self._shown  # both, once the transaction under way is committed
        self._batches = Batches()
        self.parked = 0
        self.stored = 0

    @property
    def in_burst(self) -> bool:
        """Whether many speak at once just now."""
        return since_start() - self._burst < BURST

    @property
    def waiting(self) -> int:
        return len(self._batches)

    async def submit(self, incoming: Incoming) -> Stored:
        """Wait until this message is stored and done. Raises Conflict or NotStored."""
        job = Job(incoming, asyncio.get_running_loop().create_future())
        self._batches.put(job)
        return await job.done

    async def run(self) -> None:
        """Serve the queue until cancelled. What a crash kept from the cards is made good first."""
        jobs: list[Job] = []
        try:
            self._unshown |= await self._left_behind()
            while True:
                patience = self._shown + SHOW_EVERY - since_start() if self._unshown else None
                jobs = await self._batches.next(patience)  # none in this time: the cards of a burst follow without
                if len(jobs) >= FEW:
                    self._burst = since_start()
                await self._drain(jobs)
        finally:
            while jobs or self._batches:
                for job in jobs:
                    job.end(NotStored("stopping"))
                jobs = self._batches.take()

    async def _left_behind(self) -> set[int]:
        """The notices whose cards the last run may not have brought up to date."""
        try:
            within = timedelta(seconds=SHOW_EVERY * 2)
            # Nothing is written, but a stop in mid-statement waits for it, as it does for whatever `write` has begun.
            return await self.store.write(lambda session: receipts.last_touched(session, within))
        except Exception as trouble:
            log.error("cards could not be looked after: %s", origin(trouble))
            return set()

    async def pass_time(self) -> None:
        """Do everything that is due now."""
        await self.ticking.pass_time()
        self._committed()

    async def next_due(self) -> datetime | None:
        """When the earliest tick wants to be woken."""
        return await self.ticking.next_due()

    # -- a batch, else one by one --------------------------------------------------------------------------------------

    async def _drain(self, jobs: Sequence[Job]) -> None:
        try:
            await self._try(jobs)
        except Exception as trouble:
            self._shown = since_start()  # cards that could not follow wait their time again
            if unwell(trouble):
                self._give_up(jobs, trouble)
            elif not jobs:
                log.error("cards could not follow: %s", origin(trouble))
            else:
                if len(jobs) > 1:
                    log.info("batch of %d falls back to one by one: %s", len(jobs), origin(trouble))
                for job in jobs:
                    await self._alone(job)
        self._committed()

    async def _try(self, jobs: Sequence[Job]) -> None:
        """All in one transaction; once more when the database was unwell: a connection may have died in the pool."""
        try:
            results = await self.store.write(lambda session: self._batch(session, jobs))
        except Exception as trouble:
            if not unwell(trouble):
                raise
            results = await self.store.write(lambda session: self._batch(session, jobs))
        self.troubles.over(UNSTORED)
        self._unshown, self._shown = self._after  # only now: what was rolled back has shown nothing
        for job, result in zip(jobs, results, strict=True):
            self.stored += isinstance(result, Stored) and result.fresh
            job.end(result)

    def _give_up(self, jobs: Sequence[Job], trouble: Exception) -> None:
        log.error("%d messages could not be stored: %s", len(jobs), origin(trouble))
        self.troubles.stands(UNSTORED, UNSTORED_SAYS)
        for job in jobs:
            job.end(NotStored(type(trouble).__name__))

    async def _alone(self, job: Job) -> None:
        """Try one message by itself, three times; then park it and say so."""
        for attempt in range(1, TRIES + 1):
            try:
                await self._try([job])
                return
            except Entangled as entangled:
                await self._without_handler(job, partial(refuse, entangled=entangled))
                return
            except Exception as trouble:
                if unwell(trouble):
                    self._give_up([job], trouble)
                    return
                if attempt == TRIES:
                    await self._park(job, origin(trouble))

    async def _park(self, job: Job, error: str) -> None:
        """Keep it with its error, but not its words, which may be a lead's; tell its sender and the office."""

        async def unit(request: Request) -> None:
            gathering, now = request.gathering, self.clock.now()
            request.reply("parked")
            request.keep_text = False
            row = await row_for(request, InboxState.PARKED, "")
            gathering.inbox.append(row | {"attempts": TRIES, "error": error})
            await alarms.raise_alarm(request.session, now, "parked", f"一条消息三次都没处理成（{error}）")

        if await self._without_handler(job, unit):
            self.parked += 1
            log.error("message parked after %d tries: %s", TRIES, error)

    async def _without_handler(self, job: Job, do: Callable[[Request], Awaitable[None]]) -> bool:
        """Store a message with what `do` says to its sender. False when not even that can be kept."""

        async def unit(session: AsyncSession) -> None:
            around = await self.around.load(session)
            gathering = Gathering(session)
            gathering.note_address(job.incoming)
            request = request_for(job.incoming, gathering, self.clock.now(), around)
            if request is None:
                gathering.inbox.append(inbox.row_for(job.incoming, InboxState.IGNORED, ""))
            else:
                await do(request)
            await gathering.flush()

        try:
            await self.store.write(unit)
        except Exception as trouble:
            self._give_up([job], trouble)
            return False
        self.stored += 1
        job.end(Stored(job.incoming.message, job.incoming.at))
        return True

    # -- inside the transaction ----------------------------------------------------------------------------------------

    async def _batch(self, session: AsyncSession, jobs: Sequence[Job]) -> list[Stored | Conflict]:
        around = await self.around.load(session)
        gathering, now = Gathering(session), self.clock.now()
        results, fresh = await self._sort(session, jobs)
        requests: list[Request] = []
        for incoming in fresh:
            gathering.note_address(incoming)
            request = request_for(incoming, gathering, now, around)
            if request is None or not incoming.heard:
                for picture in incoming.pictures if incoming.room is not None else ():
                    await around.photos.keep(picture)
                gathering.inbox.append(inbox.row_for(incoming, InboxState.IGNORED, ""))
            else:
                requests.append(request)
        for listener in self.registry.listeners:
            if listener.warm is not None:
                await listener.warm(requests)
        for request in requests:
            await answer(self.registry, request)
        await self._finish(Desk(gathering, now, around))
        return results

    async def _finish(self, desk: Desk) -> None:
        """What is done once for a transaction. In a burst the cards follow a few times a second, not with each batch,
        but for a pressed one, which has to change at once; what a crash leaves undone the next run does."""
        changed = desk.gathering.changed
        changed |= self._unshown
        if self.in_burst and not desk.gathering.presses and since_start() - self._shown < SHOW_EVERY:
            self._after = set(changed), self._shown
            changed.clear()
        else:
            self._after = set(), since_start()
            for finish in self.registry.finishers:
                await finish(desk)
        await desk.gathering.flush()

    async def _sort(self, session: AsyncSession, jobs: Sequence[Job]) -> tuple[list[Stored | Conflict], list[Incoming]]:
        """What each job will be answered, and those whose ids were never seen, in order."""
        known = await self._known(session, jobs)
        results: list[Stored | Conflict] = []
        fresh: list[Incoming] = []
        for incoming in (job.incoming for job in jobs):
            name = (incoming.channel, incoming.external_id)
            if name not in known:
                known[name] = (incoming.message, incoming.at, incoming.payload_hash)
                results.append(Stored(incoming.message, incoming.at))
                fresh.append(incoming)
                continue
            message, at, digest = known[name]
            same = not incoming.payload_hash or not digest or digest == incoming.payload_hash
            results.append(Stored(message, at, fresh=False) if same else Conflict())
        return results, fresh

    async def _known(self, session: AsyncSession, jobs: Sequence[Job]) -> dict[Name, tuple[str, datetime, str]]:
        known = {}
        for channel in {job.incoming.channel for job in jobs}:
            ids = [job.incoming.external_id for job in jobs if job.incoming.channel == channel]
            for external_id, row in (await inbox.seen(session, channel, ids)).items():
                known[(channel, external_id)] = (row.message, row.at, row.payload_hash)
        return known
