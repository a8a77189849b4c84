"""Our own rate limit, below the platform's: what is over is put off by us and never refused, or dropped, by them."""

from collections import defaultdict, deque
from dataclasses import dataclass


@dataclass(frozen=True)
class Limit:
    """At most `most` in any `seconds`."""

    most: int
    seconds: float


class Bucket:
    """Sliding windows per key; `take` gives 0.0 when it was taken, else how many seconds there is no room."""

    def __init__(self, *limits: Limit) -> None:
        self.limits = limits
        self._taken: dict[str, deque[float]] = defaultdict(deque)

    def take(self, key: str, now: float, spare: int = 0) -> float:
        """`spare`: how many are to be left for what is more pressing."""
        taken = self._taken[key]
        while taken and taken[0] <= now - max(limit.seconds for limit in self.limits):
            taken.popleft()
        for limit in self.limits:
            most = limit.most - spare
            if len(taken) >= most and taken[-most] > now - limit.seconds:
                return taken[-most] + limit.seconds - now
        taken.append(now)
        return 0.0
