"""`make bench ARGS=steady`: minutes of the same load by the app's callback, with memory and open files looked at each second.

A hundred answers and five questions of the office a second, sent when they are due. All the notices are open from the
start, so that what is kept in memory of the office does not change; the ledger and the rest of the file grow.
"""

import argparse
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from statistics import linear_regression

import callbacks
from envelopes import to_app
from load import Load
from pacing import Due, arrive
from results import Section
from serving import Server, copied, say
from table import Row

TITLE = "Minutes of load"
ANSWERS, QUESTIONS = 100, 5  # a second
CHUNK = 10.0  # seconds that are sealed and signed at a time; in between is a short rest
AT_REST = 35.0  # seconds: aiohttp keeps an unused connection for 15, and looks every so often
GROWTH = 1.0  # MB a minute, at most: less is not told from chance in ten minutes
P99 = 500


@dataclass
class Watch:
    """What was seen each second: when, memory, open files."""

    times: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    files: list[int] = field(default_factory=list)

    @property
    def slope(self) -> float:
        """MB a minute over the second half, when all that is loaded once has been loaded."""
        half = len(self.times) // 2
        return linear_regression(self.times[half:], self.memory[half:]).slope * 60 if half > 1 else float("inf")


def measured(asked: argparse.Namespace) -> Section:
    minutes = 0.5 if asked.quick else asked.minutes
    answers = int(minutes * 60 * ANSWERS)
    way = replace(callbacks.APP, notices=-(-answers // callbacks.UNITS))
    say(f"{minutes:g} minutes of load …")
    with way.seeded() as folder, copied(folder) as data, way.served(data) as server:
        idle = server.resident()
        chunks = _chunks(answers)
        loads = [_sent(way, server, next(chunks))]
        files = _files_at_rest(server)
        with _watched(server) as watch:
            loads += [_sent(way, server, chunk) for chunk in chunks]
        more = _files_at_rest(server) - files
        server.kill()
        lost = answers - way.kept(data)
    failed = [answer for load in loads for answer in load.failed]
    waits = [wait for load in loads for wait in load.latencies]
    whole = Load(latencies=waits)
    return Section(
        TITLE,
        "make bench ARGS=steady",
        rows=[
            Row(f"memory after {minutes:g} minutes", watch.memory[-1], "MB"),
            Row("memory when it began", idle, "MB"),
            Row("memory, the most", max(watch.memory), "MB"),
            Row("memory, growth over the second half, a minute", watch.slope, "MB", GROWTH),
            Row("open files, more at rest than after the first ten seconds", more, "", 0),
            Row("open files, the most", max(watch.files)),
            Row("answers a second", ANSWERS),
            Row("not answered 200", len(failed), "", 0),
            Row("not in the ledger exactly once", lost, "", 0),
            Row("p99", whole.latency(99), "ms", P99),
            Row("max", whole.latency(100), "ms"),
        ],
        notes=[
            "Memory at each tenth of the time: " + ", ".join(f"{one:.0f}" for one in _tenths(watch.memory)) + " MB."
        ],
    )


@contextmanager
def _watched(server: Server) -> Iterator[Watch]:
    """Look each second, while something else is done."""
    watch, done = Watch(), threading.Event()

    def look() -> None:
        while not done.wait(1.0):
            watch.times.append(time.perf_counter())
            watch.memory.append(server.resident())
            watch.files.append(server.files())

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield watch
    finally:
        done.set()
        thread.join()


def _files_at_rest(server: Server) -> int:
    """When the load's connections are closed, and those to the platform that were kept for the next message."""
    time.sleep(AT_REST)
    return server.files()


def _chunks(answers: int) -> Iterator[range]:
    size = int(CHUNK * ANSWERS)
    for first in range(0, answers, size):
        yield range(first, min(first + size, answers))


def _sent(way: callbacks.Way, server: Server, answers: range) -> Load:
    """One stretch of the load: each unit's next answer, and the clerk's questions between them."""
    at = int(time.time())
    dues = []
    for place, number in enumerate(answers):
        notice, unit = divmod(number, callbacks.UNITS)
        words = to_app(f"u{unit + 1:03}", f"收 {notice + 1}", number + 1, at)
        dues.append(Due(place / ANSWERS, words.wire(server.port, at)))
        if place % (ANSWERS // QUESTIONS) == 0:
            asks = to_app("clerk", f"谁没收到 {notice + 1}", next(_QUESTION), at)
            dues.append(Due((place + 0.5) / ANSWERS, asks.wire(server.port, at)))
    return arrive(server.port, dues)[""]


_QUESTION = count(10**9)  # message ids that no answer has


def _tenths(memory: list[float]) -> list[float]:
    return [memory[len(memory) * tenth // 10 - 1] for tenth in range(1, 11)] if len(memory) >= 10 else memory
