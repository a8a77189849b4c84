"""Callbacks as a platform makes them: a new connection for each, five seconds for the answer, then again, three times.

`visit` keeps so many under way; `storm` sends each at its time, whether or not the last one was answered.
"""

import select
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush

from load import LENGTH, Load

PATIENCE, TRIES, MOST = 5.0, 4, 2000


@dataclass
class Visit:
    """One connection with its request."""

    number: int
    attempt: int
    since: float
    socket: socket.socket
    held: bytes = b""
    posted: bool = False


@dataclass
class Storm:
    """What came of it: how long from the due time to the answer, and at which try."""

    sent: int = 0
    latencies: list[float] = field(default_factory=list)
    tries: list[int] = field(default_factory=list)
    given_up: int = 0
    timeouts: int = 0
    seconds: float = 0.0

    @property
    def first(self) -> float:
        """The part answered at its first try."""
        return sum(one == 1 for one in self.tries) / self.sent if self.sent else 0.0


def _connect(port: int) -> socket.socket:
    """On its way; where the other side's queue is full it stays so, and nobody else has to wait for it."""
    made = socket.socket()
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    made.setblocking(False)
    made.connect_ex(("127.0.0.1", port))
    return made


def _sent(visit: Visit, wire: bytes, poll: select.epoll) -> bool:
    """Post the request once the connection stands; False when it does not come to be."""
    if visit.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
        return False
    try:
        visit.socket.send(wire)  # a request is far smaller than a socket's buffer
    except OSError:
        return False
    visit.posted = True
    poll.modify(visit.socket.fileno(), select.EPOLLIN | select.EPOLLHUP)
    return True


def _read(visit: Visit) -> bool:
    """Whether the answer has come to its end, as said by its length or by the end of the connection."""
    try:
        data = visit.socket.recv(65536)
    except BlockingIOError:
        return False
    except OSError:
        return True
    visit.held += data
    if not data:
        return True
    end = visit.held.find(b"\r\n\r\n")
    if end < 0:
        return False
    if visit.held.startswith(b"HTTP/1.1 204"):
        return True
    length = LENGTH.search(visit.held, 0, end)
    return length is not None and len(visit.held) >= end + 4 + int(length[1])


def good(answer: bytes) -> bool:
    return answer[:8] in (b"HTTP/1.1", b"HTTP/1.0") and answer[9:12] in (b"200", b"204")


def visit(
    port: int, wires: Sequence[bytes], *, at_once: int, seconds: float, first: int = 0, again: bool = False
) -> Load:
    """As `load.drive`, but each on a connection of its own."""
    load, place, poll, visits = Load(), first, select.epoll(), {}
    cpu, start = time.process_time(), time.perf_counter()
    until = start + seconds

    def begin() -> None:
        nonlocal place
        opened = Visit(place, 1, time.perf_counter(), _connect(port))
        visits[opened.socket.fileno()] = opened
        poll.register(opened.socket.fileno(), select.EPOLLOUT | select.EPOLLHUP)
        place += 1

    for _ in range(at_once):
        if again or place < len(wires):
            begin()
    while visits:
        ready = poll.poll(30)
        if not ready:
            raise TimeoutError("no answer for 30 s")
        for number, _ in ready:
            one = visits[number]
            if not one.posted and _sent(one, wires[one.number % len(wires)], poll):
                continue
            if one.posted and not _read(one):
                continue
            now = time.perf_counter()
            poll.unregister(number)
            del visits[number]
            one.socket.close()
            load.latencies.append(now - one.since)
            (load.answered if good(one.held) else load.failed).append(one.held)
            if now < until and (again or place < len(wires)):
                begin()
    poll.close()
    load.seconds, load.busy = time.perf_counter() - start, time.process_time() - cpu
    return load


def storm(port: int, wires: Sequence[bytes], seconds: float, limit: float) -> Storm:
    """All of `wires` spread evenly over `seconds`; given up as a whole after `limit` seconds."""
    found, poll, visits = Storm(sent=len(wires)), select.epoll(), {}
    waiting = [(index * seconds / len(wires), index, 1) for index in range(len(wires))]
    dues = {index: at for at, index, _ in waiting}
    start = time.perf_counter()
    while (waiting or visits) and time.perf_counter() - start < limit:
        now = time.perf_counter() - start
        while waiting and waiting[0][0] <= now and len(visits) < MOST:
            _, index, attempt = heappop(waiting)
            opened = Visit(index, attempt, now, _connect(port))
            visits[opened.socket.fileno()] = opened
            poll.register(opened.socket.fileno(), select.EPOLLOUT | select.EPOLLHUP)
        for number, _ in poll.poll(max(min(waiting[0][0] - now, 0.05), 0) if waiting else 0.05):
            one = visits[number]
            if not one.posted and _sent(one, wires[one.number], poll):
                continue
            if one.posted and not _read(one):
                continue
            _leave(poll, visits, number)
            if good(one.held):
                found.latencies.append(time.perf_counter() - start - dues[one.number])
                found.tries.append(one.attempt)
            else:
                _again(waiting, found, one.number, one.attempt, time.perf_counter() - start)
        now = time.perf_counter() - start
        for number, one in [item for item in visits.items() if now - item[1].since > PATIENCE]:
            found.timeouts += 1
            _leave(poll, visits, number)
            _again(waiting, found, one.number, one.attempt, now)
    for number in list(visits):
        _leave(poll, visits, number)
    poll.close()
    found.seconds = time.perf_counter() - start
    return found


def _again(waiting: list[tuple[float, int, int]], found: Storm, index: int, attempt: int, now: float) -> None:
    if attempt < TRIES:
        heappush(waiting, (now, index, attempt + 1))
    else:
        found.given_up += 1


def _leave(poll: select.epoll, visits: dict[int, Visit], number: int) -> None:
    poll.unregister(number)
    visits.pop(number).socket.close()
