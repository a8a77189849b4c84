"""What one person sees on the page: their conversations, the open one, and both kept up to date while they look.

    told -> hear -> fragments

A fragment is a new `message` of the open conversation, `edit-<id>` for one that stands there, or `row-<key>` of the list.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from secrets import token_hex
from typing import Any

from bot.channels.simulator import BOT, Message, Simulator
from bot.channels.simulator_people import Residents
from bot.channels.simulator_reading import newest
from bot.channels.simulator_streams import Told
from bot.channels.simulator_view import Face, Shown
from bot.render import Pages
from models.office import Office
from models.roster import Member, Roster

PRIVATE = "private"
AT_FIRST = 200  # messages of the open conversation; earlier ones are asked for
COUNTED = 100  # unread messages: more are 99+
SILENCE = timedelta(minutes=5)  # after it the time is written


@dataclass(frozen=True)
class Stage:
    """What every sight looks with. `seen`: the newest message that a person has looked at, by conversation."""

    simulator: Simulator
    people: Residents
    pages: Pages
    office: Office
    seen: dict[tuple[str, str], int] = field(default_factory=dict)
    start: str = field(default_factory=lambda: token_hex(4))

    def state(self) -> str:
        """Changes with everything that is told, with the day, and with each start."""
        return f"{self.start}-{self.simulator.streams.delivered}-{self.now():%d}"

    def now(self) -> datetime:
        return self.simulator.clock.now().astimezone(self.office.zone)

    def time(self) -> dict[str, datetime]:
        """The time, and where it can be moved to by a button."""
        now = self.now()
        return {"now": now, "morning": _next(now, time(8)), "evening": _next(now, time(17, 30))}


@dataclass
class Conversation:
    """One row of the list. `faces` are those of a group's people, none in private."""

    key: str
    name: str
    faces: tuple[Face, ...]
    last: Shown | None = None
    unread: int = 0
    called: bool = False

    @property
    def room(self) -> str | None:
        return None if self.key == PRIVATE else self.key


class Sight:
    """The eyes of one person on one conversation, or on the list alone."""

    def __init__(self, stage: Stage, me: Member, where: str | None) -> None:
        self.stage, self.me, self.where = stage, me, where
        self.roster: Roster
        self.conversations: dict[str, Conversation] = {}
        self.messages: list[Shown] = []  # of the open conversation, as they stood when it was read
        self.more = False

    @property
    def open(self) -> Conversation | None:
        return self.conversations.get(self.where or "")

    async def read(self) -> None:
        """Look at everything anew."""
        self.roster = await self.stage.people.fresh()
        mine = [room for room in self.roster.rooms.values() if self.stage.people.in_room(self.me.id, room.id)]
        groups = [Conversation(room.id, room.name, tuple(self._faces(room.id))) for room in mine]
        private = Conversation(PRIVATE, self.stage.office.bot, ())
        self.conversations = {one.key: one for one in (*groups, private)}
        for one in self.conversations.values():
            await self._read(one)

    def _faces(self, room: str) -> Iterable[Face]:
        return (Face(p.id, p.name) for p in self.roster.people_of_room(room))

    async def _read(self, one: Conversation) -> None:
        if one is self.open:
            self.messages, self.more = await self.before(one, None)
            one.last = self.messages[-1] if self.messages else None
            self._look_at(one)
            return
        found = await newest(self.stage.simulator, self.me.id, one.room, COUNTED)
        seen = self.stage.seen.get((self.me.id, one.key), 0)
        for message in found:
            if message.id > seen:
                self._count(one, message)
        one.last = await self._shown(found[-1], {}) if found else None

    async def before(self, one: Conversation, number: int | None) -> tuple[list[Shown], bool]:
        """The newest messages of a conversation before an id, and whether there are earlier ones still."""
        found = await newest(self.stage.simulator, self.me.id, one.room, AT_FIRST + 1, number)
        more, found = len(found) > AT_FIRST, found[-AT_FIRST:]
        known = {message.id: message for message in found}
        earlier = (None, *found)
        return [await self._shown(m, known, _late(e, m)) for e, m in zip(earlier, found, strict=False)], more

    # -- what is told --------------------------------------------------------------------------------------------------

    async def hear(self, waiting: Iterable[Told]) -> list[tuple[str, str]]:
        """The name and the markup of each fragment that changes on the page."""
        fragments: list[tuple[str, str]] = []
        edits: dict[int, Told] = {}  # of many edits of one message only the last is seen
        touched: dict[str, None] = {}
        for told in waiting:
            if told.event == "edit":
                edits[told.number] = told
            else:
                fragments += await self._told(told, touched)
        for told in edits.values():
            fragments += await self._edited(told, touched)
        return fragments + [self.row(self.conversations[key]) for key in touched]

    async def _told(self, told: Told, touched: dict[str, None]) -> list[tuple[str, str]]:
        message, one = await self._concerned(told)
        if message is None or one is None or (one.last is not None and message.id <= one.last.message.id):
            return []
        shown = await self._shown(message, {}, _late(one.last.message if one.last else None, message))
        one.last = shown
        touched[one.key] = None
        if one is not self.open:
            self._count(one, message)
            return []
        self._look_at(one)
        return [("message", self._message(shown))]

    async def _edited(self, told: Told, touched: dict[str, None]) -> list[tuple[str, str]]:
        message, one = await self._concerned(told)
        if message is None or one is None:
            return []
        shown = await self._shown(message, {})
        if one.last is not None and one.last.message.id == message.id:
            one.last = shown
            touched[one.key] = None
        return [(f"edit-{message.id}", self._message(shown))] if one is self.open else []

    async def _concerned(self, told: Told) -> tuple[Message | None, Conversation | None]:
        message = await told.data()
        if not isinstance(message, Message):
            return None, None
        return message, self.conversations.get(message.room or PRIVATE)

    # -- markup --------------------------------------------------------------------------------------------------------

    @property
    def facts(self) -> dict[str, Any]:
        group = self.open is not None and self.open.room is not None
        return {"me": Face(self.me.id, self.me.name), "group": group, "now": self.stage.now()}

    def row(self, one: Conversation) -> tuple[str, str]:
        return f"row-{one.key}", self.stage.pages("sim/row", one=one, **self.facts)

    def log(self) -> str:
        return self.stage.pages("sim/log", messages=self.messages, more=self.more, where=self.where, **self.facts)

    def time(self) -> str:
        return self.stage.pages("sim/time", fresh=True, **self.stage.time())

    def _message(self, shown: Shown) -> str:
        return self.stage.pages("sim/message", m=shown, **self.facts)

    # -- one message ---------------------------------------------------------------------------------------------------

    def _face(self, person: str) -> Face:
        if person == BOT:
            return Face(BOT, self.stage.office.bot)
        known = self.roster.people.get(person)
        return Face(person, known.name if known is not None else person)

    async def _shown(self, message: Message, known: dict[int, Message], gap: bool = False) -> Shown:
        source = None
        if message.quote is not None:
            source = known.get(message.quote) or await self._source(message)
        return Shown(
            message=message,
            author=self._face(message.author),
            own=message.author == self.me.id,
            at=message.time.astimezone(self.stage.office.zone),
            gap=gap,
            mentioned=tuple("@所有人" if one == "@all" else f"@{self._face(one).name}" for one in message.mentions),
            quoted=await self._shown(replace(source, quote=None), {}) if source is not None else None,
        )

    async def _source(self, message: Message) -> Message | None:
        """What is quoted, if this person can see it in the same conversation."""
        number, simulator = message.quote or 0, self.stage.simulator
        found = await simulator.bots(number) or await simulator.peoples(self.me.id, number)
        if found is None or found.room != message.room:
            return None
        return found if found.room is not None or simulator.is_to(found, self.me.id) else None

    def _look_at(self, one: Conversation) -> None:
        if one.last is not None:
            self.stage.seen[self.me.id, one.key] = one.last.message.id

    def _count(self, one: Conversation, message: Message) -> None:
        if message.author != self.me.id:
            one.unread += 1
            one.called = one.called or "@all" in message.mentions or self.me.id in message.mentions


def _late(earlier: Message | None, message: Message) -> bool:
    return earlier is None or message.time - earlier.time > SILENCE


def _next(now: datetime, hour: time) -> datetime:
    at = datetime.combine(now.date(), hour, now.tzinfo)
    return at if at > now else at + timedelta(days=1)
