"""What a stranger is called in the directory, for the office to recognise: a userid alone says nothing to people."""

import asyncio
import logging
from dataclasses import dataclass, field

from bot.channels.wecom.access_token import NoToken
from bot.channels.wecom.app_api import AppApi
from bot.channels.wecom.app_calls import ApiRefused, Unanswered
from models.rules.plain import clean

log = logging.getLogger(__name__)
SECONDS, MOST, LONGEST = 1.0, 2000, 32


@dataclass(eq=False)
class Names:
    """Asked of the app where there is one, once for each; nothing is waited for longer than a second."""

    app: AppApi | None = None
    _known: dict[str, str] = field(default_factory=dict, init=False, repr=False)

    async def of(self, userid: str) -> str:
        """Empty where it cannot be had."""
        if self.app is None or not userid:
            return ""
        if userid not in self._known and len(self._known) < MOST:
            self._known[userid] = await self._ask(self.app, userid)
        return self._known.get(userid, "")

    async def _ask(self, app: AppApi, userid: str) -> str:
        try:
            async with asyncio.timeout(SECONDS):
                name = (await app.user(userid)).get("name", "")
        except (ApiRefused, Unanswered, NoToken, TimeoutError) as trouble:
            log.info("no name of a stranger: %s", type(trouble).__name__)
            return ""
        return clean(name)[:LONGEST] if isinstance(name, str) and name != userid else ""
