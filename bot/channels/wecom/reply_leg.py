"""The 智能机器人 by callback address speaks: only in answer, by the one-use address that came with a message.

That address takes plain markdown within an hour, once; in private also a card. What a group gets with a card is the
answer to the callback itself (`card_chances.py`). Source: developer.work.weixin.qq.com/document/path/101138.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import aiohttp
from yarl import URL

from bot.channels import Outcome, Outgoing, sent, try_later
from bot.channels.wecom import errcodes
from bot.channels.wecom.bot_leg import Unpressed, markdown
from bot.channels.wecom.cards import button_card, fits_card, task_id
from bot.channels.wecom.json_messages import parse_json
from bot.channels.wecom.pace import Pace
from bot.channels.wecom.said import Said
from bot.channels.wecom.windows import AN_HOUR, Window, Windows, private
from models.rules.retrying import Fate

LARGEST_ANSWER = 64 * 1024


class ReplyLeg:
    """`api` is the only host that an answer is posted to, whatever the message said."""

    def __init__(
        self,
        api: str,
        http: aiohttp.ClientSession,
        pace: Pace,
        windows: Windows,
        installation: bytes,
        unpressed: Unpressed,
    ) -> None:
        self._api, self._http, self._pace, self.windows = URL(api), http, pace, windows
        self._installation, self._unpressed = installation, unpressed

    def window(self, said: Said) -> Window | None:
        """How this message may be answered later; None where it brought no address of the platform."""
        place = said.chat or private(said.userid)
        try:
            address = URL(said.response_url)
            ours = bool(said.response_url) and address.origin() == self._api.origin()
        except ValueError:
            ours = False
        if not ours:
            return None

        async def later(body: Mapping[str, Any]) -> Outcome:
            return await self._post(address, body)

        return Window(until=self._pace.now() + AN_HOUR, place=place, later=later, once=True)

    async def say(self, message: Outgoing, window: Window | None) -> Outcome:
        if window is None or window.later is None:
            return try_later("回调方式的机器人只能在对方发言后一小时内答一次", timedelta(minutes=1))
        if message.room is not None or not message.buttons:
            return await window.later(markdown(message.body))
        words = markdown(message.body + self._unpressed(message.buttons))
        if not fits_card(message.body, message.buttons):
            return await window.later(words)
        card = button_card(message.body, message.buttons, task_id(message.id, self._installation))
        outcome = await window.later({"msgtype": "template_card", "template_card": card})
        if outcome.fate is Fate.REFUSED:  # whether a refusal uses the address up, nobody says
            return await window.later(words)
        return replace(outcome, provider_id=card["task_id"]) if outcome.fate is Fate.SENT else outcome

    async def _post(self, address: URL, body: Mapping[str, Any]) -> Outcome:
        try:
            async with self._http.post(address, json=body, allow_redirects=False) as response:
                early = errcodes.from_status(response.status)
                if early is not None:
                    return early
                answer = parse_json(await response.content.read(LARGEST_ANSWER))
        except (aiohttp.ClientError, OSError, TimeoutError) as trouble:
            return errcodes.failure(trouble)
        errcode = answer.get("errcode") if answer is not None else None
        return sent("answer") if errcode == 0 else errcodes.outcome(errcode)
