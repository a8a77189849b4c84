"""The burst that platforms make: each callback at its time, whether or not the last one was answered.

Five seconds for the answer, then again, three times more.
"""

import select
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import takewhile

from load import good, percentile
from visiting import Visit, connect, read, sent

PATIENCE, TRIES, MOST = 5.0, 4, 2000


@dataclass
class Storm:
    """What came of it: how long from the due time to the answer, and at which try."""

    sent: int = 0
    latencies: list[float] = field(default_factory=list)
    tries: list[int] = field(default_factory=list)
    timeouts: int = 0

    @property
    def first(self) -> int:
        """How many were answered at their first try."""
        return self.tries.count(1)

    @property
    def unanswered(self) -> int:
        return self.sent - len(self.tries)

    def latency(self, percent: int) -> float:
        """Milliseconds; 100 is the greatest."""
        return percentile(self.latencies, percent)


def storm(port: int, wires: Sequence[bytes], seconds: float, limit: float) -> Storm:
    """All of `wires` spread evenly over `seconds`; given up as a whole after `limit` seconds."""
    found, poll = Storm(sent=len(wires)), select.epoll()
    visits: dict[int, Visit] = {}  # the oldest first
    waiting = [(index * seconds / len(wires), index, 1) for index in range(len(wires))]
    dues = {index: at for at, index, _ in waiting}
    start = time.perf_counter()
    while (waiting or visits) and time.perf_counter() - start < limit:
        now = time.perf_counter() - start
        while waiting and waiting[0][0] <= now and len(visits) < MOST:
            _, index, attempt = heappop(waiting)
            opened = Visit(index, attempt, now, connect(port))
            visits[opened.socket.fileno()] = opened
            poll.register(opened.socket.fileno(), select.EPOLLOUT | select.EPOLLHUP)
        for number, _ in poll.poll(max(min(waiting[0][0] - now, 0.05), 0) if waiting else 0.05):
            one = visits[number]
            if not one.posted and sent(one, wires[one.number], poll):
                continue
            if one.posted and not read(one):
                continue
            _leave(poll, visits, number)
            if good(one.held):
                found.latencies.append(time.perf_counter() - start - dues[one.number])
                found.tries.append(one.attempt)
            else:
                _again(waiting, one, time.perf_counter() - start)
        now = time.perf_counter() - start
        for number, one in _begun_before(now - PATIENCE, visits):
            found.timeouts += 1
            _leave(poll, visits, number)
            _again(waiting, one, now)
    for number in list(visits):
        _leave(poll, visits, number)
    poll.close()
    return found


def _begun_before(moment: float, visits: dict[int, Visit]) -> list[tuple[int, Visit]]:
    return list(takewhile(lambda item: item[1].since < moment, visits.items()))


def _again(waiting: list[tuple[float, int, int]], one: Visit, now: float) -> None:
    if one.attempt < TRIES:
        heappush(waiting, (now, one.number, one.attempt + 1))


def _leave(poll: select.epoll, visits: dict[int, Visit], number: int) -> None:
    poll.unregister(number)
    visits.pop(number).socket.close()
