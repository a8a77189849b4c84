"""How the 收到 card gets into each group, as tried: the platform's pages disagree, so a refusal is remembered.

push: the bot posts it; reply: it answers whoever speaks to the bot there next; none: the notice says how to answer.
"""

import logging
from collections.abc import Sequence
from enum import StrEnum

from models.marks import read_mark, write_mark
from models.store import Store

log = logging.getLogger(__name__)
MARK = "wecom card in "


class Way(StrEnum):
    PUSH = "push"
    REPLY = "reply"
    NONE = "none"


NEXT = {Way.PUSH: Way.REPLY, Way.REPLY: Way.NONE, Way.NONE: Way.NONE}


class GroupCards:
    """The configured way is where every group begins; `shoudao check` shows what is remembered."""

    def __init__(self, store: Store, configured: str) -> None:
        self._store, self._configured = store, Way(configured)
        self._ways: dict[str, Way] = {}

    async def load(self, rooms: Sequence[str]) -> None:
        """What earlier runs found out, as long as the configuration is the same."""
        async with self._store.read() as session:
            for room in rooms:
                configured, _, way = (await read_mark(session, MARK + room) or "").partition(" ")
                if configured == self._configured and way:
                    self._ways[room] = Way(way)

    def way(self, room: str) -> Way:
        return self._ways.get(room, self._configured)

    async def falls_back(self, room: str, refused: Way) -> None:
        """This way was refused in this group: the next one from now on."""
        if self.way(room) is not refused:
            return
        way = self._ways[room] = NEXT[refused]
        log.info("cards in room %s: %s was refused, now %s", room, refused, way)
        await self._store.write(lambda session: write_mark(session, MARK + room, f"{self._configured} {way}"))
