"""How long many wait for something that mostly comes at once: one timer for all of them, not one for each."""

import asyncio
from collections import deque
from dataclasses import dataclass, field

Waiter = asyncio.Future[None]


@dataclass(eq=False)
class Patience:
    """Whoever waits as long as those before is at its end after them, so only the first has to be watched."""

    _waiting: deque[tuple[float, Waiter]] = field(default_factory=deque)
    _timer: asyncio.TimerHandle | None = None

    def waiter(self, seconds: float) -> Waiter:
        """A future that is done in so many seconds, if nobody has done it before."""
        loop = asyncio.get_running_loop()
        waiter = loop.create_future()
        self._forget()
        self._waiting.append((loop.time() + seconds, waiter))
        if self._timer is None:
            self._timer = loop.call_later(seconds, self._look)
        return waiter

    def _forget(self) -> None:
        while self._waiting and self._waiting[0][1].done():
            self._waiting.popleft()

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting and self._waiting[0][0] <= loop.time():
            tell(self._waiting.popleft()[1])
        self._forget()
        self._timer = loop.call_at(self._waiting[0][0], self._look) if self._waiting else None


def tell(waiter: Waiter, _: object = None) -> None:
    """It need not wait any longer; also as a task's callback."""
    if not waiter.done():
        waiter.set_result(None)
