"""From the outbox to a door.

1. Claim what is due in a short transaction of its own, and look again whether each still makes sense.
2. Commit, so that a crash leaves rows `claimed`, never sent twice by mistake.
3. Send outside any transaction.
4. Settle all outcomes in another transaction. `rules/retrying` is the only retry there is.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.channels import Doors, Outcome, Outgoing, refused, try_later, unsure
from bot.clock import Clock
from bot.surroundings import Around
from handlers.chase import rewritten
from handlers.request import Desk
from models import outbox, receipts
from models.gathering import Gathering
from models.outbox import OutState
from models.rules.neutral import undeclared_mentions
from models.rules.retrying import Fate, after_try
from models.rules.wanted import Decision, Verdict, decide
from models.store import Store

log = logging.getLogger(__name__)
MOST = 200
HOLD = timedelta(seconds=60)  # how long a claim stands before it counts as abandoned
SAFETY = 30.0  # seconds of sleep at most, should a wake be lost


@dataclass(frozen=True)
class Claimed:
    """A row and the message made of it."""

    row: Any
    message: Outgoing


class Sender:
    """One task runs `run`; `wake` says that something may be due; `drain` sends until nothing is."""

    def __init__(self, store: Store, doors: Doors, around: Around, clock: Clock) -> None:
        self.store, self.doors, self.around, self.clock = store, doors, around, clock
        self._due = asyncio.Event()
        self._turn = asyncio.Lock()
        self.sent = 0

    def wake(self) -> None:
        self._due.set()

    async def run(self) -> None:
        """Serve until cancelled."""
        while True:
            self._due.clear()
            try:
                await self.drain()
            except Exception as trouble:  # a full disk now is no reason to fall silent for ever
                log.error("sending failed: %s", type(trouble).__name__)
                await asyncio.sleep(1)
            try:
                await asyncio.wait_for(self._due.wait(), SAFETY)
            except TimeoutError:
                continue

    async def drain(self) -> None:
        async with self._turn:
            while await self._once():
                pass

    async def recover(self, *, ours: bool) -> None:
        """Deal with claims whose holder is gone: what must not stand twice becomes `unknown`, the rest is sent again.

        A door that shows only what was settled has certainly not posted it, and says so by `shows_settled_only`.
        """

        async def unit(session: AsyncSession) -> None:
            now = self.clock.now()
            settled = []
            for row in await outbox.abandoned(session, now, ours=ours):
                door: Any = self.doors.channels.get(row.channel)
                fate = Fate.LATER if getattr(door, "shows_settled_only", False) else Fate.UNSURE
                after = after_try(fate, send_class=row.send_class, attempts=row.attempts, now=now, wait=timedelta(0))
                settled.append(_values(row, after.state, after.due_at, reason="重启前未确认送达"))
            await outbox.settle(session, settled)

        await self.store.write(unit)

    async def _once(self) -> bool:
        now = self.clock.now()
        claimed = await self.store.write(lambda session: self._claim(session, now))
        if claimed is None:
            return False
        if not claimed:
            return True  # all that was due had lapsed or waits; more may be behind it
        outcomes = [(one, await self._send(one.row.channel, one.message)) for one in claimed]
        await self.store.write(lambda session: self._settle(session, outcomes))
        for one, outcome in outcomes:
            door = self.doors.channels.get(one.row.channel)
            if door is not None:
                door.settled(one.message, outcome)
        return True

    async def _claim(self, session: AsyncSession, now: datetime) -> list[Claimed] | None:
        """None when nothing is due; what is due but no longer wanted is settled here and now."""
        rows = await outbox.claim(session, now, now + HOLD, MOST)
        if not rows:
            return None
        around = await self.around.load(session)
        pairs = {(n, u) for row in rows for n, u in row.wants}
        owed = await receipts.still_owed(session, pairs) if pairs else set()
        originals = await outbox.provider_ids(session, [row.edits for row in rows if row.edits])
        claimed, settled = [], []
        for row in rows:
            changed: Mapping[str, Any] = {}
            decision = self._decide(row, now, owed, around.calendar)
            if decision.verdict is Verdict.AGAIN:
                desk = Desk(Gathering(session), now, around)
                changed = await rewritten(desk, row, [pair for pair in map(tuple, row.wants) if pair in owed])
                decision = Decision(Verdict.SEND)
            if decision.verdict is Verdict.SEND and row.edits:
                decision = _edit_decision(originals.get(row.edits), now)
            if decision.verdict is Verdict.SEND:
                claimed.append(Claimed(row, _message(row, changed, originals.get(row.edits or "", ("", None))[1])))
            elif decision.verdict is Verdict.WAIT:
                settled.append(_values(row, OutState.PENDING, decision.at, reason=decision.reason))
            else:
                settled.append(_values(row, OutState.CANCELLED, None, reason=decision.reason))
        await outbox.settle(session, settled)
        return claimed

    def _decide(self, row: Any, now: datetime, owed: set[tuple[int, int]], calendar: Any) -> Decision:
        return decide(
            now=now,
            not_after=row.not_after,
            office_hours=row.office_hours,
            wants=[(n, u) for n, u in row.wants],
            owed=owed,
            calendar=calendar,
        )

    async def _send(self, channel: str, message: Outgoing) -> Outcome:
        """Ask the door; look at the finished payload first: a mention that nobody declared never leaves."""
        if undeclared_mentions(message.body, message.mentions):
            log.error("outbox row %d holds an undeclared mention", message.id)
            return refused("正文含未经声明的@，已拦下")
        door = self.doors.channels.get(channel)
        if door is None:
            return try_later("通道未开")
        try:
            return await door.send(message)
        except Exception as trouble:  # a door's own fault after the request may have left
            log.error("door failed while sending: %s", type(trouble).__name__)
            return unsure(type(trouble).__name__)

    async def _settle(self, session: AsyncSession, outcomes: Sequence[tuple[Claimed, Outcome]]) -> None:
        now, values = self.clock.now(), []
        for one, outcome in outcomes:
            row = one.row
            after = after_try(
                outcome.fate,
                send_class=row.send_class,
                attempts=row.attempts,
                now=now,
                wait=outcome.wait,
                not_after=row.not_after,
            )
            values.append(
                _values(row, after.state, after.due_at, outcome.provider_id, outcome.reason)
                | {"sent_at": now if outcome.fate is Fate.SENT else row.sent_at}
            )
            self.sent += outcome.fate is Fate.SENT
            if outcome.fate is Fate.SENT and row.kind == "notice" and row.edits is None and row.notice_id is not None:
                await receipts.delivered(session, row.notice_id, row.room, now)
        await outbox.settle(session, values)


def _values(
    row: Any, state: str, due_at: datetime | None, provider_id: str | None = None, reason: str = ""
) -> dict[str, Any]:
    return {
        "id": row.id,
        "state": state,
        "due_at": due_at,
        "claimed_until": None,
        "provider_id": provider_id or row.provider_id,
        "sent_at": row.sent_at,
        "reason": reason,
    }


def _edit_decision(original: tuple[str, str | None] | None, now: datetime) -> Decision:
    """An edit needs a message that stands: it waits for one on its way, and lapses with one that never came."""
    if original is None:
        return Decision(Verdict.DROP, reason="原消息不在")
    state, provider_id = original
    if state == OutState.SENT and provider_id:
        return Decision(Verdict.SEND)
    if state in (OutState.PENDING, OutState.CLAIMED):
        return Decision(Verdict.WAIT, at=now + timedelta(seconds=2), reason="原消息未发")
    return Decision(Verdict.DROP, reason="原消息未送达")


def _message(row: Any, changed: Mapping[str, Any], provider_id: str | None) -> Outgoing:
    return Outgoing(
        id=row.id,
        key=row.key,
        kind=row.kind,
        room=row.room,
        person=row.person,
        body=changed.get("body", row.body),
        buttons=tuple(changed.get("buttons", row.buttons)),
        mentions=tuple(row.mentions),
        quote=row.quote,
        edits=provider_id if row.edits else None,
        notice_id=row.notice_id,
        attempts=row.attempts,
    )
