"""What a door is: a platform on one side, `dispatch.submit` and `send` on the other."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from models.rules.retrying import Fate

PACED = "稍候再发："  # begins the reason of what our own rates put off
AWAITS = "等："  # begins the reason of what waits for a person to speak first: nothing is wrong with it


@dataclass(frozen=True)
class Abilities:
    """What a door can do; the core picks the quietest route that these allow."""

    buttons: bool = False
    edit: bool = False
    mention_all: bool = False
    mention_people: bool = False
    private_push: bool = False
    hears_all: bool = False
    media: bool = False
    answers_clicks: bool = False  # a pressed card can be changed, but only within seconds of the press
    tables: bool = False  # a private answer may hold a Markdown table
    canary: bool = False  # the platform may drop messages without a word: it is tried every morning


@dataclass(frozen=True)
class Outgoing:
    """One message as the door must post it. `edits` is the platform's id of the message to change in place."""

    id: int
    key: str
    kind: str
    room: str | None
    person: str | None
    body: str
    buttons: tuple[Mapping[str, str], ...] = ()
    mentions: tuple[str, ...] = ()
    quote: str | None = None
    edits: str | None = None
    notice_id: int | None = None
    attempts: int = 1


@dataclass(frozen=True)
class Outcome:
    """How a try ended. `wait` is how long the platform asks us to stay away; `changes_for`, how long what was sent may
    be changed once though nobody presses it."""

    fate: Fate
    provider_id: str | None = None
    reason: str = ""
    wait: timedelta | None = None
    changes_for: timedelta | None = None


def sent(provider_id: str | None = None) -> Outcome:
    return Outcome(Fate.SENT, provider_id=provider_id)


def try_later(reason: str, wait: timedelta | None = None) -> Outcome:
    """It certainly was not posted."""
    return Outcome(Fate.LATER, reason=reason, wait=wait)


def refused(reason: str) -> Outcome:
    return Outcome(Fate.REFUSED, reason=reason)


def unsure(reason: str) -> Outcome:
    """It left, and no answer came."""
    return Outcome(Fate.UNSURE, reason=reason)


class Channel(Protocol):
    """A door. `send` never raises for what a platform may do; `settled` is called once the outcome is committed.

    One whose `stands_by` is true leaves its messages to another process.
    """

    name: str

    @property
    def abilities(self) -> Abilities: ...

    async def send(self, message: Outgoing) -> Outcome: ...

    def settled(self, message: Outgoing, outcome: Outcome) -> None: ...


class Doors:
    """All open doors, and which of them a message takes."""

    def __init__(self) -> None:
        self.channels: dict[str, Channel] = {}
        self._default = ""

    def add(self, channel: Channel, *, carries_all: bool = True) -> None:
        """Open a door; one that does not carry everything only answers those who speak through it."""
        self.channels[channel.name] = channel
        if carries_all:
            self._default = self._default or channel.name

    def standing_by(self) -> list[str]:
        """Doors whose messages are another process's."""
        return [name for name, door in self.channels.items() if getattr(door, "stands_by", False)]

    def for_person(self, person: str) -> str:
        return self._default

    def for_room(self, room: str) -> str:
        return self._default

    def can(self, channel: str, ability: str) -> bool:
        door: Any = self.channels.get(channel)
        return door is not None and bool(getattr(door.abilities, ability))

    def room_can(self, room: str, ability: str) -> bool:
        """As `can`, for the door of one room; a door whose rooms differ says so by its own `room_can`."""
        door: Any = self.channels.get(self.for_room(room))
        if hasattr(door, "room_can"):
            return bool(door.room_can(room, ability))
        return door is not None and bool(getattr(door.abilities, ability, False))

    def reaches(self, channel: str, person: str) -> bool:
        """Whether this person can be told something in private; a door that must be opened first has its `reaches`."""
        door: Any = self.channels.get(channel)
        if hasattr(door, "reaches"):
            return bool(door.reaches(person))
        return self.can(channel, "private_push")
