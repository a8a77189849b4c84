"""Callbacks on a connection of their own each, as a platform makes them; `visit` keeps so many of them under way.

The connections come from many addresses of this machine: from one, the numbers of closed connections would run out.
"""

import select
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle

from load import LENGTH, Load, good

SOURCES = cycle(f"127.0.0.{last}" for last in range(2, 252))
BIND_ADDRESS_NO_PORT = 24  # of Linux: the number is chosen when it is known for whom


@dataclass
class Visit:
    """One connection with its request."""

    number: int
    attempt: int
    since: float
    socket: socket.socket
    held: bytes = b""
    posted: bool = False


def connect(port: int) -> socket.socket:
    """On its way; where the other side's queue is full it stays so, and nobody else has to wait for it."""
    made = socket.socket()
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    made.setsockopt(socket.IPPROTO_IP, BIND_ADDRESS_NO_PORT, 1)
    made.bind((next(SOURCES), 0))
    made.setblocking(False)
    made.connect_ex(("127.0.0.1", port))
    return made


def sent(visit: Visit, wire: bytes, poll: select.epoll) -> bool:
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


def read(visit: Visit) -> bool:
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


def visit(port: int, wires: Sequence[bytes], *, at_once: int, seconds: float, first: int = 0) -> Load:
    """As `load.drive`, but each on a connection of its own."""
    load, place, poll, visits = Load(), first, select.epoll(), {}
    cpu, start = time.process_time(), time.perf_counter()
    until = start + seconds

    def begin() -> None:
        nonlocal place
        opened = Visit(place, 1, time.perf_counter(), connect(port))
        visits[opened.socket.fileno()] = opened
        poll.register(opened.socket.fileno(), select.EPOLLOUT | select.EPOLLHUP)
        place += 1

    for _ in range(min(at_once, len(wires) - first)):
        begin()
    while visits:
        ready = poll.poll(30)
        if not ready:
            raise TimeoutError("no answer for 30 s")
        for number, _ in ready:
            one = visits[number]
            if not one.posted and sent(one, wires[one.number], poll):
                continue
            if one.posted and not read(one):
                continue
            now = time.perf_counter()
            poll.unregister(number)
            del visits[number]
            one.socket.close()
            load.latencies.append(now - one.since)
            (load.answered if good(one.held) else load.failed).append(one.held)
            if now < until and place < len(wires):
                begin()
    poll.close()
    load.seconds, load.busy = time.perf_counter() - start, time.process_time() - cpu
    return load
