"""How much of an allowance is left: sliding windows, each counted in sixty slots, so that a day takes no more room than
a minute.

A slot counts until all of it is outside its window: what this grants is never more than the limit says.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import floor

SLOTS = 60
Counted = Mapping[str, list[list[int]]]  # by the seconds of a limit: pairs of a slot's number and how many fell into it


@dataclass(frozen=True)
class Limit:
    """At most `most` in any `seconds`."""

    most: int
    seconds: int

    @property
    def slot(self) -> float:
        return self.seconds / SLOTS

    def counting(self, counted: Counted, now: float) -> list[list[int]]:
        """The slots that still count. One of the future, of a clock that was wrong, counts for nothing."""
        first, last = floor(now / self.slot) - SLOTS, floor((now + self.seconds) / self.slot)
        return [slot for slot in counted.get(str(self.seconds), []) if first <= slot[0] <= last]


def taken(counted: Counted, limits: Iterable[Limit], now: float, spare: int = 0) -> tuple[float, Counted]:
    """Take one: how many seconds there is no room, 0.0 when it was taken, and what is counted from now on.

    `spare`: how many are to be left for what is more pressing.
    """
    slots = {limit: limit.counting(counted, now) for limit in limits}
    wait = max((_wait(limit, there, now, spare) for limit, there in slots.items()), default=0.0)
    if wait > 0:
        return wait, counted
    return 0.0, {str(limit.seconds): _with_one(there, floor(now / limit.slot)) for limit, there in slots.items()}


def _wait(limit: Limit, slots: list[list[int]], now: float, spare: int) -> float:
    total, most = sum(count for _, count in slots), limit.most - spare
    for slot, count in sorted(slots):
        if total < most:
            break
        total -= count
        free = (slot + 1) * limit.slot + limit.seconds
        if total < most:
            return max(free - now, 0.001)
    return 0.0


def _with_one(slots: list[list[int]], now: int) -> list[list[int]]:
    if any(slot == now for slot, _ in slots):
        return [[slot, count + (slot == now)] for slot, count in slots]
    return [*slots, [now, 1]]
