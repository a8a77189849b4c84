"""From what the platform says to `dispatch.submit`: who and where become ours, pictures are fetched, chances noted.

The same path for the long connection and both callback addresses; `hear` returns after the commit.
"""

import asyncio
import hashlib
import logging
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from bot.channels import Outcome, sent
from bot.channels.wecom.card_chances import CardChances
from bot.channels.wecom.cards import message_of
from bot.channels.wecom.identity import STRANGER, Directory
from bot.channels.wecom.names import Names
from bot.channels.wecom.pace import Pace
from bot.channels.wecom.passive import Answer, CardReply
from bot.channels.wecom.said import Item, Said, SaidKind
from bot.channels.wecom.windows import AT_ONCE, Window, Windows, private
from bot.clock import Clock
from bot.dispatch import Dispatch
from bot.submitted import NotStored
from models import inbox
from models.incoming import Attachment, Incoming, Picture
from models.rules.plain import without_mention
from models.sealing import Secret
from models.store import unwell

log = logging.getLogger(__name__)
ENTERED = "进入会话"
A_DAY, MOST_SENDERS = 300 << 20, 10_000
TOO_MUCH = "今天发来的图片和文件已超过300兆，没有再存；请明天再发，或与办公室商量别的办法"
FETCHED = ("image", "file", "video")
NO_VOICE = "语音听不了，请长按语音“转文字”，或打字发送"
MOST_FETCHED = 16  # messages whose pictures are held until they are stored
Fetch = Callable[[Said, Item], Awaitable[Picture | Attachment | str]]
"""One picture, cleaned, or one file, looked at; or why there is none, in a sentence for its sender."""


@dataclass(frozen=True)
class Media:
    """What a message carries. `reasons` say why some of it could not be had."""

    pictures: tuple[Picture, ...] = ()
    files: tuple[Attachment, ...] = ()
    reasons: tuple[str, ...] = ()


NOTHING = Media()


@dataclass(eq=False)
class Intake:
    """`leg` is the name of the leg, `channel` that of its door; `bot` the bot's display name.

    `counts` holds what came by kind, and under `done` how much of it was stored, repetitions included.
    """

    leg: str
    channel: str
    dispatch: Dispatch
    directory: Directory
    windows: Windows
    fetch: Fetch
    at_once: Callable[[str], Awaitable[None]]
    clock: Clock
    pace: Pace
    zone: ZoneInfo
    bot: str
    key: bytes = field(repr=False)
    names: Names = field(default_factory=Names)
    stale: Callable[[], Awaitable[None]] | None = None
    window: Callable[[Said], Window | None] | None = None
    address: Callable[[Said], Mapping[str, Any] | None] | None = None
    chances: CardChances | None = None
    card_follows: bool = False  # whether a card may come after whatever was said in its group, as an answer of its own
    excuse: Callable[[Incoming, Sequence[str]], Awaitable[None]] | None = None
    counts: Counter[str] = field(default_factory=Counter)
    _sent: Counter[tuple[str, date]] = field(default_factory=Counter, init=False, repr=False)  # bytes by sender and day
    _fetching: OrderedDict[str, asyncio.Future[Media]] = field(default_factory=OrderedDict, init=False, repr=False)

    async def hear(self, said: Said, window: Window | None = None, *, late: bool = False) -> None:
        """Store and do it; what the dispatch raises comes out, NotStored whatever it was that the database would not do.

        `window` is how it may be answered, unless as usual; `late`: too late for any.
        """
        self.counts[said.kind] += 1
        try:
            media = await self._media(said) if said.items else NOTHING
            incoming = await self._incoming(said, media)
            if window is None and self.window is not None and incoming.heard and not late:
                window = self.window(said)
            if window is not None:
                self.windows.open(incoming.message, window)
            if said.chat is None and said.kind is not SaidKind.IGNORED and said.userid:
                # Before it is answered: whoever writes has opened the chat, and the answer needs to know.
                await self.directory.note(self.leg, incoming.person, said.userid, self._today)
            stored = await self.dispatch.submit(incoming)
            if said.items:
                self._fetching.pop(said.external_id, None)
            if media.reasons and stored.fresh and self.excuse is not None:
                await self.excuse(incoming, media.reasons)
            if window is not None and window.at_once is not None:
                await self.at_once(incoming.message)
            if self.chances is not None and self.card_follows and (room := await self._waited_for(said)):
                await self.chances.hurry(room)
            if said.stale and self.stale is not None:
                await self.stale()
        except Exception as trouble:
            if unwell(trouble):
                raise NotStored(type(trouble).__name__) from None
            raise
        self.counts["done"] += 1

    async def held(self, said: Said) -> Answer | None:
        """For a callback: the same, and what is to be answered in the same breath."""
        if said.kind not in (SaidKind.CLICK, SaidKind.ENTER):
            await self.hear(said)
            return await self._card(self.chances, said) if self.chances is not None else None
        answers: list[Answer] = []

        async def at_once(given: Answer) -> Outcome:
            answers.append(given)
            return sent("answer")

        place = said.chat or private(said.userid)
        await self.hear(said, Window(until=self.pace.now() + AT_ONCE, place=place, at_once=at_once))
        return answers[0] if answers else None

    async def _card(self, chances: CardChances, said: Said) -> Answer | None:
        """The card of a notice, where one waits for somebody to speak in this group."""
        room = await self._waited_for(said)
        card = await chances.take(room) if room else None
        return CardReply(card) if card is not None else None

    async def _waited_for(self, said: Said) -> str:
        """The group of this message, if a card waits for one from there."""
        if self.chances is None or said.chat is None or said.kind is SaidKind.IGNORED:
            return ""
        room = await self.directory.room(said.chat)
        return room if self.chances.wanted(room) else ""

    async def _incoming(self, said: Said, media: Media) -> Incoming:
        named = bool(said.userid)
        person = await self.directory.person(said.userid) if named else ""
        return Incoming(
            channel=self.channel,
            external_id=said.external_id,
            person=person,
            room=await self.directory.room(said.chat) if said.chat is not None else None,
            words=Secret(self._words(said)),
            at=said.at or self.clock.now(),
            message=said.external_id,
            quoted_words=said.quote,
            pictures=media.pictures,
            files=media.files,
            key=self._key_of(said),
            target=self._target(said),
            heard=said.kind is not SaidKind.IGNORED and named,
            called=await self.names.of(said.userid) if person.startswith(STRANGER) else "",
            answer_at=self.address(said) if self.address is not None else None,
            payload_hash=hashlib.blake2b(said.content(), key=self.key).hexdigest()[:32],
        )

    def _words(self, said: Said) -> str:
        """A group's words with the bot's name in front, once: the platform passes on nothing else from a group."""
        if said.chat is None:
            return said.text
        text = said.text.replace(f"@{self.bot}", " ", 1) if f"@{self.bot}" in said.text else said.text
        return f"@{self.bot} {without_mention(text, self.bot)[1]}".strip()

    def _key_of(self, said: Said) -> str | None:
        if said.kind is SaidKind.ENTER:
            return ENTERED
        return said.key if said.kind is SaidKind.CLICK else None

    def _target(self, said: Said) -> str | None:
        row = message_of(said.task_id, self.key) if said.task_id else None
        return None if row is None else str(row)

    async def _media(self, said: Said) -> Media:
        """What a message carries, fetched once however often it comes: the platform repeats what we answer late."""
        name = said.external_id
        if name not in self._fetching:
            while len(self._fetching) >= MOST_FETCHED:
                self._fetching.popitem(last=False)
            self._fetching[name] = asyncio.ensure_future(self._fetched(said))
        return await asyncio.shield(self._fetching[name])

    async def _is_stored(self, external_id: str) -> bool:
        try:
            async with self.dispatch.store.read() as session:
                return bool(await inbox.seen(session, self.channel, [external_id]))
        except Exception as trouble:
            if unwell(trouble):
                return False  # the address dies in minutes, whatever the database does
            raise

    def _today(self) -> date:
        return self.clock.now().astimezone(self.zone).date()

    async def _one(self, said: Said, item: Item) -> Picture | Attachment | str:
        """One of them, within what its sender may send in a day."""
        name = (said.userid, self._today())
        if self._sent[name] >= A_DAY:
            return TOO_MUCH
        found = await self.fetch(said, item)
        if not isinstance(found, str):
            if len(self._sent) > MOST_SENDERS:
                self._sent.clear()
            self._sent[name] += len(found.data)
        return found

    async def _fetched(self, said: Said) -> Media:
        """At once, all together, for their addresses die in minutes; and why some cannot be had, in sentences."""
        if await self._is_stored(said.external_id):
            return NOTHING
        wanted = [item for item in said.items if item.kind in FETCHED]
        found = await asyncio.gather(*(self._one(said, item) for item in wanted))
        reasons = [one for one in found if isinstance(one, str)]
        if len(wanted) < len(said.items) and not said.text:
            reasons.append(NO_VOICE)
        return Media(
            tuple(one for one in found if isinstance(one, Picture)),
            tuple(one for one in found if isinstance(one, Attachment)),
            tuple(dict.fromkeys(reasons)),
        )
