"""Our own rate limits, below the platform's: what is over is put off by us and never refused, or dropped, by them."""

import asyncio
import hashlib
import logging
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from bot.clock import Clock
from bot.tracing import origin
from models import quotas
from models.quotas import Ask
from models.rules.quotas import Counted, Limit, taken
from models.store import Store

log = logging.getLogger(__name__)
UNKNOWN = 5.0  # seconds to stay silent when it cannot be known how much is left


class Quotas(Protocol):
    async def take(self, name: str, *limits: Limit, spare: int = 0) -> float:
        """0.0 when one more was taken, else how many seconds there is no room. `spare` is left for what is more
        pressing."""


class OwnQuotas:
    """Counted in this process only: for one that says next to nothing, as `shoudao check`."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._counted: dict[str, Counted] = defaultdict(dict)

    async def take(self, name: str, *limits: Limit, spare: int = 0) -> float:
        wait, self._counted[name] = taken(self._counted[name], limits, self._now(), spare)
        return wait


@dataclass(eq=False)
class SharedQuotas:
    """Counted in the database, for all replicas together. While one batch is being written the next one gathers."""

    store: Store
    clock: Clock
    key: bytes = field(repr=False)
    _asked: list[tuple[Ask, asyncio.Future[float]]] = field(default_factory=list, init=False)
    _serving: asyncio.Task[None] | None = field(default=None, init=False)

    async def take(self, name: str, *limits: Limit, spare: int = 0) -> float:
        hidden = hashlib.blake2b(name.encode(), key=self.key, digest_size=16).hexdigest()
        answer: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self._asked.append((Ask(hidden, limits, spare), answer))
        if self._serving is None:
            self._serving = asyncio.create_task(self._serve())
        return await answer

    async def _serve(self) -> None:
        try:
            while self._asked:
                asked, self._asked = self._asked, []
                waits = await self._waits([ask for ask, _ in asked])
                for (_, answer), wait in zip(asked, waits, strict=True):
                    if not answer.done():
                        answer.set_result(wait)
        finally:
            self._serving = None

    async def _waits(self, asks: list[Ask]) -> list[float]:
        now = self.clock.now().timestamp()
        try:
            return await self.store.write(lambda session: quotas.take(session, asks, now))
        except Exception as trouble:
            log.error("what is left of the rates could not be looked up: %s", origin(trouble))
            return [UNKNOWN] * len(asks)
