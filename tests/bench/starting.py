"""Cold start to the first answer, as a newcomer starts it, and what the process weighs when nothing happens."""

import time
from dataclasses import dataclass
from statistics import median

from serving import demo, floor

IDLE = 5.0  # seconds


@dataclass(frozen=True)
class Start:
    """Medians: seconds from the process's start to its first answer, MB resident after IDLE seconds."""

    seconds: float
    resident: float


def measure(times: int) -> Start:
    """`shoudao demo` in a folder of its own: schema, roster and throw-away keys are made on the way."""
    ready, weight = [], []
    for turn in range(times):
        with demo() as server:
            ready.append(server.ready)
            if turn == 0:
                time.sleep(IDLE)
                weight.append(server.resident())
    return Start(median(ready), median(weight))


def bare(times: int) -> Start:
    """The same for the bare aiohttp handler."""
    ready, weight = [], []
    for _ in range(times):
        with floor() as server:
            ready.append(server.ready)
            weight.append(server.resident())
    return Start(median(ready), median(weight))
