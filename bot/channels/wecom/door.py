"""The door: which leg of 企业微信 a message takes, the quietest that can carry it.

to a person: answer in its window, else the bot where this person has opened its chat, else the app
to a group:  mentions by 消息推送; cards and plain words by the bot, else by 消息推送 without mentions
"""

import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from pydantic import SecretStr

from bot.channels import Abilities, Outcome, Outgoing, refused, sent, try_later
from bot.channels.wecom.app_api import AppApi
from bot.channels.wecom.bot_leg import BotLeg
from bot.channels.wecom.card_chances import CardChances
from bot.channels.wecom.cards import button_card, fits_card, task_id
from bot.channels.wecom.checks import Found
from bot.channels.wecom.group_cards import GroupCards, Way
from bot.channels.wecom.identity import UNBOUND, Directory
from bot.channels.wecom.passive import CardUpdate, Welcome
from bot.channels.wecom.push import Push
from bot.channels.wecom.reply_leg import ReplyLeg
from bot.channels.wecom.untabled import untabled
from bot.channels.wecom.windows import Windows, private
from models.pseudonyms import Pseudonyms
from models.rules.case_numbers import read_case
from models.rules.retrying import Fate

log = logging.getLogger(__name__)
NAME, BOT, APP = "wecom", "wecom.bot", "wecom.app"
LATE = timedelta(seconds=30)
GONE_WAIT = timedelta(minutes=5)
CARD, AT_ONCE, PRESSED = "notice_card", ("press", "welcome"), "已收到您的选择"
SPENT, NO_MORE = "card_spent", "不用再点了"
PRESSING = ("notice",)
Tail = Callable[[int | None], str]
"""The words that end a text which had to be cut, for a notice's number."""
Report = Callable[[str, str], Awaitable[None]]
"""Raise an alarm: what, and a sentence for the office."""


@dataclass(eq=False)
class WeCom:
    """Built of the legs that are configured; `faces` are the doors that only answer those who speak through them."""

    directory: Directory
    windows: Windows
    cards: GroupCards
    chances: CardChances
    installation: bytes = field(repr=False)
    names: Pseudonyms
    tail: Tail
    report: Report
    bot: BotLeg | None = None
    answers: ReplyLeg | None = None
    app: AppApi | None = None
    app_hears: bool = False
    elsewhere: Callable[[], bool] = lambda: False
    look: Callable[[], Awaitable[list[Found]]] | None = None
    counted: dict[str, Counter[str]] = field(default_factory=dict)
    push: Push | None = None
    keys: Mapping[str, SecretStr] = field(default_factory=dict, repr=False)
    name: str = NAME

    @property
    def abilities(self) -> Abilities:
        speaks = self.bot is not None or self.app is not None
        return Abilities(
            # An app that hears nothing can show none, and those whom the bot may only answer are written to by it.
            buttons=self.bot is not None or self.app_hears or (self.answers is not None and self.app is None),
            mention_all=bool(self.keys),
            mention_people=bool(self.keys),
            private_push=speaks,
            media=True,
            answers_clicks=self.bot is not None or self.answers is not None or self.app_hears,
            canary=speaks,
        )

    @property
    def stands_by(self) -> bool:
        """Whether another process holds the long connection: it speaks for the whole door then, for windows to answer
        in and our own rates are counted where it is."""
        return self.elsewhere()

    def reaches(self, person: str) -> bool:
        """Whether a private line can be put in front of this person unasked."""
        return (self.bot is not None and self.directory.has_opened(BOT, person)) or (
            self.app is not None and not person.startswith("wecom:")
        )

    def room_can(self, room: str, ability: str) -> bool:
        """What holds for one group only."""
        cards = (self.bot is not None or self.answers is not None) and self.directory.has_chat(room)
        match ability:
            case "mention_all" | "mention_people":
                return room in self.keys
            case "separate_card" | "edit":
                return cards and room in self.keys and self.cards.way(room) is not Way.NONE
            case "buttons":
                return cards and self.bot is not None and room not in self.keys and self.cards.way(room) is Way.PUSH
        return bool(getattr(self.abilities, ability))

    def settled(self, message: Outgoing, outcome: Outcome) -> None:
        return

    async def send(self, message: Outgoing, legs: Sequence[str] = (BOT, APP)) -> Outcome:
        if message.person is not None:
            person = self.names.person(message.person, self.directory.people())
            if person is None:
                return refused("收件人已不在名单")
            message = replace(message, person=person)
        if message.kind == SPENT:
            return await self._spent(message)
        if message.edits is not None or message.kind in AT_ONCE:
            return await self._at_once(message)
        if message.person is not None:
            return await self._to_person(message, legs)
        return await self._to_room(message)

    def lane(self, message: Outgoing) -> str:
        """One conversation's messages keep their order; others need not wait for them."""
        return f"{message.room}/{message.person}"

    # -- answers that cannot wait ------------------------------------------------------------------------------------

    async def _at_once(self, message: Outgoing) -> Outcome:
        """A pressed card is changed, somebody who steps in is greeted; what nobody waits for any more lapses."""
        if message.kind not in AT_ONCE:
            return sent(message.edits)  # the next press brings the card up to date
        window = self.windows.take(message.quote)
        if window is None or window.at_once is None:
            return try_later("已过5秒，不能再答", LATE)
        if message.edits is None:
            return await window.at_once(Welcome(message.body))
        # A card keeps its name through all its changes; that of the bot is what the platform gave back for it.
        card = button_card(message.body, message.buttons, message.edits, replaced="" if message.buttons else PRESSED)
        userids = (await self.directory.userid(message.person, BOT),) if message.person is not None else ()
        outcome = await window.at_once(CardUpdate(card, PRESSED, userids))
        return replace(outcome, provider_id=message.edits) if outcome.fate is Fate.SENT else outcome

    async def _spent(self, message: Outgoing) -> Outcome:
        """A card of the app that nobody need press any more: by the code that came when it was sent."""
        code = (message.edits or "").partition(" ")[2]
        if self.app is None or not code or message.person is None:
            return sent(message.edits)
        userid = await self.directory.userid(message.person, APP)
        outcome = await self.app.update_card(code, [userid], caption=NO_MORE)
        if outcome.fate is Fate.REFUSED:  # used up, or too old: a press would be answered with how things stand
            log.info("a card could not be changed without a press: %s", outcome.reason)
            return sent(message.edits)
        return replace(outcome, provider_id=message.edits)

    # -- to one person -----------------------------------------------------------------------------------------------

    async def _to_person(self, message: Outgoing, legs: Sequence[str]) -> Outcome:
        """By the first of these legs that can; a leg that refuses for certain leaves it to the next."""
        assert message.person is not None
        last = refused("没有办法私下发给这个人：对方还没有打开过与机器人的私聊，也没有配置自建应用")
        for leg in legs:
            userid = await self.directory.userid(message.person, leg)
            if not userid:
                return refused("这个人没有通讯录账号（userid）")
            outcome = await self._by(leg, userid, message)
            if outcome is None:
                continue
            if outcome.fate in (Fate.SENT, Fate.UNSURE):
                return outcome
            if last.fate is not Fate.LATER:
                last = outcome
        return last

    async def _by(self, leg: str, userid: str, message: Outgoing) -> Outcome | None:
        """None where this leg is not there, or not for this person."""
        assert message.person is not None
        if leg == APP:
            return None if self.app is None else await self._by_app(self.app, userid, message)
        if self.answers is not None:
            return await self.answers.say(message, private(userid))
        if self.bot is None or not self.directory.has_opened(BOT, message.person):
            return None
        return await self.bot.say(userid, message, group=False)

    async def _by_app(self, app: AppApi, userid: str, message: Outgoing) -> Outcome:
        buttons = message.buttons if self.app_hears else ()
        if buttons and fits_card(message.body, buttons):
            card = button_card(message.body, buttons, task_id(message.id, self.installation))
            return await app.send_card([userid], card, attempts=message.attempts, mentions=message.mentions)
        words, row, tries = untabled(message.body), message.id, message.attempts
        return await app.send_text([userid], words, row=row, attempts=tries, mentions=message.mentions)

    # -- to a group --------------------------------------------------------------------------------------------------

    async def _to_room(self, message: Outgoing) -> Outcome:
        assert message.room is not None
        chat, key = await self.directory.chat(message.room), self.keys.get(message.room)
        if message.kind == CARD:
            return await self._card(message, chat)
        if self.bot is not None and not message.mentions:
            answering = self.windows.find(message.quote)
            if answering is not None and answering.later is not None:
                return await self.bot.say(chat, message, group=True, answering=answering)
        if self.answers is not None and message.quote is not None and not message.mentions:
            answered = await self.answers.say(message, chat)
            if answered is not None:
                return answered
        by_bot = self.bot if chat and self.bot is not None else None
        if key is not None and self.push is not None and (message.mentions or by_bot is None):
            return await self._push(self.push, key, message)
        if by_bot is None:
            where = "绑定（在群里发 @机器人 本群是 群名）或填 push_key"
            return try_later(f"群「{self.directory.name_of(message.room)}」还没有{where}", GONE_WAIT)
        outcome = await by_bot.say(chat, message, group=True)
        if outcome.fate in (Fate.REFUSED, Fate.LATER) and key is not None and self.push is not None:
            return await self._push(self.push, key, message)
        return outcome

    async def _push(self, push: Push, key: SecretStr, message: Outgoing) -> Outcome:
        assert message.room is not None
        mentions = [one if one == "@all" else await self.directory.userid(one) for one in message.mentions]
        number = read_case(message.body)
        named, pressing = [one for one in mentions if one], message.kind in PRESSING
        outcome, gone = await push.text(key, message.body, named, self.tail(number), pressing=pressing)
        if gone:  # held, not lost: the office mends the key, and it goes out
            name = self.directory.name_of(message.room)
            await self.report("door", f"群「{name}」的消息推送发不出去：{outcome.reason}；改好 push_key 后重启")
            return try_later(outcome.reason, GONE_WAIT)
        return outcome

    async def _card(self, message: Outgoing, chat: str) -> Outcome:
        """The 收到 card of a notice: pushed, else as an answer to whoever speaks to the bot in this group next."""
        assert message.room is not None
        way = self.cards.way(message.room)
        if (self.bot is None and self.answers is None) or not chat or way is Way.NONE:
            return refused("这个群里发不了卡片，通知正文里写有回复办法")
        if self.bot is None:
            card = button_card(message.body, message.buttons, task_id(message.id, self.installation))
            return self.chances.give(message.room, card)
        if way is Way.PUSH:
            outcome = await self.bot.say(chat, message, group=True)
            if outcome.fate is not Fate.REFUSED:
                return outcome
            await self.cards.falls_back(message.room, Way.PUSH)
        window = self.windows.find(self.windows.newest_in(chat))
        if window is None:
            return self.chances.wait(message.room)
        outcome = await self.bot.say(chat, message, group=True, answering=window)
        if outcome.fate is Fate.REFUSED:
            await self.cards.falls_back(message.room, Way.REPLY)
        return outcome


@dataclass(eq=False)
class Face:
    """One leg as a door of its own: it answers on the leg that somebody spoke on, with the other behind it."""

    wecom: WeCom
    name: str

    @property
    def abilities(self) -> Abilities:
        return replace(self.wecom.abilities, tables=self.name == BOT)  # the app's texts know no Markdown

    @property
    def stands_by(self) -> bool:
        return self.wecom.stands_by

    def reaches(self, person: str) -> bool:
        return self.wecom.reaches(person)

    def room_can(self, room: str, ability: str) -> bool:
        return self.wecom.room_can(room, ability)

    async def send(self, message: Outgoing) -> Outcome:
        return await self.wecom.send(message, (BOT, APP) if self.name == BOT else (APP, BOT))

    def settled(self, message: Outgoing, outcome: Outcome) -> None:
        return

    def lane(self, message: Outgoing) -> str:
        return self.wecom.lane(message)


__all__ = ["APP", "BOT", "NAME", "UNBOUND", "Face", "WeCom"]
