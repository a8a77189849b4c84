"""A sign of life to an outside address, only while all is well: whoever waits for it raises the alarm when it stays away,
whatever the reason, a dead machine included. The address may hold a secret, and is never logged.
"""

import logging
from dataclasses import dataclass

import aiohttp
from pydantic import SecretStr

from bot.app import Bot
from bot.console.health import reasons

log = logging.getLogger(__name__)
PATIENCE = aiohttp.ClientTimeout(total=10)


@dataclass
class Heartbeat:
    """`beat` is called every few minutes."""

    bot: Bot
    http: aiohttp.ClientSession
    url: SecretStr
    heard: bool = True  # whether the last one was taken; only the first of many failures is logged

    async def beat(self) -> None:
        """One sign of life, unless something is wrong."""
        if await reasons(self.bot):
            return
        try:
            address = self.url.get_secret_value()
            async with self.http.get(address, timeout=PATIENCE, allow_redirects=False) as answer:
                trouble = "" if answer.status < 300 else str(answer.status)
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as fault:
            trouble = type(fault).__name__
        if trouble and self.heard:
            log.warning("the heartbeat's address does not answer: %s", trouble)
        self.heard = not trouble
