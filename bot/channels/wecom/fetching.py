"""From what a message carries to bytes, whichever way the platform keeps them, with a few quick tries."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from bot.channels import Outcome
from bot.channels.wecom.access_token import NoToken
from bot.channels.wecom.app_api import AppApi
from bot.channels.wecom.app_calls import ApiRefused, Unanswered
from bot.channels.wecom.media import Fetched, MediaDoor, MediaGone, MediaLater, MediaRefused, media_key
from bot.channels.wecom.said import Item
from models.rules.retrying import Fate

PAUSES = (0.3, 1.0, 2.0)  # seconds; an address lives five minutes, the platform waits five seconds for an answer
_EXPIRED = (40007, 40004, 40009)


@dataclass(eq=False)
class Fetching:
    """`bot_key` is the EncodingAESKey of the callback address; the long connection gives each item a key of its own."""

    door: MediaDoor
    app: AppApi | None = None
    bot_key: str = field(default="", repr=False)
    pauses: Sequence[float] = PAUSES
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def fetch(self, item: Item) -> Fetched:
        """One picture or file. Raises MediaGone when it must be sent again, else MediaRefused or MediaLater."""
        for pause in (*self.pauses, None):
            try:
                return await (self._by_address(item) if item.url else self._by_id(item))
            except MediaLater:
                if pause is None:
                    raise
                await self.sleep(pause)
        raise AssertionError

    async def _by_address(self, item: Item) -> Fetched:
        encoded = item.aes_key or self.bot_key
        return await self.door.fetch(item.url, media_key(encoded) if encoded else None)

    async def _by_id(self, item: Item) -> Fetched:
        if self.app is None or not item.media_id:
            raise MediaRefused("取不到文件")
        try:
            return Fetched(await self.app.media(item.media_id))
        except ApiRefused as trouble:
            gone = trouble.errcode in _EXPIRED
            raise (MediaGone("文件已过期，请重新发送") if gone else MediaRefused("取不到文件")) from None
        except NoToken as trouble:
            raise MediaLater(trouble.says) from None
        except Unanswered as trouble:
            raise _unanswered(trouble.ended) from None


def _unanswered(ended: Outcome) -> Exception:
    return MediaRefused(ended.reason) if ended.fate is Fate.REFUSED else MediaLater(ended.reason)
