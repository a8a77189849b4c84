"""The 智能机器人 speaks: answers within their window, and messages of its own where somebody has spoken to it before.

It can mention nobody: that is what `push.py` is for. Source: developer.work.weixin.qq.com/document/path/101463.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Protocol

from bot.channels import PACED, Outcome, Outgoing, try_later, unsure
from bot.channels.wecom import errcodes
from bot.channels.wecom.cards import MARKDOWN_BYTES, button_card, cut_bytes, fits_card, task_id
from bot.channels.wecom.pace import Pace
from bot.channels.wecom.passive import Answer, bot_answer
from bot.channels.wecom.quotas import Quotas
from bot.channels.wecom.said import Said, SaidKind
from bot.channels.wecom.socket import Frame, NoAnswer, NotSent
from bot.channels.wecom.windows import A_DAY, AT_ONCE, Window, Windows, private
from models.rules.quotas import Limit
from models.rules.retrying import Fate

# Per conversation; theirs are 30 a minute and 1000 an hour, the surplus is an error 45009.
OURS = (Limit(27, 60), Limit(900, 3600))
SINGLE, GROUP = 1, 2
AGAIN = timedelta(seconds=5)
MOST_HALVES = 10_000
ONLY_CARDS = ("notice_card",)  # whose refusal must be heard of, because another way is tried


Unpressed = Callable[[Sequence[Mapping[str, str]]], str]
"""What to type for each of these buttons, for somebody who does not see them."""


class Line(Protocol):
    """The long connection as far as speaking goes. `ask` raises NotSent or NoAnswer."""

    @property
    def is_ready(self) -> bool: ...

    async def ask(self, cmd: str, body: dict[str, Any], req_id: str = "") -> Frame: ...


class BotLeg:
    """What the bot says over the long connection."""

    def __init__(
        self, line: Line, pace: Pace, windows: Windows, installation: bytes, quotas: Quotas, unpressed: Unpressed
    ) -> None:
        self._unpressed = unpressed
        self.line, self._pace, self.windows, self._installation = line, pace, windows, installation
        self._quotas = quotas
        self._halves: dict[int, bool] = {}  # rows whose text stands, while their card does not yet

    # -- answering ---------------------------------------------------------------------------------------------------

    def window(self, said: Said) -> Window:
        """How this message or click may be answered."""
        place = said.chat or private(said.userid)
        if said.kind in (SaidKind.CLICK, SaidKind.ENTER):

            async def at_once(answer: Answer) -> Outcome:
                cmd = "aibot_respond_welcome_msg" if said.kind is SaidKind.ENTER else "aibot_respond_update_msg"
                body = bot_body(said, answer)
                if body is None:
                    return try_later("这个事件不能这样答复", timedelta(minutes=1))
                return await self._ask(cmd, body, said.reply_to)

            return Window(until=self._pace.now() + AT_ONCE, place=place, at_once=at_once)

        async def later(body: Mapping[str, Any]) -> Outcome:
            return await self._ask("aibot_respond_msg", dict(body), said.reply_to)

        return Window(until=self._pace.now() + A_DAY, place=place, later=later)

    # -- speaking ----------------------------------------------------------------------------------------------------

    async def say(self, chat: str, message: Outgoing, *, group: bool, answering: Window | None = None) -> Outcome:
        """One message, as a card where it has buttons; with `answering` as an answer, which quotes what it answers."""
        if not self.line.is_ready:
            return try_later("智能机器人长连接没有连上", AGAIN)
        words = _Message(markdown(message.body), "", message.attempts)
        if not message.buttons:
            return await self._one(chat, words, group, answering)
        fits = fits_card(message.body, message.buttons)
        if not fits and message.id not in self._halves:
            # What a card cannot show is said first; a card put off after it must not have it said again.
            outcome = await self._one(chat, words, group, answering)
            if outcome.fate is not Fate.SENT:
                return outcome
            self._remember(message.id)
        name = task_id(message.id, self._installation)
        shown = message.body if fits else message.body.strip().partition("\n")[0]  # the rest stands above it
        card = {"msgtype": "template_card", "template_card": button_card(shown, message.buttons, name)}
        outcome = await self._one(chat, _Message(card, name, message.attempts), group, answering)
        if outcome.fate is Fate.SENT or outcome.fate is Fate.REFUSED:
            said = not fits and self._halves.pop(message.id, True)
            if outcome.fate is Fate.REFUSED and message.kind not in ONLY_CARDS:
                typed = self._unpressed(message.buttons)
                words = _Message(markdown(typed if said else message.body + typed), "", message.attempts)
                return await self._one(chat, words, group, answering)
        return outcome

    def _remember(self, row: int) -> None:
        self._halves[row] = True
        if len(self._halves) > MOST_HALVES:
            del self._halves[next(iter(self._halves))]

    async def _one(self, chat: str, message: "_Message", group: bool, answering: Window | None) -> Outcome:
        wait = await self._quotas.take(f"bot {chat}", *OURS)
        if wait > 0:
            return try_later(f"{PACED}这个会话一分钟内已发27条", timedelta(seconds=wait))
        if answering is not None and answering.later is not None:
            outcome = await answering.later(message.body)
        else:
            body = {"chatid": chat, "chat_type": GROUP if group else SINGLE, **message.body}
            outcome = await self._ask("aibot_send_msg", body, attempts=message.attempts)
        if outcome.fate is Fate.SENT and message.name:
            return replace(outcome, provider_id=message.name)
        return outcome

    async def _ask(self, cmd: str, body: dict[str, Any], req_id: str = "", attempts: int = 1) -> Outcome:
        try:
            answer = await self.line.ask(cmd, body, req_id)
        except NotSent:
            return try_later("智能机器人长连接没有连上", AGAIN)
        except NoAnswer:
            return unsure("企业微信没有及时答复")
        return errcodes.outcome(answer.get("errcode", 0), cmd, attempts=attempts)


@dataclass(frozen=True)
class _Message:
    """`name` is what it is called from now on: a card its task id."""

    body: dict[str, Any]
    name: str
    attempts: int


def markdown(body: str) -> dict[str, Any]:
    return {"msgtype": "markdown", "markdown": {"content": cut_bytes(body, MARKDOWN_BYTES)}}


def bot_body(said: Said, answer: Answer) -> dict[str, Any] | None:
    """The same body as by callback, before it is written as JSON."""
    written = bot_answer(said, answer)
    body: dict[str, Any] | None = json.loads(written) if written is not None else None
    return body
