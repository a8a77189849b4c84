"""Requests that arrive when they arrive, whether or not the last one was answered: how long each then waits."""

import select
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass

from load import Load, connected, received, whole

PATIENCE = 30.0


@dataclass
class Due:
    """One request and when it is to arrive, in seconds from the start. `kind` sorts the answers."""

    at: float
    wire: bytes
    kind: str = ""


@dataclass(eq=False)
class _Line:
    socket: socket.socket
    held: bytes = b""
    since: float = 0.0
    kind: str = ""


def arrive(port: int, requests: Sequence[Due]) -> dict[str, Load]:
    """Send each at its time, on a connection of its own if none is free; the wait counts from that time."""
    loads = {one.kind: Load() for one in requests}
    lines: dict[int, _Line] = {}
    free: list[_Line] = []
    poll = select.epoll()
    start, place, open_ones = time.perf_counter(), 0, 0
    try:
        while place < len(requests) or open_ones:
            now = time.perf_counter() - start
            while place < len(requests) and requests[place].at <= now:
                line = free.pop() if free else _opened(port, poll, lines)
                line.since, line.kind, line.held = start + requests[place].at, requests[place].kind, b""
                line.socket.sendall(requests[place].wire)
                place, open_ones = place + 1, open_ones + 1
            wait = PATIENCE if place == len(requests) else max(requests[place].at - now, 0)
            ready = poll.poll(wait)
            if not ready and place == len(requests):
                raise TimeoutError(f"no answer for {PATIENCE:.0f} s")
            for number, _ in ready:
                line = lines[number]
                data = received(line.socket)
                line.held += data
                if data and not whole(line.held):
                    continue
                if not data:  # closed: a line that nothing was asked on, or one whose answer will not come
                    poll.unregister(number)
                    lines.pop(number).socket.close()
                    if line in free:
                        free.remove(line)
                        continue
                load = loads[line.kind]
                load.latencies.append(time.perf_counter() - line.since)
                (load.answered if line.held.startswith(b"HTTP/1.1 200") else load.failed).append(line.held)
                if data:
                    free.append(line)
                open_ones -= 1
    finally:
        poll.close()
        for line in lines.values():
            line.socket.close()
    for load in loads.values():
        load.seconds = time.perf_counter() - start
    return loads


def _opened(port: int, poll: select.epoll, lines: dict[int, _Line]) -> _Line:
    line = _Line(connected(port, poll))
    lines[line.socket.fileno()] = line
    return line
