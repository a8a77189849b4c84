"""The simulator: a work group that anyone can open in a browser, and the platform's side of it.

What people say in a room stands in the inbox, what the bot says in the outbox; this door shows both. What people say
in private is held in memory only. A message is shown once it is committed (`settled`), so after a crash whatever was
not settled has certainly not been seen.
"""

import asyncio
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.channels import Abilities, Outcome, Outgoing, sent
from bot.clock import Clock
from models import inbox, outbox
from models.incoming import Picture
from models.store import Store

NAME = "simulator"
BOT = "bot"
MOST, KEPT = 500, 2000
FULL = Abilities(
    buttons=True, edit=True, mention_all=True, mention_people=True, private_push=True, hears_all=True, media=True
)


@dataclass(frozen=True)
class Message:
    """A message as the page shows it. `images` are names of pictures."""

    id: int
    author: str
    room: str | None
    text: str
    time: datetime
    quote: int | None = None
    mentions: tuple[str, ...] = ()
    buttons: tuple[Mapping[str, str], ...] = ()
    images: tuple[str, ...] = ()

    def as_json(self, zone: ZoneInfo) -> dict[str, Any]:
        return {
            "id": self.id,
            "from": self.author,
            "room": self.room,
            "text": self.text,
            "time": self.time.astimezone(zone).isoformat(timespec="seconds"),
            "quote": self.quote,
            "mentions": list(self.mentions),
            "buttons": [dict(b) for b in self.buttons],
            "images": [f"/sim/images/{name}" for name in self.images],
        }


@dataclass(eq=False)
class Stream:
    """One open page: who looks, and what it has yet to be told; None ends it."""

    person: str
    waiting: asyncio.Queue[tuple[str, Message] | None] = field(default_factory=lambda: asyncio.Queue(KEPT))


class Simulator:
    """The door's own side of things: ids, what each person can see, and the pages that are open."""

    name = NAME
    shows_settled_only = True

    def __init__(self, store: Store, clock: Clock) -> None:
        self.store, self.clock = store, clock
        self.abilities = FULL
        self.streams: set[Stream] = set()
        self.private: dict[str, deque[Message]] = defaultdict(lambda: deque(maxlen=KEPT))
        self.pictures: dict[str, Picture] = {}
        self._last = 0
        self._in_flight: set[int] = set()
        self._sending: dict[int, Message] = {}

    async def start(self) -> datetime | None:
        """Go on counting where the last run stopped; gives the time of the last message."""
        async with self.store.read() as session:
            heard, heard_at = await inbox.last_message(session, NAME)
            said, said_at = await outbox.last_shown(session, NAME)
        self._last = max(heard, said)
        return max((at for at in (heard_at, said_at) if at is not None), default=None)

    def narrow(self, changes: Mapping[str, bool]) -> None:
        self.abilities = replace(self.abilities, **changes)

    # -- ids: ascending, and shown in order --------------------------------------------------------------------------

    def next_id(self) -> int:
        self._last += 1
        self._in_flight.add(self._last)
        return self._last

    @contextmanager
    def an_id(self) -> Iterator[int]:
        """An id that nobody is shown until the block ends, nor any later one."""
        number = self.next_id()
        try:
            yield number
        finally:
            self._in_flight.discard(number)

    # -- the bot speaks ------------------------------------------------------------------------------------------------

    async def send(self, message: Outgoing) -> Outcome:
        if message.edits is not None:
            return sent(message.edits)
        number = self.next_id()
        self._sending[message.id] = Message(
            id=number,
            author=BOT,
            room=message.room,
            text=message.body,
            time=self.clock.now(),
            quote=int(message.quote) if message.quote else None,
            mentions=message.mentions,
            buttons=message.buttons,
        )
        return sent(str(number))

    def settled(self, message: Outgoing, outcome: Outcome) -> None:
        number = int(outcome.provider_id or 0)
        self._in_flight.discard(number)
        fresh = self._sending.pop(message.id, None)
        if fresh is not None:
            self._show("message", fresh, message.person)
        elif message.edits is not None:
            edited = Message(number, BOT, message.room, message.body, self.clock.now())
            self._show("edit", edited, message.person)

    # -- people speak --------------------------------------------------------------------------------------------------

    def heard(self, message: Message, person: str) -> None:
        """A person's message is committed: show it."""
        if message.room is None:
            self.private[person].append(message)
        self._show("message", message, person)

    def _show(self, event: str, message: Message, person: str | None) -> None:
        """Tell the open pages. A reader too slow to keep up is cut off; its page reads everything when it comes back."""
        for stream in list(self.streams):
            if message.room is None and stream.person != person:
                continue
            try:
                stream.waiting.put_nowait((event, message))
            except asyncio.QueueFull:
                self.streams.discard(stream)

    # -- what stands there ---------------------------------------------------------------------------------------------

    async def listing(self, person: str, room: str | None, after: int) -> list[Message]:
        """What this person can see in a room or in private, oldest first."""
        below = min(self._in_flight, default=None)
        async with self.store.read() as session:
            said = [
                self.from_outbox(row)
                for row in await outbox.shown(
                    session, NAME, room=room, person=person if room is None else None, after=after, limit=MOST
                )
            ]
            if room is not None:
                rows = await inbox.room_messages(session, NAME, room, after, MOST)
                heard = [from_inbox(row) for row in rows]
            else:
                heard = [m for m in self.private[person] if m.id > after]
        everything = sorted([*said, *heard], key=lambda m: m.id)
        return [m for m in everything if below is None or m.id < below][:MOST]

    async def bots(self, number: int) -> Message | None:
        """The bot's message of that id, as last edited."""
        async with self.store.read() as session:
            row = await outbox.one_shown(session, NAME, str(number))
        return None if row is None else self.from_outbox(row)

    async def peoples(self, person: str, number: int) -> Message | None:
        """A person's message of that id: of a room, or this person's own in private."""
        for message in self.private[person]:
            if message.id == number:
                return message
        async with self.store.read() as session:
            row = await inbox.one_message(session, NAME, str(number))
        if row is None or row.room is None:
            return None
        return Message(number, row.person or "", row.room, row.text or "", row.at)

    def from_outbox(self, row: Mapping[str, Any]) -> Message:
        return Message(
            id=int(row["provider_id"]),
            author=BOT,
            room=row["room"],
            text=row["body"],
            time=row["sent_at"],
            quote=int(row["quote"]) if row["quote"] else None,
            mentions=tuple(row["mentions"]),
            buttons=tuple(row["buttons"]) if self.abilities.buttons else (),
        )


def from_inbox(row: Any) -> Message:
    return Message(
        id=int(row.message),
        author=row.person or "",
        room=row.room,
        text=row.text or "",
        time=row.at,
        quote=int(row.quote) if row.quote else None,
        images=tuple(row.pictures),
    )
