"""The open pages of the simulator, and the one order in which all of them are told.

    a message gets its id -> its commit -> `told` -> held while an earlier one is still on its way -> every page

A page and a poller must never be shown a message before an earlier one: the poller would ask only for what comes
after it, and miss the earlier for good.
"""

import asyncio
import heapq
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count

KEPT = 2000  # events that one page may lag behind


@dataclass(eq=False)
class Told:
    """One event. `look` gives its data when the first page wants it, so that nobody pays while no page is open."""

    event: str
    number: int
    room: str | None
    person: str | None
    look: Callable[[], Awaitable[object | None]]
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)
    _data: list[object | None] = field(default_factory=list, init=False)

    async def data(self) -> object | None:
        """What the event shows, looked up once for all pages; None when there is nothing to show."""
        async with self._lock:
            if not self._data:
                self._data.append(await self.look())
        return self._data[0]


@dataclass(eq=False)
class Stream:
    """One open page: who looks, which rooms they are in, what they have yet to be told, and how to cut them off."""

    person: str
    in_room: Callable[[str], bool]
    cut: Callable[[], None]
    waiting: asyncio.Queue[Told | None] = field(default_factory=lambda: asyncio.Queue(KEPT))

    def concerns(self, told: Told) -> bool:
        return self.in_room(told.room) if told.room is not None else told.person == self.person


class Streams:
    """Ids, which of them are on their way, and the pages that wait for them."""

    def __init__(self) -> None:
        self.last = 0
        self.delivered = 0
        self.open: set[Stream] = set()
        self._in_flight: dict[int, None] = {}  # in their order, for they are given out in it
        self._held: list[tuple[int, int, Told]] = []
        self._turns = count()

    # -- ids -----------------------------------------------------------------------------------------------------------

    def next_id(self) -> int:
        """An id that nobody is shown, nor any later one, until it is `landed`."""
        self.last += 1
        self._in_flight[self.last] = None
        return self.last

    def landed(self, number: int) -> None:
        self._in_flight.pop(number, None)
        self._release()

    @contextmanager
    def an_id(self) -> Iterator[int]:
        number = self.next_id()
        try:
            yield number
        finally:
            self.landed(number)

    @property
    def horizon(self) -> int:
        """Ids below it are settled. Ask before looking: what is given an id later may be committed out of order."""
        return next(iter(self._in_flight), self.last + 1)

    # -- pages ---------------------------------------------------------------------------------------------------------

    @contextmanager
    def opened(self, stream: Stream) -> Iterator[None]:
        self.open.add(stream)
        try:
            yield
        finally:
            self.open.discard(stream)

    def told(self, told: Told) -> None:
        """Tell every page that may see it, once all earlier ids are settled; an edit goes behind what it edits."""
        heapq.heappush(self._held, (told.number, next(self._turns), told))
        self._release()

    def _release(self) -> None:
        while self._held and self._held[0][0] < self.horizon:
            self._deliver(heapq.heappop(self._held)[2])

    def _deliver(self, told: Told) -> None:
        self.delivered += 1
        for stream in list(self.open):
            if not stream.concerns(told):
                continue
            try:
                stream.waiting.put_nowait(told)
            except asyncio.QueueFull:  # it reads everything again when it comes back
                self.open.discard(stream)
                stream.cut()

    def wake(self) -> None:
        """Let every page look about though there is nothing to tell it: the clock was moved."""
        for stream in self.open:
            with suppress(asyncio.QueueFull):
                stream.waiting.put_nowait(None)

    def close(self) -> None:
        """End every page: an open one would hold the shutdown for its whole timeout."""
        for stream in list(self.open):
            self.open.discard(stream)
            try:
                stream.waiting.put_nowait(None)
            except asyncio.QueueFull:
                stream.cut()
