"""From the outbox to a door.

1. Claim what is due in a short transaction of its own, and look again whether each still makes sense.
2. Commit, so that a crash leaves rows `claimed`, never sent twice by mistake.
3. Send outside any transaction, each conversation in its own lane; nobody waits for another's call that hangs. A chase is
   looked at once more just before it leaves.
4. Settle all outcomes in another transaction. `rules/retrying` is the only retry there is.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot import signals
from bot.channels import Doors, Outcome, refused, try_later, unsure
from bot.clock import Clock, since_start
from bot.lanes import Lanes
from bot.leaving import BACK, Claimed, broke, ended, judge, message_of, not_sent
from bot.presence import presence_on
from bot.surroundings import Around
from bot.tracing import origin
from handlers.chase import rewritten
from handlers.request import Desk
from models import fates, live_cards, outbox, receipts
from models.gathering import Gathering
from models.outbox import PROVED, OutState
from models.rules.neutral import undeclared_mentions
from models.rules.retrying import Fate
from models.rules.wanted import Verdict
from models.store import Store, unwell

log = logging.getLogger(__name__)
MOST, MOST_BUSY = 200, 50  # messages in a round; a round among acks must not keep them waiting
HOLD = timedelta(seconds=60)  # how long the claim of one that lives stands before it counts as abandoned
FRESH, PATIENCE = 30.0, 20.0  # seconds: how old a claim may be when its message leaves, and how long a door may take
SAFETY = 30.0  # seconds of sleep at most, should a wake be lost
REST = 0.05  # seconds between two rounds: in a burst of 收到 a claim then takes a hundred replies, not a dozen
SLOW = 0.5  # seconds after which a round goes on without a lane whose call hangs: the others need not wait for it
GIVE_WAY = 2.0  # seconds that a burst may hold back what is to be said
AWAY = timedelta(minutes=1)  # how long a message waits for a door that is not open


class Sender:
    """One task runs `run`; `wake` says that something may be due; `drain` sends until nothing is."""

    def __init__(self, store: Store, doors: Doors, around: Around, clock: Clock) -> None:
        self.store, self.doors, self.around, self.clock = store, doors, around, clock
        self.presence = presence_on(store)
        self._due = asyncio.Event()
        self._turn = asyncio.Lock()
        self._rounds: set[asyncio.Task[bool]] = set()
        self._lanes = Lanes(self._finish, self._settle, self._put_back)
        self._ended: list[tuple[Claimed, Outcome]] = []  # sent, but not yet written down
        self._unsettled: set[int] = set()  # outbox ids: claimed for a lane, and not yet written down
        self._looks_back = False
        self.sent = 0
        self.busy: Callable[[], bool] = lambda: False  # whether others have more pressing work, such as a burst of acks

    def wake(self) -> None:
        self._due.set()

    async def run(self) -> None:
        """Serve until cancelled."""
        while True:
            self._due.clear()
            try:
                await self._give_way()
                await self.drain(rest=REST)
            except Exception as trouble:  # a full disk now is no reason to fall silent for ever
                log.error("sending failed: %s", origin(trouble))
                await asyncio.sleep(1)
            # Not `wait_for`: of a wake and a stop in the same instant Python 3.11's loses the stop, and nobody ever ends.
            with suppress(TimeoutError):
                async with asyncio.timeout(SAFETY):
                    await self._due.wait()

    async def _give_way(self) -> None:
        """Those who wait for a commit go first; what is to be said to them follows, GIVE_WAY later at most."""
        until = since_start() + GIVE_WAY
        while self.busy() and since_start() < until:  # noqa: ASYNC110  # nobody announces the end of a burst
            await asyncio.sleep(REST)

    async def drain(self, *, rest: float = 0.0) -> None:
        """Send all that is due, with `rest` seconds between two rounds.

        Whoever waits may be cancelled; a round that has begun is ended and written down.
        """
        while True:
            task = asyncio.create_task(self._round())
            self._rounds.add(task)
            task.add_done_callback(self._rounds.discard)
            if not await asyncio.shield(task):
                return
            await asyncio.sleep(rest)
            if rest:
                await self._give_way()

    async def quiet(self) -> None:
        """Send all that is due, and wait for the rounds that others have begun."""
        await self.drain()
        while self._rounds:
            await asyncio.wait(set(self._rounds))

    async def stop(self) -> None:
        """Wait for what is being sent, that a restart leaves nothing whose fate nobody knows."""
        if under_way := self._rounds | self._lanes.tasks:
            await asyncio.wait(under_way, timeout=FRESH + PATIENCE)
        try:
            await self._settle()
        except Exception as trouble:
            log.error("what was sent last could not be written down: %s", origin(trouble))
        await self.presence.leave()

    async def look_back(self) -> None:
        """`recover` now, or at the next round where one is under way: the clock must not wait for a call that hangs."""
        await self.presence.show()
        if self._turn.locked():
            self._looks_back = True
        else:
            await self.recover()

    async def recover(self) -> None:
        """Deal with claims whose holder is gone: what must not stand twice becomes `unknown`, the rest is sent again.

        A door that shows only what was settled has certainly not posted it, and says so by `shows_settled_only`.
        """
        async with self._turn:  # then nothing comes into our own hands
            await self._recover()

    async def _recover(self) -> None:
        ours = set(self._unsettled)  # before anything is waited for: what is written down meanwhile is not lost either

        async def unit(session: AsyncSession) -> None:
            now, lost = self.clock.now(), []
            gone = await self.presence.gone(session, await outbox.claimants(session))
            for row in await outbox.abandoned(session, now, gone):
                if row.id in ours:
                    continue
                door: Any = self.doors.channels.get(row.channel)
                fate = Fate.LATER if getattr(door, "shows_settled_only", False) else Fate.UNSURE
                outcome = Outcome(fate, reason="重启前未确认送达", wait=timedelta(0))
                lost.append((Claimed(row, message_of(row, {}, None)), outcome))
            await self._write_down(session, lost)
            await signals.forget_settled(session, now)

        await self._settle()
        await self.store.write(unit)

    async def _round(self) -> bool:
        """Claim, send, settle; False when nothing was due, and nothing is under way."""
        async with self._turn:
            await self._settle()
            if self._looks_back:
                await self._recover()
                self._looks_back = False
            await self.presence.show()
            now = self.clock.now()
            most = (MOST_BUSY if self.busy() else MOST) - self._lanes.in_hand
            claimed = await self.store.write(lambda session: self._claim(session, now, most)) if most > 0 else []
            for one in claimed or ():
                self._lanes.join(self._lane_of(one), one)
                self._unsettled.add(one.row.id)
            if at_it := self._lanes.tasks:
                await asyncio.wait(at_it, timeout=SLOW)
            await self._settle()
            return claimed is not None or bool(at_it)

    # -- claim ---------------------------------------------------------------------------------------------------------

    async def at_once(self, message: str) -> None:
        """Send, past every lane, what was to be said the moment that `message` was stored: its sender waits for it, and
        for nothing else. How it ended is written down with the next round; what does not leave lapses."""
        now = self.clock.now()
        async with self.store.read() as session:
            claimed, _ = await self._look(session, now, await outbox.prompts(session, message))
        for one in claimed:
            await self._finish(one)
            self.wake()

    async def _claim(self, session: AsyncSession, now: datetime, most: int) -> list[Claimed] | None:
        """None when nothing is due; what is due but is not to leave now is settled here."""
        rows = await outbox.claim(session, now, now + HOLD, most, by=self.presence.number, but=self.doors.standing_by())
        if not rows:
            return None
        claimed, left = await self._look(session, now, rows)
        await outbox.settle(session, [values for _, values in left])
        await signals.about(session, left, now)
        return claimed

    async def _look(
        self, session: AsyncSession, now: datetime, rows: Sequence[Any]
    ) -> tuple[list[Claimed], list[tuple[Any, dict[str, Any]]]]:
        """Which of these are to leave now, and what the others are to be settled as."""
        desk = Desk(Gathering(session), now, await self.around.load(session))
        pairs = {(n, u) for row in rows for n, u in row.wants}
        owed = await receipts.still_owed(session, pairs) if pairs else set()
        originals = await outbox.provider_ids(session, [row.edits for row in rows if row.edits])
        claimed: list[Claimed] = []
        left: list[tuple[Any, dict[str, Any]]] = []
        for row in rows:
            decision = judge(row, now, owed, originals, desk.calendar, frozen=desk.around.frozen)
            if decision.verdict in (Verdict.WAIT, Verdict.DROP):
                left.append((row, not_sent(row, decision, now)))
                continue
            wants = [(n, u) for n, u in row.wants if (n, u) in owed]
            try:
                changed = await rewritten(desk, row, wants) if decision.verdict is Verdict.AGAIN else {}
            except Exception as trouble:  # a bad row must not silence the rest
                if unwell(trouble):
                    raise
                log.error("outbox row %d could not be written again: %s", row.id, origin(trouble))
                left.append((row, broke(row, "重拟出错")))
                continue
            message = message_of(row, changed, originals.get(row.edits or "", ("", None))[1])
            # Answers about leads are kept under a pseudonym, and only here, in memory, is it known whose it is.
            person = desk.around.names.person(row.person, desk.roster.people) if row.person else None
            if row.person and person is None:
                left.append((row, broke(row, "收件人已不在名单")))
                continue
            claimed.append(Claimed(row, replace(message, person=person), frozenset(wants), since_start()))
        return claimed, left

    # -- send ----------------------------------------------------------------------------------------------------------

    def _lane_of(self, one: Claimed) -> tuple[str, str]:
        """A door's messages go one after the other, unless it says which may go side by side."""
        door: Any = self.doors.channels.get(one.row.channel)
        return one.row.channel, door.lane(one.message) if hasattr(door, "lane") else ""

    async def _finish(self, one: Claimed) -> None:
        outcome = await self._send(one)
        self._ended.append((one, outcome))  # in two steps: meanwhile another list may have taken its place

    def _put_back(self, some: Sequence[Claimed]) -> None:
        self._ended += [(one, BACK) for one in some]

    async def _send(self, one: Claimed) -> Outcome:
        """Ask the door; look at the finished payload first: a mention that nobody declared never leaves."""
        if since_start() - one.since > FRESH or not await self.presence.still(one.row.claimed_by):
            return BACK
        if not await self._still_wanted(one):
            return BACK
        message, door = one.message, self.doors.channels.get(one.row.channel)
        if undeclared_mentions(message.body, message.mentions):
            log.error("outbox row %d holds an undeclared mention", message.id)
            return refused("正文含未经声明的@，已拦下")
        if door is None:
            return try_later(signals.NO_DOOR, AWAY)
        try:
            async with asyncio.timeout(PATIENCE):
                return await door.send(message)
        except Exception as trouble:  # a door's own fault, after the request may have left
            log.error("door %s failed while sending: %s", one.row.channel, type(trouble).__name__)
            return unsure(type(trouble).__name__)

    async def _still_wanted(self, one: Claimed) -> bool:
        """R12, at the last moment: an answer given since the claim sends a chase back to be judged again."""
        if not one.wants:
            return True
        async with self.store.read() as session:
            return await receipts.still_owed(session, one.wants) == one.wants

    # -- settle --------------------------------------------------------------------------------------------------------

    async def _settle(self) -> None:
        """Write down what has ended. When that fails it is kept and tried again: what was sent must not be resent."""
        ends, self._ended = self._ended, []
        if not ends:
            return
        try:
            await self.store.write(lambda session: self._write_down(session, ends))
        except BaseException:
            self._ended = ends + self._ended
            raise
        for one, outcome in ends:
            self._unsettled.discard(one.row.id)
            self.sent += outcome.fate is Fate.SENT
            door = self.doors.channels.get(one.row.channel)
            if door is not None and outcome is not BACK:
                door.settled(one.message, outcome)

    async def _write_down(self, session: AsyncSession, ends: Sequence[tuple[Claimed, Outcome]]) -> None:
        now, settled = self.clock.now(), []
        await live_cards.note(session, [(one.row, end.changes_for) for one, end in ends], now)
        for one, outcome in ends:
            row, values = one.row, ended(one.row, outcome, now)
            if values["state"] == OutState.UNKNOWN and await fates.answered(session, row):
                values |= {"state": OutState.SENT, "due_at": None, "sent_at": now, "reason": PROVED}
            if values["state"] == OutState.SENT and row.kind == "notice" and not row.edits and row.notice_id:
                await receipts.delivered(session, row.notice_id, row.room, now)
            settled.append((row, values))
        await outbox.settle(session, [values for _, values in settled])
        await signals.about(session, settled, now)
