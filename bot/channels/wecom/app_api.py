"""What the self-built app may ask and send: messages and cards to people, card updates, media, names.

Calls: developer.work.weixin.qq.com/document/path/90236 (message/send), 94888 (update_template_card), 90253 (media),
90196 (user/get).
"""

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import aiohttp

from bot.channels import PACED, Outcome, refused, try_later
from bot.channels.wecom.access_token import NoToken
from bot.channels.wecom.app_calls import Answer, AppCalls, Unanswered
from bot.channels.wecom.cards import TEXT_BYTES, Card, cut_bytes
from bot.channels.wecom.errcodes import outcome, sentence
from bot.channels.wecom.media import LARGEST
from bot.channels.wecom.quotas import OwnQuotas, Quotas
from models.rules.neutral import undeclared_mentions
from models.rules.quotas import Limit
from models.rules.retrying import Fate

REPEAT_WINDOW = 1800  # seconds in which the platform drops the same request
_MARKS = "\u200b\u200c"
_MARK_BITS = 12
_ALL_MISSED = 81013
CHANGES_FOR = timedelta(hours=71)  # theirs is 72
# Per person; theirs are 30 a minute and 1000 an hour, and what is over is dropped without a word.
OURS = (Limit(27, 60), Limit(900, 3600))
# Of the whole app; theirs is 200 a day for every account.
A_DAY, EACH = 24 * 3600, 180


@dataclass(eq=False)
class AppApi(AppCalls):
    """The self-built app's side of the server API. Questions raise ApiRefused, Unanswered or NoToken."""

    quotas: Quotas | None = field(default=None, repr=False)
    accounts: Callable[[], int] = lambda: 1000

    def __post_init__(self) -> None:
        super().__post_init__()
        self._quotas: Quotas = self.quotas or OwnQuotas(self.now)

    # -- messages to people --------------------------------------------------------------------------------------------

    async def send_text(
        self, userids: Sequence[str], text: str, *, row: int, attempts: int = 1, mentions: Sequence[str] = ()
    ) -> Outcome:
        """A text, cut to 2048 bytes. `row` is the outbox row: the same row is delivered once, however often it is tried."""
        content = cut_bytes(text, TEXT_BYTES - 3 * _MARK_BITS) + row_mark(row)
        return await self._send(userids, {"msgtype": "text", "text": {"content": content}}, attempts, mentions)

    async def send_card(
        self, userids: Sequence[str], card: Card, *, attempts: int = 1, mentions: Sequence[str] = ()
    ) -> Outcome:
        """A card with buttons; its `task_id` is its own. `provider_id` is `msgid` and, after a space, `response_code`."""
        ended = await self._send(userids, {"msgtype": "template_card", "template_card": card}, attempts, mentions)
        return replace(ended, changes_for=CHANGES_FOR) if " " in (ended.provider_id or "") else ended

    async def update_card(
        self, response_code: str, userids: Sequence[str], *, caption: str = "", card: Card | None = None
    ) -> Outcome:
        """Change a card in place, once for each `response_code`, within 72 hours of the sending or the press.

        Either the whole card, or `caption` in the place of its buttons. Nobody named: for all who received it.
        """
        body: Answer = {"agentid": self.agent_id, "response_code": response_code}
        body |= {"userids": list(userids)} if userids else {"atall": 1}
        body |= {"template_card": card} if card is not None else {"button": {"replace_name": caption}}
        return await self._message("/cgi-bin/message/update_template_card", body, 1)

    async def _send(self, userids: Sequence[str], content: Answer, attempts: int, mentions: Sequence[str]) -> Outcome:
        if undeclared_mentions(content, mentions):
            return refused("正文含未经声明的@，已拦下")
        if not userids or any(userid == "@all" or "|" in userid for userid in userids):
            return refused("没有收件人")
        wait = await self._wait(userids)
        if wait > 0:
            return try_later(f"{PACED}已到限额", timedelta(seconds=wait))
        body = {
            "touser": "|".join(userids),
            "agentid": self.agent_id,
            **content,
            "enable_duplicate_check": 1,
            "duplicate_check_interval": REPEAT_WINDOW,
        }
        return await self._message("/cgi-bin/message/send", body, attempts)

    async def _wait(self, userids: Sequence[str]) -> float:
        """How many seconds there is no room for one more, to any of these or of the day's for all."""
        own = [self._quotas.take(f"app {userid.casefold()}", *OURS) for userid in userids]
        day = self._quotas.take("app", Limit(EACH * max(self.accounts(), 1), A_DAY))
        return max(await asyncio.gather(*own, day))

    async def _message(self, path: str, body: Answer, attempts: int) -> Outcome:
        # One way of writing it, for the platform drops a repetition only when it is the same request.
        data = json.dumps(body, ensure_ascii=False, sort_keys=True).encode()
        try:
            answer = await self.called("POST", path, data=data)
        except NoToken as trouble:
            return try_later(trouble.says, timedelta(seconds=trouble.wait))
        except Unanswered as trouble:
            return trouble.ended
        ended = outcome(answer.get("errcode"), _provider_id(answer), attempts=attempts)
        missed = _names(answer.get("invaliduser")) + _names(answer.get("unlicenseduser"))
        if ended.fate is Fate.SENT and missed and len(missed) >= len(body.get("touser", "").split("|")):
            return refused(sentence(_ALL_MISSED))
        return ended

    # -- asking --------------------------------------------------------------------------------------------------------

    async def user(self, userid: str) -> Answer:
        """One member of the directory, as far as the app may see."""
        return await self.asked("GET", "/cgi-bin/user/get", params={"userid": userid})

    async def upload(self, kind: str, name: str, data: bytes) -> str:
        """Hand in a file (image, voice, video, file) for three days; gives its media id."""

        def form() -> aiohttp.FormData:  # made anew for a second try: what was read once is empty
            made = aiohttp.FormData()
            made.add_field("media", data, filename=name, content_type="application/octet-stream")
            return made

        answer = await self.asked("POST", "/cgi-bin/media/upload", params={"type": kind}, form=form)
        return str(answer.get("media_id", ""))

    async def media(self, media_id: str, limit: int = LARGEST) -> bytes:
        """The bytes of a picture or file that somebody sent to the app; too large is Unanswered."""
        answer = await self.asked("GET", "/cgi-bin/media/get", params={"media_id": media_id}, limit=limit, raw=True)
        found = answer.get("raw")
        return found if isinstance(found, bytes) else b""

    async def check(self) -> None:
        """Whether the secret is right and this machine may call."""
        await self.asked("GET", "/cgi-bin/agent/get", params={"agentid": str(self.agent_id)})


def row_mark(row: int) -> str:
    """Twelve invisible characters that tell one row's text from another's.

    The platform drops the same request within half an hour, without an error. That is wanted for a second try of one
    row, and wrong for two answers that happen to read alike: 「待办」 asked twice must be answered twice.
    """
    return "".join(_MARKS[row >> bit & 1] for bit in range(_MARK_BITS))


def _provider_id(answer: Answer) -> str:
    parts = (answer.get("msgid"), answer.get("response_code"))
    return " ".join(part for part in parts if isinstance(part, str) and part)


def _names(value: object) -> list[str]:
    return [name for name in value.split("|") if name] if isinstance(value, str) else []
