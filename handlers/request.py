"""What a handler may touch: the time, the roster, the words, and ways to speak. All handed down; nothing is global."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from models import journal
from models.gathering import Gathering
from models.incoming import Attachment, Incoming, Picture
from models.office import Office
from models.outbox import OutState, SendClass
from models.pseudonyms import Pseudonyms
from models.roster import Member, Roster
from models.rules.acks import Ack
from models.rules.deadlines import say_due
from models.rules.plain import clean, without_mention
from models.rules.workdays import WorkCalendar
from models.sealing import Recipients


class Words(Protocol):
    """From a template's name and facts to text; every outside string among the facts is neutralised on its way."""

    def __call__(self, template: str, facts: Mapping[str, Any]) -> str: ...


class Doors(Protocol):
    """What the doors can do, as far as a handler must know to choose its words."""

    def for_person(self, person: str) -> str: ...
    def for_room(self, room: str) -> str: ...
    def can(self, channel: str, ability: str) -> bool: ...
    def room_can(self, room: str, ability: str) -> bool: ...
    def reaches(self, channel: str, person: str) -> bool: ...


class Photos(Protocol):
    """Where pictures and files are kept. `keep` and `keep_file` write one and give its name."""

    async def keep(self, picture: Picture) -> str: ...
    async def keep_file(self, file: Attachment) -> str: ...
    async def forget(self, name: str) -> None: ...


@dataclass(frozen=True)
class Surroundings:
    """What does not change between two transactions. `recipients` is whom leads are sealed to, None while none are taken;
    `offered` is the list that the configuration pins, agreed to or not. While `frozen` nothing leaves but answers."""

    office: Office
    calendar: WorkCalendar
    holidays: Mapping[Any, str]
    roster: Roster
    words: Words
    doors: Doors
    photos: Photos
    recipients: Recipients | None
    offered: Recipients | None
    names: Pseudonyms
    frozen: bool = False


@dataclass(frozen=True)
class Button:
    """`key` is what a press says, in the words a person might have typed."""

    key: str
    text: str


class Desk:
    """Where a verb works while time passes or somebody speaks: one transaction's session, and the ways to speak."""

    def __init__(self, gathering: Gathering, now: datetime, around: Surroundings) -> None:
        self.gathering, self.session = gathering, gathering.session
        self.now, self.around = now, around
        self.office, self.roster, self.calendar = around.office, around.roster, around.calendar

    def due(self, at: datetime | None) -> str:
        """An instant as the absolute date that people read, or nothing."""
        return "" if at is None else say_due(at, self.now, self.office.zone)

    def liaison(self, unit_id: int) -> Member | None:
        """Who answers for a unit today: its liaison, or the stand-in while that one is on leave."""
        return self.roster.answering(unit_id, self.now.astimezone(self.office.zone).date())

    def tell(self, person: str, template: str, /, *, key: str, **facts: Any) -> None:
        """Say something to one person in private that they did not ask for just now; see `_speak` for the options."""
        self._speak(template, key, self.around.doors.for_person(person), person, None, **facts)

    def post(self, room: str, template: str, /, *, key: str, **facts: Any) -> None:
        """Say something in a room; see `_speak` for the options."""
        self._speak(template, key, self.around.doors.for_room(room), None, room, **facts)

    async def write_down(self, act: str, object: str, actor: str, **detail: Any) -> None:
        """Record a privileged act in the journal."""
        await journal.record(
            self.session,
            at=self.now,
            actor=actor,
            act=act,
            object=object,
            detail={k: v for k, v in detail.items() if v},
        )

    def wording(self, template: str, **facts: Any) -> str:
        """The text that a template makes of `facts`."""
        return self.around.words(
            template, {"bot": self.office.bot, "say_due": self.due, "frozen": self.around.frozen, **facts}
        )

    def _speak(
        self,
        template: str,
        key: str,
        channel: str,
        person: str | None,
        room: str | None,
        /,
        *,
        send: SendClass = SendClass.AT_LEAST_ONCE,
        mentions: Iterable[str] = (),
        buttons: Sequence[Button] = (),
        quote: str | None = None,
        edits: str | None = None,
        wants: Iterable[Any] = (),
        notice_id: int | None = None,
        office_hours: bool = False,
        after: timedelta | datetime | None = None,
        not_after: datetime | None = None,
        veiled: bool = False,
        alike: object = None,
        **facts: Any,
    ) -> None:
        """Render now and store as text.

        `office_hours`: wait for working hours; `veiled`: the person is kept as a pseudonym; `alike`: whatever is told
        with the same value in this transaction reads the same.
        """
        doors = self.around.doors
        can_press = bool(buttons) and (
            doors.can(channel, "buttons") if room is None else doors.room_can(room, "buttons") or template in CARDS
        )
        due = self.now + after if isinstance(after, timedelta) else after or self.now
        if office_hours:
            due = self.calendar.next_opening(due)
        facts["can_press"] = can_press
        body = self._worded(template, alike, facts)
        # Whoever stored the question sends this at once, or nobody does: it needs no other claim.
        claimed = send is SendClass.PROMPT
        self.gathering.outbox.append(
            {
                "key": key,
                "kind": template,
                "channel": channel,
                "room": room,
                "person": self.around.names.of(person) if person and veiled else person,
                "body": body,
                "buttons": tuple({"key": b.key, "text": b.text} for b in buttons) if can_press else (),
                "mentions": tuple(mentions),
                "quote": quote,
                "edits": edits,
                "send_class": send,
                "office_hours": office_hours,
                "wants": tuple(wants),
                "notice_id": notice_id,
                "created_at": self.now,
                "due_at": due,
                "not_after": not_after,
                "state": OutState.CLAIMED if claimed else OutState.PENDING,
                "attempts": int(claimed),
                "claimed_until": due if claimed else None,
                "reason": "",
            }
        )

    def _worded(self, template: str, alike: object, facts: dict[str, Any]) -> str:
        """What reads alike for many in one transaction is worded once."""
        if alike is None:
            return self.wording(template, **facts)
        known, key = self.gathering.worded, (template, alike, facts["can_press"])
        if key not in known:
            known[key] = self.wording(template, **facts)
        return known[key]


MOST_ROWS = 120  # of a table: some 100 bytes each
CARDS = ("notice_card", "press")  # what is nothing but a card


class Request(Desk):
    """Somebody spoke: who, where, and in which words."""

    def __init__(
        self, gathering: Gathering, now: datetime, around: Surroundings, incoming: Incoming, me: Member
    ) -> None:
        super().__init__(gathering, now, around)
        self.incoming, self.me = incoming, me
        self.word = ""  # the command's word, as found
        self.text = ""  # plain words without the mention of the bot
        self.addressed = incoming.private  # said to the bot
        self.ack: Ack | None = None  # the words read as an acknowledgement, once
        self.case: int | None = None  # the case number read back from a quote
        self.keep_text = True  # cleared when the room's kept copy must not hold these words
        self.anonymous = False  # set when not even the inbox may remember who spoke
        self.only_private = False  # set when the answer is no business of the room that it was said in
        self._replies = 0

    def shows_table(self, rows: int) -> bool:
        """Whether the answer goes to where a table is shown, and is not longer than any door takes."""
        said = self.incoming
        private = said.room is None or self.around.doors.reaches(said.channel, self.me.id)
        return private and rows <= MOST_ROWS and self.around.doors.can(said.channel, "tables")

    def exact(self, rest: str) -> str:
        """What follows the command's word, as it was typed: reading folds widths and marks, keeping must not."""
        if not rest:
            return ""
        typed = clean(self.incoming.words.reveal())
        for end in range(1, min(len(typed), len(self.word) * 3 + 40)):
            if without_mention(typed[:end], self.office.bot)[1] == self.word:
                return typed[end:].strip().lstrip(" ：:，,、").strip()
        return rest

    @property
    def unit(self) -> Any:
        return self.me.unit

    def reply(self, template: str, /, **facts: Any) -> None:
        """Answer the person: privately where the door can, else in the room."""
        self._replies += 1
        said = self.incoming
        # The platform's number first: keys of one burst then lie side by side in their index, not each on its own page.
        key = f"reply:{said.channel}:{said.message}:{said.external_id}:{self._replies}"
        channel = self.incoming.channel
        if self.incoming.room is None or self.around.doors.reaches(channel, self.me.id):
            self._speak(template, key, channel, self.me.id, None, **facts)
        elif not self.only_private:
            facts.setdefault("quote", self.incoming.message)
            self._speak(template, key, channel, None, self.incoming.room, **facts)

    async def journal(self, act: str, object: str, **detail: Any) -> None:
        await self.write_down(act, object, self.me.id, **detail)
