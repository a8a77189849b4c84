"""What is on its way out, by conversation: in order within one, side by side with the others."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from bot.clock import since_start
from bot.leaving import Claimed
from bot.tracing import origin

log = logging.getLogger(__name__)
SETTLE = 1.0  # seconds after which outcomes are written down, though the lane goes on
Name = tuple[str, str]  # a door's, and what it says may not go side by side


@dataclass
class Lane:
    """Messages in their order, from the one that is being sent; more may join while it is at it."""

    rows: deque[Claimed] = field(default_factory=deque)
    task: asyncio.Task[None] | None = None


class Lanes:
    """`send` sends one, `settle` writes down what has ended; what is not to leave now is handed to `put_back`."""

    def __init__(
        self,
        send: Callable[[Claimed], Awaitable[None]],
        settle: Callable[[], Awaitable[None]],
        put_back: Callable[[Sequence[Claimed]], None],
    ) -> None:
        self._send, self._settle, self._put_back = send, settle, put_back
        self._lanes: dict[Name, Lane] = {}  # those that are still at it

    @property
    def tasks(self) -> set[asyncio.Task[None]]:
        return {lane.task for lane in self._lanes.values() if lane.task is not None}

    @property
    def in_hand(self) -> int:
        """How many have not left yet."""
        return sum(len(lane.rows) for lane in self._lanes.values())

    def join(self, name: Name, one: Claimed) -> None:
        lane = self._lanes.setdefault(name, Lane())
        lane.rows.append(one)
        if lane.task is None:
            lane.task = asyncio.create_task(self._run(name, lane))

    async def _run(self, name: Name, lane: Lane) -> None:
        since = since_start()
        try:
            while lane.rows:
                await self._send(lane.rows[0])
                lane.rows.popleft()  # under load a lane may go on for hours, and must not keep what it has sent
                if since_start() - since > SETTLE:
                    await self._settle()
                    since = since_start()
        except Exception as trouble:  # what cannot be written down is kept; no more leaves until it can
            log.error("sending failed: %s", origin(trouble))
            self._put_back(list(lane.rows))
        finally:
            del self._lanes[name]
