"""A load generator that is no bottleneck: keep-alive connections on one epoll, prepared requests, one thread.

About 8 µs of Python for a request; an asyncio client takes as long as the server that it is to saturate. Where the
server closes a connection the next request has a new one; what was asked on it and not answered has failed.
"""

import json
import re
import select
import socket
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import quantiles

LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
LAST = re.compile(rb"connection: *close", re.IGNORECASE)
PATIENCE = 30.0  # seconds without any answer after which those still awaited have failed


@dataclass
class Load:
    """What came of one slice: the answers that said yes and those that did not. `busy` is our own share of the time."""

    seconds: float = 0.0
    busy: float = 0.0
    answered: list[bytes] = field(default_factory=list)
    failed: list[bytes] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Requests answered with yes per second."""
        return len(self.answered) / self.seconds

    def latency(self, percent: int) -> float:
        """Milliseconds; 100 is the greatest."""
        return percentile(self.latencies, percent)


def percentile(latencies: Sequence[float], percent: int) -> float:
    """Milliseconds, of seconds; 100 is the greatest."""
    if len(latencies) < 2:
        return float("inf")
    return (max(latencies) if percent == 100 else quantiles(latencies, n=100, method="inclusive")[percent - 1]) * 1000


def post(port: int, path: str, body: Mapping[str, object]) -> bytes:
    """One whole request as it goes over the wire."""
    data = json.dumps(body, ensure_ascii=False).encode()
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(data)}\r\n\r\n".encode() + data


@dataclass
class Line:
    """One connection, with one request under way."""

    socket: socket.socket
    since: float = 0.0
    held: bytes = b""


def drive(
    port: int, requests: Sequence[bytes], *, connections: int, seconds: float, first: int = 0, again: bool = False
) -> Load:
    """Post `requests` from place `first` on until the time or (unless `again`) they have run out; wait for every answer."""
    lines: dict[int, Line] = {}
    poll = select.epoll()
    for _ in range(connections):
        _opened(port, poll, lines)
    try:
        return _run(port, poll, lines, requests, seconds, first, again)
    finally:
        poll.close()
        for line in lines.values():
            line.socket.close()


def _opened(port: int, poll: select.epoll, lines: dict[int, Line]) -> Line:
    line = Line(connected(port, poll))
    lines[line.socket.fileno()] = line
    return line


def connected(port: int, poll: select.epoll) -> socket.socket:
    """A connection to our server, whose answers `poll` tells of."""
    opened = socket.create_connection(("127.0.0.1", port))
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    poll.register(opened.fileno(), select.EPOLLIN)
    return opened


def _run(
    port: int,
    poll: select.epoll,
    lines: dict[int, Line],
    requests: Sequence[bytes],
    seconds: float,
    first: int,
    again: bool,
) -> Load:
    load, place, total = Load(), first, len(requests)
    cpu, start = time.process_time(), time.perf_counter()
    until, open_ones, now = start + seconds, 0, start
    for line in lines.values():
        if again or place < total:
            line.since = now
            line.socket.sendall(requests[place % total])
            place, open_ones = place + 1, open_ones + 1
    while open_ones:
        ready = poll.poll(PATIENCE)
        if not ready:
            load.failed += [b""] * open_ones
            break
        for number, _ in ready:
            line = lines[number]
            data = received(line.socket)
            line.held += data
            if data and not whole(line.held):
                continue
            now = time.perf_counter()
            load.latencies.append(now - line.since)
            (load.answered if data and good(line.held) else load.failed).append(line.held)
            more = now < until and (again or place < total)
            if not data or last(line.held):
                poll.unregister(number)
                lines.pop(number).socket.close()
                line = _opened(port, poll, lines) if more else line
            line.held = b""
            if more:
                line.since = now
                line.socket.sendall(requests[place % total])
                place += 1
            else:
                open_ones -= 1
    load.seconds = (now - start) or seconds  # until the last answer
    load.busy = time.process_time() - cpu
    return load


def received(opened: socket.socket) -> bytes:
    """What has come; nothing when the server has closed the connection."""
    try:
        return opened.recv(65536)
    except ConnectionResetError:
        return b""


def good(answer: bytes) -> bool:
    return answer[9:12] in (b"200", b"204")


def last(answer: bytes) -> bool:
    """Whether the server closes the connection behind this answer."""
    return answer.startswith(b"HTTP/1.0") or LAST.search(answer, 0, answer.find(b"\r\n\r\n")) is not None


def whole(data: bytes) -> bool:
    """Whether an answer has come to its end."""
    end = data.find(b"\r\n\r\n")
    if end > 0 and data[9:12] == b"204":
        return True
    length = LENGTH.search(data, 0, end) if end > 0 else None
    return length is not None and len(data) >= end + 4 + int(length[1])
