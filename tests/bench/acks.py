"""Durable acks a second: posted to the simulator's door, answered once committed, each found in the ledger afterwards.

Floor and candidate take turns, so that a noisy neighbour troubles both: floor, candidate, floor, candidate, …, floor.
A candidate slice counts as a ratio to the mean of the two floor slices around it. At its end the server is killed, not
stopped, and the file is read as the crash left it: a slice whose answers and ledger differ by one is void.
"""

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean, median
from tempfile import TemporaryDirectory
from typing import Protocol

from load import Load, drive, percentile, post
from serving import Server, copied, demo, floor, script

CONNECTIONS = 64
PATH = "/sim/api/messages"
HOMES = {**dict.fromkeys(range(1, 32), "members"), **dict.fromkeys(range(32, 42), "counties")}
Say = Callable[[int], str]


class Candidate(Protocol):
    """A way of acknowledging that is measured beside the floor."""

    name: str

    def seeded(self) -> AbstractContextManager[Path]:
        """A folder with an office whose answers are outstanding."""

    def served(self, data: Path) -> AbstractContextManager[Server]:
        """The server over a copy of that folder."""

    def wires(self, port: int) -> list[bytes]:
        """Every unit's answer to the first notice, then to the second, and so on."""

    def check(self, data: Path, answers: Sequence[bytes], failed: Sequence[bytes]) -> str:
        """Whether each ack was answered and is there exactly once, as the killed server left it; else what is wrong."""


@dataclass(frozen=True)
class Burst:
    """An office to measure: everybody answers one notice after the other, as after a real post."""

    name: str
    units: int
    notices: int
    say: Say  # from a notice's number to the words

    def seeded(self) -> AbstractContextManager[Path]:
        return seeded(self)

    def served(self, data: Path) -> AbstractContextManager[Server]:
        return demo(data)

    def check(self, data: Path, answers: Sequence[bytes], failed: Sequence[bytes]) -> str:
        return refused(failed) or check(data, [_message(answer) for answer in answers])

    def wires(self, port: int) -> list[bytes]:
        wires = []
        for number in range(1, self.notices + 1):
            for unit in range(1, self.units + 1):
                room = HOMES.get(unit, "members")
                words = {"from": f"u{unit:03}", "room": room, "text": self.say(number), "id": f"{number}-{unit}"}
                wires.append(post(port, PATH, words))
        return wires


BY_NUMBER = Burst("「收 N」, 41 units", 41, 600, lambda number: f"收 {number}")
PLAIN = Burst("「收到」, 1,000 units, each owing 12", 1000, 12, lambda number: "收到")


@dataclass
class Rate:
    """The slices that count, and why others do not."""

    name: str
    ratios: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    floors: list[float] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)
    costs: list[float] = field(default_factory=list)  # seconds of processor time an ack
    floor_costs: list[float] = field(default_factory=list)
    resident: float = 0.0  # MB, at most
    busiest: float = 0.0  # the load generator's own share of its core, at most
    void: list[str] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        return median(self.ratios) if self.ratios else 0.0

    @property
    def rate(self) -> float:
        return median(self.rates) if self.rates else 0.0

    def latency(self, percent: int) -> float:
        """Milliseconds; 100 is the greatest."""
        return percentile(self.latencies, percent)


def measure(way: Candidate, *, slices: int, floor_seconds: float, seconds: float) -> Rate:
    rate = Rate(way.name)
    with way.seeded() as folder, floor() as bare:
        wires = way.wires(bare.port)
        drive(bare.port, wires, connections=CONNECTIONS, seconds=1, again=True)
        before = turn_of_the_floor(bare, wires, floor_seconds, rate)
        for _ in range(slices):
            with copied(folder) as data, way.served(data) as server:
                load, cost, fault = _slice(server, way, seconds, data, rate)
            after = turn_of_the_floor(bare, wires, floor_seconds, rate)
            if fault:
                rate.void.append(fault)
            else:
                rate.ratios.append(load.rate / mean((before, after)))
                rate.rates.append(load.rate)
                rate.latencies += load.latencies
                rate.costs.append(cost)
            before = after
    return rate


@contextmanager
def seeded(burst: Burst) -> Iterator[Path]:
    with TemporaryDirectory(prefix="shoudao-bench-") as place:
        folder = Path(place) / "data"
        script("seeding.py", str(folder), str(burst.units), str(burst.notices))
        yield folder


def turn_of_the_floor(server: Server, wires: list[bytes], seconds: float, rate: Rate) -> float:
    """One slice of the bare handler, whose rate it gives."""
    before = server.cpu()
    load = drive(server.port, wires, connections=CONNECTIONS, seconds=seconds, again=True)
    if load.failed:
        raise RuntimeError(f"the floor does not say yes: {load.failed[0][:60]!r}")
    rate.floor_costs.append((server.cpu() - before) / len(load.latencies))
    rate.floors.append(load.rate)
    rate.busiest = max(rate.busiest, load.busy / load.seconds)
    return load.rate


def _slice(server: Server, way: Candidate, seconds: float, data: Path, rate: Rate) -> tuple[Load, float, str]:
    """One slice after a warm-up; gives it, the processor time of an ack and, if the slice is void, why."""
    wires = way.wires(server.port)
    warm = drive(server.port, wires[: len(wires) // 15], connections=CONNECTIONS, seconds=1)
    before = server.cpu()
    load = drive(server.port, wires, connections=CONNECTIONS, seconds=seconds, first=len(warm.answered))
    cost = (server.cpu() - before) / max(len(load.latencies), 1)
    rate.resident = max(rate.resident, server.resident())
    server.kill()
    return load, cost, way.check(data, [*warm.answered, *load.answered], [*warm.failed, *load.failed])


def refused(failed: Sequence[bytes]) -> str:
    """What is wrong with these answers, if there are any."""
    return f"{len(failed)} answers were no 200: {failed[0][-120:]!r}" if failed else ""


def _message(answer: bytes) -> str:
    """The message id that the door gave back."""
    return str(json.loads(answer.partition(b"\r\n\r\n")[2])["id"])


TRACES = """
    SELECT inbox.message FROM inbox
    JOIN receipt_events ON receipt_events.message = inbox.message AND receipt_events.what = 'acked'
    JOIN receipts ON receipts.notice_id = receipt_events.notice_id AND receipts.unit_id = receipt_events.unit_id
     AND receipts.acked_by = inbox.person
    JOIN outbox ON outbox.key = 'reply:simulator:' || inbox.message || ':' || inbox.external_id || ':1' AND outbox.kind = 'ack'
"""


def check(data: Path, answered: list[str]) -> str:
    """Whether each answered ack is there exactly once: inbox, event, receipt and queued reply, and nothing besides."""
    with closing(sqlite3.connect(data / "shoudao.sqlite3")) as file:
        there = Counter(name for (name,) in file.execute(TRACES))
        acked = file.execute("SELECT count(*) FROM receipts WHERE acked_at IS NOT NULL").fetchone()[0]
        events = file.execute("SELECT count(*) FROM receipt_events WHERE what = 'acked'").fetchone()[0]
    if there == Counter(answered) and acked == events == len(answered):
        return ""
    return f"{len(answered)} answered, {acked} in the ledger, {events} events, {there.total()} whole traces"
