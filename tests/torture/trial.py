"""What a trial is: a name, a size for each tier, what is asked of it, and a function that says what it reached."""

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

LEAST = 8  # below this a part of a size would prove nothing
TIERS = ("tiny", "quick", "full", "night")  # under a minute for `make test`, four minutes, twenty, a night


@dataclass
class Reached:
    """The figure, and every fault that was found; a trial without faults has reached what was asked."""

    figure: str = ""
    faults: list[str] = field(default_factory=list)

    def expect(self, true: object, fault: str) -> None:
        if not true:
            self.faults.append(fault)


@dataclass(frozen=True)
class Ground:
    """What a trial may use: an empty folder, its size, a chance that replays, and the URL of a fresh database (empty
    for SQLite in a folder of the trial's choosing). `slack`: by how much its times may be missed, where it is so short
    that one hiccup of the machine is a percentile."""

    folder: Path
    size: int
    chance: random.Random
    database: str = ""
    slack: float = 1.0


Run = Callable[["Ground"], Awaitable[Reached]]


class Beside(StrEnum):
    """What may run at the same time: most trials mostly wait, and prove nothing by the clock."""

    ANY = "any"
    RATES = "rates"  # the others of this kind, each at a steady rate
    NOTHING = "nothing"


@dataclass(frozen=True)
class Trial:
    """`sizes` are those of the tiers, in their order; 0 leaves it out. `postgresql` is the part of the size that is tried
    there (0: not at all), `sqlite` says whether it is tried on SQLite. What is `long` begins early among those that run
    side by side."""

    name: str
    title: str
    asked: str
    sizes: tuple[int, int, int, int]
    unit: str
    run: Run
    postgresql: float = 0.0
    sqlite: bool = True
    beside: Beside = Beside.ANY
    long: int = 0

    def size(self, tier: str, kind: str) -> int:
        whole = self.sizes[TIERS.index(tier)]
        if kind == "SQLite":
            return whole if self.sqlite else 0
        return max(round(whole * self.postgresql), min(whole, LEAST)) if self.postgresql else 0


TRIALS: dict[str, Trial] = {}


def trial(name: str, title: str, **more: Any) -> Callable[[Run], Run]:
    """Marks the function of a trial; the rest is as in `Trial`."""

    def mark(run: Run) -> Run:
        TRIALS[name] = Trial(name, title, run=run, **more)
        return run

    return mark
