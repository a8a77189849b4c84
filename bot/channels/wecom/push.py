"""消息推送: the one way to mention everybody in a group. It posts and hears nothing.

Whoever holds the key can post, so it never stands in a log, an error text or a reason. There is no de-duplication on the
other side: a call that may have arrived is Unsure. Source: developer.work.weixin.qq.com/document/path/99110.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any

import aiohttp
from pydantic import SecretStr

from bot.channels import PACED, Outcome, refused, try_later
from bot.channels.wecom import errcodes
from bot.channels.wecom.json_messages import parse_json
from bot.channels.wecom.quotas import Quotas
from bot.channels.wecom.shorten import shorten
from models.rules.neutral import undeclared_mentions
from models.rules.quotas import Limit

TEXT_BYTES = 2048
OURS = Limit(18, 60)  # theirs is 20 a minute
SPARE = 4  # of those, for notices
LARGEST_ANSWER = 64 * 1024


class Push:
    """Posts texts into groups, each by its own key. `http` must open a fresh connection for each call."""

    def __init__(self, api: str, http: aiohttp.ClientSession, quotas: Quotas) -> None:
        self._api, self._http, self._quotas = api, http, quotas

    async def text(
        self, key: SecretStr, body: str, mentions: Sequence[str], tail: str, *, pressing: bool = True
    ) -> tuple[Outcome, bool]:
        """Post one text; gives how it ended, and whether the way into this group is closed for good.

        `mentions` are directory userids or `@all`; `tail` ends a text that had to be cut. What is not `pressing` leaves
        room for a notice.
        """
        wait = await self._quotas.take(f"push {key.get_secret_value()}", OURS, spare=0 if pressing else SPARE)
        if wait > 0:
            return try_later(f"{PACED}本群一分钟内已发18条", timedelta(seconds=wait)), False
        text: dict[str, Any] = {"content": shorten(without_names(body, mentions), TEXT_BYTES, tail)}
        if mentions:
            text["mentioned_list"] = list(mentions)
        outcome, errcode = await self.post(key, {"msgtype": "text", "text": text}, mentions)
        return outcome, errcodes.code(errcode).meaning is errcodes.Meaning.GONE

    async def post(self, key: SecretStr, payload: Mapping[str, Any], allowed: Collection[str]) -> tuple[Outcome, int]:
        """One call, with the error code where there was one (-1 else). The finished payload is looked at before it leaves."""
        if undeclared_mentions(payload, allowed):
            return refused("正文含未经声明的@，已拦下"), -1
        address = f"{self._api}/cgi-bin/webhook/send"
        try:
            async with self._http.post(
                address, params={"key": key.get_secret_value()}, json=payload, allow_redirects=False
            ) as response:
                early = errcodes.from_status(response.status)
                if early is not None:
                    return early, -1
                answer = parse_json(await response.content.read(LARGEST_ANSWER))
        except (aiohttp.ClientError, OSError, TimeoutError) as trouble:
            return errcodes.failure(trouble), -1
        errcode = answer.get("errcode") if answer is not None else None
        return errcodes.outcome(errcode), errcode if isinstance(errcode, int) else -1


def without_names(body: str, mentions: Collection[str]) -> str:
    """The platform writes the names of a mention list itself: ours in front of the text would stand there twice."""
    return body.removeprefix("@所有人").lstrip() if "@all" in mentions else body
