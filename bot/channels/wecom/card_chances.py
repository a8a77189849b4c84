"""The 收到 card of a notice in a group where the bot may only answer: it waits for whoever speaks to the bot there next.

By the long connection it follows as an answer of its own. By callback address it is what that very callback is answered
with, so the callback waits a moment for it; whether the platform showed it is not told, and the notice says in words how
to answer besides. What came to nothing lapses with the day, and is no fault.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from bot.channels import AWAITS, Outcome, sent, try_later
from bot.channels.wecom.cards import Card
from bot.clock import Clock
from models import waiting_cards
from models.store import Store

WAITS = try_later(f"{AWAITS}群里有人@机器人时，把卡片作为回复发出", timedelta(hours=1))
MOMENT = 2.0  # seconds that a callback waits for the card; the platform gives it five


@dataclass(eq=False)
class CardChances:
    """`wake` lets the sender look at once."""

    store: Store
    clock: Clock
    wake: Callable[[], None]
    _rooms: set[str] = field(default_factory=set, init=False)  # where a card waits
    _open: dict[str, asyncio.Future[Card]] = field(default_factory=dict, init=False)  # callbacks under way, by room

    async def load(self) -> None:
        """What waited before the start."""
        async with self.store.read() as session:
            self._rooms |= await waiting_cards.rooms(session)

    def wait(self, room: str) -> Outcome:
        """A card has no way into this room now."""
        self._rooms.add(room)
        return WAITS

    def wanted(self, room: str) -> bool:
        return room in self._rooms

    async def hurry(self, room: str) -> None:
        """Somebody has spoken in this room, and may be answered."""
        self._rooms.discard(room)
        now = self.clock.now()
        await self.store.write(lambda session: waiting_cards.hurry(session, room, now))
        self.wake()

    async def take(self, room: str) -> Card | None:
        """The card with which to answer a callback from this room, if one comes in time."""
        if room in self._open:
            return None
        self._open[room] = asyncio.get_running_loop().create_future()
        try:
            await self.hurry(room)
            async with asyncio.timeout(MOMENT):
                return await self._open[room]
        except TimeoutError:
            self._rooms.add(room)
            return None
        finally:
            del self._open[room]

    def give(self, room: str, card: Card) -> Outcome:
        """Hand a card to the callback that is being answered; else it waits."""
        chance = self._open.get(room)
        if chance is None or chance.done():
            return self.wait(room)
        chance.set_result(card)
        return sent(card["task_id"])

    async def put_back(self, row: int) -> None:
        """The answer that carried this row's card came too late for the platform."""
        now = self.clock.now()
        await self.store.write(lambda session: waiting_cards.put_back(session, row, now))
        self.wake()
