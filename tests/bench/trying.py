"""What a contender does with a forged callback and with one that comes twice, before its speed is of interest."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from acks import Candidate
from dialects import forged
from load import good
from serving import copied
from visiting import visit

PATIENCE = 3.0  # seconds for a server that answers before it stores


class Contender(Candidate, Protocol):
    """A candidate whose rows can be counted."""

    def kept(self, data: Path) -> int:
        """How many answers are in its database exactly once."""


@dataclass(frozen=True)
class Tried:
    """The status that a forged callback is answered with, and whether of three sent, one forged, one row came."""

    forged: str
    once: bool


def tried(way: Contender) -> Tried:
    with way.seeded() as folder, copied(folder) as data, way.served(data) as server:
        first, second = way.wires(server.port)[:2]
        refused = visit(server.port, [forged(first)], at_once=1, seconds=5)
        twice = visit(server.port, [second, second], at_once=1, seconds=5)
        until = time.perf_counter() + PATIENCE
        while not way.kept(data) and time.perf_counter() < until:
            time.sleep(0.05)
        status = (refused.answered + refused.failed)[0][9:12].decode() or "closed"
        return Tried(status, all(map(good, twice.answered)) and len(twice.answered) == 2 and way.kept(data) == 1)
