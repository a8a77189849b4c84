"""The simulator: a work group that anyone can open in a browser, and the platform's side of it.

What people say in a room stands in the inbox, what the bot says in the outbox; this door shows both. What people say
in private is held in memory only. A message is shown once it is committed (`settled`), so after a crash whatever was
not settled has certainly not been seen.
"""

from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.channels import Abilities, Outcome, Outgoing, refused, sent
from bot.channels.simulator_streams import Streams, Told
from bot.clock import Clock
from models import inbox, shown
from models.incoming import Picture
from models.pseudonyms import Pseudonyms
from models.rules.retrying import Fate
from models.store import Store

NAME = "simulator"
BOT = "bot"
MOST, KEPT = 500, 2000
HELD_PICTURES = 256 << 20  # bytes of private pictures in memory, the oldest going first
FULL = Abilities(
    buttons=True,
    edit=True,
    mention_all=True,
    mention_people=True,
    private_push=True,
    hears_all=True,
    media=True,
    tables=True,
)


@dataclass(frozen=True)
class Message:
    """A message as the page shows it. `images` are names of pictures, `to` is whom it is told in private."""

    id: int
    author: str
    room: str | None
    text: str
    time: datetime
    quote: int | None = None
    mentions: tuple[str, ...] = ()
    buttons: tuple[Mapping[str, str], ...] = ()
    images: tuple[str, ...] = ()
    to: str | None = None

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


class Simulator:
    """The door's own side of things: what each person can see, and what is on its way."""

    name = NAME
    shows_settled_only = True

    def __init__(self, store: Store, clock: Clock, names: Pseudonyms) -> None:
        self.store, self.clock, self.names = store, clock, names
        self.abilities = FULL
        self.streams = Streams()
        self.private: dict[str, deque[Message]] = defaultdict(lambda: deque(maxlen=KEPT))
        self.pictures: dict[str, Picture] = {}
        self._sending: dict[int, Message] = {}

    async def start(self) -> datetime | None:
        """Go on counting where the last run stopped; gives the time of the last message."""
        async with self.store.read() as session:
            heard, heard_at = await inbox.last_message(session, NAME)
            said, said_at = await shown.last(session, NAME)
        self.streams.last = max(heard, said)
        return max((at for at in (heard_at, said_at) if at is not None), default=None)

    def narrow(self, changes: Mapping[str, bool]) -> None:
        self.abilities = replace(self.abilities, **changes)

    def an_id(self) -> AbstractContextManager[int]:
        """An id that nobody is shown until the block ends, nor any later one."""
        return self.streams.an_id()

    # -- the bot speaks ------------------------------------------------------------------------------------------------

    async def send(self, message: Outgoing) -> Outcome:
        if message.edits is not None:
            return sent(message.edits) if self.abilities.edit else refused("这个通道不能改已发的消息")
        lost = self._sending.pop(message.id, None)
        if lost is not None:  # sent before, but that was never committed
            self.streams.landed(lost.id)
        number = self.streams.next_id()
        self._sending[message.id] = Message(
            id=number,
            author=BOT,
            room=message.room,
            text=message.body,
            time=self.clock.now(),
            quote=int(message.quote) if message.quote else None,
            mentions=message.mentions,
            buttons=message.buttons,
            to=message.person,
        )
        return sent(str(number))

    def settled(self, message: Outgoing, outcome: Outcome) -> None:
        """Show what was committed; an outcome other than `sent` says that it was not."""
        fresh = self._sending.pop(message.id, None)
        if outcome.fate is Fate.SENT:
            if fresh is not None:
                self._tell("message", fresh)
            elif message.edits is not None:
                self._tell_edit(int(message.edits), message)
        if fresh is not None:
            self.streams.landed(fresh.id)

    def _tell(self, event: str, message: Message) -> None:
        async def look() -> Message:
            return self._as_able(message)

        self.streams.told(Told(event, message.id, message.room, message.to, look))

    def _tell_edit(self, number: int, message: Outgoing) -> None:
        self.streams.told(Told("edit", number, message.room, message.person, lambda: self.bots(number)))

    # -- people speak --------------------------------------------------------------------------------------------------

    def heard(self, message: Message, pictures: Sequence[Picture]) -> None:
        """A person's message is committed: show it, in a room as it was kept, for a lead typed there is not."""
        if message.room is None:
            self.private[message.author].append(message)
            self._hold(pictures)
            self._tell("message", replace(message, to=message.author))
        else:
            self.streams.told(Told("message", message.id, message.room, None, lambda: self._kept(message)))

    def _hold(self, pictures: Sequence[Picture]) -> None:
        for picture in pictures:
            self.pictures[picture.name] = picture
        while sum(len(p.data) for p in self.pictures.values()) > HELD_PICTURES:
            del self.pictures[next(iter(self.pictures))]

    async def _kept(self, message: Message) -> Message | None:
        async with self.store.read() as session:
            row = await inbox.one_message(session, NAME, str(message.id))
        if row is None:
            return None
        same = row.text == message.text
        author, images = row.person or "", message.images if same else ()
        return replace(message, author=author, text=row.text or "", images=images)

    # -- what stands there ---------------------------------------------------------------------------------------------

    async def listing(self, person: str, room: str | None, after: int) -> list[Message]:
        """What this person can see in a room or in private, oldest first."""
        below = self.streams.horizon
        persons = (person, self.names.of(person))
        async with self.store.read() as session:
            said = [
                self.from_outbox(row)
                for row in await shown.messages(session, NAME, room=room, persons=persons, after=after, limit=MOST)
            ]
            if room is not None:
                rows = await inbox.room_messages(session, NAME, room, after, MOST)
                heard = [from_inbox(row) for row in rows]
            else:
                heard = [m for m in self.private.get(person, ()) if m.id > after]
        everything = sorted([*said, *heard], key=lambda m: m.id)
        return [m for m in everything if m.id < below][:MOST]

    async def bots(self, number: int) -> Message | None:
        """The bot's message of that id, as last edited."""
        async with self.store.read() as session:
            row = await shown.one(session, NAME, str(number))
        return None if row is None else self.from_outbox(row)

    async def once_had(self, number: int) -> Sequence[Mapping[str, str]]:
        """The buttons that the bot's message of that id was sent with, used by now or not."""
        async with self.store.read() as session:
            row = await shown.one_sent(session, NAME, str(number))
        return tuple(row.buttons) if row is not None and self.abilities.buttons else ()

    async def peoples(self, person: str, number: int) -> Message | None:
        """A person's message of that id: of a room, or this person's own in private."""
        for message in self.private.get(person, ()):
            if message.id == number:
                return message
        async with self.store.read() as session:
            row = await inbox.one_message(session, NAME, str(number))
        if row is None:
            return None
        return Message(number, row.person or "", row.room, row.text or "", row.at)

    def is_to(self, message: Message, person: str) -> bool:
        """Whether this private message is to that person or from them; answers about leads are kept under a pseudonym."""
        return message.author == person or message.to in (person, self.names.of(person))

    def from_outbox(self, row: Mapping[str, Any]) -> Message:
        message = Message(
            id=int(row["provider_id"]),
            author=BOT,
            room=row["room"],
            text=row["body"],
            time=row["sent_at"],
            quote=int(row["quote"]) if row["quote"] else None,
            mentions=tuple(row["mentions"]),
            buttons=tuple(row["buttons"]),
            to=row["person"],
        )
        return self._as_able(message)

    def _as_able(self, message: Message) -> Message:
        return message if self.abilities.buttons or not message.buttons else replace(message, buttons=())


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
