"""Which messages share a transaction: all that wait, and in a burst those that are just coming.

Whoever was just answered speaks again at once where many wait for each other: the platform's connections do. Taken as
they trickle in, their words would make two transactions of what can be one; a wait of fixed length for them left the
processor idle for a sixth of a burst. So a burst waits for as many as it just had, and for nobody when they are there.
"""

import asyncio
from collections import deque

from bot.submitted import Job

MOST = 256  # messages in one transaction
FEW = 8  # messages that make a burst
BREATH, BREATHS = 0.001, 3  # seconds; a breath is a turn of the loop at least, in which all that has come is read


class Batches:
    """Jobs in the order in which they came. One task asks for `next`."""

    def __init__(self) -> None:
        self._jobs: deque[Job] = deque()
        self._last = 0
        self._enough = 1
        self._are_enough = asyncio.Event()

    def __len__(self) -> int:
        return len(self._jobs)

    def put(self, job: Job) -> None:
        self._jobs.append(job)
        if len(self._jobs) == self._enough:
            self._are_enough.set()

    async def next(self, patience: float | None) -> list[Job]:
        """The next of them, as soon as there is one; none when none has come within `patience` seconds."""
        expected, self._last = min(self._last + len(self._jobs), MOST), 0
        if not await self._come(1, patience):
            return []
        if expected > FEW:
            for _ in range(BREATHS):
                if await self._come(expected, BREATH):
                    break
        return self.take()

    def take(self) -> list[Job]:
        """What waits now, up to MOST."""
        taken = [self._jobs.popleft() for _ in range(min(len(self._jobs), MOST))]
        self._last = len(taken)
        return taken

    async def _come(self, enough: int, patience: float | None) -> bool:
        """Whether so many wait within so many seconds."""
        if len(self._jobs) >= enough:
            return True
        self._enough = enough
        self._are_enough.clear()
        try:
            async with asyncio.timeout(patience):
                await self._are_enough.wait()
        except TimeoutError:
            return False
        return True
